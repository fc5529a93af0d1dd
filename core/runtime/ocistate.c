/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a container as the runtime-spec words it. */
#include "core/runtime/ocistate.h"

#include "core/oci/runtimeconfig.h"

void ocistate_build(const struct ocistate *s, yyjson_mut_doc *doc, yyjson_mut_val *obj)
{
	json_add_str(doc, obj, "ociVersion", RUNTIMECONFIG_VERSION);
	json_add_str(doc, obj, "id", s->id);
	json_add_str(doc, obj, "status", s->status);
	if (s->pid > 0)
		yyjson_mut_obj_add_int(doc, obj, "pid", s->pid);
	json_add_str(doc, obj, "bundle", s->bundle);
	if (s->annotations && s->annotations->len > 0)
		json_add_map(doc, obj, "annotations", s->annotations);
}

char *ocistate_text(const struct ocistate *s)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *obj = yyjson_mut_obj(doc);
	autobuf text = { 0 };

	yyjson_mut_doc_set_root(doc, obj);
	ocistate_build(s, doc, obj);
	json_print(&text, doc, false);
	return buf_take(&text);
}
