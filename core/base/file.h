/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files and trees on disk, never torn. dirfd may be AT_FDCWD. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/buf.h"

/* Appends the file to b. Only a regular file is read (opened O_NONBLOCK; -EINVAL else);
 * more than max bytes is -EFBIG. 0 or -errno. */
int file_read(int dirfd, const char *name, size_t max, struct buf *b);
/* The same of a small file, which needs no memory of its own: its length, dst being
 * NUL-terminated, or -errno; -EFBIG when it is not below size, or is being written:
 * file_read then. */
ssize_t file_read_into(int dirfd, const char *name, char *dst, size_t size);
/* The same from an open descriptor, from its current offset; any type of file. On failure
 * b is as it was. */
int file_read_fd(int fd, size_t max, struct buf *b);
/* The same of a file that the user named: a pipe or a device is read to its end. */
int file_read_named(const char *path, size_t max, struct buf *b);
/* For files of /proc and /sys: read until the end, at most size - 1 bytes (the rest is
 * left out), into NUL-terminated dst. 0 or -errno. */
int file_read_small(int dirfd, const char *name, char *dst, size_t size);
/* One write(2) to an existing file (/proc, /sys, cgroup). 0 or -errno. */
int file_write_small(int dirfd, const char *name, const char *text);

/* Names of temporaries begin so; a crash may leave one, which whoever holds the folder's
 * lock may remove. */
#define FILE_TEMP_PREFIX ".tmp-"
/* Temporary beside name, write, fsync, rename over name, fsync the folder. 0 or -errno.
 */
int file_replace(int dirfd, const char *name, const void *p, size_t n, mode_t mode);
/* Without the two fsyncs: for what a crash may lose but must not tear (runtime folder).
 */
int file_replace_nosync(int dirfd, const char *name, const void *p, size_t n,
			mode_t mode);
/* fsync of the folder itself. */
int file_sync_dir(int dirfd);

/* mkdir -p; existing folders are fine. */
int file_mkdirs(const char *path, mode_t mode);
/* Opens (making it when missing) a folder for reading names; O_PATH not set. fd or
 * -errno. */
int file_open_dir(int dirfd, const char *name, bool make, mode_t mode);
/* Removes a file or a whole tree, from path's last component (not "") on never following
 * links nor crossing to where it has no right nor onto another mount; unreadable folders
 * of the caller's own are made readable first. What can be removed is, then the first
 * failure is returned. -ENOENT when there was none. */
int file_remove_tree(int dirfd, const char *path);
/* Bytes of disk blocks used by the tree (links counted once; what lies below a folder
 * that the caller may not read is left out). */
int file_tree_size(int dirfd, const char *path, uint64_t *ret);

/* Exclusive or shared flock on dirfd/name (made 0600 when missing), waiting or not.
 * fd that holds the lock until closed by every holder, or -errno (-EWOULDBLOCK when
 * held). */
int file_lock(int dirfd, const char *name, bool exclusive, bool wait);
/* Is an exclusive lock held by anyone? 1, 0 (also when the file is missing), -errno. It
 * tries a shared lock for a moment, which a non-waiting file_lock may stumble over. */
int file_is_locked(int dirfd, const char *name);

#endif
