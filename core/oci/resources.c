/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources. */
#include "core/oci/resources.h"

#include <errno.h>
#include <inttypes.h>

#include "core/base/mem.h"
#include "core/base/str.h"

#define SHARES_DEFAULT 1024
#define SHARES_MIN     2
#define SHARES_MAX     262144
#define WEIGHT_MAX     10000
#define BLOCK_MIN      10
#define BLOCK_MAX      1000
#define PERIOD_DEFAULT 100000

static int refuse(yyjson_val *obj, const char *group, const char *key, struct err *e)
{
	yyjson_val *v = yyjson_obj_get(obj, key);
	bool set = yyjson_is_bool(v)  ? yyjson_get_bool(v)
		   : yyjson_is_num(v) ? yyjson_get_num(v) > 0
				      : yyjson_arr_size(v) + yyjson_obj_size(v) > 0;

	if (!set)
		return 0;
	return err_set(e, -ENOTSUP,
		       "'resources.%s.%s' has no place in control groups of version 2",
		       group, key);
}

/* "-1" is no limit, 0 nothing said. */
static void add_bytes(struct strv *ret, const char *file, int64_t n)
{
	if (n > 0)
		strv_addf(ret, "%s=%" PRId64, file, n);
	else if (n < 0)
		strv_addf(ret, "%s=max", file);
}

/* --- memory --------------------------------------------------------------------------
 */

/* The second version counts swap alone, the first with memory. */
static int add_swap(int64_t limit, int64_t swap, struct strv *ret, struct err *e)
{
	if (swap == 0)
		return 0;
	if (swap < 0) {
		strv_add(ret, "memory.swap.max=max");
		return 0;
	}
	if (limit <= 0)
		return err_set(
			e, -EINVAL,
			"'resources.memory.swap' without 'resources.memory.limit'");
	if (swap < limit)
		return err_set(e, -EINVAL,
			       "'resources.memory.swap' is below "
			       "'resources.memory.limit', which it includes");
	strv_addf(ret, "memory.swap.max=%" PRId64, swap - limit);
	return 0;
}

static int add_memory(yyjson_val *obj, struct strv *ret, struct err *e)
{
	int64_t limit = 0, low = 0, swap = 0;
	int r = json_get_i64(obj, "limit", &limit, e);

	if (r == 0)
		r = json_get_i64(obj, "reservation", &low, e);
	if (r == 0)
		r = json_get_i64(obj, "swap", &swap, e);
	if (r == 0)
		r = refuse(obj, "memory", "kernelTCP", e);
	if (r == 0)
		r = refuse(obj, "memory", "disableOOMKiller", e);
	if (r < 0)
		return r;
	add_bytes(ret, "memory.max", limit);
	add_bytes(ret, "memory.low", low);
	return add_swap(limit, swap, ret, e);
}

/* --- cpu -----------------------------------------------------------------------------
 */

uint64_t resources_weight(uint64_t shares)
{
	if (shares < SHARES_MIN)
		shares = SHARES_MIN;
	if (shares > SHARES_MAX)
		shares = SHARES_MAX;
	return 1 + (shares - SHARES_MIN) * (WEIGHT_MAX - 1) / (SHARES_MAX - SHARES_MIN);
}

static void add_quota(int64_t quota, uint64_t period, struct strv *ret)
{
	if (quota == 0 && period == 0)
		return;
	if (quota > 0)
		strv_addf(ret, "cpu.max=%" PRId64 " %" PRIu64, quota,
			  period ? period : PERIOD_DEFAULT);
	else
		strv_addf(ret, "cpu.max=max %" PRIu64, period ? period : PERIOD_DEFAULT);
}

