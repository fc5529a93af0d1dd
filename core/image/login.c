/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials tried against their registry: GET /v2/. */
#include "core/image/login.h"

#include <errno.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/image/ask.h"

char *login_registry(const char *text)
{
	static const char *const docker[] = { "", "docker.io", "index.docker.io",
					      "registry-1.docker.io" };

	if (!text)
		text = "";
	if (str_starts(text, "https://"))
		text += 8;
	else if (str_starts(text, "http://"))
		text += 7;
	char *host = str_ndup(text, strcspn(text, "/"));
	for (size_t i = 0; i < ARRAY_LEN(docker); i++)
		if (str_eq(host, docker[i]))
			str_set(&host, REFERENCE_DEFAULT_REGISTRY);
	return host;
}

static void copy_auth(struct auth *to, const struct auth *a)
{
	to->username = str_dup(a->username);
	to->password = str_dup(a->password);
	to->identity_token = str_dup(a->identity_token);
}

static int judge(const struct exchange *x, const struct origin *o, struct err *e)
{
	char words[ASK_WORDS_MAX];

	if (x->head.status >= 200 && x->head.status <= 299)
		return 0;
	ask_words(x, words);
	if (x->head.status == 401 || x->head.status == 403)
		return err_set(e, -EACCES,
			       "registry '%s': %s%sincorrect username or "
			       "password",
			       o->host, words, words[0] ? ": " : "");
	return err_set(e, -EIO, "registry '%s' answered %d%s%s", o->host, x->head.status,
		       words[0] ? ": " : "", words);
}

int login_check(const struct registry_options *o, const char *registry,
		const struct auth *a, struct err *e)
{
	const struct reference ref = { .registry = (char *)registry };
	struct channel c = { 0 };
	struct origin origin;
	const struct ask ask = { &c, &origin, "", false };
	struct exchange x = { 0 };
	int r = channel_init(&c, o, e);

	if (r < 0)
		return r;
	origin_init(&origin, reference_host(&ref), registry, &o->insecure);
	copy_auth(&origin.auth, a);
	origin.auth_loaded = true;
	r = ask_run(&ask, "", &x, e);
	r = r == 0 ? judge(&x, &origin, e) : err_wrap(e, "registry '%s'", origin.host);
	exchange_done(&x);
	channel_done(&c);
	origin_done(&origin);
	return r;
}
