/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the bundle. */
#include "core/engine/bundling.h"
#include "core/engine/health.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/engine/describe_host.h"
#include "core/engine/devices.h"
#include "core/engine/limits.h"
#include "core/engine/sharing.h"
#include "core/oci/seccompprofile.h"
#include "core/runtime/filter.h"
#include "core/runtime/setup.h"

#define FILTER_FILE  "seccomp.bpf"  /* compiled */
#define PROFILE_FILE "seccomp.json" /* capabilities, a new line, the user's profile */
#define PROFILE_MAX  (SECCOMPPROFILE_MAX + 64)
#define TTY_GID      5

static void fill_maps(const struct idmap *from, struct rt_idmap **ret, size_t *ret_len)
{
	*ret = mem_array(from->len, sizeof(**ret));
	*ret_len = from->len;
	for (size_t i = 0; i < from->len; i++)
		(*ret)[i] = (struct rt_idmap){ from->extents[i].inside,
					       from->extents[i].outside,
					       from->extents[i].count };
}

static int fill_process(const struct plan *p, struct rt_process *rp, struct err *e)
{
	const struct spec *s = p->spec;

	rp->terminal = s->tty;
	rp->uid = p->who.uid;
	rp->gid = p->who.gid;
	rp->umask = s->umask < 0 ? 022 : (uint32_t)s->umask;
	if (!p->keep_groups)
		strv_addv(&rp->additional_gids, strv_view(&p->who.groups));
	plan_args(p, &rp->args);
	strv_addv(&rp->env, strv_view(&p->env));
	if (!strv_getenv(&rp->env, "HOME"))
		strv_setenv(&rp->env, "HOME", p->who.home);
	rp->cwd = str_dup(p->workdir);
	rp->cap_bounding = p->security.caps;
	/* Another user than root starts without any; what it may gain is bounded. */
	if (p->who.uid == 0)
		rp->cap_effective = rp->cap_permitted = p->security.caps;
	rp->no_new_privileges = p->security.no_new_privileges;
	rp->apparmor_profile = str_dup(p->security.apparmor);
	rp->selinux_label = str_dup(p->security.selinux);
	rp->has_oom_score_adj = s->has_oom_score_adj;
	rp->oom_score_adj = s->oom_score_adj;
	return limits_ulimits(p->cfg, s, rp, e);
}

static void fill_mounts(const struct plan *p, struct runtimeconfig *c)
{
	const struct spec *s = p->spec;
	const struct mounts_defaults d = {
		.namespaces = p->namespaces,
		.privileged = s->privileged,
		.tty_gid = idmap_has(&p->gid, TTY_GID),
		.shm_size = s->shm_size ? s->shm_size : (uint64_t)p->cfg->shm_size,
		.ipc = p->ipc,
	};

	mounts_add_defaults(&d, c);
	mounts_add(&p->mounts, p->dir, c);
}

static int fill_devices(const struct plan *p, struct runtimeconfig *c,
			struct strv *warnings, struct err *e)
{
	const struct cdidevice_room room = { .gids = &p->gid,
					     .keep_groups = p->keep_groups,
					     .shares_pids = sharing_is(p->pid) };
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->spec->devices_len; i++)
		r = devices_add(&p->spec->devices[i], c, warnings, e);
	return r < 0 ? r : cdidevice_add(&p->cdi, &room, c, warnings, e);
}

/* Is the root a folder as it is? */
static bool takes_folder(const struct spec *s)
{
	return s->rootfs && !s->rootfs_overlaid;
}

static int fill_config(const struct plan *p, struct runtimeconfig *c,
		       struct strv *warnings, struct err *e)
{
	const struct spec *s = p->spec;
	int r = fill_process(p, &c->process, e);

