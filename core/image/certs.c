/* SPDX-License-Identifier: Apache-2.0 */
/* Trust roots and client certificates. */
#include "core/image/certs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/base/strv.h"
#include "core/image/rootbundle.h"

#define PEM_MAX (8u << 20)

void certs_done(struct certs *c)
{
	buf_done(&c->pem);
	str_set(&c->folder, NULL);
	str_set(&c->file, NULL);
	str_set(&c->client_cert, NULL);
	str_set(&c->client_key, NULL);
}

static int add_pem(struct certs *c, const char *path, struct err *e)
{
	c->pem.max = PEM_MAX;
	int r = file_read(AT_FDCWD, path, PEM_MAX, &c->pem);
	if (r == 0)
		r = buf_addc(&c->pem, '\n');
	return r < 0 ? err_code(e, r, "read certificate '%s'", path) : 0;
}

/* As docker: *.crt are roots, *.cert with its *.key is what to show. */
static int read_folder(struct certs *c, const char *dir, struct err *e)
{
	autostrv names = { 0 };
	DIR *d = opendir(dir);
	struct dirent *de;
	int r = 0;

	if (!d)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES
			       ? 0
			       : err_sys(e, "read '%s'", dir);
	while ((de = readdir(d)))
		strv_add(&names, de->d_name);
	closedir(d);
	strv_sort(&names);
	for (size_t i = 0; r == 0 && i < names.len; i++) {
		autofree char *path = path_join(dir, names.v[i]);
		if (str_ends(path, ".crt"))
			r = add_pem(c, path, e);
		if (!str_ends(path, ".cert") || c->client_cert)
			continue;
		autofree char *key =
			str_fmt("%.*s.key", (int)(strlen(path) - strlen(".cert")), path);
		if (access(key, R_OK))
			return err_sys(e, "client certificate '%s' has no readable '%s'",
				       path, key);
		str_set(&c->client_cert, path);
		str_set(&c->client_key, key);
	}
	return r;
}

static int read_host(struct certs *c, const char *config_dir, const char *host,
		     struct err *e)
{
	const char *home = getenv("HOME"), *xdg = getenv("XDG_CONFIG_HOME");
	const char *docker = config_dir ? config_dir : getenv("DOCKER_CONFIG");
	autofree char *config = !str_empty(xdg)    ? str_dup(xdg)
				: !str_empty(home) ? path_join(home, ".config")
						   : NULL;
	autostrv dirs = { 0 };
	int r = 0;

	if (strchr(host, '/') || str_starts(host, "."))
		return 0;
	if (!str_empty(docker))
		strv_addf(&dirs, "%s/certs.d/%s", docker, host);
	if (config) {
		strv_addf(&dirs, "%s/docker/certs.d/%s", config, host);
		strv_addf(&dirs, "%s/containers/certs.d/%s", config, host);
	}
	strv_addf(&dirs, "/etc/docker/certs.d/%s", host);
	strv_addf(&dirs, "/etc/containers/certs.d/%s", host);
	for (size_t i = 0; r == 0 && i < dirs.len; i++)
		r = read_folder(c, dirs.v[i], e);
	return r;
}

/* A link such as "4042bcee.0": OpenSSL finds one root by its name's hash, which is eight
 * times cheaper than reading them all. */
static bool has_hashes(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *de;
	bool found = false;

	while (d && !found && (de = readdir(d)))
		found = strlen(de->d_name) == 10 && str_ends(de->d_name, ".0") &&
			strspn(de->d_name, "0123456789abcdef") == 8;
	if (d)
		closedir(d);
	return found;
}

static bool by_environment(struct certs *c)
{
	const char *file = getenv("SSL_CERT_FILE"), *dir = getenv("SSL_CERT_DIR");

	if (!str_empty(file) && !access(file, R_OK))
		str_set(&c->file, file);
	if (!str_empty(dir) && has_hashes(dir))
		str_set(&c->folder, dir);
	return c->file || c->folder;
}

static void by_system(struct certs *c)
{
	static const char *const dirs[] = { "/etc/ssl/certs", "/etc/pki/tls/certs",
					    "/system/etc/security/cacerts" };
	static const char *const files[] = {
		"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/ssl/ca-bundle.pem",
		"/etc/pki/tls/cacert.pem",
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
		"/etc/ssl/cert.pem",
	};

	for (size_t i = 0; !c->folder && i < ARRAY_LEN(dirs); i++)
		if (has_hashes(dirs[i]))
			str_set(&c->folder, dirs[i]);
	for (size_t i = 0; !c->folder && !c->file && i < ARRAY_LEN(files); i++)
		if (!access(files[i], R_OK))
			str_set(&c->file, files[i]);
}

int certs_find(const char *config_dir, const char *host, struct certs *ret, struct err *e)
{
	autodone(certs_done) struct certs c = { 0 };
	int r = host ? read_host(&c, config_dir, host, e) : 0;

	if (r < 0)
		return r;
	if (!by_environment(&c))
		by_system(&c);
	if (!c.folder && !c.file)
		r = rootbundle_pem(&c.pem, e);
	/* libcurl takes bytes or a file, not both */
	if (r == 0 && c.pem.len && c.file) {
		r = add_pem(&c, c.file, e);
		str_set(&c.file, NULL);
	}
	if (r < 0)
		return r;
	*ret = c;
	c = (struct certs){ 0 };
	return 0;
}
