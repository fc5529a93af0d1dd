/* SPDX-License-Identifier: Apache-2.0 */
/* The watcher: a fork of the build that waits on a pipe which only the build holds. */
#include "core/engine/buildwatch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/spawn.h"
#include "core/base/str.h"
#include "core/engine/container.h"
#include "core/store/trash.h"

static const char *label_of(const struct container *c)
{
	yyjson_val *config = NULL, *labels = NULL;
	const char *label = NULL;

	json_get_obj(yyjson_doc_get_root(c->record), "Config", &config, NULL);
	if (config)
		json_get_obj(config, "Labels", &labels, NULL);
	if (labels)
		json_get_str(labels, BUILDWATCH_LABEL, &label, NULL);
	return label;
}

/* label NULL: of every build that is dead. */
static void remove_containers(const struct store *s, const char *label)
{
	struct container *all = NULL;
	size_t n = 0;

	if (container_list(s, &all, &n, NULL) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		const char *of = label_of(&all[i]);
		bool dead = of && str_starts(of, "build-") && !strchr(of, '/') &&
			    (faccessat(s->tmp_fd, of, F_OK, 0) ||
			     trash_is_free(s->tmp_fd, of));
		if (label ? str_eq(of, label) : dead)
			container_remove(s, &all[i], true, true, NULL);
		container_done(&all[i]);
	}
	free(all);
}

void buildwatch_sweep(const struct store *s)
{
	remove_containers(s, NULL);
}

__attribute__((noreturn)) static void watch(const struct store *s, int in,
					    const char *label, const char *folder)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char byte;

	/* Whatever ends the group or the terminal of the build is not to end this. */
	setsid();
	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		signal(ignored[i], SIG_IGN);
	/* Whoever reads the build's output is to see its end. */
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	if (fd_read_full(in, &byte, 1) == 1)
		_exit(0);
	remove_containers(s, label);
	if (folder)
		file_remove_tree(AT_FDCWD, folder);
	_exit(0);
}

int buildwatch_start(const struct store *s, const char *label, const char *folder,
		     struct buildwatch *ret, struct err *e)
{
	int p[2];
	pid_t pid;

	*ret = (struct buildwatch){ .pipe = -1 };
	if (pipe2(p, O_CLOEXEC))
		return err_sys(e, "make a pipe");
	pid = fork();
	if (pid < 0) {
		int r = err_sys(e, "fork");
		fd_close(p[0]);
		fd_close(p[1]);
		return r;
	}
	if (pid == 0) {
		fd_close(p[1]);
		watch(s, p[0], label, folder);
	}
	fd_close(p[0]);
	ret->pipe = p[1];
	ret->pid = pid;
	return 0;
}

void buildwatch_end(struct buildwatch *w)
{
	if (w->pid <= 0)
		return;
	fd_write_all(w->pipe, "", 1);
	w->pipe = fd_close(w->pipe);
	spawn_wait(w->pid);
	w->pid = 0;
}
