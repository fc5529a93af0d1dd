/* SPDX-License-Identifier: Apache-2.0 */
/* docker's environment variables of old for a --link on the default network: where the
 * other's ports are, and what its own variables say. */
#ifndef ENGINE_LINKENV_H
#define ENGINE_LINKENV_H

#include "core/base/err.h"
#include "core/base/strv.h"
#include "core/wire/json.h"

/* A link as seen from the container `self`. */
struct linkenv {
	const char *self, *alias;
	const char *addr;   /* of the other there */
	yyjson_val *config; /* of the other: Config, with Env and ExposedPorts */
};

/* Appends its variables, as "KEY=value". */
void linkenv_add(const struct linkenv *l, struct strv *ret);
/* Drops those whose name the container's own Config sets. */
void linkenv_yield(struct strv *vars, yyjson_val *own_config);
/* config.json in the folder: process.env loses the names of before and gets now. */
int linkenv_write(int bundle, const struct strv *before, const struct strv *now,
		  struct err *e);

#endif
