/* SPDX-License-Identifier: Apache-2.0 */
/* Landlock by raw calls; the structs are our own because Debian's headers end at ABI 3.
 */
#include "core/ns/landlock.h"

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/fd.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif

#define CREATE_VERSION    1u
#define RULE_PATH_BENEATH 1
#define ABI_REFER         2
#define ABI_TRUNCATE      3
#define ABI_NET           4
#define ABI_IOCTL         5
#define ABI_SCOPE         6
#define ACCESS_EXECUTE    (1ull << 0)
#define ACCESS_REMOVE     (1ull << 5)
#define ACCESS_REFER      (1ull << 13)
#define ACCESS_TRUNCATE   (1ull << 14)
#define ACCESS_IOCTL      (1ull << 15)
#define ACCESS_ABI_1      ((1ull << 13) - 1)
#define NET_BOTH          3ull

struct ruleset {
	uint64_t handled_access_fs;
	uint64_t handled_access_net; /* since ABI 4 */
	uint64_t scoped;             /* since ABI 6 */
};

struct path_beneath {
	uint64_t allowed_access;
	int32_t parent_fd;
} __attribute__((packed));

int landlock_abi(void)
{
	long r = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);

	return r < 0 ? 0 : (int)r;
}

/* The rights over files that the kernel knows. */
static uint64_t files_of(int abi)
{
	return ACCESS_ABI_1 | (abi >= ABI_REFER ? ACCESS_REFER : 0) |
	       (abi >= ABI_TRUNCATE ? ACCESS_TRUNCATE : 0);
}

/* A ruleset entered, of which below dirs only allowed holds. */
static int enter(const struct ruleset *rs, size_t size, uint64_t allowed, const int *dirs,
		 size_t n)
{
	autoclose int fd = (int)syscall(SYS_landlock_create_ruleset, rs, size, 0);

	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < n; i++) {
		struct path_beneath p = { .allowed_access = allowed,
					  .parent_fd = dirs[i] };

		if (syscall(SYS_landlock_add_rule, fd, RULE_PATH_BENEATH, &p, 0) < 0)
			return -errno;
	}
	return syscall(SYS_landlock_restrict_self, fd, 0) < 0 ? -errno : 0;
}

int landlock_scope(unsigned scopes)
{
	struct ruleset rs = { .scoped = scopes };

	if (landlock_abi() < ABI_SCOPE)
		return -EOPNOTSUPP;
	return enter(&rs, sizeof(rs), 0, NULL, 0);
}

int landlock_fence(const int *dirs, size_t n)
{
	int abi = landlock_abi();
	struct ruleset rs = { .handled_access_fs = files_of(abi) };
	size_t size = sizeof(rs.handled_access_fs);

	if (abi < 1)
		return -EOPNOTSUPP;
	if (abi >= ABI_NET) {
		rs.handled_access_net = NET_BOTH;
		size = sizeof(uint64_t) * 2;
	}
	if (abi >= ABI_SCOPE) {
		rs.scoped = LANDLOCK_ABSTRACT;
		size = sizeof(rs);
	}
	return enter(&rs, size, rs.handled_access_fs & ~ACCESS_EXECUTE, dirs, n);
}

int landlock_shut(const int *dirs, size_t n)
{
	int abi = landlock_abi();
	struct ruleset rs = {
		.handled_access_fs = files_of(abi) | (abi >= ABI_IOCTL ? ACCESS_IOCTL : 0)
	};

	if (abi < 1)
		return -EOPNOTSUPP;
	return enter(&rs, sizeof(rs.handled_access_fs), ACCESS_REMOVE, dirs, n);
}
