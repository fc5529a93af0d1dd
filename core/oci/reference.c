/* SPDX-License-Identifier: Apache-2.0 */
/* Image references, by hand instead of by regular expression:
 *
 *   reference  = name [ ":" tag ] [ "@" digest ]
 *   name       = [ host [ ":" port ] "/" ] component { "/" component }
 *   component  = alnum { ( "." | "_" | "__" | "-"... ) alnum }      (lower case)
 *   tag        = word { word | "." | "-" }, at most 128
 *
 * The first component is a host when it is "localhost", holds '.' or ':', or has upper
 * case letters; else docker.io is meant, and there a name of one component lies below
 * library/. */
#include "core/oci/reference.h"

#include <ctype.h>
#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"

#define REPOSITORY_MAX 255
#define TAG_MAX        128
/* Longer than any valid one: 255 of host and port, the name, the tag, a digest. */
#define TEXT_MAX 1024

static const char alnum_lower[] = "abcdefghijklmnopqrstuvwxyz0123456789";
static const char legacy_registry[] = "index.docker.io";
static const char official[] = "library/";

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool has_upper(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (s[i] >= 'A' && s[i] <= 'Z')
			return true;
	}
	return false;
}

/* "example.com", "10.0.0.1", "Host-1": labels of letters, digits and inner '-'. */
static bool is_dns_name(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool edge = i == 0 || i + 1 == n || s[i - 1] == '.' || s[i + 1] == '.';

		if (isalnum((unsigned char)s[i]))
			continue;
		if (edge || (s[i] != '-' && s[i] != '.'))
			return false;
	}
	return n > 0;
}

static bool is_port(const char *s, size_t n)
{
	unsigned long port = 0;

	if (n == 0 || n > 5)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		port = port * 10 + (unsigned long)(s[i] - '0');
	}
	return port <= 65535;
}

/* host[:port], host may be [IPv6]. */
static bool is_registry(const char *s, size_t n)
{
	const char *colon;

	if (n > 0 && s[0] == '[') {
		size_t in = 1 + strspn(s + 1, "0123456789abcdefABCDEF:");

		if (in < 3 || in >= n || s[in] != ']')
			return false;
		in++;
		return in == n || (s[in] == ':' && is_port(s + in + 1, n - in - 1));
	}
	colon = memchr(s, ':', n);
	if (colon && !is_port(colon + 1, n - (size_t)(colon + 1 - s)))
		return false;
	return is_dns_name(s, colon ? (size_t)(colon - s) : n);
}

static bool is_separator(const char *s, size_t n)
{
	if (n == 1)
		return *s == '.' || *s == '_' || *s == '-';
	return (n == 2 && memcmp(s, "__", 2) == 0) || strspn(s, "-") >= n;
}

static bool is_component(const char *s, size_t n)
{
	size_t i = 0, run;

	for (;;) {
		run = strspn(s + i, alnum_lower);
		if (run == 0 || run > n - i)
			return false;
		i += run;
		if (i == n)
			return true;
		run = strspn(s + i, "._-");
		if (run >= n - i || !is_separator(s + i, run))
			return false;
		i += run;
	}
}

static bool is_repository(const char *s)
{
	for (;;) {
		size_t n = strcspn(s, "/");

		if (!is_component(s, n))
			return false;
		if (!s[n])
			return true;
		s += n + 1;
	}
}

bool reference_is_tag(const char *s)
{
	size_t n = 0;

	if (!is_word(s[0]))
		return false;
	while (is_word(s[n]) || s[n] == '.' || s[n] == '-')
		n++;
	return !s[n] && n <= TAG_MAX;
}

static bool is_image_id(const char *s)
{
	return strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64;
}

static int invalid(struct err *e)
{
	return err_set(e, -EINVAL, "invalid reference format");
}

/* Length of the registry at the head of text, 0 when there is none. */
static size_t registry_len(const char *text)
{
	size_t n = strcspn(text, "/");

	if (!text[n])
		return 0;
	if (memchr(text, '.', n) || memchr(text, ':', n) || has_upper(text, n) ||
	    (n == strlen("localhost") && memcmp(text, "localhost", n) == 0))
		return n;
	return 0;
}

