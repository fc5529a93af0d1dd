/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cli/progress.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/fd.h"
#include "core/base/file.h"
#include "tests/unit/test.h"

TEST(plain_lines)
{
	char name[] = "/tmp/rootless-progress-XXXXXX";
	int fd = mkostemp(name, O_CLOEXEC);
	struct progress *p = progress_new(fd, false);
	autobuf out = { 0 };

	unlink(name);
	progress_update(p, NULL, "latest: Pulling from nginx", 0, 0);
	progress_update(p, "aaa", "Pulling fs layer", 0, 0);
	progress_update(p, "bbb", "Already exists", 0, 0);
	progress_update(p, "aaa", "Downloading", 5, 10);
	progress_update(p, "aaa", "Downloading", 10, 10);
	progress_update(p, "aaa", "Pull complete", 0, 0);
	progress_update(p, "aaa", "Pull complete", 0, 0);
	progress_update(p, "c\x1b]", "od\nd", 0, 0);
	progress_free(p);
	lseek(fd, 0, SEEK_SET);
	CHECK_INT(file_read_fd(fd, 4096, &out), 0);
	CHECK_STR(buf_str(&out), "latest: Pulling from nginx\naaa: Pulling fs layer\n"
				 "bbb: Already exists\naaa: Pull complete\n"
				 "c\\x1b]: od\\x0ad\n");
	fd_close(fd);
}

TEST(quiet)
{
	char name[] = "/tmp/rootless-progress-XXXXXX";
	int fd = mkostemp(name, O_CLOEXEC);
	struct progress *p = progress_new(fd, true);

	unlink(name);
	progress_update(p, NULL, "x", 0, 0);
	progress_update(p, "a", "Pull complete", 0, 0);
	progress_free(p);
	progress_free(NULL);
	CHECK_INT(lseek(fd, 0, SEEK_END), 0);
	fd_close(fd);
}

/* What a terminal of that size is sent. */
static bool draw(uint16_t rows, uint16_t cols, void (*steps)(struct progress *),
		 char *text, size_t size)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), side;
	struct winsize w = { .ws_row = rows, .ws_col = cols };
	struct progress *p;
	struct termios raw;
	size_t n = 0;
	ssize_t got;

	if (fd < 0 || grantpt(fd) < 0 || unlockpt(fd) < 0) {
		fd_close(fd);
		return false;
	}
	side = open(ptsname(fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK_INT(ioctl(side, TIOCSWINSZ, &w), 0);
	CHECK_INT(tcgetattr(side, &raw), 0);
	cfmakeraw(&raw);
	CHECK_INT(tcsetattr(side, TCSANOW, &raw), 0);
	p = progress_new(side, false);
	steps(p);
	progress_free(p);
	/* With the last writer gone, reading ends in an error after the last byte. */
	fd_close(side);
	while ((got = fd_read(fd, text + n, size - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = 0;
	fd_close(fd);
	return true;
}

static void two_layers(struct progress *p)
{
	progress_update(p, NULL, "head", 0, 0);
	progress_update(p, "aaa", "Waiting", 0, 0);
	progress_update(p, "bbb", "Waiting", 0, 0);
	progress_update(p, "aaa", "Downloading", 1500000, 3000000);
	/* Too soon to be seen. */
	progress_update(p, "aaa", "Downloading", 1600000, 3000000);
	progress_update(p, "aaa", "Downloading", 3000000, 3000000);
	progress_update(p, "bbb", "Done", 0, 0);
}

TEST(drawing_in_place)
{
	char text[2000];

	if (!draw(24, 80, two_layers, text, sizeof(text)))
		return test_skip("no pseudo-terminals");
	CHECK_STR(text, "\r\x1b[2Khead\r\n"
			"\r\x1b[2Kaaa: Waiting\r\n"
			"\r\x1b[2Kbbb: Waiting\r\n"
			"\x1b[2A\r\x1b[2Kaaa: Downloading    1.5MB/3MB\r\x1b[2B"
			"\x1b[2A\r\x1b[2Kaaa: Downloading      3MB/3MB\r\x1b[2B"
			"\x1b[1A\r\x1b[2Kbbb: Done\r\x1b[1B");
}

static void one_bar(struct progress *p)
{
	progress_update(p, "aaa", "Downloading", 512, 1024);
}

TEST(bars_on_wide_terminals)
{
	char text[2000];

	if (!draw(24, 120, one_bar, text, sizeof(text)))
		return test_skip("no pseudo-terminals");
	CHECK_STR(text, "\r\x1b[2Kaaa: Downloading [=========================>"
			"                         ]     512B/1.024kB\r\n");
	/* A narrow one gets what fits, never two lines. */
	CHECK(draw(24, 12, one_bar, text, sizeof(text)));
	CHECK_STR(text, "\r\x1b[2Kaaa: Downlo\r\n");
}

static void many_lines(struct progress *p)
{
	char id[16];

	for (int i = 0; i < 5; i++) {
		snprintf(id, sizeof(id), "l%d", i);
		progress_update(p, id, "Waiting", 0, 0);
	}
	progress_update(p, "l0", "Done", 0, 0);
	progress_update(p, "l4", "Done", 0, 0);
}

TEST(lines_above_the_screen_are_left_alone)
{
	char text[2000];

	if (!draw(3, 80, many_lines, text, sizeof(text)))
		return test_skip("no pseudo-terminals");
	CHECK(strstr(text, "l0: Done") == NULL);
	CHECK(strstr(text, "\x1b[1A\r\x1b[2Kl4: Done\r\x1b[1B") != NULL);
}
