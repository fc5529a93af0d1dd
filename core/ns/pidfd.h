/* SPDX-License-Identifier: Apache-2.0 */
/* Process descriptors (pidfd_open(2)): identity without races, and joining namespaces. */
#ifndef NS_PIDFD_H
#define NS_PIDFD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* fd (close-on-exec) or -errno (-ESRCH: no such process). */
int pidfd_open(pid_t pid);
/* 0 or -errno. */
int pidfd_signal(int pidfd, int signo);
/* Has it not exited yet? (A zombie has.) */
bool pidfd_alive(int pidfd);
/* PID in the caller's PID namespace, from /proc/self/fdinfo; -ESRCH when gone. */
pid_t pidfd_pid(int pidfd);
/* setns to several namespaces at once (CLONE_NEW* bits); one by one over /proc where the
 * kernel takes no pidfd. 0 or -errno. */
int pidfd_setns(int pidfd, int flags);
/* Opens one namespace of the process (name: "net", "pid_for_children", …). fd or -errno.
 */
int pidfd_open_ns(int pidfd, const char *name);
/* Start time (proc(5) stat field 22); 0 or -errno. */
int pidfd_start_time(pid_t pid, uint64_t *ret);
/* Field 22 in the text of /proc/PID/stat. A pure parser. */
int pidfd_parse_stat(const char *text, uint64_t *ret_start);

#endif
