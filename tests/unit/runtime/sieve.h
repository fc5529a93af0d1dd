/* SPDX-License-Identifier: Apache-2.0 */
/* A compiled seccomp filter in a cache of the test's own, asked what it answers. */
#ifndef TESTS_UNIT_RUNTIME_SIEVE_H
#define TESTS_UNIT_RUNTIME_SIEVE_H

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/oci/capability.h"
#include "core/runtime/filter.h"
#include "tests/unit/test.h"

#define ALLOW   SCMP_ACT_ALLOW
#define EPERMS  SCMP_ACT_ERRNO(EPERM)
#define ENOSYSS SCMP_ACT_ERRNO(ENOSYS)

struct sieve {
	char dir[64];
	int fd;
	char *name;
	struct buf program;
	struct err e;
};

static inline void sieve_open(struct sieve *s)
{
	*s = (struct sieve){ .dir = "/tmp/rootless-unit-XXXXXX" };
	CHECK(mkdtemp(s->dir) != NULL);
	s->fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* As filter_ensure; the program is read back. */
static inline int sieve_ensure(struct sieve *s, const char *profile, uint64_t caps)
{
	int r;

	free(TAKE_PTR(s->name));
	buf_reset(&s->program);
	s->e = (struct err){ 0 };
	r = filter_ensure(s->fd, profile, caps, &s->name, &s->e);
	if (r == 0)
		r = file_read(s->fd, s->name, 1u << 20, &s->program);
	return r;
}

static inline void sieve_close(struct sieve *s)
{
	fd_close(s->fd);
	CHECK_INT(file_remove_tree(AT_FDCWD, s->dir), 0);
	free(s->name);
	buf_done(&s->program);
}

static inline uint32_t sieve_ask(const struct sieve *s, uint32_t arch, uint32_t nr,
				 const uint64_t args[6])
{
	static const uint64_t none[6];

	return filter_simulate(s->program.data, s->program.len, arch, nr,
			       args ? args : none);
}

/* The native number. libseccomp has none of its own for socket where a multiplexer stands
 * before it (s390x). */
static inline uint32_t sieve_number(const char *name)
{
	return str_eq(name, "socket") ? (uint32_t)SYS_socket
				      : (uint32_t)seccomp_syscall_resolve_name(name);
}

/* The native architecture's call by name, with one argument set. */
static inline uint32_t sieve_call(const struct sieve *s, const char *name,
				  unsigned int at, uint64_t value)
{
	uint64_t args[6] = { 0 };

	args[at] = value;
	return sieve_ask(s, seccomp_arch_native(), sieve_number(name), args);
}

/* One profile, one cache, thrown away with the scope. */
static inline struct sieve sieve_of(const char *profile)
{
	struct sieve s;

	sieve_open(&s);
	CHECK_INT(sieve_ensure(&s, profile, CAPABILITY_DEFAULT), 0);
	CHECK_STR(s.e.text, "");
	return s;
}

/* What compiling the profile fails with. */
#define CHECK_REFUSED(profile, code, sentence) \
	do { \
		struct sieve s_; \
		sieve_open(&s_); \
		CHECK_INT(sieve_ensure(&s_, (profile), CAPABILITY_DEFAULT), (code)); \
		CHECK_STR(s_.e.text, (sentence)); \
		sieve_close(&s_); \
	} while (0)

#endif
