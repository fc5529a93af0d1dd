/* SPDX-License-Identifier: Apache-2.0 */
/* A condensed program gives the same answer to every call as the one it was made from. */
#include "core/runtime/condense.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/oci/capability.h"
#include "core/oci/platform.h"
#include "core/oci/seccompprofile.h"
#include "core/runtime/filter.h"
#include "core/runtime/ruleset.h"
#include "core/wire/json.h"
#include "tests/unit/test.h"

static const uint32_t arches[] = { AUDIT_ARCH_X86_64,
				   AUDIT_ARCH_I386,
				   AUDIT_ARCH_AARCH64,
				   AUDIT_ARCH_ARM,
				   AUDIT_ARCH_S390X,
				   0,
				   12345,
				   UINT32_MAX };

static bool compile(const char *text, struct buf *ret)
{
	autodone(seccompprofile_done) struct seccompprofile p = { 0 };
	autojson *doc = NULL;
	struct platform host;
	struct seccomp_when when = { .caps = CAPABILITY_DEFAULT,
				     .arch = host.architecture,
				     .kernel = 6u << 16 };
	uint32_t flags;

	platform_host(&host);
	return json_parse(text, strlen(text), "profile", &doc, NULL) >= 0 &&
	       seccompprofile_parse(yyjson_doc_get_root(doc), &when, &p, NULL) >= 0 &&
	       ruleset_compile(&p, ret, &flags, NULL) >= 0;
}

static uint64_t next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 20;
}

/* Calls with the arguments that profiles look at, and others. */
static void same_answers(const struct buf *old, const void *code, size_t n)
{
	uint64_t seed = 1;

	for (size_t a = 0; a < ARRAY_LEN(arches); a++) {
		for (uint32_t i = 0; i < 4096; i++) {
			uint32_t nr = i < 700    ? i
				      : i < 1400 ? 0x40000000u + i - 700
				      : i < 1500 ? 0x7fffffffu + i - 1450
						 : (uint32_t)next(&seed);
			uint64_t zero[6] = { 0 }, odd[6];

			for (size_t k = 0; k < 6; k++)
				odd[k] = i & 1 ? next(&seed) % 64
					       : next(&seed) << (next(&seed) % 40);
			if (filter_simulate(old->data, old->len, arches[a], nr, zero) ==
				    filter_simulate(code, n, arches[a], nr, zero) &&
			    filter_simulate(old->data, old->len, arches[a], nr, odd) ==
				    filter_simulate(code, n, arches[a], nr, odd))
				continue;
			test_fail(__FILE__, __LINE__, "arch %#x call %#x differs",
				  arches[a], nr);
			return;
		}
	}
}

/* By how much it has become shorter: 20 is to half. */
static size_t shrink(const char *profile)
{
	autobuf old = { 0 };
	autofree struct sock_filter *code = NULL;
	size_t before, n;

	CHECK(compile(profile, &old));
	n = before = old.len / sizeof(*code);
	code = mem_array(n + 1, sizeof(*code));
	memcpy(code, old.data, old.len);
	condense(code, &n);
	CHECK(n <= before);
	same_answers(&old, code, n * sizeof(*code));
	return n > 0 ? 10 * before / n : 0;
}

TEST(default_profile)
{
	/* 24 on x86_64, where the profile is of three architectures; 17 on s390x. */
	CHECK(shrink(seccompprofile_default()) >= 15);
}

TEST(denying_profile)
{
	/* Every other call, so that no range has neighbours to join. */
	shrink("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\","
	       "\"close\",\"fstat\",\"poll\",\"mmap\",\"socket\"],\"action\":"
	       "\"SCMP_ACT_ERRNO\",\"errnoRet\":5}]}");
}

TEST(profile_with_arguments)
{
	shrink("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":["
	       "{\"names\":[\"personality\",\"ioctl\",\"clone\"],\"action\":"
	       "\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":8,\"op\":"
	       "\"SCMP_CMP_GE\"}]},{\"names\":[\"ioctl\"],\"action\":\"SCMP_ACT_KILL\","
	       "\"args\":[{\"index\":1,\"value\":21522,\"op\":\"SCMP_CMP_EQ\"},{"
	       "\"index\":2,"
	       "\"value\":9,\"op\":\"SCMP_CMP_NE\"}]},{\"names\":[\"kill\"],\"action\":"
	       "\"SCMP_ACT_TRAP\",\"args\":[{\"index\":1,\"value\":15,\"valueTwo\":8,"
	       "\"op\":"
	       "\"SCMP_CMP_MASKED_EQ\"}]}]}");
}

TEST(far_parts_are_reached)
{
	/* Verdicts that alternate over 3,000 numbers: no jump of 255 spans a half. */
	static struct sock_filter code[6100], old[6100];
	struct buf was = { .data = (char *)old };
	size_t n = 0;

	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, nr));
	/* twice each, or nothing could become shorter */
	for (uint32_t i = 0; i < 3000; i++) {
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, i / 2,
							 0, 1);
		code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
							 0x50000 + i / 2 % 7);
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	memcpy(old, code, n * sizeof(*code));
	was.len = n * sizeof(*code);
	condense(code, &n);
	CHECK(n < was.len / sizeof(*code));
	same_answers(&was, code, n * sizeof(*code));
}

TEST(foreign_programs_stay)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_IMM, 1),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
	};
	struct sock_filter old[ARRAY_LEN(code)];
	size_t n = ARRAY_LEN(code);

	memcpy(old, code, sizeof(code));
	condense(code, &n);
	CHECK_INT(n, ARRAY_LEN(code));
	CHECK(memcmp(old, code, sizeof(code)) == 0);
}
