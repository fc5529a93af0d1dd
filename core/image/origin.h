/* SPDX-License-Identifier: Apache-2.0 */
/* An origin: one (scheme, host, port) that serves an image, the registry itself or a
 * mirror of it; with the credentials that are bound to it. */
#ifndef IMAGE_ORIGIN_H
#define IMAGE_ORIGIN_H

#include <stdbool.h>

#include "core/base/strv.h"
#include "core/image/auth.h"

struct origin {
	char *scheme;  /* "https" or "http" */
	char *host;    /* "name" or "name:port", IPv6 in brackets */
	char *base;    /* path before /v2/: "" or "/path" */
	char *keyname; /* what credentials and certs.d know it by: "docker.io" */
	bool mirror;
	bool unverified;  /* listed as insecure: any certificate will do */
	bool plain_ok;    /* HTTP is allowed: insecure or loopback */
	bool settled;     /* the scheme is known to be right */
	bool reached;     /* it has answered once: from then on failures are retried */
	struct auth auth; /* loaded when first asked for */
	bool auth_loaded;
	char *authorization; /* header value to send, or NULL */
	char *last_scope;    /* of the token in it */
};

/* The registry of a host as references name it. */
void origin_init(struct origin *o, const char *host, const char *keyname,
		 const struct strv *insecure);
/* A mirror's URL: https://host[:port][/path]; http:// only for loopback or insecure
 * hosts. Pure. -EINVAL, -EPERM with a sentence. */
int origin_mirror(struct origin *o, const char *url, const struct strv *insecure,
		  struct err *e);
/* Malloc'd "https://host/base/v2/REST". */
char *origin_url(const struct origin *o, const char *rest);
/* Has url the origin's scheme, host and port? Pure. */
bool origin_owns(const struct origin *o, const char *url);
void origin_done(struct origin *o);

/* "localhost", 127.0.0.0/8, ::1, whatever the port. Pure. */
bool origin_is_loopback(const char *host);
/* host[:port] as listed, or an address in a listed CIDR. Pure. */
bool origin_listed(const char *host, const struct strv *list);

#endif
