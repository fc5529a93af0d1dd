/* SPDX-License-Identifier: Apache-2.0 */
/* Live probes of this host: what was tried, what the kernel answered, the fix, what still
 * works without. Each probe really does the thing, in a child of its own. */
#ifndef ENGINE_DOCTOR_H
#define ENGINE_DOCTOR_H

#include "core/base/err.h"

enum doctor_verdict { DOCTOR_OK, DOCTOR_REDUCED, DOCTOR_MISSING };

struct doctor_row {
	const char *name; /* "user namespaces" */
	enum doctor_verdict verdict;
	char tried[160];
	char answer[768];
	char fix[768];     /* "" when ok */
	char without[256]; /* what still works; "" when ok */
};

/* One probe: fills all but name. The groups of them, each ended by a NULL name, are in
 * doctor_user.c, doctor_kernel.c and doctor_net.c. */
struct doctor_probe {
	const char *name;
	void (*fn)(struct doctor_row *row);
};
extern const struct doctor_probe doctor_user_probes[], doctor_kernel_probes[],
	doctor_net_probes[];

/* Runs all probes; fn is called as each ends. */
int doctor_run(void (*fn)(void *arg, const struct doctor_row *row), void *arg,
	       struct err *e);
const char *doctor_verdict_name(enum doctor_verdict v); /* "ok", "reduced", "missing" */

/* --- for probes ---------------------------------------------------------------- */

/* Verdict from a result: r >= 0 is ok with answer "yes" (or what is there already), else
 * `bad` with the kernel's words. fix and without are used when it is not ok. */
void doctor_judge(struct doctor_row *row, int r, enum doctor_verdict bad, const char *fix,
		  const char *without);
/* The calling process becomes root of a new user namespace with its own ID alone, and of
 * the further namespaces in flags. 0 or -errno. */
int doctor_enter(int flags);

#endif