	if (r < 0)
		return r;
	c->root_path = str_dup(takes_folder(s) ? s->rootfs : "rootfs");
	c->root_readonly = s->read_only;
	c->namespaces = p->namespaces;
	if (p->namespaces & RT_NS_UTS) {
		c->hostname = str_dup(p->hostname);
		c->domainname = str_dup(s->domainname);
	}
	fill_mounts(p, c);
	if ((r = fill_devices(p, c, warnings, e)) < 0 ||
	    (r = limits_resources(s, c, warnings, e)) < 0)
		return r;
	/* Hooks read here where the tree is hung up meanwhile. */
	if (c->hooks_len[RT_HOOK_CREATE_CONTAINER] && !takes_folder(s)) {
		free(c->root_path);
		c->root_path = str_fmt("%s/upper", p->dir);
	}
	strv_addv(&c->sysctl, strv_view(&p->sysctls));
	strv_addv(&c->annotations, strv_view(&s->annotations));
	if (!p->security.systempaths_unconfined)
		describe_host_paths(&c->masked_paths, &c->readonly_paths);
	if (p->maps_differ) {
		fill_maps(&p->uid, &c->uid_maps, &c->uid_maps_len);
		fill_maps(&p->gid, &c->gid_maps, &c->gid_maps_len);
	}
	return 0;
}

static int write_config(const struct plan *p, int bundle, struct strv *warnings,
			struct err *e)
{
	autodone(runtimeconfig_done) struct runtimeconfig c = { 0 };
	autobuf text = { 0 };
	int r = fill_config(p, &c, warnings, e);

	if (r < 0)
		return r;
	if ((r = runtimeconfig_print(&c, &text)) < 0 ||
	    (r = file_replace_nosync(bundle, "config.json", text.data, text.len, 0600)) <
		    0)
		return err_code(e, r, "write the container's config.json");
	return 0;
}

/* --- the seccomp filter --------------------------------------------------------------
 */

/* A link of the cache's file: the cache may drop its own name, and a monitor that starts
 * its container again has no engine to ask for another. */
