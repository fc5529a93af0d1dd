/* SPDX-License-Identifier: Apache-2.0 */
/* What nearly every verb begins with: the configuration and the store of this user. */
#ifndef APPLETS_HOST_H
#define APPLETS_HOST_H

#include <stdbool.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/engine/config.h"
#include "core/engine/container.h"
#include "core/engine/realm.h"
#include "core/store/store.h"

struct host {
	struct store store;
	struct config config;
	bool open;
};

static inline int host_open(struct host *h, struct err *e)
{
	int r = config_read(NULL, &h->config, e);

	if (r < 0)
		return r;
	r = store_open(&h->store, e);
	h->open = r >= 0;
	/* What a killed process left half-done goes first; no news when that fails. */
	if (h->open)
		realm_sweep(&h->store, NULL);
	return r;
}

static inline void host_done(struct host *h)
{
	if (h->open)
		store_done(&h->store);
	config_done(&h->config);
}

#define autohost autodone(host_done) struct host

/* Prints the sentence; the exit code. */
static inline int host_fail(const struct err *e, int code)
{
	log_error("%s", e->text);
	return code;
}

/* What a verb does with one operand. */
typedef int host_name_fn(struct host *h, const char *name, void *arg, struct err *e);

/* For each operand: fn, which prints what there is to print. Failures are printed as they
 * come and make the exit code 1; the others are still done. */
static inline int host_each_name(char **args, host_name_fn *fn, void *arg)
{
	autohost h = { 0 };
	struct err e = { 0 };
	int code = 0;

	if (host_open(&h, &e) < 0)
		return host_fail(&e, 1);
	for (; *args; args++) {
		if (fn(&h, *args, arg, &e) < 0)
			code = host_fail(&e, 1);
		fflush(stdout);
		err_clear(&e);
	}
	return code;
}

/* What a verb does with one container. */
typedef int host_each_fn(struct host *h, struct container *c, void *arg, struct err *e);

struct host_container {
	host_each_fn *fn;
	void *arg;
};

static inline int host_container_run(struct host *h, const char *name, void *arg,
				     struct err *e)
{
	const struct host_container *each = arg;
	struct container c = { 0 };
	int r = container_open(&h->store, name, &c, e);

	if (r < 0)
		return r;
	r = each->fn(h, &c, each->arg, e);
	container_done(&c);
	return r;
}

static inline int host_container_print(struct host *h, const char *name, void *arg,
				       struct err *e)
{
	int r = host_container_run(h, name, arg, e);

	if (r >= 0)
		printf("%s\n", name);
	return r;
}

/* The same for operands that are containers; then the operand itself on stdout, as docker
 * does. */
static inline int host_each(char **args, host_each_fn *fn, void *arg)
{
	struct host_container each = { fn, arg };

	return host_each_name(args, host_container_print, &each);
}

/* What --all of podman's verbs means: every container in one of the states (bits of 1 <<
 * enum state_status), by its ID. */
static inline int host_each_of(unsigned int states, host_each_fn *fn, void *arg)
{
	struct container *all = NULL;
	autostrv ids = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };
	size_t n = 0;

	if (host_open(&h, &e) < 0 || container_list(&h.store, &all, &n, &e) < 0)
		return host_fail(&e, 1);
	for (size_t i = 0; i < n; i++) {
		if (states & 1u << all[i].state.status)
			strv_add(&ids, all[i].id);
		container_done(&all[i]);
	}
	free(all);
	return ids.len ? host_each(ids.v, fn, arg) : 0;
}

#define HOST_ALIVE (1u << STATE_RUNNING | 1u << STATE_PAUSED | 1u << STATE_RESTARTING)
#define HOST_ANY   (~0u)

/* Help of --format in verbs that print rows. */
#define TABLE_FORMAT_HELP \
	"Format output using a custom template:\n" \
	"'table':            Print output in table format with column headers " \
	"(default)\n" \
	"'table TEMPLATE':   Print output in table format using the given Go template\n" \
	"'json':             Print in JSON format\n" \
	"'TEMPLATE':         Print output using the given Go template.\n" \
	"Refer to https://docs.docker.com/go/formatting/ for more information about " \
	"formatting output with templates"

#endif
