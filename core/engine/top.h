/* SPDX-License-Identifier: Apache-2.0 */
/* docker top: the processes of a container in the columns of ps(1), read from /proc by
 * ourselves. PIDs are the host's, users those of the container. */
#ifndef ENGINE_TOP_H
#define ENGINE_TOP_H

#include "core/base/strv.h"
#include "core/engine/container.h"

struct top {
	struct strv titles;
	struct strv *rows; /* each as long as titles */
	size_t len;
};

/* args: options of ps ("-ef" when there are none): -e -A -a -x a x e f -f -F, u aux, -o
 * o LIST, -w. -EINVAL for others and for columns that are not known. */
int top_list(const struct container *c, const struct strv *args, struct top *ret,
	     struct err *e);
void top_done(struct top *t);

#endif
