/* SPDX-License-Identifier: Apache-2.0 */
/* What another container's record says it mounts. */
#include "core/engine/borrow.h"

#include <errno.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/container.h"

static int parse_mode(const char *mode, bool *ret_read_only, struct err *e)
{
	static const char *const writable[] = { "rw", "z", "Z" };

	*ret_read_only = str_eq(mode, "ro");
	if (*ret_read_only)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(writable); i++)
		if (str_eq(mode, writable[i]))
			return 0;
	return err_set(e, -EINVAL, "invalid mode for volumes-from: %s", mode);
}

static const char *text_of(yyjson_val *mount, const char *key)
{
	const char *text = NULL;

	json_get_str(mount, key, &text, NULL);
	return text;
}

static void add(struct spec *ret, yyjson_val *mount, bool read_only)
{
	bool volume = str_eq(text_of(mount, "Type"), "volume"), writable = true;
	const char *source = text_of(mount, volume ? "Name" : "Source");
	const char *target = text_of(mount, "Destination");

	/* A tmpfs is its container's own. */
	if (!source || !target || (!volume && !str_eq(text_of(mount, "Type"), "bind")))
		return;
	json_get_bool(mount, "RW", &writable, NULL);
	ret->mounts = mem_resize(ret->mounts, ret->mounts_len + 1, sizeof(*ret->mounts));
	ret->mounts[ret->mounts_len++] = (struct spec_mount){
		.type = volume ? SPEC_VOLUME : SPEC_BIND,
		.source = str_dup(source),
		.target = str_dup(target),
		.subpath = str_dup(text_of(mount, "Subpath")),
		.propagation = volume ? NULL : str_dup(text_of(mount, "Propagation")),
		.read_only = read_only || !writable,
		.no_copy = true,
		.tmpfs_mode = -1,
	};
}

int borrow_mounts(const struct store *s, const char *text, struct spec *ret,
		  struct err *e)
{
	const char *colon = strchr(text, ':');
	autofree char *name =
		str_ndup(text, colon ? (size_t)(colon - text) : strlen(text));
	autodone(container_done) struct container c = { 0 };
	bool read_only = false;
	yyjson_val *m;
	size_t i, max;
	int r = colon ? parse_mode(colon + 1, &read_only, e) : 0;

	if (r < 0 || (r = container_open(s, name, &c, e)) < 0)
		return r;
	yyjson_val *mounts = yyjson_obj_get(yyjson_doc_get_root(c.record), "Mounts");
	yyjson_arr_foreach (mounts, i, max, m) {
		add(ret, m, read_only);
	}
	return 0;
}
