/* SPDX-License-Identifier: Apache-2.0 */
/* The cache of compiled seccomp filters. A file's name is the hash of all that its
 * content follows from, so there is nothing to invalidate; its own checksum tells a file
 * that a crash cut short (written without fsync, as it can be made again). Its time of
 * change is kept as that of its last use, to the day: where there are many, those unused
 * the longest go. */
#include "core/runtime/filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/ns/syscallfilter.h"
#include "core/oci/platform.h"
#include "core/oci/seccompprofile.h"
#include "core/runtime/condense.h"
#include "core/runtime/ruleset.h"
#include "core/wire/hasher.h"

/* Raise it with every change to what is compiled from the same profile. */
#define FILTER_FORMAT    2

#define FILTER_BYTES_MAX (BPF_MAXINSNS * sizeof(struct sock_filter))

#define DAY_S            (24 * 3600)

struct trailer {
	struct sock_filter sum[2];
	struct sock_filter flags;
};

static struct sock_filter unreached(uint8_t mark, uint32_t k)
{
	return (struct sock_filter){ BPF_RET | BPF_K, mark, 0, k };
}

/* Over the program and the flags. */
static void trailer_make(const void *program, size_t n, uint32_t flags,
			 struct trailer *ret)
{
	struct hasher *h = hasher_new(DIGEST_SHA256);
	struct digest d;
	uint32_t sum[2];

	ret->flags = unreached(SYSCALLFILTER_FLAGS_MARK, flags);
	hasher_add(h, program, n);
	hasher_add(h, &ret->flags, sizeof(ret->flags));
	hasher_finish(h, &d);
	hasher_free(h);
	memcpy(sum, d.bytes, sizeof(sum));
	for (size_t i = 0; i < ARRAY_LEN(sum); i++)
		ret->sum[i] = unreached(0, sum[i]);
}

static bool intact(const struct buf *file)
{
	struct trailer have, want;
	size_t n;

	if (file->len <= sizeof(have) || file->len % sizeof(struct sock_filter))
		return false;
	n = file->len - sizeof(have);
	memcpy(&have, file->data + n, sizeof(have));
	trailer_make(file->data, n, have.flags.k, &want);
	return memcmp(&have, &want, sizeof(have)) == 0;
}

static bool cached(int cache_dirfd, const char *name)
{
	autobuf file = { .max = FILTER_BYTES_MAX };
	struct stat st;

	if (file_read(cache_dirfd, name, FILTER_BYTES_MAX, &file) < 0 || !intact(&file))
		return false;
	if (fstatat(cache_dirfd, name, &st, 0) == 0 &&
	    time_now() / 1000000000 - st.st_mtime > DAY_S)
		utimensat(cache_dirfd, name, NULL, 0);
	return true;
}

static char *file_name(const char *text, const struct seccomp_when *when)
{
	const struct scmp_version *lib = seccomp_version();
	struct hasher *h = hasher_new(DIGEST_SHA256);
	char head[160], hex[DIGEST_TEXT_MAX];
	struct digest d;

	str_print(head, sizeof(head), "%d %u.%u.%u %x %.32s %x %llx\n", FILTER_FORMAT,
		  lib->major, lib->minor, lib->micro, seccomp_arch_native(), when->arch,
		  when->kernel, (unsigned long long)when->caps);
	hasher_add(h, head, strlen(head));
	hasher_add(h, text, strlen(text));
	hasher_finish(h, &d);
	hasher_free(h);
	return str_fmt("%s" FILTER_SUFFIX, digest_hex(hex, &d));
}

/* major << 16 | minor of the running kernel; 0, which is older than all, when it does not
 * say. */
static uint32_t kernel_version(void)
{
	unsigned int major, minor;
	struct utsname u;

	if (uname(&u) < 0 || sscanf(u.release, "%5u.%5u", &major, &minor) != 2)
		return 0;
	return major << 16 | (minor & 0xffff);
}

static int compile(const char *text, const struct seccomp_when *when, struct buf *ret,
		   struct err *e)
{
	autodone(seccompprofile_done) struct seccompprofile p = { 0 };
	autojson *doc = NULL;
	struct trailer end;
	uint32_t flags;
	size_t len;
	int r = json_parse(text, strlen(text), "seccomp profile", &doc, e);

	if (r >= 0)
		r = seccompprofile_parse(yyjson_doc_get_root(doc), when, &p, e);
	if (r >= 0)
		r = ruleset_compile(&p, ret, &flags, e);
	if (r < 0)
		return r;
	len = ret->len / sizeof(struct sock_filter);
	condense((struct sock_filter *)(void *)ret->data, &len);
	ret->len = len * sizeof(struct sock_filter);
	trailer_make(ret->data, ret->len, flags, &end);
	if (buf_add(ret, &end, sizeof(end)) < 0)
		return err_set(e, -E2BIG, "the seccomp profile is too large");
	return 0;
}

int filter_ensure(int cache_dirfd, const char *profile_json, uint64_t caps,
		  char **ret_name, struct err *e)
{
	const char *text = profile_json ? profile_json : seccompprofile_default();
	autobuf program = { .max = FILTER_BYTES_MAX };
	struct platform host;
	struct seccomp_when when = { .caps = caps,
				     .arch = host.architecture,
				     .kernel = kernel_version() };
	autofree char *name = NULL;
	int r;

	if (strnlen(text, SECCOMPPROFILE_MAX + 1) > SECCOMPPROFILE_MAX)
		return err_set(e, -E2BIG, "the seccomp profile is larger than %u bytes",
			       SECCOMPPROFILE_MAX);
	platform_host(&host);
	name = file_name(text, &when);
	if (!cached(cache_dirfd, name)) {
		r = compile(text, &when, &program, e);
		if (r < 0)
			return r;
		r = file_replace_nosync(cache_dirfd, name, program.data, program.len,
					0600);
		if (r < 0)
			return err_code(e, r, "keep the compiled seccomp filter");
		filter_prune(cache_dirfd);
	}
	*ret_name = TAKE_PTR(name);
	return 0;
}
