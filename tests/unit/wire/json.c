/* SPDX-License-Identifier: Apache-2.0 */
#include "core/wire/json.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

static int try(const char *text, struct err *e)
{
	autojson *doc = NULL;

	err_clear(e);
	return json_parse(text, strlen(text), "doc", &doc, e);
}

TEST(takes_what_is_json)
{
	struct err e = { 0 };

	CHECK_INT(try("{}", &e), 0);
	CHECK_INT(try("[]", &e), 0);
	CHECK_INT(try(" { \"a\" : [1, -2.5e3, true, null, \"x\\u00e9\"] } \n", &e), 0);
	CHECK_INT(try("\"one\"", &e), 0);
	CHECK_INT(try("18446744073709551615", &e), 0);
}

TEST(refuses_what_is_not)
{
	static const char *const bad[] = {
		"",
		" ",
		"{",
		"[1,]",
		"{\"a\":1,}",
		"{\"a\" 1}",
		"[1] x",
		"{}{}",
		"nul",
		"'a'",
		"[01]",
		"[1e]",
		"[NaN]",
		"[Infinity]",
		"// c\n1",
		"\"\xff\"",
		"\"\xc3\"",
		"\"\xed\xa0\x80\"",
		"\"\\ud800\"",
		"\"a\nb\"",
		"\xef\xbb\xbf{}",
	};
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (try(bad[i], &e) != -EINVAL)
			test_fail(__FILE__, __LINE__, "case %zu is taken", i);
		CHECK(str_starts(e.text, "doc: "));
	}
}

TEST(depth_has_a_limit)
{
	struct err e = { 0 };
	autobuf b = { 0 };

	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		buf_adds(&b, i % 2 ? "{\"a\":" : "[");
	buf_adds(&b, "1");
	for (int i = JSON_DEPTH_MAX - 1; i >= 0; i--)
		buf_adds(&b, i % 2 ? "}" : "]");
	CHECK_INT(try(buf_str(&b), &e), 0);

	buf_reset(&b);
	for (int i = 0; i <= JSON_DEPTH_MAX; i++)
		buf_adds(&b, "[");
	for (int i = 0; i <= JSON_DEPTH_MAX; i++)
		buf_adds(&b, "]");
	CHECK_INT(try(buf_str(&b), &e), -EINVAL);
	CHECK_STR(e.text, "doc: nested deeper than 64");
}

/* A stack of one frame a level would not survive this. */
TEST(depth_of_a_million_does_no_harm)
{
	struct err e = { 0 };
	size_t n = 1u << 20;
	autofree char *text = mem_alloc(2 * n + 1);

	memset(text, '[', n);
	memset(text + n, ']', n);
	CHECK_INT(try(text, &e), -EINVAL);
	memset(text, '[', 2 * n);
	CHECK_INT(try(text, &e), -EINVAL);
}

TEST(depth_counts_siblings_right)
{
	struct err e = { 0 };
	autobuf b = { 0 };

	/* Many containers side by side, empty ones too, are not deep. */
	buf_adds(&b, "[");
	for (int i = 0; i < 500; i++)
		buf_adds(&b, "[],{},[[]],{\"a\":{}},{\"a\":[],\"b\":[]},");
	buf_adds(&b, "0]");
	CHECK_INT(try(buf_str(&b), &e), 0);
}

TEST(keys_that_occur_twice)
{
	struct err e = { 0 };
	autobuf b = { 0 };

	CHECK_INT(try("{\"a\":1,\"b\":2,\"a\":3}", &e), -EINVAL);
	CHECK_STR(e.text, "doc: key 'a' occurs twice");
	CHECK_INT(try("[{\"x\":{\"k\":1,\"\\u006b\":2}}]", &e), -EINVAL);
	CHECK_INT(try("[{\"a\":1},{\"a\":1}]", &e), 0);
	CHECK_INT(try("{\"a\":{\"a\":1}}", &e), 0);
	for (int dup = 0; dup < 2; dup++) {
		buf_reset(&b);
		buf_adds(&b, "{");
		for (int i = 0; i < 1000; i++)
			buf_addf(&b, "\"k%d\":0,", i);
		buf_addf(&b, "\"k%d\":1}", dup ? 500 : 1000);
		CHECK_INT(try(buf_str(&b), &e), dup ? -EINVAL : 0);
	}
}

