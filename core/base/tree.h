/* SPDX-License-Identifier: Apache-2.0 */
/* Trees on disk: the work behind file_remove_tree and file_tree_size, whose contract is
 * in file.h. */
#ifndef BASE_TREE_H
#define BASE_TREE_H

#include <stdint.h>

int tree_remove(int dirfd, const char *path);
int tree_size(int dirfd, const char *path, uint64_t *ret);

#endif
