/* SPDX-License-Identifier: Apache-2.0 */
/* Go's fmt: printf verbs over template values. */
#ifndef CLI_VERB_H
#define CLI_VERB_H

#include "core/cli/value.h"

/* Sprintf: flags "-+# 0", width and precision (also *), the verbs v d s q t x X o O b c U
 * e E f F g G T %; what does not fit prints as Go says so ("%!d(string=x)"). 0 or -E2BIG.
 */
int verb_format(struct buf *out, const struct value *format, const struct value *args,
		size_t n);
/* Sprint: a space between two neighbours neither of which is a string. */
int verb_print(struct buf *out, const struct value *args, size_t n);
/* Sprintln: a space between all, and a newline. */
int verb_println(struct buf *out, const struct value *args, size_t n);

#endif
