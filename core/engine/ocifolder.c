/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of an OCI container. */
#include "core/engine/ocifolder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/ns/scheduler.h"
#include "core/runtime/filter.h"
#include "core/runtime/ociproc.h"
#include "core/wire/json.h"

#define ID_MAX_LEN 1024
/* Compiled filters of all containers; no ID can look like it. */
#define FILTERS     "@filters"
#define FILTER_FILE "seccomp.bpf"
#define SELINUX     "/sys/fs/selinux/status"

int ocifolder_check_id(const char *id, struct err *e)
{
	size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "0123456789_+-.");

	if (n == 0 || id[n] || n > ID_MAX_LEN || str_eq(id, ".") || str_eq(id, ".."))
		return err_set(e, -EINVAL, "invalid container ID '%.64s'", id);
	return 0;
}

int ocifolder_remove(int root, const char *id)
{
	return file_remove_tree(root, id);
}

unsigned ocifolder_listeners(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	uint64_t n;

	if (!pid || !count || str_u64(pid, INT32_MAX, &n) < 0 || (pid_t)n != getpid() ||
	    str_u64(count, OCIPROC_PRESERVE_MAX, &n) < 0)
		return 0;
	return (unsigned)n;
}

int ocifolder_write_pid(const char *path, pid_t pid, struct err *e)
{
	autofree char *dir = path ? path_dir(path) : NULL;
	autoclose int fd = -1;
	char text[16];
	int r;

	if (!path)
		return 0;
	str_print(text, sizeof(text), "%d", (int)pid);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = fd < 0 ? -errno
		   : file_replace_nosync(fd, path_base(path), text, strlen(text), 0644);
	return r < 0 ? err_code(e, r, "write the PID to '%s'", path) : 0;
}

/* The payload is told of them, as runc does. */
static int print_with_listeners(struct ocibox *b, unsigned n, struct buf *ret)
{
	struct strv *env = &b->config.process.env;
	char count[16];

	str_print(count, sizeof(count), "%u", n);
	strv_setenv(env, "LISTEN_FDS", count);
	strv_setenv(env, "LISTEN_PID", "1");
	buf_reset(ret);
	return runtimeconfig_print(&b->config, ret);
}

static int copy_config(struct ocibox *b, struct err *e)
{
	autofree char *path = path_join(b->bundle, OCIFOLDER_CONFIG);
	autobuf text = { .max = RUNTIMECONFIG_MAX };
	int r = file_read(AT_FDCWD, path, RUNTIMECONFIG_MAX, &text);

	if (r < 0)
		return err_code(e, r, "read '%s'", path);
	r = runtimeconfig_parse(text.data, text.len, &b->config, e);
	if (r < 0)
		return r;
	if (ocifolder_listeners() > 0)
		r = print_with_listeners(b, ocifolder_listeners(), &text);
	if (r == 0)
		r = file_replace_nosync(b->dirfd, OCIFOLDER_CONFIG, text.data, text.len,
					0600);
	if (r == 0 && symlinkat(b->bundle, b->dirfd, OCIFOLDER_BUNDLE) < 0)
		r = -errno;
	return r < 0 ? err_code(e, r, "keep the container's configuration") : 0;
}

/* The compiled filter, by a name of the container's own. */
static int compile_filter(const struct ocibox_options *o, struct ocibox *b, struct err *e)
{
	autobuf json = { .max = RUNTIMECONFIG_MAX };
	autofree char *name = NULL;
	autoclose int cache = -1;
	int r;

	if (!b->config.seccomp)
		return 0;
	cache = file_open_dir(o->root_fd, FILTERS, true, 0700);
	r = cache < 0 ? cache : json_print_val(&json, b->config.seccomp, false);
	if (r < 0)
		return err_code(e, r, "keep compiled seccomp filters");
	r = filter_ensure(cache, buf_str(&json), b->config.process.cap_bounding, &name,
			  e);
	if (r < 0)
		return err_wrap(e, "'linux.seccomp'");
	if (linkat(cache, name, b->dirfd, FILTER_FILE, 0) < 0)
		return err_sys(e, "keep the seccomp filter");
	b->setup.seccomp = str_fmt("%s/%s/%s", o->root, o->id, FILTER_FILE);
	return 0;
}

static int check_cpus(const char *list, struct err *e)
{
	if (str_empty(list) || scheduler_check(list) == 0)
		return 0;
	return err_set(e, -EINVAL,
		       "'process.execCPUAffinity': '%.40s' is no list of CPUs", list);
}

/* Where SELinux is off there is nothing to label. */
static int check_label(const struct ocibox_options *o, const struct runtimeconfig *c,
		       struct err *e)
{
	if (str_empty(c->mount_label))
		return 0;
	if (access(SELINUX, F_OK) == 0)
		return err_set(e, -ENOTSUP,
			       "'linux.mountLabel': mounts cannot be given an SELinux "
			       "label without root");
	strv_addf(o->warnings, "'linux.mountLabel' has no effect: this host has no "
			       "SELinux");
	return 0;
}

static int check(const struct ocibox_options *o, const struct runtimeconfig *c,
		 struct err *e)
{
	bool terminal = c->process.terminal;

	if (c->process.args.len == 0)
		return err_set(e, -EINVAL, "config.json: 'process' is missing");
	if (!(c->namespaces & RT_NS_MOUNT))
		return err_set(e, -EINVAL,
			       "'linux.namespaces': a container needs one of type "
			       "'mount'");
	if (terminal && !o->console_socket && !o->relay)
		return err_set(e, -EINVAL,
			       "'process.terminal': nobody would serve the terminal of a "
			       "detached container; give --console-socket");
	if (!terminal && o->console_socket)
		return err_set(e, -EINVAL, "--console-socket without 'process.terminal'");
	if (check_cpus(c->process.scheduling.cpus_initial, e) < 0 ||
	    check_cpus(c->process.scheduling.cpus_final, e) < 0)
		return e->code;
	return check_label(o, c, e);
}

static int fill(const struct ocibox_options *o, struct ocibox *b, struct err *e)
{
	int r = copy_config(b, e);

	if (r == 0)
		r = check(o, &b->config, e);
	if (r == 0)
		r = compile_filter(o, b, e);
	if (r < 0)
		return r;
	b->setup.id = str_dup(o->id);
	b->setup.new_keyring = !o->no_new_keyring;
	b->setup.terminal = b->config.process.terminal;
	return setup_write(b->dirfd, &b->setup, NULL, e);
}

int ocifolder_make(const struct ocibox_options *o, struct ocibox *ret, struct err *e)
{
	char real[PATH_MAX];
	int r = ocifolder_check_id(o->id, e);

	*ret = (struct ocibox){ .root = o->root_fd, .dirfd = -1, .init = -1 };
	if (r < 0)
		return r;
	if (!realpath(o->bundle, real))
		return err_sys(e, "find the bundle '%s'", o->bundle);
	if (mkdirat(o->root_fd, o->id, 0700) < 0) {
		if (errno == EEXIST)
			return err_set(e, -EEXIST,
				       "container with ID '%s' already exists", o->id);
		return err_sys(e, "make the container's folder");
	}
	ret->id = str_dup(o->id);
	ret->bundle = str_dup(real);
	ret->status = "creating";
	ret->dirfd = openat(o->root_fd, o->id,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	r = ret->dirfd < 0 ? err_sys(e, "open the container's folder") : fill(o, ret, e);
	if (r < 0)
		ocifolder_remove(o->root_fd, o->id);
	return r;
}
