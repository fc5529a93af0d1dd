/* SPDX-License-Identifier: Apache-2.0 */
/* The request of an exec. */
#include "core/runtime/request.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/runtime/bundle.h"

#define REQUEST_MAX RUNTIMECONFIG_MAX

int request_write(const struct request_in *in, struct err *e)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = yyjson_mut_obj(doc);
	autobuf text = { .max = REQUEST_MAX };
	autoclose int fd = -1;
	int r;

	yyjson_mut_doc_set_root(doc, o);
	runtimeconfig_build_process(in->process, doc, json_add_obj(doc, o, "process"));
	json_add_str(doc, o, "seccomp", in->seccomp);
	json_add_str(doc, o, "keyring", in->keyring);
	json_add_str(doc, o, "tag", in->tag);
	json_add_str(doc, o, "group", in->group);
	yyjson_mut_obj_add_bool(doc, o, "keepGroups", in->keep_groups);
	yyjson_mut_obj_add_bool(doc, o, "landlock", in->landlock);
	yyjson_mut_obj_add_bool(doc, o, "stdin", in->open_stdin);
	yyjson_mut_obj_add_bool(doc, o, "detach", in->detach);
	r = json_print(&text, doc, false);
	if (r < 0)
		return err_code(e, r, "describe the process");
	fd = memfd_create("exec", MFD_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "memfd_create");
	r = fd_write_all(fd, text.data, text.len);
	if (r < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_code(e, r < 0 ? r : -errno, "describe the process");
	return TAKE_FD(fd);
}

int request_read(int fd, struct request *q, struct err *e)
{
	autobuf text = { .max = REQUEST_MAX };
	autojson *doc = NULL;
	yyjson_val *root, *process = NULL;
	const char *seccomp = NULL, *keyring = NULL, *tag = NULL;
	int r = file_read_fd(fd, REQUEST_MAX, &text);

	if (r < 0)
		return err_code(e, r, "read the request");
	r = json_parse(text.data, text.len, "request", &doc, e);
	if (r < 0)
		return r;
	root = yyjson_doc_get_root(doc);
	if (json_get_obj(root, "process", &process, e) < 0 ||
	    json_get_str(root, "seccomp", &seccomp, e) < 0 ||
	    json_get_str(root, "keyring", &keyring, e) < 0 ||
	    json_get_str(root, "tag", &tag, e) < 0 ||
	    json_get_dup(root, "group", &q->group, e) < 0 ||
	    json_get_bool(root, "keepGroups", &q->keep_groups, e) < 0 ||
	    json_get_bool(root, "landlock", &q->landlock, e) < 0 ||
	    json_get_bool(root, "stdin", &q->open_stdin, e) < 0 ||
	    json_get_bool(root, "detach", &q->detach, e) < 0)
		return e->code;
	q->keyring = str_dup(keyring);
	q->tag = str_dup(tag);
	r = runtimeconfig_parse_process(process, &q->process, e);
	if (r < 0)
		return r;
	return r < 0 || !seccomp ? r : bundle_read_filter(seccomp, &q->bpf, e);
}

void request_done(struct request *q)
{
	runtimeconfig_done_process(&q->process);
	buf_done(&q->bpf);
	free(q->keyring);
	free(q->tag);
	free(q->group);
	*q = (struct request){ 0 };
}
