/* SPDX-License-Identifier: Apache-2.0 */
/* fork(2) with more to say. */
#ifndef NS_CLONE_H
#define NS_CLONE_H

#include <sys/types.h>

/* Forks with these CLONE_* flags: 0 in the child, else its PID or -errno. The child is to
 * exec or _exit. CLONE_NEWTIME is left out where the kernel has no time namespaces. With
 * CLONE_PARENT the child's end is told as the caller's own would be, else by SIGCHLD. */
pid_t clone_fork(int flags);

#endif
