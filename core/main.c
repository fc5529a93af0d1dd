/* SPDX-License-Identifier: Apache-2.0 */
/* The multiplexer: guards the standard descriptors, then dispatches to an applet. */
#include <stddef.h>

#include "core/base/fd.h"
#include "core/cli/applet.h"

#define APPLET(name) extern const struct applet name##_applet;
#include "applets.inc"
#undef APPLET

#define APPLET(name) &name##_applet,
const struct applet *const applet_table[] = {
#include "applets.inc"
	NULL,
};

int main(int argc, char **argv)
{
	if (fd_guard_std() < 0)
		return 125;
	return applet_dispatch(argc, argv);
}
