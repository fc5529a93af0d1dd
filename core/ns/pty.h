/* SPDX-License-Identifier: Apache-2.0 */
/* Pseudo-terminals of a given devpts instance. */
#ifndef NS_PTY_H
#define NS_PTY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"

/* Opens a pair in the instance whose root is devpts_fd (checked to be one: an image could
 * have put anything there). *ret_master, *ret_slave. */
int pty_open(int devpts_fd, int *ret_master, int *ret_slave, struct err *e);
/* 0 rows and columns: no change. 0 or -errno. */
int pty_resize(int master, uint16_t rows, uint16_t cols);
/* Makes the slave the 0, 1, 2 of the caller and, with control, the controlling terminal
 * of its session (setsid done). */
int pty_adopt(int slave, bool control);

#endif
