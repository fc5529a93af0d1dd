/* SPDX-License-Identifier: Apache-2.0 */
/* A container's restart policy, outside of its monitor. */
#include "core/engine/container.h"
#include "core/runtime/restart.h"

static struct restart policy_of(const struct container *c)
{
	yyjson_val *host = yyjson_obj_get(yyjson_doc_get_root(c->record), "HostConfig");
	yyjson_val *obj = yyjson_obj_get(host, "RestartPolicy");
	struct restart r = { .kind = RESTART_NO };
	const char *name = "";

	json_get_str(obj, "Name", &name, NULL);
	restart_parse(name, &r, NULL);
	return r;
}

bool container_comes_back(const struct container *c)
{
	const struct restart r = policy_of(c);

	return c->state.status == STATE_EXITED && c->state.started &&
	       restart_at_boot(&r, c->state.stopped);
}
