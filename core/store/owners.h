/* SPDX-License-Identifier: Apache-2.0 */
/* Owners beyond the user's IDs, and what stands for them on the disk.
 *
 * An image may have files of ID 1234567, and the user 65536 IDs. Such an ID is lent a
 * slot, one of the last IDs that the user has: on the disk the file belongs to the slot,
 * and the container's ID map shows the slot as 1234567. No other file of an image is
 * given to a slot: one that really belongs to that ID is lent another (or the same, when
 * it is free), so what lies in a layer has one meaning.
 *
 * Who has such files (a layer, a container, a volume, a cache of builds, a temporary of
 * tmp/) says so in a file `owners` in its own folder, before the first of them is made.
 * There is no other table: what all these files say together is what is lent, so that one
 * ID has one slot everywhere, and a slot is free again when the last of them is gone with
 * its folder. Lending is done under owners.lock.
 *
 * Bounds: OWNERS_MAX slots at a time, OWNERS_IMAGE_MAX for one image, so that no image
 * takes all, and a map with all of them, each with a gap beside it, is less than a page
 * of text, which is all that the kernel takes. */
#ifndef STORE_OWNERS_H
#define STORE_OWNERS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/store/store.h"

#define OWNERS_MAX       96 /* of each kind */
#define OWNERS_IMAGE_MAX 48

struct owners_line {
	uint32_t id, slot;
	bool group;
};

struct owners {
	struct owners_line *v;
	size_t len;
};

/* May a file be given to this ID as it is, by one who has the IDs below count? */
bool owners_plain(uint32_t id, uint32_t count);

/* "u 1234567 65533" or "g …", a line each. Appends to io what it has not. A pure parser:
 * fuzz target owners. -EINVAL. */
int owners_parse(const char *text, size_t n, struct owners *io);
void owners_print(const struct owners *o, struct buf *out);
void owners_add(struct owners *io, const struct owners_line *l);
void owners_merge(struct owners *io, const struct owners *from);
bool owners_find(const struct owners *o, bool group, uint32_t id, uint32_t *ret_slot);
/* How many of a kind. */
size_t owners_count(const struct owners *o, bool group);
void owners_done(struct owners *o);

/* Adds what the folder `name` of dirfd says; nothing when it says nothing. */
int owners_read(int dirfd, const char *name, struct owners *io, struct err *e);
/* Makes the folder say all of o. The caller holds the lock, or alone knows the folder. */
int owners_write(int dirfd, const char *name, const struct owners *o, struct err *e);
/* What is lent now. */
int owners_all(const struct store *s, struct owners *ret, struct err *e);

/* fd of owners.lock. */
int owners_lock(const struct store *s, struct err *e);
/* The line for an ID that is not plain, of one who has the IDs below count; more: lines
 * that no folder says yet. The caller holds the lock until a folder says it. -EOVERFLOW:
 * no slot is free. */
struct owners_want {
	uint32_t id, count;
	bool group;
};
int owners_pick(const struct store *s, const struct owners *more,
		const struct owners_want *w, struct owners_line *ret, struct err *e);
/* All of that, for the folder dirfd. -EOVERFLOW also when it has OWNERS_IMAGE_MAX. */
int owners_lend(const struct store *s, int dirfd, const struct owners_want *w,
		uint32_t *ret_slot, struct err *e);
/* -EOVERFLOW: these are more than one image may have. */
int owners_check(const struct owners *o, struct err *e);

#endif
