/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of other containers' namespaces. */
#include "core/engine/sharing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/oci/runtimeconfig.h"
#include "core/runtime/mounting.h"

#define SHM_FOLDER "/dev/shm"

bool sharing_is(const char *mode)
{
	return mode && str_starts(mode, SHARING_PREFIX);
}

int sharing_open(const struct store *s, const char *mode, struct container *ret,
		 struct err *e)
{
	const char *name = mode + strlen(SHARING_PREFIX);

	return *name ? container_open(s, name, ret, e)
		     : err_set(e, -EINVAL,
			       "invalid container format " SHARING_PREFIX "<name|id>");
}

/* What is shared, and from whom. */
struct share {
	const char *key; /* of HostConfig */
	const char *what;
	unsigned ns;
	const char *file;
	bool user; /* the owner's user namespace goes along */
};
static const struct share shares[] = {
	{ "PidMode", "PID", RT_NS_PID, "pid", true },
	{ "IpcMode", "IPC", RT_NS_IPC, "ipc", true },
	{ "NetworkMode", "network", RT_NS_NET, "net", false },
};

static void set_path(struct runtimeconfig *c, unsigned ns, pid_t pid, const char *file)
{
	char **path = &c->ns_path[__builtin_ctz(ns)];

	free(*path);
	*path = str_fmt("/proc/%d/ns/%s", (int)pid, file);
}

/* The memory's file system is in the other's mount namespace alone. */
static void share_memory(struct runtimeconfig *c, pid_t pid)
{
	for (size_t i = 0; i < c->mounts_len; i++) {
		struct strv *o = &c->mounts[i].options;

		if (!str_eq(c->mounts[i].destination, SHM_FOLDER))
			continue;
		for (size_t k = o->len; k-- > 0;)
			if (str_starts(o->v[k], MOUNTING_PEER))
				strv_remove(o, k);
		if (str_eq(c->mounts[i].type, "bind"))
			strv_addf(o, MOUNTING_PEER "%d", (int)pid);
	}
}

/* As docker has it: who shares a network shares the name. */
static int take_name(struct runtimeconfig *c, const struct container *peer, struct err *e)
{
	yyjson_val *config = yyjson_obj_get(yyjson_doc_get_root(peer->record), "Config");
	const char *hostname = NULL;
	int r = json_get_str(config, "Hostname", &hostname, e);

	if (r == 0 && hostname && c->hostname)
		str_set(&c->hostname, hostname);
	return r;
}

static int join_one(const struct store *s, const struct share *x, const char *mode,
		    struct runtimeconfig *c, struct err *e)
{
	autodone(container_done) struct container peer = { 0 };
	int r = sharing_open(s, mode, &peer, e);

	if (r < 0)
		return r;
	if (peer.state.status != STATE_RUNNING)
		return err_set(e, -EBUSY,
			       "cannot join the %s namespace of a non running container: "
			       "container %s is not running",
			       x->what, peer.id);
	set_path(c, x->ns, peer.state.pid, x->file);
	if (x->user && !c->ns_path[__builtin_ctz(RT_NS_USER)])
		set_path(c, RT_NS_USER, peer.state.pid, "user");
	if (x->ns == RT_NS_IPC)
		share_memory(c, peer.state.pid);
	return x->ns == RT_NS_NET ? take_name(c, &peer, e) : 0;
}

static int join_all(const struct store *s, yyjson_val *host, struct runtimeconfig *c,
		    struct err *e)
{
	char **user = &c->ns_path[__builtin_ctz(RT_NS_USER)];
	int r = 0;

	/* Of the last run. */
	free(*user);
	*user = NULL;
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(shares); i++) {
		const char *mode = NULL;

		r = json_get_str(host, shares[i].key, &mode, e);
		if (r == 0 && sharing_is(mode))
			r = join_one(s, &shares[i], mode, c, e);
	}
	return r;
}

int sharing_join(const struct store *s, int container_dirfd, yyjson_val *record,
		 struct err *e)
{
	autodone(runtimeconfig_done) struct runtimeconfig c = { 0 };
	autobuf text = { .max = RUNTIMECONFIG_MAX }, out = { .max = RUNTIMECONFIG_MAX };
	yyjson_val *host = yyjson_obj_get(record, "HostConfig");
	bool any = false;

	for (size_t i = 0; i < ARRAY_LEN(shares); i++) {
		const char *mode = NULL;

		json_get_str(host, shares[i].key, &mode, NULL);
		any |= sharing_is(mode);
	}
	if (!any)
		return 0;
	int r = file_read(container_dirfd, "bundle/config.json", RUNTIMECONFIG_MAX,
			  &text);
	if (r < 0)
		return err_code(e, r, "read the container's config.json");
	if ((r = runtimeconfig_parse(text.data, text.len, &c, e)) < 0 ||
	    (r = join_all(s, host, &c, e)) < 0)
		return r;
	if ((r = runtimeconfig_print(&c, &out)) < 0 ||
	    (r = file_replace_nosync(container_dirfd, "bundle/config.json", out.data,
				     out.len, 0600)) < 0)
		return err_code(e, r, "write the container's config.json");
	return 0;
}
