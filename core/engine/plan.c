/* SPDX-License-Identifier: Apache-2.0 */
/* Making the plan. */
#include "core/engine/plan.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/id.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/engine/health.h"
#include "core/engine/expose.h"
#include "core/engine/limits.h"
#include "core/engine/plan_check.h"
#include "core/engine/plan_network.h"
#include "core/engine/plan_owners.h"
#include "core/engine/plan_share.h"
#include "core/engine/plan_user.h"
#include "core/engine/signame.h"
#include "core/store/layer.h"

#define PATH_DEFAULT "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define HOSTNAME_LEN 12
#define HOSTNAME_MAX 64

/* The image, unless the layers or a folder are given. */
static int find_image(const struct store *s, struct plan *p, struct err *e)
{
	int r;

	if (p->spec->layers || p->spec->rootfs) {
		p->image.config.stop_timeout = -1;
		return 0;
	}
	r = image_open(s, p->spec->image, &p->image, e);
	return r < 0 ? r : plan_check_platform(p->spec, &p->image, e);
}

static int find_layers(const struct store *s, struct plan *p, struct err *e)
{
	const struct imageconfig *c = &p->image.config;

	if (p->spec->layers)
		strv_addv(&p->layers, strv_view(p->spec->layers));
	if (p->spec->rootfs)
		strv_add(&p->layers, p->spec->rootfs);
	for (size_t n = 1; n <= c->diff_ids_len; n++) {
		struct digest chain;
		char hex[DIGEST_TEXT_MAX];
		imageconfig_chain_id(c->diff_ids, n, &chain);
		digest_hex(hex, &chain);
		if (!layer_has(s, &chain))
			return err_set(
				e, -ENOENT,
				"image '%s': layer %.12s is missing from the store: pull "
				"the image again",
				p->spec->image, hex);
		strv_add(&p->chain, hex);
	}
	for (size_t n = p->chain.len; n > 0; n--)
		strv_addf(&p->layers, "%s/layers/%s/diff", s->data, p->chain.v[n - 1]);
	return 0;
}

/* A new entrypoint takes the image's command out of force, as docker has it. */
static int plan_command(struct plan *p, struct err *e)
{
	const struct imageconfig *c = &p->image.config;
	const struct spec *spec = p->spec;

	strv_addv(&p->entrypoint,
		  strv_view(spec->has_entrypoint ? &spec->entrypoint : &c->entrypoint));
	if (spec->has_cmd)
		strv_addv(&p->cmd, strv_view(&spec->cmd));
	else if (!spec->has_entrypoint)
		strv_addv(&p->cmd, strv_view(&c->cmd));
	if (!p->entrypoint.len && !p->cmd.len)
		return err_set(e, -EINVAL, "no command specified");
	return 0;
}

void plan_args(const struct plan *p, struct strv *ret)
{
	strv_addv(ret, strv_view(&p->entrypoint));
	strv_addv(ret, strv_view(&p->cmd));
}

static void set_env(struct strv *env, const struct strv *from)
{
	for (size_t i = 0; i < from->len; i++) {
		const char *eq = strchr(from->v[i], '=');
		autofree char *key = str_ndup(from->v[i], eq ? (size_t)(eq - from->v[i])
							     : strlen(from->v[i]));
		strv_setenv(env, key, eq ? eq + 1 : "");
	}
}

static int plan_names(struct plan *p, struct err *e)
{
	const struct spec *spec = p->spec;
	char host[HOSTNAME_MAX + 1] = "";

	if (spec->hostname) {
		str_set(&p->hostname, spec->hostname);
	} else if (str_eq(spec->uts, "host") || str_eq(spec->network, "host")) {
		gethostname(host, sizeof(host) - 1);
		str_set(&p->hostname, host);
	} else {
		p->hostname = str_ndup(p->id, HOSTNAME_LEN);
	}
	if (!*p->hostname || strlen(p->hostname) > HOSTNAME_MAX)
		return err_set(e, -EINVAL, "invalid hostname: '%s'", p->hostname);
	if (spec->domainname && strlen(spec->domainname) > HOSTNAME_MAX)
		return err_set(e, -EINVAL, "invalid domainname: '%s'", spec->domainname);
	return 0;
}

