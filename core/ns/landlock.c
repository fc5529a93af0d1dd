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
#define ABI_SCOPE         6
#define ACCESS_EXECUTE    (1ull << 0)
#define ACCESS_REFER      (1ull << 13)
#define ACCESS_TRUNCATE   (1ull << 14)
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

int landlock_scope(unsigned scopes)
{
	struct ruleset rs = { .scoped = scopes };
	autoclose int fd = -1;

	if (landlock_abi() < ABI_SCOPE)
		return -EOPNOTSUPP;
	fd = (int)syscall(SYS_landlock_create_ruleset, &rs, sizeof(rs), 0);
	if (fd < 0)
		return -errno;
	return syscall(SYS_landlock_restrict_self, fd, 0) < 0 ? -errno : 0;
}

int landlock_fence(const int *dirs, size_t n)
{
	int abi = landlock_abi();
	struct ruleset rs = { .handled_access_fs = ACCESS_ABI_1 };
	size_t size = sizeof(rs.handled_access_fs);
	autoclose int fd = -1;

	if (abi < 1)
		return -EOPNOTSUPP;
	if (abi >= ABI_REFER)
		rs.handled_access_fs |= ACCESS_REFER;
	if (abi >= ABI_TRUNCATE)
		rs.handled_access_fs |= ACCESS_TRUNCATE;
	if (abi >= ABI_NET) {
		rs.handled_access_net = NET_BOTH;
		size = sizeof(uint64_t) * 2;
	}
	if (abi >= ABI_SCOPE) {
		rs.scoped = LANDLOCK_ABSTRACT;
		size = sizeof(rs);
	}
	fd = (int)syscall(SYS_landlock_create_ruleset, &rs, size, 0);
	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < n; i++) {
		struct path_beneath p = {
			.allowed_access = rs.handled_access_fs & ~ACCESS_EXECUTE,
			.parent_fd = dirs[i],
		};

		if (syscall(SYS_landlock_add_rule, fd, RULE_PATH_BENEATH, &p, 0) < 0)
			return -errno;
	}
	return syscall(SYS_landlock_restrict_self, fd, 0) < 0 ? -errno : 0;
}
