/* SPDX-License-Identifier: Apache-2.0 */
/* Landlock: scopes for containers, and a fence of folders for our own processes. */
#ifndef NS_LANDLOCK_H
#define NS_LANDLOCK_H

#include <stddef.h>

#define LANDLOCK_ABSTRACT 1u /* abstract unix sockets of the outside */
#define LANDLOCK_SIGNAL   2u /* signals to the outside */

/* ABI version of the running kernel; 0 when there is none (or it is off). */
int landlock_abi(void);
/* Fences the calling process and its children by LANDLOCK_* bits. Needs no_new_privs or
 * CAP_SYS_ADMIN in the user namespace. -EOPNOTSUPP below ABI 6. */
int landlock_scope(unsigned scopes);
/* From here on files can be reached for reading and writing below dirs only (none:
 * nowhere), and no TCP port where the kernel knows them. What is open stays open. Needs
 * no_new_privs. -EOPNOTSUPP without Landlock. */
int landlock_fence(const int *dirs, size_t n);

/* From here on no file can be opened, made, changed or run; below dirs files
 * can be removed. What is open stays open; ports and sockets are as
 * they were. Needs no_new_privs. -EOPNOTSUPP without Landlock. */
int landlock_shut(const int *dirs, size_t n);

#endif
