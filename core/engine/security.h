/* SPDX-License-Identifier: Apache-2.0 */
/* What --cap-add, --cap-drop, --privileged and --security-opt come to on this host. */
#ifndef ENGINE_SECURITY_H
#define ENGINE_SECURITY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/engine/config.h"
#include "core/engine/spec.h"

struct security {
	uint64_t caps; /* bounding set of the container */
	/* what the seccomp profile's conditions are tested against: caps, and SYS_ADMIN
	 * with "nested" (the calls of nested containers, without the capability itself)
	 */
	uint64_t filter_caps;
	bool seccomp_unconfined;
	char *seccomp_json; /* own profile's text; NULL: the built-in one */
	bool no_new_privileges;
	bool systempaths_unconfined;
	char *apparmor; /* profile, or NULL */
	char *selinux;  /* process label, or NULL */
};

/* -EINVAL with docker's words, -EOPNOTSUPP for what this host lacks. */
int security_resolve(const struct config *cfg, const struct spec *spec,
		     struct security *ret, struct err *e);
void security_done(struct security *s);

#endif