/* Whether told apart by a table or by sorting; keys made to meet in one slot, too. */
TEST(keys_of_objects_of_every_size)
{
	struct err e = { 0 };

	for (int n = 1; n < 260; n++) {
		autobuf same = { 0 }, other = { 0 };

		buf_adds(&same, "{");
		buf_adds(&other, "{\"\":0,");
		for (int i = 0; i < n; i++) {
			buf_addf(&same, "\"a%03dxxxxx%dz\":0,", i, i % 2);
			buf_addf(&other, "\"%c%d\":[],", 'a' + i % 26, i);
		}
		CHECK_INT(try(buf_str(&other), &e), -EINVAL); /* not ended */
		buf_addf(&other, "\"%c%d\":[]}", 'a' + (n - 1) % 26, n - 1);
		CHECK_INT(try(buf_str(&other), &e), -EINVAL);
		CHECK(strstr(e.text, "occurs twice") != NULL);
		same.data[same.len - 1] = '}';
		CHECK_INT(try(buf_str(&same), &e), 0);
	}
}

/* Beyond what the one piece of memory for small ones holds. */
TEST(documents_of_nothing_but_values)
{
	struct err e = { 0 };

	for (size_t n = 1; n < 100000; n = n * 3 + 1) {
		autobuf b = { 0 };
		autojson *doc = NULL;

		buf_adds(&b, "[");
		for (size_t i = 0; i < n; i++)
			buf_adds(&b, i % 2 ? "0," : "[],");
		b.data[b.len - 1] = ']';
		CHECK_INT(json_parse(b.data, b.len, "doc", &doc, &e), 0);
		CHECK_INT(yyjson_arr_size(yyjson_doc_get_root(doc)), n);
		CHECK_INT(try("[[0,0,0", &e), -EINVAL);
	}
}

TEST(typed_members)
{
	static const char text[] =
		"{\"s\":\"x\",\"n\":null,\"t\":true,\"i\":-5,\"u\":18446744073709551615,"
		"\"f\":1.5,\"o\":{},\"a\":[],\"z\":\"a\\u0000b\",\"big\":4294967296}";
	autojson *doc = NULL;
	struct err e = { 0 };
	yyjson_val *o, *v = NULL;
	const char *s = "was";
	bool t = false;
	int64_t i = 7;
	uint64_t u = 7;
	uint32_t w = 7;

	CHECK_INT(json_parse(text, strlen(text), "doc", &doc, &e), 0);
	o = yyjson_doc_get_root(doc);
	CHECK_INT(json_get_str(o, "none", &s, &e), 0);
	CHECK_STR(s, "was");
	CHECK_INT(json_get_str(o, "n", &s, &e), 0);
	CHECK_STR(s, "was");
	CHECK_INT(json_get_str(o, "s", &s, &e), 0);
	CHECK_STR(s, "x");
	CHECK_INT(json_get_str(o, "i", &s, &e), -EINVAL);
	CHECK_STR(e.text, "'i' is not a string");
	CHECK_INT(json_get_str(o, "z", &s, &e), -EINVAL);
	CHECK_STR(s, "x");
	CHECK_INT(json_get_bool(o, "t", &t, &e), 0);
	CHECK(t);
	CHECK_INT(json_get_bool(o, "s", &t, &e), -EINVAL);
	CHECK_INT(json_get_i64(o, "i", &i, &e), 0);
	CHECK_INT(i, -5);
	CHECK_INT(json_get_i64(o, "u", &i, &e), -EINVAL);
	CHECK_INT(json_get_i64(o, "f", &i, &e), -EINVAL);
	CHECK_INT(i, -5);
	CHECK_INT(json_get_u64(o, "u", &u, &e), 0);
	CHECK(u == UINT64_MAX);
	CHECK_INT(json_get_u64(o, "i", &u, &e), -EINVAL);
	CHECK_INT(json_get_u32(o, "big", &w, &e), -EINVAL);
	CHECK_INT(w, 7);
	CHECK_INT(json_get_obj(o, "a", &v, &e), -EINVAL);
	CHECK_INT(json_get_arr(o, "o", &v, &e), -EINVAL);
	CHECK(v == NULL);
	CHECK_INT(json_get_obj(o, "o", &v, &e), 0);
	CHECK(yyjson_is_obj(v));
	CHECK_INT(json_get_str(NULL, "s", &s, &e), 0);
}