static int link_filter(const struct store *s, const char *name, int bundle)
{
	struct stat have, want;

	if (fstatat(s->cache_fd, name, &want, AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (!fstatat(bundle, FILTER_FILE, &have, AT_SYMLINK_NOFOLLOW)) {
		if (have.st_ino == want.st_ino && have.st_dev == want.st_dev)
			return 0;
		if (unlinkat(bundle, FILTER_FILE, 0))
			return -errno;
	}
	return linkat(s->cache_fd, name, bundle, FILTER_FILE, 0) ? -errno : 0;
}

static int place_filter(const struct store *s, const char *json, uint64_t caps,
			int bundle, struct err *e)
{
	int r = -ENOENT;

	/* Others may push it out of the cache in between. */
	for (int tries = 0; r == -ENOENT && tries < 3; tries++) {
		autofree char *name = NULL;

		r = filter_ensure(s->cache_fd, json, caps, &name, e);
		if (r < 0)
			return r;
		r = link_filter(s, name, bundle);
	}
	return r < 0 ? err_code(e, r, "keep the container's seccomp filter") : 0;
}

/* What it is compiled from is kept too, unless config.json says it all: the kernel or
 * this program may be another at the next start. */
static int make_filter(const struct store *s, const struct plan *p, int bundle,
		       struct err *e)
{
	const struct security *sec = &p->security;
	int r = place_filter(s, sec->seccomp_json, sec->filter_caps, bundle, e);

	if (r < 0 || (!sec->seccomp_json && sec->filter_caps == sec->caps))
		return r;
	autofree char *kept = str_fmt("%llu\n%s", (unsigned long long)sec->filter_caps,
				      sec->seccomp_json ? sec->seccomp_json : "");
	r = file_replace_nosync(bundle, PROFILE_FILE, kept, strlen(kept), 0600);
	return r < 0 ? err_code(e, r, "write the container's seccomp profile") : 0;
}

/* The built-in one, by config.json's capabilities. */
static int renew_builtin(const struct store *s, int bundle, struct err *e)
{
	autodone(runtimeconfig_done) struct runtimeconfig c = { 0 };
	autobuf text = { .max = RUNTIMECONFIG_MAX };
	int r = file_read(bundle, "config.json", RUNTIMECONFIG_MAX, &text);

	if (r < 0)
		return err_code(e, r, "read the container's config.json");
	if ((r = runtimeconfig_parse(text.data, text.len, &c, e)) < 0)
		return r;
	return place_filter(s, NULL, c.process.cap_bounding, bundle, e);
}

int bundling_renew_filter(const struct store *s, int container_dirfd, struct err *e)
{
	autoclose int bundle = container_open_bundle(container_dirfd, e);
	autobuf kept = { .max = PROFILE_MAX };
	uint64_t caps;

	if (bundle < 0)
		return bundle;
	int r = file_read(bundle, PROFILE_FILE, PROFILE_MAX, &kept);
	if (r == -ENOENT)
		return renew_builtin(s, bundle, e);
	if (r < 0)
		return err_code(e, r, "read the container's seccomp profile");
	char *line = strchr(buf_str(&kept), '\n');
	if (line)
		*line = 0;
	if (!line || str_u64(buf_str(&kept), UINT64_MAX, &caps))
		return err_set(e, -EINVAL, "the container's seccomp profile is damaged");
	return place_filter(s, line[1] ? line + 1 : NULL, caps, bundle, e);
}

static int set_log(const struct plan *p, struct setup *setup, struct err *e)
{
	autostrv command = { 0 };
	char id[DIGEST_TEXT_MAX] = "";
	const struct logplan_about about = { .id = p->id,
					     .name = p->name,
					     .image = p->spec->image,
					     .image_id = id,
					     .command = &command,
					     .labels = &p->labels,
					     .env = &p->env };

	if (digest_is_set(&p->image.id))
		digest_text(id, &p->image.id);
	plan_args(p, &command);
	return logplan_setup(&p->log, p->dir, &about, setup, e);
}

static int write_setup(const struct store *s, const struct plan *p, int bundle,
		       struct err *e)
{
	const struct spec *spec = p->spec;
	autofree char *filter = str_fmt("%s/bundle/" FILTER_FILE, p->dir),
		      *upper = str_fmt("%s/upper", p->dir),
		      *work = str_fmt("%s/work", p->dir);
	autostrv none = { 0 }, empty = { 0 };
	const struct strv *layers = takes_folder(spec) ? &none : &p->layers;
	bool filtered = !p->security.seccomp_unconfined;
	int r = filtered ? make_filter(s, p, bundle, e) : 0;

	if (r < 0)
		return r;
	/* Of an image without layers. */
	if (!p->layers.len)
		strv_addf(&empty, "%s/bundle/rootfs", p->dir);
	struct setup setup = {
		.id = (char *)p->id,
		.layers = p->layers.len ? *layers : empty,
		.mapped = p->mapped,
		.mapped_meta = p->mapped_meta,
		.upper = takes_folder(spec) ? spec->rootfs : upper,
		.work = takes_folder(spec) ? NULL : work,
		.seccomp = filtered ? filter : NULL,
		.new_keyring = true,
		/* A container that shares the host's processes may be meant to signal
		 * them. */
		.landlock_scopes = !spec->privileged && (p->namespaces & RT_NS_PID),
		.init = spec->has_init ? spec->init : p->cfg->init,
		.systempaths_unconfined = p->security.systempaths_unconfined,
		.host_devices = spec->privileged,
		.keep_groups = p->keep_groups,
		.shares_pids = sharing_is(p->pid),
		.terminal = spec->tty,
		.open_stdin = spec->open_stdin,
		.stdin_once = spec->stdin_once,
		.stop_signal = p->stop_signal,
		.auto_remove = spec->auto_remove,
		.restart = spec->restart,
	};
	health_setup(&p->image.config.health, &setup);
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	if ((r = set_log(p, &setup, e)) == 0)
		r = setup_write(bundle, &setup, netplan_build(&p->net, doc), e);
	free(setup.log_driver);
	free(setup.log_path);
	strv_done(&setup.log_fields);
	return r;
}

int bundling_write(const struct store *s, const struct plan *p, int dirfd,
		   struct strv *warnings, struct err *e)
{
	static const char *const folders[] = { "upper", "work", "log", "bundle",
					       "bundle/rootfs" };
	static const mode_t modes[] = { 0755, 0700, 0700, 0700, 0755 };
	/* The last stands for the layers of an image without any. */
	size_t n = ARRAY_LEN(folders) - (p->layers.len ? 1 : 0);

	for (size_t i = 0; i < n; i++)
		if (mkdirat(dirfd, folders[i], modes[i]) ||
		    fchmodat(dirfd, folders[i], modes[i], 0))
			return err_sys(e, "make the container's folders");
	autoclose int bundle = container_open_bundle(dirfd, e);
	if (bundle < 0)
		return bundle;
	int r = write_config(p, bundle, warnings, e);
	if (r == 0 && p->owners.len)
		r = owners_write(dirfd, ".", &p->owners, e);
	return r < 0 ? r : write_setup(s, p, bundle, e);
}