/* Takes "@digest" and ":tag" off the end of rest. */
static int cut_tail(char *rest, struct reference *r, struct err *e)
{
	char *at = strchr(rest, '@'), *colon;

	if (at) {
		*at = '\0';
		if (digest_parse(at + 1, &r->digest) < 0)
			return err_set(e, -EINVAL,
				       "invalid reference format: '%.150s' is not a "
				       "sha256 or sha512 digest",
				       at + 1);
	}
	colon = strchr(rest, ':');
	if (colon) {
		*colon = '\0';
		if (!reference_is_tag(colon + 1))
			return invalid(e);
		r->tag = str_dup(colon + 1);
	} else if (!at) {
		r->tag = str_dup("latest");
	}
	return 0;
}

static int parse_into(const char *text, struct reference *r, struct err *e)
{
	size_t host = registry_len(text);
	autofree char *rest = str_dup(host ? text + host + 1 : text);
	bool hub = !host;
	int rc;

	if (host && !is_registry(text, host))
		return invalid(e);
	if (host) {
		r->registry = str_ndup(text, host);
		hub = str_eq(r->registry, REFERENCE_DEFAULT_REGISTRY) ||
		      str_eq(r->registry, legacy_registry);
	}
	if (hub)
		str_set(&r->registry, REFERENCE_DEFAULT_REGISTRY);
	rc = cut_tail(rest, r, e);
	if (rc < 0)
		return rc;
	if (has_upper(rest, strlen(rest)))
		return err_set(
			e, -EINVAL,
			"invalid reference format: repository name (%.255s) must be "
			"lowercase",
			rest);
	if (!is_repository(rest))
		return invalid(e);
	r->repository = str_fmt("%s%s", hub && !strchr(rest, '/') ? official : "", rest);
	if (strlen(r->repository) > REPOSITORY_MAX)
		return err_set(
			e, -EINVAL,
			"invalid reference format: repository name must not be more "
			"than %d characters",
			REPOSITORY_MAX);
	return 0;
}

int reference_parse(const char *text, struct reference *ret, struct err *e)
{
	struct reference r = { 0 };
	int rc;

	if (!text || strlen(text) > TEXT_MAX)
		return invalid(e);
	if (is_image_id(text))
		return err_set(e, -EINVAL,
			       "invalid repository name (%s), cannot specify 64-byte "
			       "hexadecimal strings",
			       text);
	rc = parse_into(text, &r, e);
	if (rc < 0) {
		reference_done(&r);
		return rc;
	}
	*ret = r;
	return 0;
}

/* name[:tag][@digest], freeing name. */
static char *with_tail(char *name, const struct reference *r)
{
	autofree char *head = name;
	char hex[DIGEST_TEXT_MAX];

	return str_fmt("%s%s%s%s%s", head, r->tag ? ":" : "", r->tag ? r->tag : "",
		       digest_is_set(&r->digest) ? "@" : "",
		       digest_text(hex, &r->digest));
}

char *reference_full(const struct reference *r)
{
	return with_tail(str_fmt("%s/%s", r->registry, r->repository), r);
}

char *reference_familiar_name(const struct reference *r)
{
	const char *rest = r->repository + sizeof(official) - 1;

	/* Without its registry, docker.io/a.b/c would be read as c of a.b. */
	if (!str_eq(r->registry, REFERENCE_DEFAULT_REGISTRY) ||
	    registry_len(r->repository) > 0)
		return str_fmt("%s/%s", r->registry, r->repository);
	if (str_starts(r->repository, official) && !strchr(rest, '/') &&
	    !is_image_id(rest))
		return str_dup(rest);
	return str_dup(r->repository);
}

char *reference_familiar(const struct reference *r)
{
	return with_tail(reference_familiar_name(r), r);
}

const char *reference_host(const struct reference *r)
{
	return str_eq(r->registry, REFERENCE_DEFAULT_REGISTRY) ? "registry-1.docker.io"
							       : r->registry;
}

void reference_copy(struct reference *ret, const struct reference *r)
{
	*ret = (struct reference){
		.registry = str_dup(r->registry),
		.repository = str_dup(r->repository),
		.tag = str_dup(r->tag),
		.digest = r->digest,
	};
}

void reference_done(struct reference *r)
{
	free(r->registry);
	free(r->repository);
	free(r->tag);
	*r = (struct reference){ 0 };
}