TEST(text_members_fit_or_fail)
{
	autojson *doc = NULL;
	struct err e = { 0 };
	yyjson_val *o;
	char dst[4] = "old";
	autofree char *dup = NULL;

	CHECK_INT(json_parse("{\"a\":\"abc\",\"b\":\"abcd\"}", 22, "d", &doc, &e), 0);
	o = yyjson_doc_get_root(doc);
	CHECK_INT(json_get_text(o, "none", dst, sizeof(dst), &e), 0);
	CHECK_STR(dst, "old");
	CHECK_INT(json_get_text(o, "b", dst, sizeof(dst), &e), -EINVAL);
	CHECK_INT(json_get_text(o, "a", dst, sizeof(dst), &e), 0);
	CHECK_STR(dst, "abc");
	CHECK_INT(json_get_dup(o, "a", &dup, &e), 0);
	CHECK_INT(json_get_dup(o, "b", &dup, &e), 0);
	CHECK_STR(dup, "abcd");
}

TEST(lists_and_maps)
{
	static const char text[] =
		"{\"l\":[\"a\",\"\"],\"bad\":[\"a\",1],\"nul\":[\"\\u0000\"],"
		"\"m\":{\"k\":\"v=w\",\"e\":null},\"mb\":{\"k\":1}}";
	autojson *doc = NULL;
	struct err e = { 0 };
	autostrv l = { 0 };
	yyjson_val *o;

	CHECK_INT(json_parse(text, strlen(text), "doc", &doc, &e), 0);
	o = yyjson_doc_get_root(doc);
	CHECK_INT(json_get_strv(o, "l", &l, &e), 0);
	CHECK_INT(l.len, 2);
	CHECK_INT(json_get_strv(o, "bad", &l, &e), -EINVAL);
	CHECK_INT(json_get_strv(o, "nul", &l, &e), -EINVAL);
	CHECK_INT(json_get_map(o, "mb", &l, &e), -EINVAL);
	CHECK_STR(e.text, "'mb' is not an object of strings");
	CHECK_INT(l.len, 2);
	CHECK_INT(json_get_map(o, "m", &l, &e), 0);
	CHECK_INT(l.len, 4);
	CHECK_STR(l.v[2], "k=v=w");
	CHECK_STR(l.v[3], "e=");
}

TEST(building_and_printing)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = yyjson_mut_obj(doc);
	autostrv l = { 0 };
	autobuf b = { 0 };

	yyjson_mut_doc_set_root(doc, o);
	strv_add(&l, "k=v=w");
	strv_add(&l, "bare");
	json_add_str(doc, o, "s", "x\"\n");
	json_add_str(doc, o, "none", NULL);
	json_add_map(doc, o, "m", &l);
	json_add_strv(doc, o, "l", &l);
	json_add_obj(doc, o, "o");
	json_add_arr(doc, o, "a");
	CHECK_INT(json_print(&b, doc, false), 0);
	CHECK_STR(buf_str(&b), "{\"s\":\"x\\\"\\n\",\"m\":{\"k\":\"v=w\",\"bare\":\"\"},"
			       "\"l\":[\"k=v=w\",\"bare\"],\"o\":{},\"a\":[]}");
}

