/* SPDX-License-Identifier: Apache-2.0 */
/* Modes as chmod(1) takes them: "0644", "u=rwX,go=rX", "a+x". */
#ifndef ENGINE_MODESPEC_H
#define ENGINE_MODESPEC_H

#include <sys/stat.h>

/* The mode (07777 of it) that a file of mode old gets; its type counts for "X". Whoever
 * is not named is all of them, without a mask. Pure. -EINVAL for what is no mode. */
int modespec_apply(const char *text, mode_t old, mode_t *ret);

#endif
