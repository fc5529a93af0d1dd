/* SPDX-License-Identifier: Apache-2.0 */
/* Values of templates: JSON and what functions make, with Go's ideas of truth, order and
 * printing. */
#ifndef CLI_VALUE_H
#define CLI_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/buf.h"

struct yyjson_val;

enum value_kind {
	VALUE_NONE, /* nil, JSON's null, a missing key */
	VALUE_BOOL,
	VALUE_INT,
	VALUE_UINT, /* only past INT64_MAX */
	VALUE_FLOAT,
	VALUE_STRING,
	VALUE_LIST, /* made by a function */
	VALUE_JSON, /* an array or object */
};

struct value {
	enum value_kind kind;
	union {
		bool truth;
		int64_t i;
		uint64_t u;
		double f;
		struct {
			const char *p; /* not owned */
			size_t n;
		} str;
		struct {
			const struct value *items; /* not owned */
			size_t n;
		} list;
		struct yyjson_val *json;
	};
};

/* One member of a map. */
struct value_pair {
	struct value key, value;
};

struct value value_of(struct yyjson_val *json);
struct value value_int(int64_t i);
struct value value_bool(bool b);
/* p is not copied. */
struct value value_string(const char *p, size_t n);

/* Go's word for its type: "string", "map[string]interface {}". */
const char *value_type(const struct value *v);
bool value_is_map(const struct value *v);
bool value_is_list(const struct value *v);
/* A map whose keys are data (labels, ports), not fields that are always there: empty, or
 * with a key that could not be the name of an exported Go field. */
bool value_is_open(const struct value *v);
/* Not false, 0, "", empty or nil. */
bool value_truth(const struct value *v);
/* Items, members or bytes; -1 where there is no length. nil has 0, as Go's nil slice. */
int64_t value_len(const struct value *v);
/* All items of a list, in arena; NULL past its maximum. */
const struct value *value_items(const struct value *v, struct arena *arena);
/* The item of a list (i below its length). */
struct value value_item(const struct value *v, size_t i);
/* The member of a map; false when there is none. */
bool value_member(const struct value *v, const char *key, size_t n, struct value *ret);
/* What Go's index gives for a key that is not there: "" in a map of strings, else nil. */
struct value value_absent(const struct value *map);
/* All members sorted by key, in arena; NULL past its maximum. */
const struct value_pair *value_pairs(const struct value *v, struct arena *arena);

/* Basic kinds only: *ret is < 0, 0, > 0. False when the two cannot be compared. */
bool value_compare(const struct value *a, const struct value *b, int *ret);
/* As Go's %v prints it; nil is "<nil>". 0 or -E2BIG. */
int value_print(struct buf *out, const struct value *v);
/* As Go's %v prints a float64. */
int value_print_float(struct buf *out, double f);
int value_json(struct buf *out, const struct value *v);

#endif
