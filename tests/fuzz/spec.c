/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of what reads the value of one option: core/engine/spec_add.c, expose.c,
 * keepid.c, limits.c, signame.c. The first byte says of which. */
#include <signal.h>

#include "core/engine/expose.h"
#include "core/engine/keepid.h"
#include "core/engine/limits.h"
#include "core/engine/signame.h"
#include "core/engine/spec.h"
#include "tests/fuzz/fuzz.h"

static int expose(struct spec *s, const char *text, struct err *e)
{
	autostrv ports = { 0 };
	struct publish p;
	int r = expose_add(text, &ports, e);

	for (size_t i = 0; i < ports.len; i++)
		must(expose_publish(ports.v[i], &p) == 0 && p.port);
	expose_sort(&ports);
	return r;
}

static int userns(struct spec *s, const char *text, struct err *e)
{
	uint32_t uid, gid;
	int r = keepid_is(text) ? keepid_parse(text, &uid, &gid, e) : 0;

	must(r < 0 || !keepid_is(text) || (uid <= INT32_MAX && gid <= INT32_MAX));
	return r;
}

static int ulimit(struct spec *s, const char *text, struct err *e)
{
	static const struct config cfg;
	struct rt_process p = { 0 };

	strv_add(&s->ulimits, text);
	int r = limits_ulimits(&cfg, s, &p, e);
	for (size_t i = 0; i < p.rlimits_len; i++)
		must(p.rlimits[i].soft <= p.rlimits[i].hard);
	runtimeconfig_done_process(&p);
	return r;
}

/* A sysctl names a file below /proc/sys: nothing may lead out of there. */
static int sysctl(struct spec *s, const char *text, struct err *e)
{
	autostrv set = { 0 };

	strv_add(&s->sysctls, text);
	int r = limits_sysctls(s, RT_NS_NET | RT_NS_IPC, &set, e);
	for (size_t i = 0; i < set.len; i++) {
		const char *eq = strchr(set.v[i], '=');
		must(eq && !memchr(set.v[i], '/', (size_t)(eq - set.v[i])));
		must(!memmem(set.v[i], (size_t)(eq - set.v[i]), "..", 2));
	}
	return r;
}

static int signal_name(struct spec *s, const char *text, struct err *e)
{
	int r = signame_parse(text, e);
	const char *name = r > 0 ? signame_text(r) : NULL;

	must(r <= 64 && r != 0 && (!name || signame_parse(name, NULL) == r));
	return r;
}

static int (*const add[])(struct spec *s, const char *text, struct err *e) = {
	spec_add_volume, spec_add_mount, spec_add_tmpfs, spec_add_device, spec_add_env,
	expose,          userns,         ulimit,         sysctl,          signal_name,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autodone(spec_done) struct spec s;
	struct err e = { 0 };

	spec_init(&s);
	if (size == 0)
		return 0;
	autofree char *text = str_ndup((const char *)data + 1, size - 1);
	int r = add[data[0] % ARRAY_LEN(add)](&s, text, &e);

	/* A spec that could not be read is given up whole. */
	must(r >= 0 || e.text[0]);
	if (r < 0)
		return 0;
	for (size_t i = 0; i < s.mounts_len; i++)
		must(s.mounts[i].target && s.mounts[i].target[0] == '/');
	for (size_t i = 0; i < s.devices_len; i++)
		must(s.devices[i].host && s.devices[i].container);
	return 0;
}
