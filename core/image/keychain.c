/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials written and removed. Whatever else stands in config.json stays as it is. */
#include "core/image/keychain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/image/base64.h"
#include "core/image/credhelper.h"
#include "core/wire/json.h"

#define FILE_MAX (4u << 20)

struct keychain {
	char *file;
	struct buf text;
	yyjson_mut_doc *doc;
	yyjson_mut_val *auths;
	char *helper, *server; /* by auth_parse */
	bool known;            /* the file has an entry for the registry */
};

static void keychain_done(struct keychain *k)
{
	free(k->file);
	if (k->text.data)
		explicit_bzero(k->text.data, k->text.len);
	buf_done(&k->text);
	yyjson_mut_doc_free(k->doc);
	free(k->helper);
	free(k->server);
}

/* A link (to a folder of dotfiles) stays a link: its target is written. */
static int find_file(const char *config_dir, char **ret, struct err *e)
{
	autofree char *path = auth_file(config_dir);

	if (!path)
		return err_set(e, -ENOENT,
			       "no place for credentials: neither DOCKER_CONFIG nor HOME "
			       "is set");
	char *real = realpath(path, NULL);
	*ret = real ? real : TAKE_PTR(path);
	return 0;
}

static int parse(struct keychain *k, const char *registry, struct err *e)
{
	struct auth now = { 0 };
	autojson *doc = NULL;
	int r = auth_parse(buf_str(&k->text), k->text.len, registry, &now, &k->helper,
			   &k->server, e);

	auth_done(&now);
	if (r == 0)
		r = json_parse(buf_str(&k->text), k->text.len, "the file", &doc, e);
	if (r < 0)
		return r;
	k->doc = yyjson_doc_mut_copy(doc, NULL);
	yyjson_mut_val *root = yyjson_mut_doc_get_root(k->doc);
	k->auths = yyjson_mut_obj_get(root, "auths");
	if (!yyjson_mut_is_obj(k->auths)) {
		yyjson_mut_obj_remove_key(root, "auths");
		k->auths = json_add_obj(k->doc, root, "auths");
	}
	k->known = yyjson_mut_obj_get(k->auths, k->server) != NULL;
	return 0;
}

static int read_it(struct keychain *k, const char *config_dir, const char *registry,
		   struct err *e)
{
	int r = find_file(config_dir, &k->file, e);

	if (r < 0)
		return r;
	k->text.max = FILE_MAX;
	r = file_read(AT_FDCWD, k->file, FILE_MAX, &k->text);
	if (r == -ENOENT || (r == 0 && k->text.len == 0))
		r = buf_adds(&k->text, "{}");
	if (r < 0)
		return err_code(e, r, "read '%s'", k->file);
	r = parse(k, registry, e);
	return r < 0 ? err_wrap(e, "'%s'", k->file) : 0;
}

static int write_it(const struct keychain *k, struct err *e)
{
	autofree char *dir = path_dir(k->file);
	autobuf text = { .max = FILE_MAX };
	int r = file_mkdirs(dir, 0700);

	if (r == 0)
		r = json_print(&text, k->doc, true);
	if (r == 0)
		r = file_replace(AT_FDCWD, k->file, buf_str(&text), text.len, 0600);
	if (text.data)
		explicit_bzero(text.data, text.len);
	return r < 0 ? err_code(e, r, "write '%s'", k->file) : 0;
}

static void add_secret(const struct keychain *k, yyjson_mut_val *entry,
		       const struct auth *a)
{
	autobuf pair = { 0 }, text = { 0 };

	if (a->identity_token) {
		json_add_str(k->doc, entry, "identitytoken", a->identity_token);
		return;
	}
	buf_addf(&pair, "%s:%s", a->username, a->password ? a->password : "");
	base64_encode(buf_str(&pair), pair.len, 0, &text);
	json_add_str(k->doc, entry, "auth", buf_str(&text));
	explicit_bzero(pair.data, pair.len);
	explicit_bzero(text.data, text.len);
}

int keychain_store(const char *config_dir, const char *registry, const struct auth *a,
		   char **ret_plain, struct err *e)
{
	autodone(keychain_done) struct keychain k = { 0 };
	int r = read_it(&k, config_dir, registry, e);

	if (r == 0 && k.helper)
		r = credhelper_store(k.helper, k.server, a, e);
	if (r < 0)
		return r;
	yyjson_mut_obj_remove_key(k.auths, k.server);
	yyjson_mut_val *entry = json_add_obj(k.doc, k.auths, k.server);
	if (!k.helper)
		add_secret(&k, entry, a);
	r = write_it(&k, e);
	if (r == 0)
		*ret_plain = k.helper ? NULL : TAKE_PTR(k.file);
	return r;
}

int keychain_erase(const char *config_dir, const char *registry, struct err *e)
{
	autodone(keychain_done) struct keychain k = { 0 };
	struct auth now = { 0 };
	int r = read_it(&k, config_dir, registry, e);

	if (r == 0 && k.helper) {
		r = credhelper_get(k.helper, k.server, &now, e);
		k.known |= now.username || now.identity_token;
		auth_done(&now);
	}
	if (r < 0 || !k.known)
		return r;
	if (k.helper)
		r = credhelper_erase(k.helper, k.server, e);
	yyjson_mut_obj_remove_key(k.auths, k.server);
	if (r == 0)
		r = write_it(&k, e);
	return r < 0 ? r : 1;
}
