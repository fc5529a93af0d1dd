/* SPDX-License-Identifier: Apache-2.0 */
/* Adding up /proc, or asking the control group. */
#include "core/engine/sample.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/engine/row.h"
#include "core/ns/cgroup.h"
#include "core/runtime/scope.h"

#define TEXT_MAX 16384
#define NS       1000000000ull

/* The number behind key in lines of "key: number"; 0 when there is none. */
static uint64_t number_at(const char *text, const char *key)
{
	const char *p = strstr(text, key);
	char digits[24];
	uint64_t n = 0;

	if (!p)
		return 0;
	p += strlen(key);
	p += strspn(p, " \t");
	size_t len = strspn(p, "0123456789");
	if (len >= sizeof(digits))
		return 0;
	memcpy(digits, p, len);
	digits[len] = 0;
	return str_u64(digits, UINT64_MAX, &n) < 0 ? 0 : n;
}

static bool read_proc(pid_t pid, const char *name, char *text)
{
	autofree char *path = str_fmt("/proc/%d/%s", (int)pid, name);

	return file_read_small(AT_FDCWD, path, text, TEXT_MAX) == 0;
}

void sample_add(const struct procstat *p, struct sample *u)
{
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);
	char text[TEXT_MAX];

	u->cpu += (p->utime + p->stime) * (NS / hz);
	u->tasks += (uint64_t)p->threads;
	if (read_proc(p->pid, "smaps_rollup", text))
		u->memory += number_at(text, "\nPss:") * 1024;
	if (read_proc(p->pid, "io", text)) {
		u->read += number_at(text, "\nread_bytes:");
		u->written += number_at(text, "\nwrite_bytes:");
	}
}

/* "eth0: 1 2 … 16": the first and the ninth number, of all but lo. */
static void add_network(pid_t pid, struct sample *u)
{
	char text[TEXT_MAX], *save = NULL;

	if (!read_proc(pid, "net/dev", text))
		return;
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *colon = strchr(line, ':');
		unsigned long long in, out;
		line += strspn(line, " ");
		if (!colon || str_starts(line, "lo:"))
			continue;
		if (sscanf(colon + 1, "%llu %*u %*u %*u %*u %*u %*u %*u %llu", &in,
			   &out) == 2) {
			u->received += in;
			u->sent += out;
		}
	}
}

static uint64_t host_memory(void)
{
	return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* docker's number: without the cache that can be given up at once. */
static void group_memory(int group, struct sample *u)
{
	uint64_t all, cache = 0, limit = UINT64_MAX;

	if (cgroup_number(group, "memory.current", NULL, &all) < 0)
		return;
	cgroup_number(group, "memory.stat", "inactive_file", &cache);
	cgroup_number(group, "memory.max", NULL, &limit);
	u->memory = all > cache ? all - cache : 0;
	u->limit = limit < u->limit ? limit : u->limit;
}

static void group_io(int group, struct sample *u)
{
	char text[TEXT_MAX];

	if (file_read_small(group, "io.stat", text, sizeof(text)) < 0)
		return;
	u->read = cgroup_sum(text, "rbytes");
	u->written = cgroup_sum(text, "wbytes");
}

/* What its control group counts is better than what its processes come to. */
void sample_group(int group, struct sample *u)
{
	uint64_t n;

	group_memory(group, u);
	group_io(group, u);
	if (cgroup_number(group, "cpu.stat", "usage_usec", &n) == 0)
		u->cpu = n * 1000;
	if (cgroup_number(group, "pids.current", NULL, &n) == 0)
		u->tasks = n;
}

static void add_group(const struct container *c, struct sample *u)
{
	autofree char *name = str_fmt(SCOPE_NAME, c->id);
	autoclose int group = scope_open(c->state.pid, name);

	if (group >= 0)
		sample_group(group, u);
}

void sample_read(const struct census *all, const struct container *c, struct sample *ret)
{
	autodone(census_done) struct census own = { 0 };

	*ret = (struct sample){ .at = time_monotonic() };
	if (census_take(all, c, &own, NULL) < 0)
		return;
	ret->limit = host_memory();
	for (size_t i = 0; i < own.len; i++)
		sample_add(&own.v[i], ret);
	add_group(c, ret);
	add_network(c->state.pid, ret);
}

/* docker's other sizes: four digits, powers of 1024. */
static void size_text(uint64_t bytes, char *dst, size_t size)
{
	static const char *const units[] = {
		"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"
	};
	double v = (double)bytes;
	size_t n = 0;

	while (v >= 1024 && n + 1 < ARRAY_LEN(units)) {
		v /= 1024;
		n++;
	}
	str_print(dst, size, "%.4g%s", v, units[n]);
}

static void add_pair(yyjson_mut_doc *doc, yyjson_mut_val *row, const char *key,
		     uint64_t a, uint64_t b)
{
	char x[32], y[32];

	row_size(a, x, sizeof(x));
	row_size(b, y, sizeof(y));
	autofree char *text = str_fmt("%s / %s", x, y);
	json_add_str(doc, row, key, text);
}

static void add_memory(const struct sample *u, yyjson_mut_doc *doc, yyjson_mut_val *row)
{
	char x[32], y[32];

	size_text(u->memory, x, sizeof(x));
	size_text(u->limit, y, sizeof(y));
	autofree char *use = str_fmt("%s / %s", x, y);
	autofree char *share = str_fmt(
		"%.2f%%", u->limit ? 100.0 * (double)u->memory / (double)u->limit : 0.0);
	json_add_str(doc, row, "MemPerc", share);
	json_add_str(doc, row, "MemUsage", use);
}

yyjson_mut_val *sample_row(const struct container *c, const struct sample *before,
			   const struct sample *now, bool no_trunc, yyjson_mut_doc *doc)
{
	yyjson_mut_val *row = yyjson_mut_obj(doc);
	int64_t span = now->at - before->at;
	double cpu = span > 0 && now->cpu > before->cpu
			     ? 100.0 * (double)(now->cpu - before->cpu) / (double)span
			     : 0;
	autofree char *share = str_fmt("%.2f%%", cpu);
	autofree char *tasks = str_fmt("%llu", (unsigned long long)now->tasks);
	autofree char *id = no_trunc ? str_dup(c->id) : str_ndup(c->id, 12);

	add_pair(doc, row, "BlockIO", now->read, now->written);
	json_add_str(doc, row, "CPUPerc", share);
	json_add_str(doc, row, "Container", id);
	json_add_str(doc, row, "ID", id);
	add_memory(now, doc, row);
	json_add_str(doc, row, "Name", c->name);
	add_pair(doc, row, "NetIO", now->received, now->sent);
	json_add_str(doc, row, "PIDs", tasks);
	return row;
}
