/* SPDX-License-Identifier: Apache-2.0 */
/* Paths: lexical work, and opening below a root that is not trusted (openat2(2)). */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Malloc'd "a/b"; b absolute gives "a" + b; no doubled slash at the joint. */
char *path_join(const char *a, const char *b);
/* Last component ("" for "/"), pointing into path. */
const char *path_base(const char *path);
/* Malloc'd folder part; "." when none. */
char *path_dir(const char *path);
/* Malloc'd, lexically: no ".", "..", doubled or trailing slashes; as Go's path.Clean("/"
 * + path), so the result is always absolute and ".." above "/" is dropped. */
char *path_clean(const char *path);
bool path_is_abs(const char *path);

/* Opens path below rootfd with RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS (absolute links
 * and
 * ".." stay inside); a component walk with O_PATH | O_NOFOLLOW where openat2 is missing.
 * O_CLOEXEC and O_NOCTTY added. fd or -errno. */
int path_open_in(int rootfd, const char *path, int flags, mode_t mode);
/* As path_open_in, without following any link, not even the last (RESOLVE_BENEATH |
 * RESOLVE_NO_SYMLINKS; a link is -ELOOP, or itself with O_PATH | O_NOFOLLOW); ".." above
 * the root is -EXDEV. Leading slashes count for nothing. */
int path_open_beneath(int rootfd, const char *path, int flags, mode_t mode);
/* Makes each missing folder of path below rootfd (exactly mode, and owner uid:gid unless
 * (uid_t)-1), resolving links inside the root step by step on descriptors. O_PATH fd of
 * the last, or -errno. */
int path_mkdirs_in(int rootfd, const char *path, mode_t mode, uid_t uid, gid_t gid);
/* Opens the parent of path below rootfd as path_open_in does and gives the last component
 * (which is never "", "." or ".."; -EINVAL then). *ret_name points into path. */
int path_open_parent_in(int rootfd, const char *path, const char **ret_name);
/* For tests of the fallback: forces openat2 to count as missing in this process. */
void path_without_openat2(bool on);

#endif
