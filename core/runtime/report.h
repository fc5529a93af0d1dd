/* SPDX-License-Identifier: Apache-2.0 */
/* What the short-lived processes of a start tell the monitor, over a SOCK_SEQPACKET pair.
 */
#ifndef RUNTIME_REPORT_H
#define RUNTIME_REPORT_H

#include <stddef.h>
#include <sys/types.h>

#include "core/base/err.h"

enum report_kind {
	REPORT_INIT = 1, /* the init exists: pid */
	REPORT_TTY,      /* one descriptor: the terminal's master */
	REPORT_READY,    /* the file system tree stands; of init: it waits at the gate */
	REPORT_HOOKS,    /* OCI: time for the caller's hooks; a byte comes back */
	REPORT_ERROR,    /* exit_code and e */
};

#define REPORT_EXIT_FAILED    125
#define REPORT_EXIT_CANNOT    126
#define REPORT_EXIT_NOT_FOUND 127

struct report {
	enum report_kind kind;
	int exit_code;
	pid_t pid;
	struct err e;
};

/* fd >= 0 goes along. 0 or -errno. */
int report_send(int sock, const struct report *r, int fd);
void report_error(int sock, int exit_code, const struct err *e);
/* 1, 0 at the end, or -errno. *ret_fd: the descriptor that came along, or -1. */
int report_receive(int sock, struct report *ret, int *ret_fd);

#endif
