/* SPDX-License-Identifier: Apache-2.0 */
/* Where credentials are kept: docker's credential helpers when config.json names one for
 * the registry, else config.json itself, in plain base64. */
#ifndef IMAGE_KEYCHAIN_H
#define IMAGE_KEYCHAIN_H

#include "core/image/auth.h"

/* config_dir as auth_find's; registry: "docker.io" or "host[:port]". *ret_plain: malloc'd
 * path of the file that holds the secret as plain text now, or NULL. */
int keychain_store(const char *config_dir, const char *registry, const struct auth *a,
		   char **ret_plain, struct err *e);
/* 1: removed; 0: there were none. */
int keychain_erase(const char *config_dir, const char *registry, struct err *e);

#endif
