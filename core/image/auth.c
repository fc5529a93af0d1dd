/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials from docker's and containers' files. */
#include "core/image/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/image/base64.h"
#include "core/image/credhelper.h"
#include "core/wire/json.h"

#define FILE_MAX   (4u << 20)
#define DOCKER_IO  "docker.io"
#define DOCKER_URL "https://index.docker.io/v1/"

void auth_done(struct auth *a)
{
	char **all[] = { &a->username, &a->password, &a->identity_token, &a->note };

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (*all[i])
			explicit_bzero(*all[i], strlen(*all[i]));
		str_set(all[i], NULL);
	}
}

/* "https://host:port/v1/" and "host:port" name the same registry; "host/path" does not.
 */
static bool same_registry(const char *key, const char *registry)
{
	static const char *const docker[] = { DOCKER_IO, "index.docker.io",
					      "registry-1.docker.io" };
	const char *host = key;

	if (str_starts(key, "https://"))
		host += 8;
	else if (str_starts(key, "http://"))
		host += 7;
	size_t n = strcspn(host, "/");
	const char *path = host + n;
	if (path[0] && !str_eq(path, "/") && !str_eq(path, "/v1/") &&
	    !str_eq(path, "/v2/") && !str_eq(path, "/v1") && !str_eq(path, "/v2"))
		return false;
	if (strlen(registry) == n && !strncmp(host, registry, n))
		return true;
	for (size_t i = 0; str_eq(registry, DOCKER_IO) && i < ARRAY_LEN(docker); i++)
		if (strlen(docker[i]) == n && !strncmp(host, docker[i], n))
			return true;
	return false;
}

/* "auth": base64 of user:password. */
static int take_pair(const char *text, struct auth *ret)
{
	autobuf plain = { 0 };

	if (base64_decode(text, strlen(text), &plain) < 0)
		return -EINVAL;
	char *colon = plain.len ? memchr(plain.data, ':', plain.len) : NULL;
	if (!colon || memchr(plain.data, 0, plain.len))
		return -EINVAL;
	*colon = 0;
	str_set(&ret->username, plain.data);
	str_set(&ret->password, colon + 1);
	explicit_bzero(plain.data, plain.len);
	return 0;
}

static int take_entry(yyjson_val *obj, struct auth *ret, struct err *e)
{
	const char *pair = NULL, *token = NULL, *user = NULL, *password = NULL;
	int r;

	if ((r = json_get_str(obj, "auth", &pair, e)) < 0 ||
	    (r = json_get_str(obj, "identitytoken", &token, e)) < 0 ||
	    (r = json_get_str(obj, "username", &user, e)) < 0 ||
	    (r = json_get_str(obj, "password", &password, e)) < 0)
		return r;
	if (!str_empty(token)) {
		str_set(&ret->identity_token, token);
		return 0;
	}
	if (!str_empty(pair)) {
		r = take_pair(pair, ret);
		return r < 0 ? err_set(e, r, "'auth' is not base64 of user:password") : 0;
	}
	if (!str_empty(user)) {
		str_set(&ret->username, user);
		str_set(&ret->password, password ? password : "");
	}
	return 0;
}

static bool is_empty(const struct auth *a)
{
	return !a->username && !a->identity_token;
}

/* credHelpers names one for this registry, credsStore one for all. (An object's key is
 * always a string.) */
static int find_helper(yyjson_val *root, const char *registry, char **ret, struct err *e)
{
	yyjson_val *helpers = NULL, *key, *val;
	const char *name = NULL;
	size_t i, n;
	int r = json_get_obj(root, "credHelpers", &helpers, e);

	if (r < 0)
		return r;
	if (helpers)
		yyjson_obj_foreach (helpers, i, n, key, val) {
			if (same_registry(unsafe_yyjson_get_str(key), registry) &&
			    yyjson_is_str(val))
				name = yyjson_get_str(val);
		}
	if (!name)
		r = json_get_str(root, "credsStore", &name, e);
	if (r == 0 && !str_empty(name))
		*ret = str_dup(name);
	return r;
}

