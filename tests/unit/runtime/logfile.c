/* SPDX-License-Identifier: Apache-2.0 */
#include "core/runtime/logfile.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/base/strv.h"
#include "tests/unit/test.h"

#define NOW 1700000000123000000ll

static char dir[] = "/tmp/rootless-log.XXXXXX";
static char *path;

static void open_log(struct logfile *l, uint64_t max, int64_t files)
{
	struct err e = { 0 };

	if (!path) {
		CHECK(mkdtemp(dir) != NULL);
		path = path_join(dir, "sub/c.log");
	}
	struct logfile_conf c = { .path = path, .max_size = max, .max_files = files };

	CHECK_INT(logfile_open(l, &c, &e), 0);
}

static void clear(void)
{
	autofree char *sub = path_join(dir, "sub");

	CHECK_INT(file_remove_tree(AT_FDCWD, sub), 0);
}

static void check_file(const char *suffix, const char *want)
{
	autofree char *name = str_fmt("%s%s", path, suffix);
	autobuf b = { 0 };

	CHECK_INT(file_read(AT_FDCWD, name, 1 << 20, &b), 0);
	CHECK_STR(buf_str(&b), want);
}

static void check_entry(const char *bytes, size_t n, const char *want)
{
	autobuf b = { 0 };
	autofree char *all = str_fmt("{\"log\":\"%s\",\"stream\":\"stderr\","
				     "\"time\":\"2023-11-14T22:13:20.123Z\"}\n",
				     want);

	logfile_entry(&b, 1, bytes, n, NOW, NULL);
	CHECK_STR(buf_str(&b), all);
}

