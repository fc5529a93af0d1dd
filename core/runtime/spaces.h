/* SPDX-License-Identifier: Apache-2.0 */
/* The namespaces of a container to be: those given by path are opened, then joined; the
 * others are new. */
#ifndef RUNTIME_SPACES_H
#define RUNTIME_SPACES_H

#include <stdbool.h>

#include "core/base/err.h"
#include "core/oci/runtimeconfig.h"

struct spaces {
	const struct runtimeconfig *config;
	int fd[RT_NS_COUNT]; /* given by path: opened; else -1 */
};

/* Nothing opened yet. */
void spaces_init(struct spaces *s, const struct runtimeconfig *config);
/* While the paths mean what the caller sees. */
int spaces_open(struct spaces *s, struct err *e);
bool spaces_given(const struct spaces *s, unsigned ns);
/* Joins what was given, for the caller's children too, and sets the clocks of a new time
 * namespace. except: RT_NS_* bits to leave alone. user_last: the caller has power over
 * all of them from where it is, and not from the user namespace given, which may own only
 * some. *ret_flags: CLONE_NEW* of those to make. */
struct spaces_how {
	unsigned except;
	bool user_last;
};
int spaces_enter(const struct spaces *s, const struct spaces_how *how, int *ret_flags,
		 struct err *e);
void spaces_done(struct spaces *s);

#endif
