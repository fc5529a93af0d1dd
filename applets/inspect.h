/* SPDX-License-Identifier: Apache-2.0 */
/* docker inspect's way of showing objects, shared by the verbs that take -f. */
#ifndef APPLETS_INSPECT_H
#define APPLETS_INSPECT_H

#include "core/base/err.h"
#include "core/wire/json.h"

#define INSPECT_FORMAT_HELP \
	"Format output using a custom template:\n" \
	"'json':             Print in JSON format\n" \
	"'TEMPLATE':         Print output using the given Go template.\n" \
	"Refer to https://docs.docker.com/go/formatting/ for more information about " \
	"formatting output with templates"

enum inspect_kind {
	INSPECT_CONTAINER = 1,
	INSPECT_IMAGE = 2,
	INSPECT_VOLUME = 4,
	INSPECT_NETWORK = 8,
};

#define INSPECT_ANY (INSPECT_CONTAINER | INSPECT_IMAGE | INSPECT_VOLUME | INSPECT_NETWORK)

/* One object by a template (a line), or indented JSON when format is NULL. */
int inspect_show(const char *format, yyjson_mut_doc *doc, yyjson_mut_val *v,
		 struct err *e);
/* The verb itself: each name, looked up as kinds (bits of enum inspect_kind) allow. Exit
 * code. */
int inspect_names(char **args, unsigned kinds, const char *format, bool size);

#endif