static void unset_env(struct strv *env, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = env->len; i-- > 0;)
		if (str_starts(env->v[i], name) && env->v[i][len] == '=')
			strv_remove(env, i);
}

static bool is_proxy(const char *item)
{
	static const char *const names[] = {
		"http_proxy=", "https_proxy=", "ftp_proxy=", "no_proxy=",
		"HTTP_PROXY=", "HTTPS_PROXY=", "FTP_PROXY=", "NO_PROXY="
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_starts(item, names[i]))
			return true;
	return false;
}

/* Of the caller's environment: all of it, or what it says of proxies. */
static void take_env(struct plan *p)
{
	autostrv own = { 0 };

	for (char **v = environ; v && *v; v++)
		if (strchr(*v, '=') &&
		    (p->spec->env_host || (p->spec->http_proxy && is_proxy(*v))))
			strv_add(&own, *v);
	set_env(&p->env, &own);
}

static void plan_env(struct plan *p)
{
	strv_add(&p->env, PATH_DEFAULT);
	strv_addf(&p->env, "HOSTNAME=%s", p->hostname);
	if (p->spec->tty)
		strv_add(&p->env, "TERM=xterm");
	set_env(&p->env, &p->image.config.env);
	if (p->spec->unsetenv_all)
		strv_reset(&p->env);
	for (size_t i = 0; i < p->spec->unsetenv.len; i++)
		unset_env(&p->env, p->spec->unsetenv.v[i]);
	take_env(p);
	set_env(&p->env, &p->spec->env);
	set_env(&p->labels, &p->image.config.labels);
	set_env(&p->labels, &p->spec->labels);
}

static int plan_workdir(struct plan *p, struct err *e)
{
	const char *dir = p->spec->workdir ? p->spec->workdir : p->image.config.workdir;

	if (str_empty(dir))
		dir = "/";
	if (!path_is_abs(dir))
		return err_set(e, -EINVAL,
			       "the working directory '%s' is invalid, it needs to be an "
			       "absolute "
			       "path",
			       dir);
	p->workdir = path_clean(dir);
	return 0;
}

static int plan_stop(struct plan *p, struct err *e)
{
	const char *name =
		p->spec->stop_signal ? p->spec->stop_signal : p->image.config.stop_signal;

	p->stop_signal = str_empty(name) ? SIGTERM : signame_parse(name, e);
	return p->stop_signal < 0 ? p->stop_signal : 0;
}

static int plan_ports(struct plan *p, struct err *e)
{
	const struct spec *spec = p->spec;
	const struct strv *lists[] = { &p->image.config.ports, &spec->expose };
	int r;

	for (size_t l = 0; l < ARRAY_LEN(lists); l++)
		for (size_t i = 0; i < lists[l]->len; i++)
			if ((r = expose_add(lists[l]->v[i], &p->exposed, e)) < 0)
				return r;
	for (size_t i = 0; i < spec->publish_len; i++) {
		autofree char *port = str_fmt("%u/%s", spec->publish[i].port,
					      publish_proto_name(spec->publish[i].proto));
		if (!strv_has(&p->exposed, port))
			strv_add(&p->exposed, port);
	}
	expose_sort(&p->exposed);
	return 0;
}

