/* SPDX-License-Identifier: Apache-2.0 */
/* rootless logout */
#include "applets/host.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/image/keychain.h"
#include "core/image/login.h"

static int logout_main(void *o, char **args)
{
	autofree char *registry = login_registry(args[0]);
	const char *shown = str_eq(registry, REFERENCE_DEFAULT_REGISTRY)
				    ? "https://index.docker.io/v1/"
				    : registry;
	autohost h = { 0 };
	struct err e = { 0 };
	int r;

	if (host_open(&h, &e) < 0)
		return host_fail(&e, 1);
	r = keychain_erase(h.config.registry.config_dir, registry, &e);
	if (r < 0)
		return host_fail(&e, 1);
	printf(r ? "Removing login credentials for %s\n" : "Not logged in to %s\n",
	       shown);
	return 0;
}

const struct applet logout_applet = {
	.name = "logout",
	.args = "[SERVER]",
	.summary = "Log out from a registry",
	.group = GROUP_COMMON,
	.max_args = 1,
	.main = logout_main,
};
