/* SPDX-License-Identifier: Apache-2.0 */
/* Mozilla's roots: DER certificates one after the other, zstd-compressed (vendor's
 * ca-certificates recipe), put in by the assembler. ROOT_BUNDLE is the file's path. */
#include "core/image/rootbundle.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "core/base/mem.h"
#include "core/image/base64.h"
#include "core/wire/compression.h"

#define DER_MAX (4u << 20)

#ifdef ROOT_BUNDLE
__asm__(".section .rodata.rootbundle,\"a\"\n"
	".globl rootbundle_bytes, rootbundle_end\n"
	"rootbundle_bytes: .incbin \"" ROOT_BUNDLE "\"\n"
	"rootbundle_end: .byte 0\n"
	".previous\n");
extern const uint8_t rootbundle_bytes[], rootbundle_end[];
#define BUNDLE      rootbundle_bytes
#define BUNDLE_SIZE ((size_t)(rootbundle_end - rootbundle_bytes))
#else
#define BUNDLE      NULL
#define BUNDLE_SIZE ((size_t)0)
#endif

struct source {
	const uint8_t *p;
	size_t left;
};

static ssize_t read_source(void *arg, void *p, size_t n)
{
	struct source *s = arg;
	if (n > s->left)
		n = s->left;
	memcpy(p, s->p, n);
	s->p += n;
	s->left -= n;
	return (ssize_t)n;
}

static int unpack(struct buf *der, struct err *e)
{
	struct source s = { BUNDLE, BUNDLE_SIZE };
	struct decoder *d = decoder_new(read_source, &s, DER_MAX);
	ssize_t n = 0;
	int r = 0;

	while (r == 0) {
		r = buf_reserve(der, 65536);
		if (r < 0)
			break;
		n = decoder_read(d, der->data + der->len, 65536, e);
		if (n <= 0)
			break;
		der->len += (size_t)n;
	}
	decoder_free(d);
	return r < 0 ? r : (int)n;
}

/* Bytes of the DER SEQUENCE that p begins with; 0 when it is none. */
static size_t sequence(const uint8_t *p, size_t n)
{
	size_t len = 0, head = 2;

	if (n < 4 || p[0] != 0x30)
		return 0;
	if (p[1] < 0x80) {
		len = p[1];
	} else {
		size_t k = p[1] & 0x7f;
		if (k == 0 || k > 3 || n < 2 + k)
			return 0;
		for (size_t i = 0; i < k; i++)
			len = len << 8 | p[2 + i];
		head += k;
	}
	return len > n - head ? 0 : head + len;
}

bool rootbundle_has(void)
{
	return BUNDLE_SIZE > 0;
}

int rootbundle_pem(struct buf *out, struct err *e)
{
	autobuf der = { .max = DER_MAX };
	size_t at = 0, n;

	if (!rootbundle_has())
		return err_set(e, -ENOENT,
			       "no certificate authorities on this machine: install "
			       "ca-certificates, or name a bundle by SSL_CERT_FILE");
	int r = unpack(&der, e);
	if (r < 0)
		return err_wrap(e, "certificate authorities of this executable");
	while ((n = sequence((const uint8_t *)der.data + at, der.len - at))) {
		buf_adds(out, "-----BEGIN CERTIFICATE-----\n");
		r = base64_encode(der.data + at, n, 64, out);
		if (r < 0 || (r = buf_adds(out, "-----END CERTIFICATE-----\n")) < 0)
			return err_code(e, r,
					"certificate authorities of this executable");
		at += n;
	}
	return 0;
}
