/* SPDX-License-Identifier: Apache-2.0 */
/* The inner executable: the processes beside and around a container. It is carried inside
 * the main one and started from a sealed memfd; see Makefile. */
#include <stddef.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/runtime/exec.h"
#include "core/runtime/monitor.h"

#define EXIT_USAGE 125

static int monitor(int argc, char **argv)
{
	static const struct monitor_hooks hooks = { 0 };

	return monitor_main(argc, argv, &hooks);
}

static const struct {
	const char *name;
	int (*main)(int argc, char **argv);
} processes[] = {
	{ "monitor", monitor },
	{ "exec", exec_main },
};

int main(int argc, char **argv)
{
	if (fd_guard_std() < 0 || argc < 2)
		return EXIT_USAGE;
	for (size_t i = 0; i < ARRAY_LEN(processes); i++) {
		if (str_eq(argv[1], processes[i].name))
			return processes[i].main(argc, argv);
	}
	return EXIT_USAGE;
}
