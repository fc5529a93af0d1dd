/* SPDX-License-Identifier: Apache-2.0 */
/* Whiteouts in layer tars. */
#include "core/oci/whiteout.h"

#include "core/base/str.h"

enum whiteout_kind whiteout_kind(const char *base, const char **ret_hidden)
{
	const char *hidden;

	if (!str_starts(base, WHITEOUT_PREFIX))
		return WHITEOUT_NO;
	hidden = base + sizeof(WHITEOUT_PREFIX) - 1;
	if (str_eq(hidden, WHITEOUT_PREFIX ".opq"))
		return WHITEOUT_OPAQUE;
	if (str_starts(hidden, WHITEOUT_PREFIX))
		return WHITEOUT_RESERVED;
	if (str_empty(hidden) || str_eq(hidden, ".") || str_eq(hidden, ".."))
		return WHITEOUT_BAD;
	*ret_hidden = hidden;
	return WHITEOUT_FILE;
}
