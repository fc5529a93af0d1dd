/* SPDX-License-Identifier: Apache-2.0 */
/* The text of the default seccomp profile. Used through seccompprofile.h. */
#ifndef OCI_SECCOMPDEFAULT_H
#define OCI_SECCOMPDEFAULT_H

const char *seccompdefault_text(void);

#endif
