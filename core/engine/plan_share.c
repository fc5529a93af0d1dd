/* SPDX-License-Identifier: Apache-2.0 */
/* What X says of itself. */
#include "core/engine/plan_share.h"

#include <errno.h>
#include <stdlib.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/sharing.h"
#include "core/runtime/mapping.h"

static const char *mode_of(const struct container *c, const char *key)
{
	const char *text = NULL;

	json_get_str(yyjson_obj_get(yyjson_doc_get_root(c->record), "HostConfig"), key,
		     &text, NULL);
	return text ? text : "";
}

/* "host" and "private" name what everybody has. */
static const char *own_userns(const char *mode)
{
	return str_empty(mode) || str_eq(mode, "host") || str_eq(mode, "private") ? ""
										  : mode;
}

static int check_user(const struct plan *p, const struct container *peer, struct err *e)
{
	const char *own = p->spec->userns, *theirs = mode_of(peer, "UsernsMode");

	if (str_empty(own) || str_eq(own_userns(own), own_userns(theirs)))
		return 0;
	return err_set(e, -EINVAL,
		       "conflicting options: --userns %s and the user namespace of "
		       "container %s, which goes with what is shared (its --userns is "
		       "'%s')",
		       own, peer->name, own_userns(theirs));
}

static int share(const struct store *s, struct plan *p, const char *mode, char **ret,
		 struct err *e)
{
	autodone(container_done) struct container peer = { 0 };
	bool ipc = ret == &p->ipc;
	int r = sharing_open(s, mode, &peer, e);

	if (r < 0)
		return r;
	const char *theirs = mode_of(&peer, ipc ? "IpcMode" : "PidMode");
	if (str_eq(theirs, "host"))
		return err_set(e, -EINVAL,
			       "container %s has the host's %s namespace: use --%s host",
			       peer.name, ipc ? "IPC" : "PID", ipc ? "ipc" : "pid");
	if (ipc && !str_eq(theirs, "shareable") && !sharing_is(theirs))
		return err_set(e, -EINVAL,
			       "container %s: non-shareable IPC (hint: use "
			       "IpcMode:shareable for the donor container)",
			       peer.id);
	*ret = str_fmt(SHARING_PREFIX "%s", peer.id);
	return check_user(p, &peer, e);
}

int plan_share(const struct store *s, struct plan *p, struct err *e)
{
	const struct spec *spec = p->spec;
	int r = 0;

	if (sharing_is(spec->pid))
		r = share(s, p, spec->pid, &p->pid, e);
	else
		p->pid = str_dup(spec->pid);
	if (r == 0 && sharing_is(spec->ipc))
		r = share(s, p, spec->ipc, &p->ipc, e);
	else
		p->ipc = str_dup(spec->ipc);
	return r;
}

int plan_share_network(const struct store *s, struct plan *p, struct err *e)
{
	autodone(container_done) struct container peer = { 0 };
	int r = container_open(s, p->net.peer, &peer, e);

	if (r == 0)
		str_set(&p->net.peer, peer.id);
	return r;
}

int plan_share_maps(const struct store *s, struct plan *p, struct err *e)
{
	autodone(container_done) struct container peer = { 0 };
	autodone(runtimeconfig_done) struct runtimeconfig c = { 0 };
	autobuf text = { .max = RUNTIMECONFIG_MAX };
	int r = sharing_open(s, sharing_is(p->pid) ? p->pid : p->ipc, &peer, e);

	if (r < 0)
		return r;
	r = file_read(peer.dirfd, "bundle/config.json", RUNTIMECONFIG_MAX, &text);
	if (r < 0)
		return err_code(e, r, "read the config.json of container %s", peer.name);
	if ((r = runtimeconfig_parse(text.data, text.len, &c, e)) < 0)
		return r;
	if (!c.uid_maps_len)
		return 0;
	idmap_done(&p->uid);
	idmap_done(&p->gid);
	mapping_from_config(c.uid_maps, c.uid_maps_len, &p->uid);
	mapping_from_config(c.gid_maps, c.gid_maps_len, &p->gid);
	p->maps_differ = true;
	return 0;
}
