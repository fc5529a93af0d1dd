// SPDX-License-Identifier: Apache-2.0
/* A parsed seccomp profile as a BPF program.
 *
 * libseccomp makes the body. A prologue of ours stands before it, for what libseccomp
 * cannot say or says wrongly:
 *
 * - x32 (a second call table of x86_64, which few kernels still carry) answers ENOSYS, as
 *   a kernel without it does, even where the profile lists SCMP_ARCH_X32: its calls have
 *   numbers of their own, and nothing needs them.
 * - Multiplexers (socketcall and ipc of i386, s390, …) take a call's arguments from
 *   memory, where no filter looks. For a rule on socket's arguments libseccomp lets every
 *   socketcall(SYS_SOCKET) through, whatever the family. So where a profile puts
 *   conditions on one of the calls behind a multiplexer and has no rule for the
 *   multiplexer itself, the latter answers ENOSYS. A profile's own unconditional rule for
 *   it holds.
 * - Calls newer than the newest one that a profile names answer ENOSYS, whatever it
 *   refuses with, as runc does: libraries fall back on ENOSYS only.
 *
 * Conditions on arguments that the kernel takes as 32 bits wide are tested on those bits
 * (see ruleset_narrow).
 */
#include "core/runtime/ruleset.h"

#include <ctype.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include "core/base/mem.h"
#include "core/base/str.h"

#define ARCHES_MAX 16
/* Libseccomp takes its time over each; no profile of use comes near. */
#define RULES_MAX  16384
#define CHECKS_MAX 4

struct ruleset {
	const struct seccompprofile *p;
	scmp_filter_ctx ctx;
	uint32_t default_action;
	uint32_t arches[ARCHES_MAX];
	size_t arches_len;
	size_t rules_added;
};

static void ruleset_release(struct ruleset *s)
{
	seccomp_release(s->ctx);
}

/* --- actions and flags ---------------------------------------------------------------
 */

static int with_errno(const char *name, uint32_t ret, int64_t max, int64_t *no,
		      struct err *e)
{
	if (*no < 0)
		*no = EPERM;
	if (*no > max)
		return err_set(e, -EINVAL, "%s with errno %lld: at most %lld", name,
			       (long long)*no, (long long)max);
	(void)ret;
	return 0;
}
