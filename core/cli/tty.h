/* SPDX-License-Identifier: Apache-2.0 */
/* The user's terminal: raw mode, size, detach keys, and text that came from elsewhere. */
#ifndef CLI_TTY_H
#define CLI_TTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

#include "core/base/buf.h"
#include "core/base/err.h"

struct tty {
	int fd;
	bool raw;
	struct termios saved;
};

/* Raw mode on fd, to be undone by tty_restore (also in signal handlers:
 * async-signal-safe). */
int tty_raw(struct tty *t, int fd);
void tty_restore(struct tty *t);
/* Rows and columns of fd; -ENOTTY when it is no terminal. */
int tty_size(int fd, uint16_t *rows, uint16_t *cols);

/* docker's --detach-keys: "ctrl-p,ctrl-q", "a,b"; at most 16 bytes. Default when text is
 * NULL. */
struct tty_keys {
	uint8_t seq[16];
	size_t len;
	size_t matched; /* state of the matcher */
};
int tty_keys_parse(struct tty_keys *k, const char *text, struct err *e);
/* Feeds input; appends to out what is to be passed on. True once the sequence is
 * complete. */
bool tty_keys_feed(struct tty_keys *k, const uint8_t *p, size_t n, struct buf *out);

#endif
