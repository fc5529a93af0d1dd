/* SPDX-License-Identifier: Apache-2.0 */
/* The multiplexer: guards the standard descriptors, then dispatches to an applet. */
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

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

/* A file capability (for ports below 1024) makes the kernel hide the process from its own
 * user: its children's ID maps could not be written. It protects nothing here, since the
 * user may run the file at any time. */
static void show_oneself(void)
{
	if (getauxval(AT_SECURE) && getuid() == geteuid() && getgid() == getegid())
		prctl(PR_SET_DUMPABLE, 1);
}

int main(int argc, char **argv)
{
	if (fd_guard_std() < 0)
		return 125;
	show_oneself();
	sealed_set(inner_blob, (uintptr_t)inner_blob_end - (uintptr_t)inner_blob);
	return applet_dispatch(argc, argv);
}
