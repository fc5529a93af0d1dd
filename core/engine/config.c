/* SPDX-License-Identifier: Apache-2.0 */
/* daemon.json, strictly: a key that would be ignored is refused. */
#include "core/engine/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/wire/json.h"

#define CONFIG_MAX (1u << 20)
#define SHM_SIZE   (64ll << 20)
#define MTU_MIN    68
#define MTU_MAX    65535

static char *find_path(void)
{
	const char *v = getenv("ROOTLESS_CONFIG");

	if (!str_empty(v))
		return str_dup(v);
	v = getenv("XDG_CONFIG_HOME");
	if (v && path_is_abs(v))
		return path_join(v, "rootless/daemon.json");
	v = getenv("HOME");
	return path_join(v && path_is_abs(v) ? v : "/", ".config/rootless/daemon.json");
}

static int own_str(yyjson_val *root, const char *key, char **slot, struct err *e)
{
	const char *v = NULL;
	int r = json_get_str(root, key, &v, e);

	if (r == 0 && v)
		str_set(slot, v);
	return r;
}

static int read_proxies(yyjson_val *root, struct config *c, struct err *e)
{
	static const char *const keys[] = { "http-proxy", "https-proxy", "no-proxy" };
	const char **slots[] = { &c->registry.http_proxy, &c->registry.https_proxy,
				 &c->registry.no_proxy };
	yyjson_val *obj = NULL, *key, *val;
	size_t i, max;
	int r = json_get_obj(root, "proxies", &obj, e);

	if (r < 0 || !obj)
		return r;
	yyjson_obj_foreach (obj, i, max, key, val) {
		size_t k = 0;
		while (k < ARRAY_LEN(keys) && !str_eq(yyjson_get_str(key), keys[k]))
			k++;
		if (k == ARRAY_LEN(keys))
			return err_set(e, -EINVAL, "'proxies': key '%s' is not known",
				       yyjson_get_str(key));
		if (!yyjson_is_str(val))
			return err_set(e, -EINVAL, "'%s' is not a string", keys[k]);
		*slots[k] = str_dup(yyjson_get_str(val));
	}
	return 0;
}

static int read_ulimits(yyjson_val *root, struct config *c, struct err *e)
{
	yyjson_val *obj = NULL, *key, *val;
	size_t i, max;
	int r = json_get_obj(root, "default-ulimits", &obj, e);

	if (r < 0 || !obj)
		return r;
	yyjson_obj_foreach (obj, i, max, key, val) {
		int64_t soft = -1, hard = -1;
		const char *name = yyjson_get_str(key);
		if (!yyjson_is_obj(val))
			return err_set(e, -EINVAL,
				       "'default-ulimits': '%s' is not an object", name);
		if ((r = json_get_i64(val, "Soft", &soft, e)) < 0 ||
		    (r = json_get_i64(val, "Hard", &hard, e)) < 0)
			return err_wrap(e, "'default-ulimits': '%s'", name);
		strv_addf(&c->default_ulimits, "%s=%lld:%lld", name, (long long)soft,
			  (long long)hard);
	}
	return 0;
}

/* "64M" as docker writes it, or a number of bytes. */
static int read_shm(yyjson_val *root, struct config *c, struct err *e)
{
	yyjson_val *v = yyjson_obj_get(root, "default-shm-size");
	uint64_t size = 0;

	if (!v)
		return 0;
	if (yyjson_is_uint(v))
		size = yyjson_get_uint(v);
	else if (!yyjson_is_str(v) || str_size(yyjson_get_str(v), &size))
		return err_set(e, -EINVAL, "'default-shm-size' is not a size");
	if (!size || size > INT64_MAX)
		return err_set(e, -ERANGE, "'default-shm-size' is out of range");
	c->shm_size = (int64_t)size;
	return 0;
}

