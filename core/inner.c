/* SPDX-License-Identifier: Apache-2.0 */
/* The inner executable: the processes beside and around a container. It is carried inside
 * the main one and started from a sealed memfd; see Makefile. */
#include <stddef.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/container.h"
#include "core/engine/health.h"
#include "core/engine/keeper.h"
#include "core/engine/netjoin.h"
#include "core/engine/news.h"
#include "core/engine/outpost.h"
#include "core/net/patchbay.h"
#include "core/net/stack.h"
#include "core/runtime/exec.h"
#include "core/runtime/launch.h"
#include "core/runtime/monitor.h"
#include "core/runtime/ociproc.h"

#define EXIT_USAGE 125
/* Less than the keeper's, so that the realm is not held by an idle stack. */
#define STACK_LINGER_MS 2000

static int monitor(int argc, char **argv)
{
	static const struct monitor_hooks hooks = { .network_attach = netjoin_attach,
						    .network_open = netjoin_open,
						    .network_close = netjoin_close,
						    .ports = netjoin_ports,
						    .started = container_started,
						    .starved = container_starved,
						    .probe = health_probe,
						    .rested = container_rested,
						    .recover = netjoin_recover,
						    .revive = netjoin_revive,
						    .exited = container_exited,
						    .ended = container_ended };

	return monitor_main(argc, argv, &hooks);
}

static int stack(int argc, char **argv)
{
	const struct stack_options o = { .listen_fd = LAUNCH_FD(0),
					 .realm_pidfd = LAUNCH_FD(1),
					 .ready_fd = LAUNCH_FD(2),
					 .linger_ms = STACK_LINGER_MS,
					 .resolv_conf = "/etc/resolv.conf" };

	for (int fd = LAUNCH_FD(0); fd <= LAUNCH_FD(2); fd++)
		fd_cloexec(fd, true);
	/* Its log, if it was given one. */
	if (dup2(LAUNCH_FD(3), STDERR_FILENO) >= 0)
		close(LAUNCH_FD(3));
	return stack_main(&o);
}

static int patchbay(int argc, char **argv)
{
	for (int fd = LAUNCH_FD(0); fd <= LAUNCH_FD(2); fd++)
		fd_cloexec(fd, true);
	/* What it ends with, if that is not the realm. */
	int end = fd_cloexec(LAUNCH_FD(3), true) == 0 ? LAUNCH_FD(3) : LAUNCH_FD(0);
	return patchbay_main(LAUNCH_FD(0), end, LAUNCH_FD(1), LAUNCH_FD(2));
}

static int execution(int argc, char **argv)
{
	return exec_main(argc, argv, news_exec_ended);
}

static const struct {
	const char *name;
	int (*main)(int argc, char **argv);
} processes[] = {
	{ "keeper", keeper_main },
	{ "monitor", monitor },
	{ "stack", stack },
	{ "net", outpost_main },
	{ "patchbay", patchbay },
	{ "exec", execution },
	{ "create", ociproc_create_main },
	{ "enlist", ociproc_exec_main },
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
