/* SPDX-License-Identifier: Apache-2.0 */
/* The user's terminal: raw mode, size, detach keys. */
#include "core/cli/tty.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/strv.h"

int tty_raw(struct tty *t, int fd)
{
	struct termios raw;

	if (tcgetattr(fd, &t->saved) < 0)
		return -errno;
	raw = t->saved;
	cfmakeraw(&raw);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	t->fd = fd;
	if (tcsetattr(fd, TCSANOW, &raw) < 0)
		return -errno;
	t->raw = true;
	return 0;
}

void tty_restore(struct tty *t)
{
	if (!t->raw)
		return;
	t->raw = false;
	(void)tcsetattr(t->fd, TCSANOW, &t->saved);
}

int tty_size(int fd, uint16_t *rows, uint16_t *cols)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) < 0)
		return -ENOTTY;
	*rows = size.ws_row;
	*cols = size.ws_col;
	return 0;
}

/* "a" or "ctrl-p" as the byte it sends; -EINVAL. */
static int key_byte(const char *name)
{
	static const char others[] = "@abcdefghijklmnopqrstuvwxyz[\\]^_";
	const char *at;

	if (strlen(name) == 1)
		return (unsigned char)name[0];
	if (str_eq(name, "DEL"))
		return 0x7f;
	if (!str_starts(name, "ctrl-") || strlen(name) != 6)
		return -EINVAL;
	/* Their order is that of the control characters from 0 on. */
	at = strchr(others, name[5]);
	return at ? (int)(at - others) : -EINVAL;
}

int tty_keys_parse(struct tty_keys *k, const char *text, struct err *e)
{
	const char *what = str_empty(text) ? "ctrl-p,ctrl-q" : text;
	autostrv names = { 0 };

	memset(k, 0, sizeof(*k));
	strv_split(&names, what, ',');
	if (names.len > sizeof(k->seq))
		return err_set(e, -EINVAL, "invalid detach keys (%s): more than %zu",
			       what, sizeof(k->seq));
	for (size_t i = 0; i < names.len; i++) {
		int byte = key_byte(names.v[i]);

		if (byte < 0)
			return err_set(
				e, byte,
				"invalid detach keys (%s): unknown character: '%s'", what,
				names.v[i]);
		k->seq[k->len++] = (uint8_t)byte;
	}
	return 0;
}

/* Does the sequence's beginning of n bytes end what was held back and then byte? The held
 * bytes are the first k->matched of the sequence itself. */
static bool fits(const struct tty_keys *k, size_t n, uint8_t byte)
{
	return k->seq[n - 1] == byte &&
	       memcmp(k->seq, k->seq + k->matched - (n - 1), n - 1) == 0;
}

bool tty_keys_feed(struct tty_keys *k, const uint8_t *p, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		size_t now = k->len ? k->matched + 1 : 0;

		/* On a miss the longest shorter beginning goes on; what lies before it
		 * was ordinary input. */
		while (now && !fits(k, now, p[i]))
			now--;
		if (now == k->len && now)
			return true;
		buf_add(out, k->seq, k->matched + (now ? 1 : 0) - now);
		if (!now)
			buf_add(out, &p[i], 1);
		k->matched = now;
	}
	return false;
}
