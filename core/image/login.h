/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials tried against their registry. */
#ifndef IMAGE_LOGIN_H
#define IMAGE_LOGIN_H

#include "core/image/auth.h"
#include "core/image/registry.h"

/* Malloc'd name of a registry as a user gives it: "https://host:5000/v2/" → "host:5000";
 * NULL, "" and docker's own names → "docker.io". Pure. */
char *login_registry(const char *text);
/* 0: the registry takes them (or asks for none). -EACCES "incorrect username or
 * password". */
int login_check(const struct registry_options *o, const char *registry,
		const struct auth *a, struct err *e);

#endif
