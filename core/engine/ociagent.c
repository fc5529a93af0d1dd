/* SPDX-License-Identifier: Apache-2.0 */
/* The seccomp agent of an OCI container. */
#include "core/engine/ociagent.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "core/base/fd.h"
#include "core/oci/seccompprofile.h"
#include "core/runtime/ocistate.h"

int ociagent_dial(const struct ocibox *b, int *ret, struct err *e)
{
	const char *path;
	int fd;

	*ret = -1;
	if (!seccompprofile_notifies(b->config.seccomp))
		return 0;
	path = yyjson_get_str(yyjson_obj_get(b->config.seccomp, "listenerPath"));
	fd = fd_unix_connect(AT_FDCWD, path, SOCK_STREAM);
	if (fd < 0)
		return err_code(e, fd, "'linux.seccomp.listenerPath': connect to '%s'",
				path);
	*ret = fd;
	return 0;
}

char *ociagent_describe(void *box, pid_t pid)
{
	const struct ocibox *b = box;
	/* The container's own process is not there yet while it is made. */
	const struct ocistate s = { .id = b->id,
				    .status = b->status,
				    .pid = b->init >= 0 ? b->state.pid : pid,
				    .bundle = b->bundle,
				    .annotations = &b->config.annotations };
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *obj = yyjson_mut_obj(doc);
	const char *metadata =
		yyjson_get_str(yyjson_obj_get(b->config.seccomp, "listenerMetadata"));
	autobuf text = { 0 };

	yyjson_mut_doc_set_root(doc, obj);
	json_add_str(doc, obj, "ociVersion", RUNTIMECONFIG_VERSION);
	yyjson_mut_arr_add_str(doc, json_add_arr(doc, obj, "fds"), "seccompFd");
	yyjson_mut_obj_add_int(doc, obj, "pid", pid);
	json_add_str(doc, obj, "metadata", metadata);
	ocistate_build(&s, doc, json_add_obj(doc, obj, "state"));
	json_print(&text, doc, false);
	return buf_take(&text);
}
