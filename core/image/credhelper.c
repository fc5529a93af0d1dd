/* SPDX-License-Identifier: Apache-2.0 */
/* Docker's credential helpers. */
#include "core/image/credhelper.h"

#include <errno.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/spawn.h"
#include "core/base/str.h"
#include "core/wire/json.h"

#define ANSWER_MAX 65536
#define TIMEOUT_MS 60000 /* it may ask the user for a passphrase */

/* The name becomes part of a program's name: nothing that leads elsewhere. */
static bool name_ok(const char *name)
{
	return name[0] && name[0] != '-' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01234567"
			    "89-_.") == strlen(name);
}

int credhelper_parse(const char *text, size_t n, struct auth *ret, struct err *e)
{
	autojson *doc = NULL;
	const char *user = NULL, *secret = NULL;
	int r = json_parse(text, n, "its answer", &doc, e);

	if (r < 0)
		return r;
	yyjson_val *root = yyjson_doc_get_root(doc);
	if ((r = json_get_str(root, "Username", &user, e)) < 0 ||
	    (r = json_get_str(root, "Secret", &secret, e)) < 0)
		return r;
	if (str_eq(user, "<token>")) {
		str_set(&ret->identity_token, secret);
	} else if (!str_empty(user)) {
		str_set(&ret->username, user);
		str_set(&ret->password, secret ? secret : "");
	}
	return 0;
}

static bool is_unknown(const struct buf *out)
{
	return strstr(buf_str(out), "credentials not found") != NULL;
}

/* One call: 0 with its answer in out; 1 when it does not know the server. */
static int call(const char *name, const char *verb, const char *input, struct buf *out,
		struct err *e)
{
	autobuf errout = { .max = ANSWER_MAX };
	autofree char *program = str_fmt("docker-credential-%s", name);
	char *argv[] = { program, (char *)verb, NULL };
	int r;

	if (!name_ok(name))
		return err_set(e, -EINVAL, "'%s' cannot name a credential helper", name);
	r = spawn_run(argv, input, out, &errout, TIMEOUT_MS, e);
	if (r == -ENOENT)
		return err_set(e, r, "credential helper '%s' is not installed", program);
	if (r < 0)
		return err_wrap(e, "credential helper '%s'", program);
	if (r > 0 && is_unknown(out))
		return 1;
	if (r > 0)
		return err_set(e, -EIO, "credential helper '%s' failed: %.*s", program,
			       (int)strcspn(buf_str(out), "\n"), buf_str(out));
	return 0;
}

int credhelper_get(const char *name, const char *server, struct auth *ret, struct err *e)
{
	autobuf out = { .max = ANSWER_MAX };
	int r = call(name, "get", server, &out, e);

	if (r != 0)
		return r < 0 ? r : 0;
	r = credhelper_parse(buf_str(&out), out.len, ret, e);
	return r < 0 ? err_wrap(e, "credential helper 'docker-credential-%s'", name) : 0;
}

int credhelper_store(const char *name, const char *server, const struct auth *a,
		     struct err *e)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	autobuf input = { .max = ANSWER_MAX }, out = { .max = ANSWER_MAX };

	yyjson_mut_doc_set_root(doc, root);
	json_add_str(doc, root, "ServerURL", server);
	json_add_str(doc, root, "Username", a->identity_token ? "<token>" : a->username);
	json_add_str(doc, root, "Secret",
		     a->identity_token ? a->identity_token : a->password);
	int r = json_print(&input, doc, false);
	if (r < 0)
		return err_code(e, r, "credentials");
	r = call(name, "store", buf_str(&input), &out, e);
	explicit_bzero(input.data, input.len);
	return r < 0 ? r : 0;
}

int credhelper_erase(const char *name, const char *server, struct err *e)
{
	autobuf out = { .max = ANSWER_MAX };
	int r = call(name, "erase", server, &out, e);

	return r < 0 ? r : 0;
}