TEST(building_keeps_to_utf8)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = yyjson_mut_obj(doc);
	autobuf b = { 0 };
	struct err e;

	yyjson_mut_doc_set_root(doc, o);
	json_add_str(doc, o, "a", "caf\xe9!");
	json_add_str(doc, o, "b", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xb3");
	json_add_str(doc, o, "c", "\xed\xa0\x80\xf4\x90\x80\x80\xc0\xaf\xe2\x82");
	CHECK_INT(json_print(&b, doc, false), 0);
	CHECK_STR(buf_str(&b),
		  "{\"a\":\"caf\xef\xbf\xbd!\",\"b\":"
		  "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xb3\","
		  "\"c\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
		  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf"
		  "\xbd\"}");
	CHECK_INT(try(buf_str(&b), &e), 0);
}

TEST(printing_stays_below_the_maximum)
{
	autojson *doc = NULL;
	struct err e = { 0 };
	autobuf b = { .max = 4 };

	CHECK_INT(json_parse("[1,2,3]", 7, "d", &doc, &e), 0);
	CHECK_INT(json_print_val(&b, yyjson_doc_get_root(doc), false), -E2BIG);
	CHECK_INT(b.len, 0);
}

TEST(files_are_read_bounded_and_written_whole)
{
	char dir[] = "/tmp/unit-json-XXXXXX";
	autojson_mut *out = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = yyjson_mut_obj(out);
	autojson *in = NULL;
	struct err e = { 0 };
	struct stat st;
	int fd;

	CHECK(mkdtemp(dir) != NULL);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	yyjson_mut_doc_set_root(out, o);
	json_add_str(out, o, "k", "v");
	CHECK_INT(json_write(fd, "f.json", out, 0640, false, &e), 0);
	CHECK_INT(fstatat(fd, "f.json", &st, 0), 0);
	CHECK_INT(st.st_mode & 07777, 0640);
	CHECK_INT(json_read(fd, "f.json", 5, &in, &e), -EFBIG);
	CHECK(str_starts(e.text, "read 'f.json': "));
	CHECK_INT(json_read(fd, "none.json", 100, &in, &e), -ENOENT);
	CHECK(in == NULL);
	CHECK_INT(json_read(fd, "f.json", 100, &in, &e), 0);
	CHECK_STR(yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(in), "k")), "v");
	CHECK_INT(mkfifoat(fd, "fifo", 0600), 0);
	CHECK_INT(json_read(fd, "fifo", 100, &in, &e), -EINVAL);
	close(fd);
	file_remove_tree(AT_FDCWD, dir);
}

TEST(loops_have_no_turn_over_what_is_none)
{
	autojson *doc = NULL;
	yyjson_val *root, *key, *val, *over[4];
	size_t i, max, turns = 0;

	CHECK_INT(json_parse("[1,{},{\"a\":[2,3],\"b\":4}]", 24, "t", &doc, NULL), 0);
	root = yyjson_doc_get_root(doc);
	over[0] = NULL;
	over[1] = yyjson_arr_get(root, 0);
	over[2] = yyjson_arr_get(root, 1);
	over[3] = root;
	for (size_t n = 0; n < 4; n++)
		yyjson_obj_foreach (over[n], i, max, key, val) {
			turns++;
		}
	CHECK_INT(turns, 0);
	yyjson_arr_foreach (NULL, i, max, val) {
		turns++;
	}
	CHECK_INT(turns, 0);
	yyjson_obj_foreach (yyjson_arr_get(root, 2), i, max, key, val) {
		CHECK_STR(yyjson_get_str(key), i ? "b" : "a");
		CHECK(i ? yyjson_get_int(val) == 4 : yyjson_arr_size(val) == 2);
		turns++;
	}
	CHECK_INT(turns, 2);
}
