/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/notices.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "core/wire/decoder.h"

#define TEXT_MAX (4u << 20)

#ifdef NOTICES
__asm__(".section .rodata.notices,\"a\"\n"
	".globl notices_blob, notices_blob_end\n"
	"notices_blob: .incbin \"" NOTICES "\"\n"
	"notices_blob_end: .byte 0\n"
	".previous\n");
extern const uint8_t notices_blob[], notices_blob_end[];

struct source {
	const uint8_t *p, *end;
};

static ssize_t read_source(void *arg, void *p, size_t n)
{
	struct source *s = arg;
	size_t left = (size_t)(s->end - s->p);

	n = n < left ? n : left;
	memcpy(p, s->p, n);
	s->p += n;
	return (ssize_t)n;
}

int notices_text(struct buf *out, struct err *e)
{
	struct source s = { notices_blob, notices_blob_end };
	struct decoder *d = decoder_new(read_source, &s, TEXT_MAX);
	char chunk[4096];
	ssize_t n;

	while ((n = decoder_read(d, chunk, sizeof(chunk), e)) > 0)
		buf_add(out, chunk, (size_t)n);
	decoder_free(d);
	return n < 0 ? (int)n : 0;
}
#else
int notices_text(struct buf *out, struct err *e)
{
	return err_set(e, -ENOENT, "this build carries no licence texts");
}
#endif
