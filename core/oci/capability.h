/* SPDX-License-Identifier: Apache-2.0 */
/* Capability names (capabilities(7)) as the specs and docker spell them. */
#ifndef OCI_CAPABILITY_H
#define OCI_CAPABILITY_H

#include <stdint.h>

#define CAPABILITY_COUNT 41
/* CHOWN DAC_OVERRIDE FSETID FOWNER SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE
 * SYS_CHROOT KILL: SECURITY.md section 1. */
#define CAPABILITY_DEFAULT 0x800405fbull
#define CAPABILITY_ALL     ((1ull << CAPABILITY_COUNT) - 1)

/* "CAP_CHOWN", "chown", "CHOWN" → bit number; "ALL" → 64; -EINVAL else. */
int capability_parse(const char *name);
/* "CAP_CHOWN"; NULL past the last. */
const char *capability_name(int bit);

#endif
