/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions on arguments of which the kernel takes the low 32 bits only.
 *
 * BPF sees registers, 64 bits wide on most machines, while a parameter declared int is
 * cut to 32 by the kernel afterwards. A rule "socket: family > 40 allowed" so lets
 * 0x100000026 through, which the kernel takes for AF_ALG (38); the same on ioctl's
 * request was flatpak's CVE-2019-10063. And a C library may leave rubbish in the high
 * half, which a rule "family == 2" then fails to see as 2. So such conditions are tested
 * on the low half, for which libseccomp knows masked equality alone: a range becomes the
 * few aligned blocks that it is made of. */
#ifndef RUNTIME_NARROW_H
#define RUNTIME_NARROW_H

#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>

/* Is argument arg (from 0) of that call 32 bits wide on every architecture? Known for
 * the calls that profiles put conditions on. */
bool narrow_is(const char *call, unsigned int arg);

#define NARROW_MAX 32
/* Conditions (SCMP_CMP_MASKED_EQ) of which one holds exactly when c holds for the low 32
 * bits: their count; 0 when c never holds. A mask of 0 holds always. */
size_t narrow_split(const struct scmp_arg_cmp *c, struct scmp_arg_cmp ret[NARROW_MAX]);

#endif
