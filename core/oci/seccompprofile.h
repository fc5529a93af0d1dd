/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp profiles: the OCI runtime-spec "linux.seccomp" object and moby's JSON (names,
 * args, includes/excludes by caps, arches, minKernel, archMap). Parser of untrusted
 * bytes. */
#ifndef OCI_SECCOMPPROFILE_H
#define OCI_SECCOMPPROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/wire/json.h"

#define SECCOMPPROFILE_MAX (1u << 20)

struct seccomp_arg {
	uint32_t index;
	uint64_t value, value_two;
	char op[24]; /* SCMP_CMP_EQ … */
};

struct seccomp_rule {
	struct strv names;
	char action[24];   /* SCMP_ACT_ALLOW … */
	int64_t errno_ret; /* -1 when absent */
	struct seccomp_arg args[6];
	size_t args_len;
};

struct seccompprofile {
	char default_action[24];
	int64_t default_errno;     /* -1 when absent */
	struct strv architectures; /* SCMP_ARCH_X86_64, … (archMap resolved for native) */
	struct strv flags;
	bool notifies;              /* SCMP_ACT_NOTIFY is among the actions */
	struct seccomp_rule *rules; /* includes/excludes already applied */
	size_t rules_len;
};

/* What conditions are tested against. */
struct seccomp_when {
	uint64_t caps;    /* bit set */
	const char *arch; /* "amd64", "arm64", "s390x", … */
	uint32_t kernel;  /* major << 16 | minor */
};

int seccompprofile_parse(yyjson_val *obj, const struct seccomp_when *when,
			 struct seccompprofile *ret, struct err *e);
/* Does it have an agent, and something to ask it? */
bool seccompprofile_notifies(yyjson_val *obj);
/* Our default, in the same JSON format (generated text, NUL-terminated). */
const char *seccompprofile_default(void);
void seccompprofile_done(struct seccompprofile *p);

#endif
