/* SPDX-License-Identifier: Apache-2.0 */
/* The options that docker takes for a tmpfs. */
#include "core/engine/tmpfsopt.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"

int tmpfsopt_add(struct spec_mount *m, const char *o, struct err *e)
{
	static const char *const flags[] = { "rw",         "exec",     "noexec",
					     "suid",       "nosuid",   "dev",
					     "nodev",      "sync",     "async",
					     "atime",      "noatime",  "diratime",
					     "nodiratime", "relatime", "norelatime",
					     "strictatime" };
	static const char *const values[] = { "uid=",       "gid=",  "nr_inodes=",
					      "nr_blocks=", "mpol=", "huge=" };
	uint64_t mode;

	if (str_eq(o, "ro")) {
		m->read_only = true;
		return 0;
	}
	if (str_starts(o, "size=")) {
		/* tmpfs(5) knows "50%" too: that is the kernel's to read. */
		if (!str_ends(o, "%"))
			return str_size(o + 5, &m->tmpfs_size)
				       ? err_set(e, -EINVAL, "invalid tmpfs option '%s'",
						 o)
				       : 0;
		strv_add(&m->options, o);
		return 0;
	}
	if (str_starts(o, "mode=")) {
		if (str_oct(o + 5, 07777, &mode))
			return err_set(e, -EINVAL, "invalid tmpfs option '%s'", o);
		m->tmpfs_mode = (int64_t)mode;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		if (str_eq(o, flags[i])) {
			strv_add(&m->options, o);
			return 0;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		if (str_starts(o, values[i])) {
			strv_add(&m->options, o);
			return 0;
		}
	}
	return err_set(e, -EINVAL, "invalid tmpfs option '%s'", o);
}