static int add_cpu(yyjson_val *obj, struct strv *ret, struct err *e)
{
	uint64_t shares = 0, period = 0, burst = 0;
	const char *cpus = "", *mems = "";
	int64_t quota = 0, idle = 0;
	int r = json_get_u64(obj, "shares", &shares, e);

	if (r == 0)
		r = json_get_i64(obj, "quota", &quota, e);
	if (r == 0)
		r = json_get_u64(obj, "period", &period, e);
	if (r == 0)
		r = json_get_u64(obj, "burst", &burst, e);
	if (r == 0)
		r = json_get_i64(obj, "idle", &idle, e);
	if (r == 0)
		r = json_get_str(obj, "cpus", &cpus, e);
	if (r == 0)
		r = json_get_str(obj, "mems", &mems, e);
	if (r == 0)
		r = refuse(obj, "cpu", "realtimeRuntime", e);
	if (r == 0)
		r = refuse(obj, "cpu", "realtimePeriod", e);
	if (r < 0)
		return r;
	if (shares)
		strv_addf(ret, "cpu.weight=%" PRIu64, resources_weight(shares));
	if (idle)
		strv_addf(ret, "cpu.idle=%" PRId64, idle);
	add_quota(quota, period, ret);
	if (burst)
		strv_addf(ret, "cpu.max.burst=%" PRIu64, burst);
	if (*cpus)
		strv_addf(ret, "cpuset.cpus=%s", cpus);
	if (*mems)
		strv_addf(ret, "cpuset.mems=%s", mems);
	return 0;
}

/* --- disks ---------------------------------------------------------------------------
 */

static int add_throttle(yyjson_val *obj, const char *key, const char *word,
			struct strv *ret, struct err *e)
{
	yyjson_val *arr = NULL, *v;
	yyjson_arr_iter iter;
	int r = json_get_arr(obj, key, &arr, e);

	if (r < 0 || !arr)
		return r;
	iter = yyjson_arr_iter_with(arr);
	while ((v = yyjson_arr_iter_next(&iter))) {
		uint64_t major = 0, minor = 0, rate = 0;

		r = json_get_u64(v, "major", &major, e);
		if (r == 0)
			r = json_get_u64(v, "minor", &minor, e);
		if (r == 0)
			r = json_get_u64(v, "rate", &rate, e);
		if (r < 0)
			return r;
		strv_addf(ret, "io.max=%" PRIu64 ":%" PRIu64 " %s=%" PRIu64, major, minor,
			  word, rate);
	}
	return 0;
}

static int add_block(yyjson_val *obj, struct strv *ret, struct err *e)
{
	static const struct {
		const char *key, *word;
	} all[] = { { "throttleReadBpsDevice", "rbps" },
		    { "throttleWriteBpsDevice", "wbps" },
		    { "throttleReadIOPSDevice", "riops" },
		    { "throttleWriteIOPSDevice", "wiops" } };
	uint64_t weight = 0;
	int r = json_get_u64(obj, "weight", &weight, e);

	if (r == 0)
		r = refuse(obj, "blockIO", "leafWeight", e);
	if (r == 0)
		r = refuse(obj, "blockIO", "weightDevice", e);
	if (r == 0 && weight && (weight < BLOCK_MIN || weight > BLOCK_MAX))
		r = err_set(e, -EINVAL,
			    "'resources.blockIO.weight' is not within %d and %d",
			    BLOCK_MIN, BLOCK_MAX);
	if (r == 0 && weight)
		strv_addf(ret, "io.weight=%" PRIu64,
			  1 + (weight - BLOCK_MIN) * (WEIGHT_MAX - 1) /
					  (BLOCK_MAX - BLOCK_MIN));
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(all); i++)
		r = add_throttle(obj, all[i].key, all[i].word, ret, e);
	return r;
}

/* --- the rest ------------------------------------------------------------------------
 */

static int add_pids(yyjson_val *obj, struct strv *ret, struct err *e)
{
	int64_t limit = 0;
	int r = json_get_i64(obj, "limit", &limit, e);

	if (r == 0)
		add_bytes(ret, "pids.max", limit);
	return r;
}

