/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel keyrings (keyrings(7)). */
#ifndef NS_KEYRING_H
#define NS_KEYRING_H

/* Joins a new, empty session keyring of this name, so that the keys of the caller's
 * session are out of reach. 0 or -errno; a kernel without keys counts as success.
 * -EDQUOT: the user has as many keys as it may (kernel.keys.maxkeys). */
int keyring_new_session(const char *name);

#endif