int auth_parse(const char *text, size_t n, const char *registry, struct auth *ret,
	       char **ret_helper, char **ret_server, struct err *e)
{
	autodone(auth_done) struct auth found = { 0 };
	autofree char *helper = NULL;
	autojson *doc = NULL;
	yyjson_val *auths = NULL, *key, *val;
	const char *server = str_eq(registry, DOCKER_IO) ? DOCKER_URL : registry;
	size_t i, max;
	int r = json_parse(text, n, "the file", &doc, e);

	if (r < 0)
		return r;
	yyjson_val *root = yyjson_doc_get_root(doc);
	r = json_get_obj(root, "auths", &auths, e);
	if (r == 0)
		r = find_helper(root, registry, &helper, e);
	if (r < 0)
		return r;
	if (auths)
		yyjson_obj_foreach (auths, i, max, key, val) {
			if (!same_registry(unsafe_yyjson_get_str(key), registry) ||
			    !yyjson_is_obj(val))
				continue;
			server = yyjson_get_str(key); /* as it was logged in */
			if (is_empty(&found) && (r = take_entry(val, &found, e)) < 0)
				return r;
		}
	*ret = found;
	found = (struct auth){ 0 };
	*ret_helper = TAKE_PTR(helper);
	*ret_server = str_dup(server);
	return 0;
}

static int find_in(const char *file, const char *registry, struct auth *ret,
		   struct err *e)
{
	autobuf text = { .max = FILE_MAX };
	autofree char *helper = NULL, *server = NULL;
	struct auth found = { 0 };
	int r = file_read(AT_FDCWD, file, FILE_MAX, &text);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return err_code(e, r, "read '%s'", file);
	r = auth_parse(buf_str(&text), text.len, registry, &found, &helper, &server, e);
	if (r == 0 && helper) {
		auth_done(&found); /* the helper has the truth; what is in the file is a
				    * shell */
		r = credhelper_get(helper, server, &found, e);
	}
	if (r < 0) {
		auth_done(&found);
		return err_wrap(e, "credentials in '%s'", file);
	}
	str_set(&found.note, ret->note);
	auth_done(ret);
	*ret = found;
	return 0;
}

static void add_file(struct strv *files, const char *dir, const char *name)
{
	if (dir && path_is_abs(dir))
		strv_push(files, path_join(dir, name));
}

static void candidates(const char *config_dir, struct strv *files)
{
	const char *home = getenv("HOME"), *own = getenv("REGISTRY_AUTH_FILE");
	const char *docker = config_dir ? config_dir : getenv("DOCKER_CONFIG");

	if (!str_empty(own))
		strv_add(files, own);
	if (!str_empty(docker))
		strv_push(files, path_join(docker, "config.json"));
	else
		add_file(files, home, ".docker/config.json");
	add_file(files, getenv("XDG_RUNTIME_DIR"), "containers/auth.json");
	if (getenv("XDG_CONFIG_HOME"))
		add_file(files, getenv("XDG_CONFIG_HOME"), "containers/auth.json");
	else
		add_file(files, home, ".config/containers/auth.json");
}

char *auth_file(const char *config_dir)
{
	autostrv files = { 0 };
	const char *home = getenv("HOME");

	candidates(config_dir, &files);
	/* without these the first is containers' own */
	if (!files.len ||
	    (!config_dir && str_empty(getenv("DOCKER_CONFIG")) &&
	     str_empty(getenv("REGISTRY_AUTH_FILE")) && (!home || !path_is_abs(home))))
		return NULL;
	return str_dup(files.v[0]);
}

int auth_find(const char *config_dir, const char *registry, struct auth *ret,
	      struct err *e)
{
	autostrv files = { 0 };

	candidates(config_dir, &files);
	*ret = (struct auth){ 0 };
	for (size_t i = 0; i < files.len && is_empty(ret); i++) {
		struct err why = { 0 };
		if (find_in(files.v[i], registry, ret, &why) < 0 && !ret->note)
			ret->note = str_dup(why.text);
	}
	return 0;
}
