/* SPDX-License-Identifier: Apache-2.0 */
/* Loading a seccomp program that is given as bytes. */
#ifndef NS_SYSCALLFILTER_H
#define NS_SYSCALLFILTER_H

#include <stddef.h>

#include "core/base/err.h"

/* A program may end in a return that is never reached, with this in jt: its k holds the
 * flags to call seccomp(2) with (SECCOMP_FILTER_FLAG_LOG, SPEC_ALLOW, NEW_LISTENER,
 * WAIT_KILLABLE_RECV; others are refused). A compiler of programs leaves jt 0 in its
 * returns. */
#define SYSCALLFILTER_FLAGS_MARK 0xf1

/* 0, or with SECCOMP_FILTER_FLAG_NEW_LISTENER the descriptor on which its calls are heard
 * (seccomp_unotify(2)).
 * bpf: an array of struct sock_filter as compiled by runtime's filter (native byte
 * order). Needs no_new_privs or CAP_SYS_ADMIN in the user namespace. */
int syscallfilter_load(const void *bpf, size_t n, struct err *e);

#endif
