/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals and warnings. */
#include "core/engine/plan_check.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/hostfiles.h"
#include "core/engine/keepid.h"
#include "core/engine/network.h"
#include "core/engine/sharing.h"
#include "core/runtime/restart.h"

#define SCORE_MAX 1000

struct choice {
	const char *option, *value;
	const char *const *known;
	bool shared; /* "container:X" too */
};

static const char *const userns_known[] = { "host", "private", NULL };
static const char *const ipc_known[] = { "host", "private", "shareable", "none", NULL };
static const char *const pid_known[] = { "host", "private", NULL };
static const char *const host_known[] = { "host", "private", NULL };

static int check_choice(const struct choice *c, struct err *e)
{
	if (str_empty(c->value))
		return 0;
	for (size_t i = 0; c->known[i]; i++)
		if (str_eq(c->known[i], c->value))
			return 0;
	if (sharing_is(c->value) && c->shared)
		return 0;
	return err_set(e, -EINVAL, "invalid mode for %s: '%s'", c->option, c->value);
}

static int check_choices(const struct spec *s, struct err *e)
{
	const struct choice all[] = { { "--userns", s->userns, userns_known, false },
				      { "--ipc", s->ipc, ipc_known, true },
				      { "--pid", s->pid, pid_known, true },
				      { "--uts", s->uts, host_known, false },
				      { "--cgroupns", s->cgroupns, host_known, false } };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(all); i++)
		if (i > 0 || !keepid_is(s->userns))
			r = check_choice(&all[i], e);
	return r;
}

static int check_pairs(const struct spec *s, struct strv *done, struct err *e)
{
	const struct strv *lists[] = { &s->labels, &s->annotations };

	for (size_t l = 0; l < ARRAY_LEN(lists); l++)
		for (size_t i = 0; i < lists[l]->len; i++)
			if (!lists[l]->v[i][0] || lists[l]->v[i][0] == '=')
				return err_set(e, -EINVAL, "invalid %s format: \"%s\"",
					       l ? "annotation" : "label",
					       lists[l]->v[i]);
	for (size_t i = 0; i < s->add_host.len; i++) {
		int r = hostfiles_add_host(s->add_host.v[i], done, e);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < s->dns.len; i++) {
		struct ip_addr a;
		if (ipam_parse_addr(s->dns.v[i], &a))
			return err_set(e, -EINVAL, "invalid IP address: %s", s->dns.v[i]);
	}
	return 0;
}

static int check_restart(const struct spec *s, struct err *e)
{
	struct restart policy;
	int r = restart_parse(s->restart, &policy, e);

	if (r < 0)
		return r;
	if (s->auto_remove && policy.kind != RESTART_NO)
		return err_set(e, -EINVAL,
			       "conflicting options: cannot specify both --restart and "
			       "--rm");
	return 0;
}

int plan_check_options(const struct spec *s, struct err *e)
{
	autostrv done = { 0 };
	int r;

	if (s->name && !id_name_valid(s->name))
		return err_set(
			e, -EINVAL,
			"invalid container name (%s), only [a-zA-Z0-9][a-zA-Z0-9_.-] are "
			"allowed",
			s->name);
	if ((r = check_restart(s, e)) < 0)
		return r;
	if (str_eq(s->uts, "host") && s->hostname)
		return err_set(e, -EINVAL,
			       "conflicting options: hostname and the UTS mode");
	if (s->has_oom_score_adj &&
	    (s->oom_score_adj < -SCORE_MAX || s->oom_score_adj > SCORE_MAX))
		return err_set(
			e, -EINVAL,
			"invalid value %lld, range for oom score adj is [-1000, 1000]",
			(long long)s->oom_score_adj);
	if (s->has_oom_score_adj && s->oom_score_adj < 0)
		return err_set(e, -EPERM,
			       "--oom-score-adj %lld: only root may lower it below 0",
			       (long long)s->oom_score_adj);
	if (s->stop_timeout < -1)
		return err_set(e, -EINVAL, "invalid stop timeout: %lld",
			       (long long)s->stop_timeout);
	if ((r = check_choices(s, e)) < 0)
		return r;
	return check_pairs(s, &done, e);
}

int plan_check_platform(const struct spec *spec, const struct image *i, struct err *e)
{
	struct platform want, host;
	const struct platform *have = &i->config.platform;
	char text[96];
	int r;

	platform_host(&host);
	if (!str_empty(spec->platform)) {
		if ((r = platform_parse(spec->platform, &want, e)) < 0)
			return r;
		if (!platform_match(&want, have))
			return err_set(
				e, -ENOENT,
				"image with reference %s was found but its platform (%s) "
				"does not match the specified platform (%s)",
				spec->image, platform_text(text, have), spec->platform);
	}
	if (have->os[0] && !str_eq(have->os, host.os))
		return err_set(e, -EINVAL, "image '%s' is made for %s, this host is %s",
			       spec->image, have->os, host.os);
	return 0;
}

/* Where there is SELinux, z and Z mean something. */
static bool wants_labels(const struct spec *s)
{
	bool any = false;

	for (size_t i = 0; i < s->mounts_len; i++)
		any |= s->mounts[i].relabel;
	return any && access("/sys/fs/selinux/enforce", F_OK) == 0;
}

/* Does nobody come in from outside? */
static bool is_inside(const struct netplan *n)
{
	size_t inside = 0;

	for (size_t i = 0; i < n->ends_len; i++)
		inside += n->ends[i].internal;
	return n->mode == NETPLAN_NETWORKS && inside && inside == n->ends_len;
}

void plan_check_warn(const struct plan *p, struct strv *warnings)
{
	const struct spec *s = p->spec;
	struct platform host;
	char text[96], here[96];

	platform_host(&host);
	if (p->image.config.platform.architecture[0] &&
	    !platform_match(&host, &p->image.config.platform))
		strv_addf(warnings,
			  "the requested image's platform (%s) does not match the "
			  "detected host "
			  "platform (%s)",
			  platform_text(text, &p->image.config.platform),
			  platform_text(here, &host));
	if (p->net.mode == NETPLAN_HOST && (s->publish_len || s->publish_all))
		strv_add(warnings,
			 "published ports are discarded when using host network mode");
	if (p->net.mode == NETPLAN_NONE && (s->publish_len || s->publish_all))
		strv_add(warnings, "published ports are discarded without a network");
	if (is_inside(&p->net) && p->net.ports_len)
		strv_add(warnings, "published ports lead nowhere while the container is "
				   "on internal networks alone");
	if (wants_labels(s))
		strv_add(warnings, "z and Z set no label: only root may relabel for "
				   "SELinux (chcon -t container_file_t does it)");
	if (p->uid.len == 1 && p->uid.extents[0].count == 1)
		strv_add(warnings, "only one user ID is mapped: 'rootless doctor' says "
				   "why and how to get "
				   "more");
}
