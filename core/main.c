/* SPDX-License-Identifier: Apache-2.0 */
/* The multiplexer: guards the standard descriptors, then dispatches to an applet. */
#include <stddef.h>
#include <stdint.h>

#include "core/base/fd.h"
#include "core/cli/applet.h"
#include "core/engine/sealed.h"

#define APPLET(name) extern const struct applet name##_applet;
#include "applets.inc"
#undef APPLET

#define APPLET(name) &name##_applet,
const struct applet *const applet_table[] = {
#include "applets.inc"
	NULL,
};

extern const char inner_blob[], inner_blob_end[];

int main(int argc, char **argv)
{
	if (fd_guard_std() < 0)
		return 125;
	sealed_set(inner_blob, (uintptr_t)inner_blob_end - (uintptr_t)inner_blob);
	return applet_dispatch(argc, argv);
}
