/* SPDX-License-Identifier: Apache-2.0 */
/* A container of the OCI runtime: its folder. */
#include "core/engine/ocibox.h"

#include <dirent.h>
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
#include "core/base/time.h"
#include "core/engine/ocifolder.h"
#include "core/engine/ocilimit.h"
#include "core/ns/pidfd.h"
#include "core/runtime/hook.h"
#include "core/runtime/ocistate.h"

#define NS_PER_S 1000000000ll

static char *default_root(void)
{
	const char *run = getenv("XDG_RUNTIME_DIR");

	if (!str_empty(run))
		return path_join(run, "rootless-oci");
	return geteuid() == 0 ? str_dup("/run/rootless-oci")
			      : str_fmt("/run/user/%u/rootless-oci", geteuid());
}

int ocibox_root(const char *given, char **ret_path, struct err *e)
{
	autofree char *path = str_empty(given) ? default_root() : str_dup(given);
	autoclose int fd = -1;
	char real[PATH_MAX];
	int r = file_mkdirs(path, 0700);

	if (r < 0)
		return err_code(e, r, "make the folder '%s'", path);
	if (!realpath(path, real))
		return err_sys(e, "find '%s'", path);
	fd = open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open '%s'", path);
	if (ret_path)
		*ret_path = str_dup(real);
	return TAKE_FD(fd);
}

/* --- one -----------------------------------------------------------------------------
 */

static int read_files(struct ocibox *b, struct err *e)
{
	autobuf text = { .max = RUNTIMECONFIG_MAX };
	char link[PATH_MAX];
	ssize_t n = readlinkat(b->dirfd, OCIFOLDER_BUNDLE, link, sizeof(link) - 1);
	int r;

	if (n < 0)
		return err_sys(e, "read the link '%s'", OCIFOLDER_BUNDLE);
	link[n] = 0;
	b->bundle = str_dup(link);
	r = file_read(b->dirfd, OCIFOLDER_CONFIG, RUNTIMECONFIG_MAX, &text);
	if (r < 0)
		return err_code(e, r, "read '%s'", OCIFOLDER_CONFIG);
	r = runtimeconfig_parse(text.data, text.len, &b->config, e);
	return r < 0 ? r : setup_read(b->dirfd, &b->setup, e);
}

static int read_state(struct ocibox *b, bool *ret_creating)
{
	int r = state_read(b->dirfd, &b->state, NULL);

	if (r != -ENOENT)
		return r;
	*ret_creating = file_is_locked(b->dirfd, OCIFOLDER_LOCK) > 0;
	/* `create` may have written it, and ended, between the two looks. */
	return *ret_creating ? r : state_read(b->dirfd, &b->state, NULL);
}

/* What is on disk, held against what lives. */
static const char *judge(struct ocibox *b, bool has_state, bool creating)
{
	if (!has_state)
		return creating ? "creating" : "stopped";
	b->init = state_open_init(&b->state);
	if (b->init >= 0 && !pidfd_alive(b->init))
		b->init = fd_close(b->init);
	if (b->init < 0) {
		b->init = -1;
		return "stopped";
	}
	return b->state.status == STATE_CREATED  ? "created"
	       : b->state.status == STATE_PAUSED ? "paused"
						 : "running";
}

int ocibox_open(int root, const char *id, struct ocibox *ret, struct err *e)
{
	bool creating = false;
	struct stat st;
	int r;

	*ret = (struct ocibox){ .root = root, .dirfd = -1, .init = -1 };
	r = ocifolder_check_id(id, e);
	if (r < 0)
		return r;
	ret->id = str_dup(id);
	ret->dirfd = openat(root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (ret->dirfd < 0 && errno == ENOENT)
		return err_set(e, -ENOENT, "container '%s' does not exist", id);
	if (ret->dirfd < 0 || fstat(ret->dirfd, &st) < 0)
		return err_sys(e, "open the container '%s'", id);
	ret->owner = st.st_uid;
	if (fstatat(ret->dirfd, OCIFOLDER_CONFIG, &st, AT_SYMLINK_NOFOLLOW) == 0)
		ret->created = st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec;
	r = read_state(ret, &creating);
	if (r < 0 && r != -ENOENT)
		return err_code(e, r, "read the state of container '%s'", id);
	ret->status = judge(ret, r == 0, creating);
	ocilimit_find(ret);
	if (str_eq(ret->status, "creating"))
		return 0;
	r = read_files(ret, e);
	/* What died in `create` is half-made, and can only be deleted. */
	if (r < 0 && ret->init < 0) {
		err_clear(e);
		return 0;
	}
	return r < 0 ? err_wrap(e, "container '%s'", id) : 0;
}

void ocibox_done(struct ocibox *b)
{
	free(b->id);
	free(b->bundle);
	free(b->group);
	runtimeconfig_done(&b->config);
	setup_done(&b->setup);
	fd_close(b->dirfd);
	fd_close(b->init);
	*b = (struct ocibox){ .root = -1, .dirfd = -1, .init = -1 };
}

/* --- all -----------------------------------------------------------------------------
 */

int ocibox_list(int root, struct strv *ret, struct err *e)
{
	int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!d) {
		int r = err_sys(e, "read the folder of all containers");

		fd_close(fd);
		return r;
	}
	while ((entry = readdir(d))) {
		if (ocifolder_check_id(entry->d_name, NULL) == 0)
			strv_add(ret, entry->d_name);
	}
	closedir(d);
	strv_sort(ret);
	return 0;
}

/* --- saying --------------------------------------------------------------------------
 */

static struct ocistate summary(const struct ocibox *b)
{
	return (struct ocistate){ .id = b->id,
				  .status = b->status,
				  .pid = b->init >= 0 ? b->state.pid : 0,
				  .bundle = b->bundle ? b->bundle : "",
				  .annotations = &b->config.annotations };
}

void ocibox_describe(const struct ocibox *b, yyjson_mut_doc *doc, yyjson_mut_val *obj)
{
	const char *root = b->config.root_path ? b->config.root_path : "";
	autofree char *rootfs = path_is_abs(root) || !b->bundle
					? str_dup(root)
					: path_join(b->bundle, root);
	struct ocistate s = summary(b);
	char stamp[TIME_STAMP_MAX];

	ocistate_build(&s, doc, obj);
	if (s.pid == 0)
		yyjson_mut_obj_add_int(doc, obj, "pid", 0);
	json_add_str(doc, obj, "rootfs", rootfs);
	json_add_str(doc, obj, "created", time_stamp(stamp, b->created));
	yyjson_mut_obj_add_strcpy(doc, obj, "owner", "");
}

void ocibox_hooks_after(const struct ocibox *b, enum rt_hook_kind kind,
			struct strv *warnings)
{
	struct ocistate s = summary(b);
	autofree char *text = NULL;

	if (b->config.hooks_len[kind] == 0)
		return;
	text = ocistate_text(&s);
	hook_run_each(b->config.hooks[kind], b->config.hooks_len[kind], text,
		      kind == RT_HOOK_POSTSTART ? "poststart" : "poststop", warnings);
}

int ocibox_hooks(const struct ocibox *b, enum rt_hook_kind kind, struct err *e)
{
	struct ocistate s = summary(b);
	autofree char *text = NULL;

	if (b->config.hooks_len[kind] == 0)
		return 0;
	text = ocistate_text(&s);
	return hook_run(b->config.hooks[kind], b->config.hooks_len[kind], text, e);
}