static void plan_namespaces(struct plan *p)
{
	const struct spec *spec = p->spec;

	p->namespaces = RT_NS_USER | RT_NS_MOUNT | RT_NS_PID | RT_NS_NET | RT_NS_IPC |
			RT_NS_UTS | RT_NS_CGROUP | RT_NS_TIME;
	if (str_eq(spec->pid, "host"))
		p->namespaces &= ~(unsigned)RT_NS_PID;
	if (str_eq(spec->ipc, "host"))
		p->namespaces &= ~(unsigned)RT_NS_IPC;
	if (str_eq(spec->uts, "host"))
		p->namespaces &= ~(unsigned)RT_NS_UTS;
	if (str_eq(spec->cgroupns, "host"))
		p->namespaces &= ~(unsigned)RT_NS_CGROUP;
	if (str_eq(spec->network, "host"))
		p->namespaces &= ~(unsigned)RT_NS_NET;
}

static int make(const struct store *s, struct plan *p, struct err *e)
{
	const struct spec *spec = p->spec;
	autodone(idmap_done) struct idmap uid = { 0 }, gid = { 0 }; /* of files */
	const struct copyup_ids ids = { &uid, &gid };
	struct mounts_want want = { .spec = spec,
				    .image_volumes = &p->image.config.volumes,
				    .layers = &p->layers };
	int r;

	if ((r = plan_check_options(spec, e)) < 0 || (r = find_image(s, p, e)) < 0 ||
	    (r = find_layers(s, p, e)) < 0 || (r = plan_command(p, e)) < 0 ||
	    (r = plan_names(p, e)) < 0 || (r = plan_share(s, p, e)) < 0 ||
	    (r = cdidevice_find(spec, &p->cdi, e)) < 0 ||
	    (r = plan_user_resolve(s, p, e)) < 0 || (r = plan_workdir(p, e)) < 0 ||
	    (r = plan_stop(p, e)) < 0 ||
	    (r = logplan_make(p->cfg, spec, &p->log, e)) < 0 ||
	    (r = health_plan(spec, &p->image.config.health, e)) < 0 ||
	    (r = security_resolve(p->cfg, spec, &p->security, e)) < 0 ||
	    (r = plan_ports(p, e)) < 0 || (r = plan_network(s, p, e)) < 0)
		return r;
	plan_env(p);
	plan_namespaces(p);
	if ((r = limits_sysctls(spec, p->namespaces, &p->sysctls, e)) < 0)
		return r;
	plan_owners_files(p, &uid, &gid);
	if ((r = plan_owners_remap(s, p, &ids, e)) < 0)
		return r;
	if (p->mapped.len)
		want.ids = &ids;
	/* Last, because it makes volumes. */
	r = mounts_resolve(s, &want, &p->mounts, e);
	if (r == 0 && (r = plan_owners_tell(s, p, e)) < 0)
		mounts_undo(s, &p->mounts);
	return r;
}

int plan_make(const struct store *s, const struct config *cfg, const struct spec *spec,
	      struct plan *ret, struct err *e)
{
	autodone(plan_done) struct plan p = { .spec = spec, .cfg = cfg };

	id_new(p.id);
	p.name = str_dup(spec->name);
	p.dir = str_fmt("%s/containers/%s", s->data, p.id);
	int r = make(s, &p, e);
	if (r < 0)
		return r;
	*ret = p;
	p = (struct plan){ 0 };
	return 0;
}

void plan_done(struct plan *p)
{
	struct strv *lists[] = { &p->chain,   &p->layers,  &p->entrypoint,
				 &p->cmd,     &p->env,     &p->labels,
				 &p->exposed, &p->sysctls, &p->mapped };

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		strv_done(lists[i]);
	free(p->name);
	free(p->dir);
	free(p->workdir);
	free(p->user);
	free(p->hostname);
	free(p->pid);
	free(p->ipc);
	userspec_done(&p->who);
	image_done(&p->image);
	cdidevice_done(&p->cdi);
	security_done(&p->security);
	logplan_done(&p->log);
	mounts_done(&p->mounts);
	netplan_done(&p->net);
	idmap_done(&p->uid);
	idmap_done(&p->gid);
	plan_owners_done(p);
	*p = (struct plan){ 0 };
}