static int add_pages(yyjson_val *resources, struct strv *ret, struct err *e)
{
	yyjson_val *arr = NULL, *v;
	yyjson_arr_iter iter;
	int r = json_get_arr(resources, "hugepageLimits", &arr, e);

	if (r < 0 || !arr)
		return r;
	iter = yyjson_arr_iter_with(arr);
	while ((v = yyjson_arr_iter_next(&iter))) {
		const char *size = "";
		uint64_t limit = 0;

		r = json_get_str(v, "pageSize", &size, e);
		if (r == 0)
			r = json_get_u64(v, "limit", &limit, e);
		if (r < 0)
			return r;
		if (!*size || strspn(size, "0123456789KMGTB") != strlen(size))
			return err_set(e, -EINVAL,
				       "'resources.hugepageLimits': page size '%.20s'",
				       size);
		strv_addf(ret, "hugetlb.%s.max=%" PRIu64, size, limit);
	}
	return 0;
}

static int add_rdma(yyjson_val *resources, struct strv *ret, struct err *e)
{
	yyjson_val *all = NULL, *key;
	yyjson_obj_iter iter;
	int r = json_get_obj(resources, "rdma", &all, e);

	if (r < 0 || !all)
		return r;
	iter = yyjson_obj_iter_with(all);
	while ((key = yyjson_obj_iter_next(&iter))) {
		yyjson_val *v = yyjson_obj_iter_get_val(key);
		uint64_t handles = UINT64_MAX, objects = UINT64_MAX;
		autobuf text = { 0 };

		r = json_get_u64(v, "hcaHandles", &handles, e);
		if (r == 0)
			r = json_get_u64(v, "hcaObjects", &objects, e);
		if (r < 0)
			return r;
		buf_addf(&text, "rdma.max=%s", yyjson_get_str(key));
		if (handles != UINT64_MAX)
			buf_addf(&text, " hca_handle=%" PRIu64, handles);
		if (objects != UINT64_MAX)
			buf_addf(&text, " hca_object=%" PRIu64, objects);
		strv_add(ret, buf_str(&text));
	}
	return 0;
}

static int add_unified(yyjson_val *resources, struct strv *ret, struct err *e)
{
	autostrv all = { 0 };
	int r = json_get_map(resources, "unified", &all, e);

	for (size_t i = 0; r == 0 && i < all.len; i++) {
		size_t n = strcspn(all.v[i], "=");

		/* A file of the group, and no other. */
		if (memchr(all.v[i], '/', n) || !memchr(all.v[i], '.', n))
			return err_set(e, -EINVAL,
				       "'resources.unified': '%.40s' is no setting",
				       all.v[i]);
		strv_add(ret, all.v[i]);
	}
	return r;
}

int resources_limits(yyjson_val *resources, struct strv *ret, struct err *e)
{
	static const struct {
		const char *key;
		int (*add)(yyjson_val *obj, struct strv *ret, struct err *e);
	} parts[] = { { "memory", add_memory },
		      { "cpu", add_cpu },
		      { "blockIO", add_block },
		      { "pids", add_pids } };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(parts); i++) {
		yyjson_val *v = NULL;

		r = json_get_obj(resources, parts[i].key, &v, e);
		if (r == 0 && v)
			r = parts[i].add(v, ret, e);
	}
	if (r == 0)
		r = add_pages(resources, ret, e);
	if (r == 0)
		r = add_rdma(resources, ret, e);
	if (r == 0)
		r = refuse(yyjson_obj_get(resources, "network"), "network", "classID", e);
	if (r == 0)
		r = refuse(yyjson_obj_get(resources, "network"), "network", "priorities",
			   e);
	return r < 0 ? r : add_unified(resources, ret, e);
}

const char *resources_asked(const struct strv *limits)
{
	autofree char *shares =
		str_fmt("cpu.weight=%" PRIu64, resources_weight(SHARES_DEFAULT));

	for (size_t i = 0; i < limits->len; i++) {
		const char *v = limits->v[i];

		if (!str_starts(v, "pids.max=") && !str_eq(v, shares) &&
		    !str_ends(v, "=max") && !str_starts(v, "cpu.max=max "))
			return v;
	}
	return NULL;
}
