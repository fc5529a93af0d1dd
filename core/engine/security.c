/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities and security options. */
#include "core/engine/security.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/oci/capability.h"
#include "core/oci/seccompprofile.h"

#define CAP_ALL_NAME 64 /* capability_parse("ALL") */

static int cap_set(const struct strv *names, const char *option, uint64_t *ret,
		   bool *ret_all, struct err *e)
{
	*ret = 0;
	*ret_all = false;
	for (size_t i = 0; i < names->len; i++) {
		int bit = capability_parse(names->v[i]);
		if (bit < 0)
			return err_set(e, -EINVAL,
				       "invalid %s: unknown capability: \"%s\"", option,
				       names->v[i]);
		if (bit == CAP_ALL_NAME)
			*ret_all = true;
		else
			*ret |= 1ull << bit;
	}
	return 0;
}

/* docker's order: ALL dropped leaves what is added; ALL added leaves out what is dropped.
 */
static int resolve_caps(const struct spec *spec, uint64_t *ret, struct err *e)
{
	uint64_t add, drop;
	bool add_all, drop_all;
	int r = cap_set(&spec->cap_add, "CapAdd", &add, &add_all, e);

	if (r < 0 || (r = cap_set(&spec->cap_drop, "CapDrop", &drop, &drop_all, e)) < 0)
		return r;
	if (spec->privileged)
		*ret = CAPABILITY_ALL;
	else if (drop_all)
		*ret = add_all ? CAPABILITY_ALL : add;
	else if (add_all)
		*ret = CAPABILITY_ALL & ~drop;
	else
		*ret = (CAPABILITY_DEFAULT & ~drop) | add;
	return 0;
}

static int own_profile(const char *value, struct security *ret, struct err *e)
{
	autobuf text = { .max = SECCOMPPROFILE_MAX };

	if (*value == '{') {
		str_set(&ret->seccomp_json, value);
		return 0;
	}
	int r = file_read_named(value, SECCOMPPROFILE_MAX, &text);
	if (r < 0)
		return err_code(e, r, "opening seccomp profile (%s) failed", value);
	str_set(&ret->seccomp_json, buf_str(&text));
	return 0;
}

static int seccomp_option(const char *value, struct security *ret, struct err *e)
{
	ret->seccomp_unconfined = str_eq(value, "unconfined");
	str_set(&ret->seccomp_json, NULL);
	if (ret->seccomp_unconfined || str_eq(value, "builtin"))
		return 0;
	return own_profile(value, ret, e);
}

static int apparmor_option(const char *value, struct security *ret, struct err *e)
{
	char enabled[8] = "";

	if (str_eq(value, "unconfined"))
		return 0;
	file_read_small(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", enabled,
			sizeof(enabled));
	if (*enabled != 'Y')
		return err_set(
			e, -EOPNOTSUPP,
			"apparmor profile '%s': AppArmor is not enabled on this host",
			value);
	str_set(&ret->apparmor, value);
	return 0;
}

static int label_option(const char *value, struct security *ret, struct err *e)
{
	if (str_eq(value, "disable"))
		return 0;
	if (access("/sys/fs/selinux/enforce", F_OK))
		return err_set(e, -EOPNOTSUPP,
			       "label '%s': SELinux is not enabled on this host", value);
	/* A whole label is the kernel's to judge; parts of one would need the policy's
	 * files. */
	if (str_starts(value, "type:") || str_starts(value, "level:") ||
	    str_starts(value, "user:") || str_starts(value, "role:") ||
	    str_starts(value, "filetype:") || str_starts(value, "nested"))
		return err_set(e, -EOPNOTSUPP,
			       "label '%s': only 'disable' or a whole context "
			       "(user:role:type:level) is supported",
			       value);
	str_set(&ret->selinux, value);
	return 0;
}

static int option(const char *text, struct security *ret, struct err *e)
{
	size_t len = strcspn(text, "=:");
	autofree char *key = str_ndup(text, len);
	const char *value = text[len] ? text + len + 1 : NULL;

	if (str_eq(key, "no-new-privileges")) {
		ret->no_new_privileges = true;
		if (value && str_bool(value, &ret->no_new_privileges))
			return err_set(e, -EINVAL, "invalid --security-opt 2: \"%s\"",
				       text);
		return 0;
	}
	if (str_eq(key, "nested") && !value) {
		ret->filter_caps |= 1ull << CAP_SYS_ADMIN;
		return 0;
	}
	if (!value || !*value)
		return err_set(e, -EINVAL, "invalid --security-opt 1: \"%s\"", text);
	if (str_eq(key, "seccomp"))
		return seccomp_option(value, ret, e);
	if (str_eq(key, "apparmor"))
		return apparmor_option(value, ret, e);
	if (str_eq(key, "label"))
		return label_option(value, ret, e);
	if (str_eq(key, "systempaths") && str_eq(value, "unconfined")) {
		ret->systempaths_unconfined = true;
		return 0;
	}
	return err_set(e, -EINVAL, "invalid --security-opt 2: \"%s\"", text);
}

int security_resolve(const struct config *cfg, const struct spec *spec,
		     struct security *ret, struct err *e)
{
	autodone(security_done) struct security s = { 0 };
	int r = resolve_caps(spec, &s.caps, e);

	if (r < 0)
		return r;
	s.filter_caps = s.caps;
	s.no_new_privileges = cfg->no_new_privileges;
	s.seccomp_unconfined = spec->privileged;
	s.systempaths_unconfined = spec->privileged;
	if (cfg->seccomp_profile && !spec->privileged &&
	    (r = seccomp_option(cfg->seccomp_profile, &s, e)) < 0)
		return r;
	for (size_t i = 0; i < spec->security_opt.len; i++)
		if ((r = option(spec->security_opt.v[i], &s, e)) < 0)
			return r;
	*ret = s;
	s = (struct security){ 0 };
	return 0;
}

void security_done(struct security *s)
{
	free(s->seccomp_json);
	free(s->apparmor);
	free(s->selinux);
	*s = (struct security){ 0 };
}
