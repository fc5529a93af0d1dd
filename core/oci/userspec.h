/* SPDX-License-Identifier: Apache-2.0 */
/* User specifications ("1000", "www-data:www-data", "0:33") against an image's
 * /etc/passwd and /etc/group (passwd(5), group(5)), given as bytes. Numbers are numbers,
 * with a range check. */
#ifndef OCI_USERSPEC_H
#define OCI_USERSPEC_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/strv.h"

#define USERSPEC_FILE_MAX (1u << 20) /* bytes of passwd or group */

struct userspec {
	uint32_t uid, gid;
	char home[256];     /* "/" when unknown */
	char name[64];      /* "" when unknown */
	struct strv groups; /* supplementary, decimal, sorted, without duplicates */
};

/* spec NULL or "" is root (0:0, with root's groups as Docker gives them). extra:
 * --group-add names or numbers. passwd/group: file contents, "" when there is none.
 * -EINVAL: "unable to find user x: no matching entries in passwd file" and the like. */
int userspec_resolve(const char *spec, const char *passwd, const char *group,
		     const struct strv *extra, struct userspec *ret, struct err *e);
void userspec_done(struct userspec *u);

#endif
