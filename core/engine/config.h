/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration: ~/.config/rootless/daemon.json (keys of docker's daemon.json where they
 * mean the same), then built-in defaults. An unknown key or an unreadable file is an
 * error that names it. */
#ifndef ENGINE_CONFIG_H
#define ENGINE_CONFIG_H

#include "core/base/err.h"
#include "core/image/registry.h"

struct config {
	char *path; /* that was read, or would be */
	struct registry_options
		registry;     /* registry-mirrors, insecure-registries, proxies */
	char *log_driver;     /* "json-file" */
	struct strv log_opts; /* "max-size=10m" "max-file=3" */
	bool no_new_privileges;
	char *seccomp_profile; /* path, or NULL: built-in */
	struct strv dns, dns_search, dns_options;
	struct strv default_ulimits; /* "nofile=1024:4096" */
	int64_t shm_size;            /* default-shm-size, bytes */
	struct strv labels;
	bool init;
	char *bip; /* default bridge's address/prefix, or NULL */
	int64_t mtu;
	bool source_check; /* of the default network (netoption.h); else true */
};

/* path NULL: $ROOTLESS_CONFIG, then $XDG_CONFIG_HOME/rootless/daemon.json. */
int config_read(const char *path, struct config *ret, struct err *e);
void config_done(struct config *c);

#endif
