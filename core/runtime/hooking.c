/* SPDX-License-Identifier: Apache-2.0 */
/* createContainer. */
#include "core/runtime/hooking.h"

#include "core/base/mem.h"
#include "core/runtime/hook.h"
#include "core/runtime/inside.h"
#include "core/runtime/ocistate.h"

struct hooking {
	const struct interior *in;
	pid_t init;
};

static int run(void *arg, struct err *e)
{
	const struct hooking *h = arg;
	const struct runtimeconfig *c = h->in->config;
	struct ocistate s = { .id = h->in->setup->id,
			      .status = "creating",
			      .pid = h->init,
			      .bundle = h->in->bundle,
			      .annotations = &c->annotations };
	autofree char *text = ocistate_text(&s);

	return hook_run(c->hooks[RT_HOOK_CREATE_CONTAINER],
			c->hooks_len[RT_HOOK_CREATE_CONTAINER], text, e);
}

int hooking_container(const struct interior *in, pid_t init, struct err *e)
{
	struct hooking h = { in, init };

	if (in->config->hooks_len[RT_HOOK_CREATE_CONTAINER] == 0)
		return 0;
	return inside_run(in->init_pidfd, in->own, run, &h, e);
}
