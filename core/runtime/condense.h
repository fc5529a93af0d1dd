/* SPDX-License-Identifier: Apache-2.0 */
/* A seccomp program made short.
 *
 * libseccomp writes a comparison for each call of a profile, so that Docker's default
 * profile becomes 1,100 instructions. Most neighbouring numbers get the same answer,
 * though: said by ranges, a few hundred do. Each instruction is paid for at every start,
 * when the kernel checks and compiles the program and runs it once for every number. */
#ifndef RUNTIME_CONDENSE_H
#define RUNTIME_CONDENSE_H

#include <linux/filter.h>
#include <stddef.h>

/* Replaces the program code[*len] by one with the same answer to every call of every
 * architecture, in place; conditions on arguments are kept as they are. A program that is
 * not of the form that libseccomp writes, or would not become shorter, stays. */
void condense(struct sock_filter *code, size_t *len);

#endif
