/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cli/table.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/wire/json.h"
#include "tests/unit/test.h"

static const struct table_column columns[] = {
	{ "ID", "CONTAINER ID" },
	{ "Names", "NAMES" },
	{ "Ports", "PORTS" },
	{ NULL, NULL },
};
static const char default_format[] = "table {{.ID}}\t{{.Ports}}\t{{.Names}}";

static const char *const rows[] = {
	"{\"ID\":\"0123456789ab\",\"Names\":\"web\",\"Ports\":\"\",\"Labels\":\"a=b\"}",
	"{\"ID\":\"ba9876543210\",\"Names\":\"d\\u00e9j\\u00e0\",\"Ports\":"
	"\"0.0.0.0:80->80/tcp\",\"Labels\":\"\"}",
};

/* Prints the rows in that format to a file and reads it back. */
static int show(const char *format, const char *quiet, struct buf *out, struct err *e)
{
	char name[] = "/tmp/rootless-table-XXXXXX";
	int file = mkostemp(name, O_CLOEXEC), keep, r = 0;
	struct table *t = table_new(columns, format, default_format, quiet, e);

	unlink(name);
	if (!t) {
		fd_close(file);
		return e->code;
	}
	for (size_t i = 0; i < ARRAY_LEN(rows) && r == 0; i++) {
		autojson *doc = NULL;

		CHECK_INT(json_parse(rows[i], strlen(rows[i]), "row", &doc, e), 0);
		r = table_row(t, yyjson_doc_get_root(doc), e);
	}
	fflush(stdout);
	keep = fcntl(1, F_DUPFD_CLOEXEC, 10);
	dup2(file, 1);
	if (r == 0)
		r = table_print(t, e);
	dup2(keep, 1);
	fd_close(keep);
	lseek(file, 0, SEEK_SET);
	file_read_fd(file, 1 << 20, out);
	fd_close(file);
	table_free(t);
	return r;
}

static void check(const char *format, const char *quiet, const char *want)
{
	autobuf out = { 0 };
	struct err e = { 0 };

	CHECK_INT(show(format, quiet, &out, &e), 0);
	CHECK_STR(buf_str(&out), want);
	CHECK_STR(e.text, "");
}

TEST(default_table)
{
	static const char want[] =
		"CONTAINER ID   PORTS                NAMES\n"
		"0123456789ab                        web\n"
		"ba9876543210   0.0.0.0:80->80/tcp   d\xc3\xa9j\xc3\xa0\n";

	check(NULL, NULL, want);
	check("table", NULL, want);
	check("", NULL, want);
}

TEST(own_formats)
{
	check("{{.Names}}", NULL, "web\nd\xc3\xa9j\xc3\xa0\n");
	check("table {{.Names}}\t{{.ID}}", NULL,
	      "NAMES     CONTAINER ID\nweb       0123456789ab\n"
	      "d\xc3\xa9j\xc3\xa0      ba9876543210\n");
	check("table {{.Names}}\\t{{.ID}}", NULL,
	      "NAMES     CONTAINER ID\nweb       0123456789ab\n"
	      "d\xc3\xa9j\xc3\xa0      ba9876543210\n");
	check("table {{upper .Names}}", NULL, "NAMES\nWEB\nD\xc3\xa9J\xc3\xa0\n");
	check("{{.ID}}\\n{{.Names}}", NULL,
	      "0123456789ab\nweb\nba9876543210\nd\xc3\xa9j\xc3\xa0\n");
	check("table {{.Label \"a\"}}\t{{.Names}}", NULL,
	      "a         NAMES\nb         web\n          d\xc3\xa9j\xc3\xa0\n");
	check("json", NULL,
	      "{\"ID\":\"0123456789ab\",\"Labels\":\"a=b\",\"Names\":\"web\",\"Ports\":"
	      "\"\"}\n"
	      "{\"ID\":\"ba9876543210\",\"Labels\":\"\",\"Names\":\"d\xc3\xa9j\xc3\xa0\","
	      "\"Ports\":\"0.0.0.0:80->80/tcp\"}\n");
}

/* A column belongs together only over neighbouring lines that have it. */
TEST(uneven_rows)
{
	check("{{.ID}}{{if .Ports}}\t{{.Ports}}\tend{{end}}", NULL,
	      "0123456789ab\nba9876543210\t0.0.0.0:80->80/tcp\tend\n");
	check("table {{.ID}}{{if .Ports}}\tlong long long\t{{.Ports}}\tend{{end}}", NULL,
	      "CONTAINER ID   long long long   PORTS     end\n0123456789ab\n"
	      "ba9876543210   long long long   0.0.0.0:80->80/tcp   end\n");
}

TEST(quiet)
{
	check(NULL, "ID", "0123456789ab\nba9876543210\n");
	check("{{.Names}}", "ID", "0123456789ab\nba9876543210\n");
}

TEST(bad_formats)
{
	autobuf out = { 0 };
	struct err e = { 0 };

	CHECK_INT(show("{{.Foo", NULL, &out, &e), -EINVAL);
	CHECK_STR(e.text, "template parsing error: template: :1: unclosed action");
	err_clear(&e);
	CHECK_INT(show("{{.Foo}}", NULL, &out, &e), -EINVAL);
	CHECK_STR(e.text,
		  "template parsing error: template: :1:2: executing \"\" at <.Foo>: "
		  "can't evaluate field Foo in type map[string]interface {}");
}

/* On a terminal, control characters of others are shown, not obeyed. */
/* A template may make one. */
TEST(a_nul_is_not_the_end)
{
	autobuf out = { 0 }, table = { 0 };
	struct err e = { 0 };

	CHECK_INT(show("{{printf \"a%cb\" 0}}", NULL, &out, &e), 0);
	CHECK_INT(out.len, 8);
	CHECK(!memcmp(buf_str(&out), "a\0b\na\0b\n", 8));
	CHECK_INT(show("table {{printf \"a%cb\" 0}}\t{{.Names}}", NULL, &table, &e), 0);
	CHECK(str_ends(buf_str(&table), "\na\na\n"));
}

TEST(terminal)
{
	static const char row[] =
		"{\"ID\":\"a\\u001b[31mb\",\"Names\":\"n\",\"Ports\":\"\"}";
	int main_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), side, keep;
	struct table *t;
	autojson *doc = NULL;
	struct err e = { 0 };
	char text[200] = "";
	size_t n = 0;
	ssize_t got;

	if (main_fd < 0 || grantpt(main_fd) < 0 || unlockpt(main_fd) < 0)
		return test_skip("no pseudo-terminals");
	side = open(ptsname(main_fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
	t = table_new(columns, "{{.ID}}", default_format, NULL, &e);
	CHECK_INT(json_parse(row, strlen(row), "row", &doc, &e), 0);
	CHECK_INT(table_row(t, yyjson_doc_get_root(doc), &e), 0);
	fflush(stdout);
	keep = fcntl(1, F_DUPFD_CLOEXEC, 10);
	dup2(side, 1);
	CHECK_INT(table_print(t, &e), 0);
	dup2(keep, 1);
	fd_close(side);
	while ((got = fd_read(main_fd, text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)got;
	CHECK_STR(text, "a\\x1b[31mb\r\n");
	table_free(t);
	fd_close(keep);
	fd_close(main_fd);
}
