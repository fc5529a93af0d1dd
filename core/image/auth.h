/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials: docker's config.json (auths, credsStore, credHelpers), REGISTRY_AUTH_FILE,
 * bound to one registry host each. */
#ifndef IMAGE_AUTH_H
#define IMAGE_AUTH_H

#include "core/base/err.h"

struct auth {
	char *username, *password; /* NULL: anonymous */
	char *identity_token;      /* OAuth2 refresh token instead, or NULL */
};

/* config_dir NULL: $DOCKER_CONFIG, ~/.docker; then containers' auth.json. Never an error
 * for absence. registry: "docker.io" or "host[:port]". */
int auth_find(const char *config_dir, const char *registry, struct auth *ret,
	      struct err *e);
void auth_done(struct auth *a);

#endif
