/* SPDX-License-Identifier: Apache-2.0 */
/* Whom to trust and what to show, for one registry host: certs.d folders of docker and
 * containers, then the system's roots, then the bundle inside the executable. */
#ifndef IMAGE_CERTS_H
#define IMAGE_CERTS_H

#include "core/base/buf.h"
#include "core/base/err.h"

struct certs {
	struct buf pem; /* roots to trust beside the folder below; may be empty */
	char *folder;   /* folder with hash links, or NULL */
	char *file;     /* bundle file when pem is empty, or NULL */
	char *client_cert, *client_key; /* paths, both or none */
};

/* host: "name" or "name:port" as references write it; NULL: the roots alone, no client
 * certificate (for hosts that a redirect names). config_dir as auth_find's: its certs.d
 * is looked at first. */
int certs_find(const char *config_dir, const char *host, struct certs *ret,
	       struct err *e);
void certs_done(struct certs *c);

#endif
