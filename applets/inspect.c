/* SPDX-License-Identifier: Apache-2.0 */
/* rootless inspect */
#include "applets/inspect.h"

#include <errno.h>

#include "applets/host.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/cli/format.h"
#include "core/engine/image.h"
#include "core/engine/inspect.h"
#include "core/engine/network.h"
#include "core/engine/volume.h"

struct inspect {
	char *format, *type;
	bool size;
};

static const struct opt opts[] = {
	OPT_STRING(struct inspect, format, 'f', "format", "string", INSPECT_FORMAT_HELP),
	OPT_BOOL(struct inspect, size, 's', "size",
		 "Display total file sizes if the type is container"),
	OPT_STRING(struct inspect, type, 0, "type", "string",
		   "Only inspect objects of the given type"),
	OPT_END,
};

/* docker indents by four. */
static int print_json(yyjson_mut_val *v, struct err *e)
{
	yyjson_write_err why;
	autofree char *text =
		yyjson_mut_val_write_opts(v, YYJSON_WRITE_PRETTY, NULL, NULL, &why);

	if (!text)
		return err_set(e, -EINVAL, "print JSON: %s", why.msg);
	printf("%s\n", text);
	return 0;
}

int inspect_show(const char *format, yyjson_mut_doc *doc, yyjson_mut_val *v,
		 struct err *e)
{
	autobuf out = { 0 };
	autojson *still = NULL;
	struct format *f;
	int r;

	if (!format)
		return print_json(v, e);
	r = format_new(format, &f, e);
	if (r < 0)
		return r;
	still = yyjson_mut_val_imut_copy(v, NULL);
	r = format_run(f, yyjson_doc_get_root(still), &out, e);
	format_free(f);
	if (r >= 0)
		printf("%s\n", buf_str(&out));
	return r;
}

static int find_container(struct host *h, const char *name, bool size,
			  yyjson_mut_doc *doc, yyjson_mut_val **ret, struct err *e)
{
	struct container c = { 0 };
	int r = container_open(&h->store, name, &c, e);

	if (r < 0)
		return r;
	*ret = inspect_container(&h->store, &c, size, doc, e);
	container_done(&c);
	return *ret ? 0 : e->code;
}

static int find_image(struct host *h, const char *name, yyjson_mut_doc *doc,
		      yyjson_mut_val **ret, struct err *e)
{
	autodone(image_done) struct image i = { 0 };
	int r = image_open(&h->store, name, &i, e);

	if (r < 0)
		return r;
	*ret = image_inspect(&h->store, &i, doc, e);
	return *ret ? 0 : e->code;
}

static int find_volume(struct host *h, const char *name, yyjson_mut_doc *doc,
		       yyjson_mut_val **ret, struct err *e)
{
	autodone(volume_done) struct volume v = { 0 };
	int r = volume_open(&h->store, name, &v, e);

	if (r == 0)
		*ret = yyjson_val_mut_copy(doc, yyjson_doc_get_root(v.record));
	return r;
}

static int find(struct host *h, const char *name, unsigned kinds, bool size,
		yyjson_mut_doc *doc, yyjson_mut_val **ret, struct err *e)
{
	int r = -ENOENT;

	if (kinds & INSPECT_CONTAINER)
		r = find_container(h, name, size, doc, ret, e);
	if ((kinds & INSPECT_IMAGE) && (r == -ENOENT || r == -EINVAL)) {
		err_clear(e);
		r = find_image(h, name, doc, ret, e);
	}
	if ((kinds & INSPECT_VOLUME) && (r == -ENOENT || r == -EINVAL)) {
		err_clear(e);
		r = find_volume(h, name, doc, ret, e);
	}
	if ((kinds & INSPECT_NETWORK) && (r == -ENOENT || r == -EINVAL)) {
		err_clear(e);
		*ret = network_inspect(&h->store, &h->config, name, doc, e);
		r = *ret ? 0 : e->code;
	}
	/* A name that is no reference cannot be an image; it is still just not there. */
	if ((r == -ENOENT || r == -EINVAL) && kinds == INSPECT_ANY)
		return err_set(e, -ENOENT, "no such object: %s", name);
	return r;
}

int inspect_names(char **args, unsigned kinds, const char *format, bool size)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *all = yyjson_mut_arr(doc);
	autohost h = { 0 };
	autostrv errors = { 0 };
	struct err e = { 0 };

	if (host_open(&h, &e) < 0)
		return host_fail(&e, 1);
	for (; *args; args++) {
		yyjson_mut_val *v = NULL;
		int r = find(&h, *args, kinds, size, doc, &v, &e);

		if (r >= 0 && format)
			r = inspect_show(format, doc, v, &e);
		else if (r >= 0)
			yyjson_mut_arr_append(all, v);
		if (r < 0)
			strv_add(&errors, e.text);
		err_clear(&e);
	}
	if (!format)
		print_json(all, &e);
	fflush(stdout);
	for (size_t n = 0; n < errors.len; n++)
		log_error("%s", errors.v[n]);
	return errors.len > 0;
}

static int inspect_main(void *opts_, char **args)
{
	const struct inspect *o = opts_;
	unsigned kinds = INSPECT_ANY;

	if (str_eq(o->type, "container"))
		kinds = INSPECT_CONTAINER;
	else if (str_eq(o->type, "image"))
		kinds = INSPECT_IMAGE;
	else if (str_eq(o->type, "volume"))
		kinds = INSPECT_VOLUME;
	else if (str_eq(o->type, "network"))
		kinds = INSPECT_NETWORK;
	else if (!str_empty(o->type)) {
		log_error("\"%s\" is not a valid value for --type", o->type);
		return 1;
	}
	return inspect_names(args, kinds, o->format, o->size);
}

const struct applet inspect_applet = {
	.name = "inspect",
	.args = "[OPTIONS] NAME|ID [NAME|ID...]",
	.summary = "Return low-level information on Docker objects",
	.group = GROUP_COMMAND,
	.opts = opts,
	.opts_size = sizeof(struct inspect),
	.min_args = 1,
	.max_args = -1,
	.main = inspect_main,
};
