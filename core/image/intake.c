/* SPDX-License-Identifier: Apache-2.0 */
/* Where the tar of a new layer comes from. */
#include "core/image/intake.h"

#include <errno.h>
#include <sched.h>
#include <sys/mman.h>

#include "core/base/fd.h"
#include "core/image/diff.h"
#include "core/image/unpack.h"
#include "core/ns/userns.h"

#define CHUNK (256 * 1024)

/* --- a stream ----------------------------------------------------------------------- */

struct source {
	int fd;
	uint64_t bytes;
};

static ssize_t read_source(void *arg, void *p, size_t n)
{
	struct source *s = arg;
	ssize_t k = fd_read(s->fd, p, n);

	if (k > 0)
		s->bytes += (uint64_t)k;
	return k;
}

/* What grows beyond the measure of unpack.h is not even packed. */
static int pump(struct decoder *d, const struct source *s, struct pack *p, struct err *e)
{
	autofree uint8_t *chunk = mem_alloc(CHUNK);
	uint64_t sum = 0;
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = decoder_read(d, chunk, CHUNK, e)) != 0) {
		if (n < 0)
			return (int)n;
		sum += (uint64_t)n;
		if (sum > unpack_limit(s->bytes))
			return err_set(e, -EFBIG,
				       "the archive unpacks to far more than its "
				       "compressed size lets expect");
		r = pack_write(p, chunk, (size_t)n);
		if (r < 0)
			err_code(e, r, "write a layer");
	}
	return r;
}

int intake_tar(struct pack *p, int fd, struct pack_result *ret, struct err *e)
{
	struct source s = { .fd = fd };
	struct decoder *d = decoder_new(read_source, &s, UINT64_MAX);
	int r = pump(d, &s, p, e);

	decoder_free(d);
	return r < 0 ? r : pack_finish(p, ret, e);
}

/* --- an upper folder ---------------------------------------------------------------- */

/* In memory that the child in the realm shares with us. */
struct answer {
	struct pack_result packed;
	uint64_t entries;
};

struct job {
	const struct intake_upper *from;
	struct pack *pack;
	struct answer *answer;
};

static int run(void *arg, struct err *e)
{
	const struct job *j = arg;
	int r = j->from->uid ? userns_enter(j->from->uid, j->from->gid, e) : 0;

	if (r < 0)
		return r;
	r = diff_write(j->from->dirfd, j->from->skip, pack_write, j->pack,
		       &j->answer->entries, e);

	return r < 0 ? r : pack_finish(j->pack, &j->answer->packed, e);
}

int intake_upper(struct pack *p, const struct intake_upper *u, struct pack_result *ret,
		 struct err *e)
{
	struct answer *a = mmap(NULL, sizeof(*a), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct job j = { u, p, a };
	int r;

	if (a == MAP_FAILED)
		return err_sys(e, "share memory");
	r = u->realm_pidfd < 0 ? run(&j, e)
			       : userns_call(u->realm_pidfd, CLONE_NEWUSER, run, &j, e);
	if (r >= 0) {
		*ret = a->packed;
		r = a->entries > 0;
	}
	munmap(a, sizeof(*a));
	return r;
}
