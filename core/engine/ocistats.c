/* SPDX-License-Identifier: Apache-2.0 */
/* What an OCI container uses. */
#include "core/engine/ocistats.h"

#include <errno.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/sample.h"
#include "core/ns/cgroup.h"

#define NS      1000000000ull
#define NS_USEC 1000ull

struct stats {
	struct sample sum;
	uint64_t user, kernel; /* ns */
	uint64_t pids_limit, throttled, periods, throttled_periods;
};

static void add_processes(const struct strv *pids, struct stats *s)
{
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);

	for (size_t i = 0; i < pids->len; i++) {
		struct procstat p;
		int64_t pid;

		if (str_i64(pids->v[i], 1, INT32_MAX, &pid) < 0 ||
		    procstat_read((pid_t)pid, &p) < 0)
			continue;
		sample_add(&p, &s->sum);
		s->user += p.utime * (NS / hz);
		s->kernel += p.stime * (NS / hz);
	}
}

static void add_group(const char *path, struct stats *s)
{
	autoclose int group = cgroup_open(path);
	uint64_t n;

	if (group < 0)
		return;
	sample_group(group, &s->sum);
	if (cgroup_number(group, "cpu.stat", "user_usec", &n) == 0)
		s->user = n * NS_USEC;
	if (cgroup_number(group, "cpu.stat", "system_usec", &n) == 0)
		s->kernel = n * NS_USEC;
	if (cgroup_number(group, "cpu.stat", "throttled_usec", &n) == 0)
		s->throttled = n * NS_USEC;
	cgroup_number(group, "cpu.stat", "nr_periods", &s->periods);
	cgroup_number(group, "cpu.stat", "nr_throttled", &s->throttled_periods);
	if (cgroup_number(group, "pids.max", NULL, &n) == 0 && n != UINT64_MAX)
		s->pids_limit = n;
}

static void add_uint(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key,
		     uint64_t v)
{
	if (v)
		yyjson_mut_obj_add_uint(doc, obj, key, v);
}

static void build_cpu(const struct stats *s, yyjson_mut_doc *doc, yyjson_mut_val *cpu)
{
	yyjson_mut_val *usage = json_add_obj(doc, cpu, "usage"), *throttling;

	yyjson_mut_obj_add_uint(doc, usage, "total", s->sum.cpu);
	yyjson_mut_obj_add_uint(doc, usage, "kernel", s->kernel);
	yyjson_mut_obj_add_uint(doc, usage, "user", s->user);
	throttling = json_add_obj(doc, cpu, "throttling");
	add_uint(doc, throttling, "periods", s->periods);
	add_uint(doc, throttling, "throttledPeriods", s->throttled_periods);
	add_uint(doc, throttling, "throttledTime", s->throttled);
}

static void build(const struct ocibox *b, const struct stats *s, yyjson_mut_doc *doc,
		  yyjson_mut_val *root)
{
	yyjson_mut_val *data, *v;

	json_add_str(doc, root, "type", "stats");
	json_add_str(doc, root, "id", b->id);
	data = json_add_obj(doc, root, "data");
	build_cpu(s, doc, json_add_obj(doc, data, "cpu"));
	v = json_add_obj(doc, json_add_obj(doc, data, "memory"), "usage");
	yyjson_mut_obj_add_uint(doc, v, "limit", s->sum.limit);
	yyjson_mut_obj_add_uint(doc, v, "usage", s->sum.memory);
	v = json_add_obj(doc, data, "pids");
	yyjson_mut_obj_add_uint(doc, v, "current", s->sum.tasks);
	add_uint(doc, v, "limit", s->pids_limit);
	json_add_obj(doc, data, "blkio");
	json_add_obj(doc, data, "hugetlb");
	json_add_obj(doc, data, "intel_rdt");
	yyjson_mut_obj_add_null(doc, data, "network_interfaces");
}

int ocistats_print(const struct ocibox *b, struct buf *out, struct err *e)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	struct stats s = { .sum = { .limit = UINT64_MAX } };
	autostrv pids = { 0 };
	int r = ocibox_pids(b, &pids, e);

	if (r < 0)
		return r;
	add_processes(&pids, &s);
	if (b->group)
		add_group(b->group, &s);
	yyjson_mut_doc_set_root(doc, root);
	build(b, &s, doc, root);
	r = json_print(out, doc, false);
	return r < 0 ? err_code(e, r, "print the figures") : buf_addc(out, '\n');
}
