/* SPDX-License-Identifier: Apache-2.0 */
/* Live probes of this host: what was tried, what the kernel answered, the fix, what still
 * works without. Each probe really does the thing in a child of its own. */
#ifndef ENGINE_DOCTOR_H
#define ENGINE_DOCTOR_H

#include "core/base/err.h"

enum doctor_verdict { DOCTOR_OK, DOCTOR_REDUCED, DOCTOR_MISSING };

struct doctor_row {
	const char *name; /* "user namespaces" */
	enum doctor_verdict verdict;
	char tried[160];
	char answer[256];
	char fix[512];     /* "" when ok */
	char without[256]; /* what still works */
};

/* Runs all probes; fn is called as each ends. */
int doctor_run(void (*fn)(void *arg, const struct doctor_row *row), void *arg,
	       struct err *e);

#endif
