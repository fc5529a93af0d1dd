/* SPDX-License-Identifier: Apache-2.0 */
/* Loading a seccomp program that is given as bytes. */
#ifndef NS_SYSCALLFILTER_H
#define NS_SYSCALLFILTER_H

#include <stddef.h>

#include "core/base/err.h"

/* bpf: an array of struct sock_filter as compiled by runtime's filter (native byte
 * order). Needs no_new_privs or CAP_SYS_ADMIN in the user namespace. */
int syscallfilter_load(const void *bpf, size_t n, struct err *e);

#endif
