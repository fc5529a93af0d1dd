/* SPDX-License-Identifier: Apache-2.0 */
/* Ways by name. */
#include "core/net/way.h"

#include <errno.h>
#include <string.h>

#include "core/base/str.h"

static const char *const way_paths[BRIDGE_PATHS] = { "tproxy", "doors", "bare" };

static bool way_is(const char *name, const char *word, size_t n)
{
	return strlen(name) == n && memcmp(name, word, n) == 0;
}

static int way_path(const char *word, size_t n)
{
	int i = 0;

	while (i < BRIDGE_PATHS && !way_is(way_paths[i], word, n))
		i++;
	return i;
}

int way_parse(const char *text, struct way *ret)
{
	struct way w = { BRIDGE_PATHS, BRIDGE_FABRICS };

	while (!str_empty(text)) {
		size_t n = strcspn(text, ",");
		int path = way_path(text, n);

		if (path < BRIDGE_PATHS)
			w.path = path;
		else if (way_is("macvlan", text, n))
			w.fabric = BRIDGE_MACVLAN;
		else if (way_is("taps", text, n))
			w.fabric = BRIDGE_TAPS;
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
						 "doors,macvlan", "bare,macvlan",
						 "tproxy,taps",   "doors,taps",
						 "bare,taps" };

	return names[number];
}

int way_find(const char *name)
{
	for (int i = 0; i < WAYS; i++)
		if (str_eq(name, way_name(i)))
			return i;
	return -EINVAL;
}
