/* SPDX-License-Identifier: Apache-2.0 */
/* A layer's blob in the making: tmp/pack-…, locked by its maker. */
#include "core/image/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/blob.h"
#include "core/store/lease.h"
#include "core/wire/compression.h"
#include "core/wire/hasher.h"

struct pack {
	const struct store *store;
	char *name; /* in tmp/; NULL: adopted */
	int fd;
	struct hasher *tar, *blob;
	struct encoder *encoder;
	uint64_t tar_size, blob_size;
};

static int write_blob(void *arg, const void *p, size_t n)
{
	struct pack *k = arg;

	hasher_add(k->blob, p, n);
	k->blob_size += n;
	return fd_write_all(k->fd, p, n);
}

int pack_new(const struct store *s, struct pack **ret, struct err *e)
{
	uint64_t random;

	id_random(&random, sizeof(random));
	autofree char *name = str_fmt("pack-%016llx", (unsigned long long)random);
	autoclose int fd =
		openat(s->tmp_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB))
		return err_sys(e, "write a layer");
	struct pack *k = mem_new(struct pack);
	k->store = s;
	k->name = TAKE_PTR(name);
	k->fd = TAKE_FD(fd);
	k->tar = hasher_new(DIGEST_SHA256);
	k->blob = hasher_new(DIGEST_SHA256);
	k->encoder = encoder_new(COMPRESSION_GZIP, 0, write_blob, k);
	*ret = k;
	return 0;
}

int pack_write(void *pack, const void *p, size_t n)
{
	struct pack *k = pack;

	hasher_add(k->tar, p, n);
	k->tar_size += n;
	return encoder_write(k->encoder, p, n, NULL);
}

int pack_finish(struct pack *p, struct pack_result *ret, struct err *e)
{
	int r = encoder_finish(p->encoder, e);

	if (r < 0)
		return err_wrap(e, "write a layer");
	hasher_finish(p->tar, &ret->diff_id);
	hasher_finish(p->blob, &ret->blob);
	ret->tar_size = p->tar_size;
	ret->blob_size = p->blob_size;
	return 0;
}

/* In this order: from the moment that it is a blob a collection may find it. */
int pack_adopt(struct pack *p, const struct pack_result *r, const struct digest *chain,
	       int *ret_lease, struct err *e)
{
	const struct digest keep[] = { r->blob, *chain };
	int lease = lease_take(p->store, keep, ARRAY_LEN(keep), e);
	int rc = 0;

	if (lease < 0)
		return lease;
	if (!blob_has_size(p->store, &r->blob, r->blob_size)) {
		rc = blob_adopt(p->store, p->store->tmp_fd, p->name, &r->blob, e);
		str_set(&p->name, NULL);
	}
	if (rc < 0)
		lease_drop(p->store, lease);
	else
		*ret_lease = lease;
	return rc;
}

void pack_free(struct pack *p)
{
	if (!p)
		return;
	if (p->name)
		unlinkat(p->store->tmp_fd, p->name, 0);
	free(p->name);
	fd_close(p->fd);
	encoder_free(p->encoder);
	hasher_free(p->tar);
	hasher_free(p->blob);
	free(p);
}
