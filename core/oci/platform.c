/* SPDX-License-Identifier: Apache-2.0 */
/* Platforms: names made uniform the way containerd makes them, and matching. */
#include "core/oci/platform.h"

#include <ctype.h>
#include <errno.h>
#include <sys/utsname.h>

#include "core/base/mem.h"
#include "core/base/str.h"

/* What other tools call an architecture (variant: NULL keeps the one given). */
static const struct alias {
	const char *name, *architecture, *variant;
} aliases[] = {
	{ "x86_64", "amd64", NULL },
	{ "x86-64", "amd64", NULL },
	{ "aarch64", "arm64", NULL },
	{ "armhf", "arm", "v7" },
	{ "armel", "arm", "v6" },
	{ "i386", "386", NULL },
	{ "i486", "386", NULL },
	{ "i586", "386", NULL },
	{ "i686", "386", NULL },
	{ "armv5l", "arm", "v5" },
	{ "armv6l", "arm", "v6" },
	{ "armv7l", "arm", "v7" },
	{ "armv8l", "arm", "v8" },

	{ "loongarch64", "loong64", NULL },
};

static const char *const architectures[] = {
	"386",    "amd64",    "arm",   "arm64",   "loong64", "mips",  "mipsle",
	"mips64", "mips64le", "ppc64", "ppc64le", "riscv64", "s390x", "wasm",
};

static const char *const systems[] = {
	"linux",   "darwin",  "windows", "freebsd", "netbsd", "openbsd", "dragonfly",
	"solaris", "illumos", "aix",     "android", "ios",    "plan9",   "wasip1",
};

static bool listed(const char *const *list, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(list[i], s))
			return true;
	}
	return false;
}

static void lower(char *s)
{
	for (; *s; s++)
		*s = (char)tolower((unsigned char)*s);
}

void platform_normalize(struct platform *p)
{
	lower(p->os);
	lower(p->architecture);
	lower(p->variant);
	if (str_eq(p->os, "macos"))
		str_copy(p->os, sizeof(p->os), "darwin");
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++) {
		if (!str_eq(p->architecture, aliases[i].name))
			continue;
		str_copy(p->architecture, sizeof(p->architecture),
			 aliases[i].architecture);
		if (aliases[i].variant)
			str_copy(p->variant, sizeof(p->variant), aliases[i].variant);
		break;
	}
	if (str_eq(p->architecture, "arm") && isdigit((unsigned char)p->variant[0]) &&
	    !p->variant[1])
		str_print(p->variant, sizeof(p->variant), "v%c", p->variant[0]);
	/* The lowest variant is what the bare name means. */
	if (str_eq(p->architecture, "arm") && !p->variant[0])
		str_copy(p->variant, sizeof(p->variant), "v7");
	if (str_eq(p->architecture, "arm64") &&
	    (str_eq(p->variant, "v8") || str_eq(p->variant, "8")))
		p->variant[0] = '\0';
	if (str_eq(p->architecture, "amd64") && str_eq(p->variant, "v1"))
		p->variant[0] = '\0';
}

void platform_host(struct platform *ret)
{
	struct utsname u;

	*ret = (struct platform){ .os = "linux" };
	if (uname(&u) == 0)
		str_copy(ret->architecture, sizeof(ret->architecture), u.machine);
	platform_normalize(ret);
}

static bool is_name(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!isalnum((unsigned char)s[i]) && s[i] != '_' && s[i] != '-' &&
		    s[i] != '.')
			return false;
	}
	return n > 0;
}

/* Copies the piece before '/' and steps over it. */
static int take(const char **text, char *dst, size_t size)
{
	size_t n = strcspn(*text, "/");

	if (!is_name(*text, n) || n >= size)
		return -EINVAL;
	memcpy(dst, *text, n);
	dst[n] = '\0';
	*text += n;
	if (**text != '/')
		return 0;
	(*text)++;
	return **text ? 1 : -EINVAL;
}

/* One word alone: a system or an architecture. */
static int take_one(const char *word, struct platform *p)
{
	struct platform guess = { 0 };

	str_copy(guess.os, sizeof(guess.os), word);
	str_copy(guess.architecture, sizeof(guess.architecture), word);
	platform_normalize(&guess);
	if (listed(systems, ARRAY_LEN(systems), guess.os)) {
		platform_host(p);
		str_copy(p->os, sizeof(p->os), guess.os);
		return 0;
	}
	if (!listed(architectures, ARRAY_LEN(architectures), guess.architecture))
		return -EINVAL;
	*p = guess;
	str_copy(p->os, sizeof(p->os), "linux");
	return 0;
}

int platform_parse(const char *text, struct platform *ret, struct err *e)
{
	struct platform p = { 0 };
	const char *s = text;
	int r = take(&s, p.os, sizeof(p.os));

	if (r == 0) {
		char word[sizeof(p.os)];

		str_copy(word, sizeof(word), p.os);
		if (take_one(word, &p) < 0)
			return err_set(e, -EINVAL,
				       "platform '%.100s': unknown operating system or "
				       "architecture",
				       text);
		*ret = p;
		return 0;
	}
	if (r > 0)
		r = take(&s, p.architecture, sizeof(p.architecture));
	if (r > 0)
		r = take(&s, p.variant, sizeof(p.variant));
	if (r != 0)
		return err_set(e, -EINVAL,
			       "platform '%.100s' is not os/architecture[/variant]",
			       text);
	platform_normalize(&p);
	*ret = p;
	return 0;
}

char *platform_text(char dst[96], const struct platform *p)
{
	str_print(dst, 96, "%s/%s%s%s", p->os, p->architecture, p->variant[0] ? "/" : "",
		  p->variant);
	return dst;
}

/* "v7" → 7; the bare name counts as the lowest; -1 for what has no order ("v8.1", "x").
 */
static int level(const struct platform *p)
{
	const char *v = p->variant;

	if (!v[0])
		return str_eq(p->architecture, "arm64") ? 8 : 1;
	return v[0] == 'v' && isdigit((unsigned char)v[1]) && !v[2] ? v[1] - '0' : -1;
}

int platform_match(const struct platform *want, const struct platform *have)
{
	struct platform w = *want, h = *have;
	int wl, hl;

	platform_normalize(&w);
	platform_normalize(&h);
	if (!h.os[0] || !str_eq(w.os, h.os) || !str_eq(w.architecture, h.architecture))
		return 0;
	if (str_eq(w.variant, h.variant))
		return 100;
	wl = level(&w);
	hl = level(&h);
	/* An image for an older variant runs on a newer machine, never the reverse. */
	return wl > hl && hl > 0 ? 10 + hl : 0;
}
