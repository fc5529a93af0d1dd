/* SPDX-License-Identifier: Apache-2.0 */
/* `update` of an OCI container. */
#include "core/engine/ociupdate.h"

#include <errno.h>
#include <fcntl.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/ocilimit.h"

#define FILE_MAX_ (1u << 20)

static int read_resources(const char *file, yyjson_doc **ret, struct err *e)
{
	autobuf text = { .max = FILE_MAX_ };
	int r = str_eq(file, "-") ? file_read_fd(0, FILE_MAX_, &text)
				  : file_read(AT_FDCWD, file, FILE_MAX_, &text);

	if (r < 0)
		return err_code(e, r, "read '%s'", file);
	r = json_parse(text.data, text.len, file, ret, e);
	if (r == 0 && !yyjson_is_obj(yyjson_doc_get_root(*ret)))
		return err_set(e, -EINVAL, "'%s' is no object of resources", file);
	return r;
}

struct field {
	const char *group, *key, *flag, *value;
	enum { NUMBER, SIZE, TEXT } kind;
};

static int add_field(const struct field *f, yyjson_mut_doc *doc, yyjson_mut_val *root,
		     struct err *e)
{
	yyjson_mut_val *obj = yyjson_mut_obj_get(root, f->group);
	uint64_t size = 0;
	int64_t n = 0;

	if (!obj)
		obj = json_add_obj(doc, root, f->group);
	if (f->kind == TEXT) {
		json_add_str(doc, obj, f->key, f->value);
		return 0;
	}
	if (str_i64(f->value, INT64_MIN, INT64_MAX, &n) < 0) {
		if (f->kind != SIZE || str_size(f->value, &size) < 0 || size > INT64_MAX)
			return err_set(e, -EINVAL, "--%s: '%s' is no %s", f->flag,
				       f->value, f->kind == SIZE ? "size" : "number");
		n = (int64_t)size;
	}
	/* Those of no sign are read as such. */
	if (n < 0)
		yyjson_mut_obj_add_int(doc, obj, f->key, n);
	else
		yyjson_mut_obj_add_uint(doc, obj, f->key, (uint64_t)n);
	return 0;
}

static int from_options(const struct ociupdate *u, yyjson_mut_doc *doc,
			yyjson_mut_val *root, struct err *e)
{
	const struct field all[] = {
		{ "memory", "limit", "memory", u->memory, SIZE },
		{ "memory", "reservation", "memory-reservation", u->reservation, SIZE },
		{ "memory", "swap", "memory-swap", u->swap, SIZE },
		{ "cpu", "shares", "cpu-share", u->shares, NUMBER },
		{ "cpu", "quota", "cpu-quota", u->quota, NUMBER },
		{ "cpu", "period", "cpu-period", u->period, NUMBER },
		{ "cpu", "burst", "cpu-burst", u->burst, NUMBER },
		{ "cpu", "idle", "cpu-idle", u->idle, NUMBER },
		{ "cpu", "cpus", "cpuset-cpus", u->cpus, TEXT },
		{ "cpu", "mems", "cpuset-mems", u->mems, TEXT },
		{ "pids", "limit", "pids-limit", u->pids, NUMBER },
		{ "blockIO", "weight", "blkio-weight", u->weight, NUMBER },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(all); i++)
		r = all[i].value ? add_field(&all[i], doc, root, e) : 0;
	return r;
}

int ociupdate_apply(const struct ocibox *b, const struct ociupdate *u, struct err *e)
{
	autojson_mut *made = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(made);
	autojson *doc = NULL;
	int r = 0;

	yyjson_mut_doc_set_root(made, root);
	if (u->file)
		r = read_resources(u->file, &doc, e);
	else
		r = from_options(u, made, root, e);
	if (r < 0)
		return r;
	if (!doc)
		doc = yyjson_mut_doc_imut_copy(made, NULL);
	return ocilimit_change(b, yyjson_doc_get_root(doc), e);
}
