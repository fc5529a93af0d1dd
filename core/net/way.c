/* SPDX-License-Identifier: Apache-2.0 */
/* Ways by name. */
#include "core/net/way.h"

#include <errno.h>
#include <string.h>

#include "core/base/str.h"

static const char *const way_paths[BRIDGE_PATHS] = { "tproxy", "doors", "bare" };
static const char *const way_fabrics[BRIDGE_FABRICS] = { "veth", "macvlan" };

/* The index of the word of n characters among the names; len: not there. */
static int way_word(const char *const *names, int len, const char *word, size_t n)
{
	int i = 0;

	while (i < len && (strlen(names[i]) != n || memcmp(names[i], word, n) != 0))
		i++;
	return i;
}

int way_parse(const char *text, struct way *ret)
{
	struct way w = { BRIDGE_PATHS, BRIDGE_FABRICS };

	while (!str_empty(text)) {
		size_t n = strcspn(text, ",");
		int path = way_word(way_paths, BRIDGE_PATHS, text, n);
		int fabric = way_word(way_fabrics, BRIDGE_FABRICS, text, n);

		if (path < BRIDGE_PATHS)
			w.path = path;
		else if (fabric < BRIDGE_FABRICS)
			w.fabric = fabric;
		else
			return -EINVAL;
		text += n + (text[n] == ',');
	}
	*ret = w;
	return 0;
}

int way_number(const struct way *w)
{
	return w->path + BRIDGE_PATHS * w->fabric;
}

const char *way_name(int number)
{
	static const char *const names[WAYS] = { "tproxy",        "doors",
						 "bare",          "tproxy,macvlan",
						 "doors,macvlan", "bare,macvlan" };

	return names[number];
}

int way_find(const char *name)
{
	for (int i = 0; i < WAYS; i++)
		if (str_eq(name, way_name(i)))
			return i;
	return -EINVAL;
}
