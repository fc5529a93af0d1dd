/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials: docker's config.json (auths, credsStore, credHelpers), REGISTRY_AUTH_FILE,
 * bound to one registry host each. */
#ifndef IMAGE_AUTH_H
#define IMAGE_AUTH_H

#include <stddef.h>

#include "core/base/err.h"

struct auth {
	char *username, *password; /* NULL: anonymous */
	char *identity_token;      /* OAuth2 refresh token instead, or NULL */
	char *note; /* why there are none although a file names some, or NULL */
};

/* config_dir NULL: $DOCKER_CONFIG, ~/.docker; then containers' auth.json. Never an error
 * for absence; a broken file or helper gives a note. registry: "docker.io" or
 * "host[:port]". */
int auth_find(const char *config_dir, const char *registry, struct auth *ret,
	      struct err *e);
/* The bytes of one such file alone, without helpers: a parser (fuzz target auth).
 * *ret_helper: malloc'd name of the helper to ask, or NULL; *ret_server: malloc'd, what
 * to ask it for. */
int auth_parse(const char *text, size_t n, const char *registry, struct auth *ret,
	       char **ret_helper, char **ret_server, struct err *e);
/* Malloc'd path of the file that a login writes to: $REGISTRY_AUTH_FILE, else docker's
 * config.json; NULL when there is no place for it. */
char *auth_file(const char *config_dir);
void auth_done(struct auth *a);

#endif
