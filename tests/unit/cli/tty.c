/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cli/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "tests/unit/test.h"

static int open_terminal(int *side)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || grantpt(fd) < 0 || unlockpt(fd) < 0)
		return fd_close(fd);
	*side = open(ptsname(fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
	return fd;
}

TEST(raw_and_back)
{
	struct termios before, raw, after;
	struct tty t = { 0 };
	int side, fd = open_terminal(&side), null;

	if (fd < 0)
		return test_skip("no pseudo-terminals");
	CHECK_INT(tcgetattr(side, &before), 0);
	CHECK_INT(tty_raw(&t, side), 0);
	CHECK_INT(tcgetattr(side, &raw), 0);
	CHECK(!(raw.c_lflag & (ICANON | ECHO | ISIG)) && !(raw.c_oflag & OPOST));
	CHECK_INT(raw.c_cc[VMIN], 1);
	tty_restore(&t);
	tty_restore(&t);
	CHECK_INT(tcgetattr(side, &after), 0);
	CHECK(before.c_lflag == after.c_lflag && before.c_oflag == after.c_oflag);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	CHECK_INT(tty_raw(&t, null), -ENOTTY);
	CHECK(!t.raw);
	fd_close(null);
	fd_close(side);
	fd_close(fd);
}

TEST(size)
{
	struct winsize want = { .ws_row = 33, .ws_col = 101 };
	uint16_t rows = 1, cols = 2;
	int side, fd = open_terminal(&side), null = open("/dev/null", O_RDWR | O_CLOEXEC);

	CHECK_INT(tty_size(null, &rows, &cols), -ENOTTY);
	CHECK(rows == 1 && cols == 2);
	fd_close(null);
	if (fd < 0)
		return test_skip("no pseudo-terminals");
	CHECK_INT(ioctl(side, TIOCSWINSZ, &want), 0);
	CHECK_INT(tty_size(side, &rows, &cols), 0);
	CHECK(rows == 33 && cols == 101);
	fd_close(side);
	fd_close(fd);
}

TEST(parsing_keys)
{
	struct tty_keys k;
	struct err e = { 0 };

	CHECK_INT(tty_keys_parse(&k, NULL, &e), 0);
	CHECK(k.len == 2 && k.seq[0] == 16 && k.seq[1] == 17);
	CHECK_INT(tty_keys_parse(&k, "a,ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_,DEL",
				 &e),
		  0);
	CHECK(k.len == 8 && !memcmp(k.seq, "a\0\x1b\x1c\x1d\x1e\x1f\x7f", 8));
	CHECK_INT(tty_keys_parse(&k, "ctrl-a,ctrl-z", &e), 0);
	CHECK(k.seq[0] == 1 && k.seq[1] == 26);
	CHECK_INT(tty_keys_parse(&k, "ctrl-", &e), -EINVAL);
	CHECK_STR(e.text, "invalid detach keys (ctrl-): unknown character: 'ctrl-'");
	CHECK_INT(tty_keys_parse(&k, "ctrl-1", &e), -EINVAL);
	CHECK_INT(tty_keys_parse(&k, "a,,b", &e), -EINVAL);
	CHECK_INT(tty_keys_parse(&k, "ab", &e), -EINVAL);
	CHECK_INT(tty_keys_parse(&k, "a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a", &e), -EINVAL);
}

/* Feeds piece by piece ("|" parts them); what comes out, and "!" when detached. */
static void check_feed(const char *keys, const char *input, const char *want)
{
	char copy[64], *rest = copy, *piece;
	struct tty_keys k;
	struct err e = { 0 };
	autobuf out = { 0 };

	CHECK_INT(tty_keys_parse(&k, keys, &e), 0);
	snprintf(copy, sizeof(copy), "%s", input);
	while ((piece = strsep(&rest, "|"))) {
		if (tty_keys_feed(&k, (const uint8_t *)piece, strlen(piece), &out)) {
			buf_addc(&out, '!');
			break;
		}
	}
	CHECK_STR(buf_str(&out), want);
}

TEST(feeding)
{
	check_feed("a,b", "xaby", "x!");
	check_feed("a,b", "xa|by", "x!");
	check_feed("a,b", "xacab", "xac!");
	/* What was held back comes out when the sequence breaks. */
	check_feed("a,b", "a|x", "ax");
	check_feed("a,b", "a", "");
	check_feed("a,b", "aaab", "aa!");
	check_feed("a,a,b", "aaab", "a!");
	check_feed("a,b,a,c", "ababac", "ab!");
	check_feed("a,b,a,c", "abab|x", "ababx");
	check_feed("a", "xa", "x!");
	check_feed(NULL, "ls\x10\x11", "ls!");
}
