/* SPDX-License-Identifier: Apache-2.0 */
/* What a front asks of the process that starts an `exec`: handed over as a memfd. */
#ifndef RUNTIME_REQUEST_H
#define RUNTIME_REQUEST_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/oci/runtimeconfig.h"

struct request_in {
	const struct rt_process *process;
	const char *seccomp; /* path of a compiled filter, or NULL */
	const char *keyring; /* name of a new session keyring, or NULL */
	const char *tag;     /* exec_main's caller's own; may be NULL */
	const char *group;   /* path of a control group to be in, or NULL */
	bool keep_groups, landlock, open_stdin, detach;
};
/* A memfd, at its beginning. */
int request_write(const struct request_in *in, struct err *e);

struct request {
	struct rt_process process;
	struct buf bpf;
	char *keyring, *tag, *group;
	bool keep_groups, landlock, open_stdin, detach;
};
/* request_done releases, also after a failure. */
int request_read(int fd, struct request *ret, struct err *e);
void request_done(struct request *q);

#endif