TEST(entries)
{
	check_entry("plain\n", 6, "plain\\n");
	check_entry("a\"b\\c\r\t", 7, "a\\\"b\\\\c\\r\\t");
	check_entry("<a>&\x1b[0m\0x", 10, "\\u003ca\\u003e\\u0026\\u001b[0m\\u0000x");
	check_entry("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", 11,
		    "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
	/* Overlong, a surrogate, past the end, cut short, stray. */
	check_entry("\xc0\x80", 2, "\\ufffd\\ufffd");
	check_entry("\xed\xa0\x80", 3, "\\ufffd\\ufffd\\ufffd");
	check_entry("\xf4\x90\x80\x80", 4, "\\ufffd\\ufffd\\ufffd\\ufffd");
	check_entry("\xe2\x82", 2, "\\ufffd\\ufffd");
	check_entry("\xff", 1, "\\ufffd");
}

#define LINE(text) \
	"{\"log\":\"" text \
	"\",\"stream\":\"stdout\",\"time\":\"2023-11-14T22:13:20.123Z\"}\n"

TEST(lines)
{
	struct logfile l;

	open_log(&l, 0, 0);
	CHECK_INT(logfile_write(&l, 0, "one\ntw", 6, NOW), 0);
	check_file("", LINE("one\\n"));
	CHECK_INT(logfile_write(&l, 0, "o\nthr", 5, NOW), 0);
	check_file("", LINE("one\\n") LINE("two\\n"));
	CHECK_INT(logfile_finish(&l, NOW), 0);
	check_file("", LINE("one\\n") LINE("two\\n") LINE("thr"));
	logfile_done(&l);
	clear();
}

TEST(long_line)
{
	struct logfile l;
	autofree char *big = mem_alloc(LOGLINE_MAX * 2 + 11);
	autobuf b = { 0 };
	autostrv lines = { 0 };

	memset(big, 'x', LOGLINE_MAX * 2 + 10);
	big[LOGLINE_MAX * 2 + 9] = '\n';
	open_log(&l, 0, 0);
	for (size_t at = 0; at < LOGLINE_MAX * 2 + 10; at += 999) {
		size_t left = LOGLINE_MAX * 2 + 10 - at;

		logfile_write(&l, 0, big + at, left < 999 ? left : 999, NOW);
	}
	CHECK_INT(file_read(AT_FDCWD, path, 1 << 20, &b), 0);
	strv_split(&lines, buf_str(&b), '\n');
	CHECK_INT(lines.len, 4);
	/* Split without a newline of their own, the last one with. */
	CHECK(strstr(lines.v[0], "xx\",\"stream\"") &&
	      strstr(lines.v[1], "xx\",\"stream\""));
	CHECK(str_starts(lines.v[2], "{\"log\":\"xxxxxxxxx\\n\","));
	logfile_done(&l);
	clear();
}

TEST(rotation)
{
	struct logfile l;
	struct stat st;
	autofree char *third = NULL;

	open_log(&l, 100, 3);
	for (int i = 0; i < 9; i++) {
		char line[] = "line 0\n";

		line[5] = (char)('0' + i);
		CHECK_INT(logfile_write(&l, 0, line, 7, NOW), 0);
	}
	/* 66 bytes each: two to a file; the oldest are gone. */
	check_file(".2", LINE("line 4\\n") LINE("line 5\\n"));
	check_file(".1", LINE("line 6\\n") LINE("line 7\\n"));
	check_file("", LINE("line 8\\n"));
	third = str_fmt("%s.3", path);
	CHECK_INT(stat(third, &st), -1);
	logfile_done(&l);
	clear();
	open_log(&l, 100, 1);
	for (int i = 0; i < 3; i++)
		logfile_write(&l, 0, "again\n", 6, NOW);
	check_file("", LINE("again\\n"));
	logfile_done(&l);
	clear();
}

/* Our own form; the parts but the newest are packed, and say which file they were. */
TEST(local_and_packed)
{
	struct logfile_conf c = { .path = path,
				  .form = LOGFILE_LOCAL,
				  .max_size = 100,
				  .max_files = 3,
				  .compress = true };
	struct err e = { 0 };
	struct logfile l;
	struct stat st;
	autobuf b = { 0 };
	autofree char *first = str_fmt("%s.1", path), *packed = str_fmt("%s.1.gz", path);

	CHECK_INT(logfile_open(&l, &c, &e), 0);
	CHECK_INT(logfile_write(&l, 0, "one\n", 4, NOW), 0);
	CHECK_INT(logfile_write(&l, 1, "\xff", 1, NOW), 0);
	CHECK_INT(logfile_finish(&l, NOW), 0);
	check_file("", "17979cfe3d7ed4c0 o 3 one\n17979cfe3d7ed4c0 E 1 \xff\n");
	CHECK_INT(stat(path, &st), 0);
	for (int i = 0; i < 12; i++)
		logfile_write(&l, 0, "again\n", 6, NOW);
	CHECK(access(first, F_OK) < 0);
	CHECK_INT(file_read(AT_FDCWD, packed, 1 << 20, &b), 0);
	CHECK(memcmp(b.data, "\x1f\x8b", 2) == 0 &&
	      str_starts(b.data + 10, LOGFILE_COMMENT));
	free(packed);
	packed = str_fmt("%s.3.gz", path);
	CHECK(access(packed, F_OK) < 0);
	free(packed);
	packed = str_fmt("%s.packing", path);
	CHECK(access(packed, F_OK) < 0);
	logfile_done(&l);
	clear();
}

TEST(attrs)
{
	autobuf b = { 0 };

	logfile_entry(&b, 0, "x\n", 2, NOW, "{\"tag\":\"t\"}");
	CHECK_STR(buf_str(&b), "{\"log\":\"x\\n\",\"stream\":\"stdout\",\"attrs\":{"
			       "\"tag\":\"t\"},\"time\":\"2023-11-14T22:13:20.123Z\"}\n");
}

/* A torn last line of a dead monitor does not spoil the next entry. */
TEST(torn_tail)
{
	struct logfile l;
	int fd;

	open_log(&l, 0, 0);
	logfile_write(&l, 0, "a\n", 2, NOW);
	logfile_done(&l);
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	CHECK_INT(write(fd, "{\"log", 5), 5);
	close(fd);
	open_log(&l, 0, 0);
	logfile_write(&l, 0, "b\n", 2, NOW);
	check_file("", LINE("a\\n") "{\"log\n" LINE("b\\n"));
	logfile_done(&l);
	clear();
}

/* Where no more fits, whole entries are lost, never halves. */
TEST(full_disk)
{
	struct rlimit old, small;
	struct logfile l;

	signal(SIGXFSZ, SIG_IGN);
	open_log(&l, 0, 0);
	logfile_write(&l, 0, "a\n", 2, NOW);
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = 80;
	setrlimit(RLIMIT_FSIZE, &small);
	CHECK(logfile_write(&l, 0, "b\n", 2, NOW) < 0);
	check_file("", LINE("a\\n"));
	setrlimit(RLIMIT_FSIZE, &old);
	CHECK_INT(logfile_write(&l, 0, "c\n", 2, NOW), 0);
	check_file("", LINE("a\\n") LINE("c\\n"));
	logfile_done(&l);
	clear();
	rmdir(dir);
}
