/* SPDX-License-Identifier: Apache-2.0 */
/* rootless top */
#include "core/engine/container_end.h"
#include "core/engine/top.h"

#include <string.h>

#include "applets/host.h"
#include "core/cli/applet.h"

#define WIDTH_MIN 20 /* docker's columns here */
#define GAP       3

static size_t width_of(const struct top *t, size_t column)
{
	size_t w = strlen(t->titles.v[column]) + GAP;

	for (size_t i = 0; i < t->len; i++) {
		size_t n = strlen(t->rows[i].v[column]) + GAP;
		w = n > w ? n : w;
	}
	return w > WIDTH_MIN ? w : WIDTH_MIN;
}

static void print_line(const struct top *t, const struct strv *cells)
{
	for (size_t i = 0; i + 1 < cells->len; i++)
		printf("%-*s", (int)width_of(t, i), cells->v[i]);
	printf("%s\n", cells->v[cells->len - 1]);
}

static int top_main(void *o, char **args)
{
	autodone(top_done) struct top t = { 0 };
	struct container c = { 0 };
	autostrv words = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };
	int r;

	strv_addv(&words, args + 1);
	if (host_open(&h, &e) < 0 || container_open(&h.store, args[0], &c, &e) < 0)
		return host_fail(&e, 1);
	r = top_list(&c, &words, &t, &e);
	if (r >= 0)
		container_end_tell(&h.store, c.id, "top");
	container_done(&c);
	if (r < 0)
		return host_fail(&e, 1);
	print_line(&t, &t.titles);
	for (size_t i = 0; i < t.len; i++)
		print_line(&t, &t.rows[i]);
	return 0;
}

const struct applet top_applet = {
	.name = "top",
	.args = "CONTAINER [ps OPTIONS]",
	.summary = "Display the running processes of a container",
	.details =
		"PIDs are the host's, user IDs the container's. Of the options of ps: -e "
		"-f -o LIST, and aux; the default is -ef.",
	.group = GROUP_COMMAND,
	.min_args = 1,
	.max_args = -1,
	.stop_at_operand = true,
	.main = top_main,
};