static int check_keys(yyjson_val *root, struct err *e)
{
	static const char *const known[] = { "registry-mirrors",
					     "insecure-registries",
					     "proxies",
					     "log-driver",
					     "log-opts",
					     "no-new-privileges",
					     "seccomp-profile",
					     "dns",
					     "dns-search",
					     "dns-opts",
					     "default-ulimits",
					     "default-shm-size",
					     "labels",
					     "init",
					     "bip",
					     "mtu",
					     "source-check" };
	yyjson_val *key, *val;
	size_t i, max, k;

	yyjson_obj_foreach (root, i, max, key, val) {
		const char *name = yyjson_get_str(key);
		for (k = 0; k < ARRAY_LEN(known) && !str_eq(name, known[k]); k++)
			;
		if (k == ARRAY_LEN(known))
			return err_set(e, -EINVAL, "key '%s' is not known", name);
	}
	return 0;
}

static int read_root(yyjson_val *root, struct config *c, struct err *e)
{
	const struct {
		const char *key;
		struct strv *to;
	} lists[] = { { "registry-mirrors", &c->registry.mirrors },
		      { "insecure-registries", &c->registry.insecure },
		      { "dns", &c->dns },
		      { "dns-search", &c->dns_search },
		      { "dns-opts", &c->dns_options },
		      { "labels", &c->labels } };
	int r;

	if (!yyjson_is_obj(root))
		return err_set(e, -EINVAL, "not a JSON object");
	if ((r = check_keys(root, e)) < 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if ((r = json_get_strv(root, lists[i].key, lists[i].to, e)) < 0)
			return r;
	if ((r = own_str(root, "log-driver", &c->log_driver, e)) < 0 ||
	    (r = json_get_map(root, "log-opts", &c->log_opts, e)) < 0 ||
	    (r = json_get_bool(root, "no-new-privileges", &c->no_new_privileges, e)) <
		    0 ||
	    (r = own_str(root, "seccomp-profile", &c->seccomp_profile, e)) < 0 ||
	    (r = json_get_bool(root, "init", &c->init, e)) < 0 ||
	    (r = own_str(root, "bip", &c->bip, e)) < 0 ||
	    (r = json_get_i64(root, "mtu", &c->mtu, e)) < 0 ||
	    (r = json_get_bool(root, "source-check", &c->source_check, e)) < 0 ||
	    (r = read_shm(root, c, e)) < 0 || (r = read_ulimits(root, c, e)) < 0 ||
	    (r = read_proxies(root, c, e)) < 0)
		return r;
	if (c->mtu && (c->mtu < MTU_MIN || c->mtu > MTU_MAX))
		return err_set(e, -ERANGE, "'mtu' is not between %d and %d", MTU_MIN,
			       MTU_MAX);
	return 0;
}

int config_read(const char *path, struct config *ret, struct err *e)
{
	autodone(config_done) struct config c = { 0 };
	autojson *doc = NULL;

	c.path = path ? str_dup(path) : find_path();
	c.shm_size = SHM_SIZE;
	c.source_check = true;
	int r = json_read(AT_FDCWD, c.path, CONFIG_MAX, &doc, e);
	/* A file that was named must be there; the usual one need not. */
	if (r == -ENOENT && !path && str_empty(getenv("ROOTLESS_CONFIG")))
		err_clear(e);
	else if (r < 0)
		return err_wrap(e, "configuration");
	else if ((r = read_root(yyjson_doc_get_root(doc), &c, e)) < 0)
		return err_wrap(e, "configuration '%s'", c.path);
	if (!c.log_driver)
		c.log_driver = str_dup("json-file");
	*ret = c;
	c = (struct config){ 0 };
	return 0;
}

void config_done(struct config *c)
{
	struct strv *lists[] = { &c->registry.mirrors, &c->registry.insecure,
				 &c->log_opts,         &c->dns,
				 &c->dns_search,       &c->dns_options,
				 &c->default_ulimits,  &c->labels };

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		strv_done(lists[i]);
	free((char *)c->registry.http_proxy);
	free((char *)c->registry.https_proxy);
	free((char *)c->registry.no_proxy);
	free(c->path);
	free(c->log_driver);
	free(c->seccomp_profile);
	free(c->bip);
	*c = (struct config){ 0 };
}
