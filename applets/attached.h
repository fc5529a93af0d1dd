/* SPDX-License-Identifier: Apache-2.0 */
/* The caller's terminal joined to a container, for attach and start. */
#ifndef APPLETS_ATTACHED_H
#define APPLETS_ATTACHED_H

#include "applets/host.h"
#include "core/engine/container_end.h"
#include "core/engine/session.h"

static inline bool attached_flag(const struct container *c, const char *key)
{
	yyjson_val *config = yyjson_obj_get(yyjson_doc_get_root(c->record), "Config");
	bool v = false;

	json_get_bool(config, key, &v, NULL);
	return v;
}

static inline int attached_proxy(void *arg, int signo)
{
	return container_kill(arg, signo, NULL);
}

/* To the end, or until it is detached from; so has socket, stdin_on, detach_keys and
 * sig_proxy. The exit code, what is wrong having been printed. */
static inline int attached_run(struct host *h, struct container *c,
			       struct session_options *so, struct err *e)
{
	so->tty = attached_flag(c, "Tty");
	so->stdin_on = so->stdin_on && attached_flag(c, "OpenStdin");
	so->sig_proxy = so->sig_proxy && !so->tty;
	so->stdout_on = so->stderr_on = true;
	so->signal = attached_proxy;
	so->arg = c;
	container_end_tell(&h->store, c->id, "attach");
	int r = session_run(so, e);
	if (r < 0 || e->text[0])
		return host_fail(e, r > 0 ? r : 1);
	if (r != SESSION_DETACHED)
		return r;
	container_end_tell(&h->store, c->id, "detach");
	return 0;
}

#endif
