/* SPDX-License-Identifier: Apache-2.0 */
#include "core/net/fragment.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "core/base/mem.h"
#include "tests/unit/test.h"

#define PIECES 200
#define NOW    1000

/* An echo request of n bytes, cut. */
struct cut {
	uint8_t whole[PACKET_WHOLE];
	size_t n;
	uint8_t v[PIECES][1500];
	size_t len[PIECES];
	size_t pieces;
};

static struct packet_path path_of(bool six, uint8_t from)
{
	struct packet_path p = { 0 };

	ipam_parse_addr(six ? "fd00:1::2" : "172.17.0.2", &p.src);
	ipam_parse_addr(six ? "2001:db8::1" : "192.0.2.1", &p.dst);
	p.src.bytes[six ? 15 : 3] = from;
	return p;
}

static struct cut *cut_new(bool six, size_t n, uint8_t from, uint16_t id)
{
	struct cut *c = mem_new(struct cut);
	const struct packet_path path = path_of(six, from);
	uint8_t *message = mem_alloc(n);
	size_t at = 0;

	for (size_t i = 0; i < n; i++)
		message[i] = (uint8_t)(i % 251);
	message[4] = 1;
	message[5] = 2;
	c->n = packet_write_echo(c->whole, &path, message, n);
	c->whole[six ? 40 : 20] = six ? 128 : 8;
	while ((c->len[c->pieces] =
			fragment_cut(c->whole, c->n, 1500, id, &at, c->v[c->pieces])) > 0)
		c->pieces++;
	free(message);
	return c;
}

static int put(struct fragments *f, const struct cut *c, size_t i, struct packet *k)
{
	return fragment_add(f, c->v[i], c->len[i], NOW, k);
}

static void check_whole(const struct cut *c, const struct packet *k, size_t header)
{
	CHECK_INT(k->kind, PACKET_ECHO);
	CHECK_INT(k->id, 0x0102);
	CHECK_INT(k->longest, c->len[0]);
	CHECK_INT(k->l4_len, c->n - header);
	CHECK(k->l4_len == c->n - header &&
	      memcmp(k->l4, c->whole + header, k->l4_len) == 0);
}

TEST(put_together_in_any_order)
{
	static const size_t sizes[] = { 1481, 1488, 8008, 33333, 65515 };
	autofree struct fragments *f = mem_new(struct fragments);
	struct packet k;

	for (size_t s = 0; s < 2 * ARRAY_LEN(sizes); s++) {
		bool six = s % 2;
		autofree struct cut *c = cut_new(six, sizes[s / 2], 2, (uint16_t)s);
		size_t n = c->pieces;

		CHECK(n > 1);
		for (size_t i = 0; i < n; i++) {
			CHECK(c->len[i] <= 1500);
			CHECK_INT(put(f, c, i, &k), i + 1 < n ? -EAGAIN : 0);
		}
		check_whole(c, &k, six ? 40 : 20);
		for (size_t i = n; i--;)
			CHECK_INT(put(f, c, i, &k), i ? -EAGAIN : 0);
		check_whole(c, &k, six ? 40 : 20);
	}
}

TEST(what_does_not_fit_ends_it)
{
	autofree struct fragments *f = mem_new(struct fragments);
	autofree struct cut *c = cut_new(false, 8008, 2, 7), *other = NULL;
	struct packet k;

	/* One of them twice: what was there is forgotten. */
	CHECK_INT(put(f, c, 0, &k), -EAGAIN);
	CHECK_INT(put(f, c, 0, &k), -EINVAL);
	for (size_t i = 1; i < c->pieces; i++)
		CHECK_INT(put(f, c, i, &k), -EAGAIN);
	/* Behind the last. */
	other = cut_new(false, 20000, 2, 7);
	CHECK_INT(put(f, other, other->pieces - 2, &k), -EINVAL);
	/* Beyond what a packet can have; cut off; of no whole unit; not a fragment. */
	c->v[1][6] = 0x3f;
	c->v[1][7] = 0xff;
	CHECK_INT(put(f, c, 1, &k), -EINVAL);
	CHECK_INT(fragment_add(f, c->v[0], c->len[0] - 1, NOW, &k), -EINVAL);
	c->v[0][3]--;
	CHECK_INT(put(f, c, 0, &k), -EINVAL);
	c->v[0][6] = c->v[0][7] = 0;
	CHECK_INT(put(f, c, 0, &k), -EINVAL);
}

TEST(nobody_takes_all_places)
{
	autofree struct fragments *f = mem_new(struct fragments);
	autofree struct cut *mine = cut_new(true, 3000, 2, 1);
	struct packet k;

	CHECK_INT(put(f, mine, 0, &k), -EAGAIN);
	for (uint16_t id = 0; id < 100; id++) {
		autofree struct cut *c = cut_new(true, 3000, 3, id);

		CHECK_INT(put(f, c, 0, &k), -EAGAIN);
	}
	CHECK_INT(put(f, mine, 1, &k), -EAGAIN);
	CHECK_INT(put(f, mine, 2, &k), 0);
	/* And what does not go on is forgotten. */
	CHECK_INT(put(f, mine, 0, &k), -EAGAIN);
	CHECK_INT(fragment_add(f, mine->v[1], mine->len[1], NOW + 60000, &k), -EAGAIN);
	CHECK_INT(fragment_add(f, mine->v[2], mine->len[2], NOW + 60000, &k), -EAGAIN);
}
