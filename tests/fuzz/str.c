/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/base/str.c and strv.c: numbers, sizes, hex, quoting, patterns. The
 * text up to the first newline is a pattern, the rest what it may match. */
#include "core/base/buf.h"
#include "core/base/strv.h"
#include "tests/fuzz/fuzz.h"

static void numbers(const char *s)
{
	uint64_t u, again;
	int64_t i, back;
	bool b;

	if (str_u64(s, UINT64_MAX, &u) == 0) {
		autofree char *text = str_fmt("%llu", (unsigned long long)u);
		const char *bare = s + strspn(s, "0");
		must(str_eq(text, *bare ? bare : "0"));
		must(str_i64(s, 0, INT64_MAX, &i) == (u > INT64_MAX ? -34 : 0));
	}
	if (str_i64(s, INT64_MIN, INT64_MAX, &i) == 0) {
		autofree char *text = str_fmt("%lld", (long long)i);
		must(str_i64(text, i, i, &back) == 0 && back == i);
	}
	if (str_oct(s, UINT64_MAX, &u) == 0) {
		autofree char *text = str_fmt("%llo", (unsigned long long)u);
		must(str_oct(text, UINT64_MAX, &again) == 0 && again == u);
	}
	if (str_u64(s, UINT64_MAX, &u) == 0 && str_size(s, &again) == 0)
		must(u == again);
	must(str_bool(s, &b) < 0 || strlen(s) <= 5);
}

static void hex(const uint8_t *p, size_t n)
{
	autofree char *text = mem_alloc(2 * n + 1);
	autofree uint8_t *back = mem_alloc(n + 1);

	str_hex(text, p, n);
	must(strlen(text) == 2 * n && str_unhex(back, n, text, 2 * n) == 0);
	must(n == 0 || memcmp(back, p, n) == 0);
}

static void printed(const char *s, const uint8_t *p, size_t n)
{
	autobuf escaped = { 0 }, quoted = { 0 };

	must(str_escape(&escaped, s) == 0 && str_quote(&quoted, (const char *)p, n) == 0);
	for (size_t i = 0; i < escaped.len; i++)
		must((uint8_t)escaped.data[i] >= 32 || strchr("\t\n", escaped.data[i]));
	for (size_t i = 0; i < quoted.len; i++)
		must((uint8_t)quoted.data[i] >= 32);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = str_ndup((const char *)data, size);
	char *newline = strchr(text, '\n');
	autostrv parts = { 0 };

	strv_split(&parts, text, '\n');
	autofree char *joined = strv_join(&parts, "\n");
	must(str_eq(joined, text));
	numbers(text);
	hex(data, size);
	printed(text, data, size);
	must(str_glob("*", text));
	if (newline) {
		*newline = 0;
		str_glob(text, newline + 1);
		must(strpbrk(text, "*?[\\") ||
		     str_glob(text, newline + 1) == str_eq(text, newline + 1));
	}
	return 0;
}
