/* SPDX-License-Identifier: Apache-2.0 */
/* Frames from a socket. */
#include "core/engine/framesock.h"

#include <errno.h>
#include <string.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#define READ_SIZE 16384
#define EXIT_SIZE 4

static uint32_t number(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

int framesock_next(struct framesock *f, struct frame *ret)
{
	buf_consume(&f->in, f->used);
	f->used = 0;
	for (;;) {
		int r = f->in.len ? frame_parse((const uint8_t *)f->in.data, f->in.len,
						ret, &f->used)
				  : 0;
		if (r)
			return r;
		if ((r = buf_reserve(&f->in, READ_SIZE)) < 0)
			return r;
		ssize_t n = fd_read(f->fd, f->in.data + f->in.len, READ_SIZE);
		if (n <= 0)
			return (int)n;
		f->in.len += (size_t)n;
	}
}

int framesock_exit_code(const struct frame *f)
{
	return f->size == EXIT_SIZE ? (int)(number(f->payload) & 0xff) : -EPROTO;
}

int framesock_error(const struct frame *f, struct err *e)
{
	if (f->size < EXIT_SIZE)
		return err_set(e, -EPROTO, "the monitor sent a wrong frame");
	int code = (int)number(f->payload);
	autofree char *text =
		str_ndup((const char *)f->payload + EXIT_SIZE, f->size - EXIT_SIZE);
	return err_set(e, code < 0 ? code : -EIO, "%s", text);
}

bool framesock_wait_exit(int sock, int *ret_code)
{
	autodone(framesock_done) struct framesock f = { .fd = sock };
	struct frame frame;

	while (framesock_next(&f, &frame) > 0) {
		int code = frame.stream == FRAME_EXIT ? framesock_exit_code(&frame) : -1;
		if (code >= 0) {
			*ret_code = code;
			return true;
		}
	}
	return false;
}

void framesock_done(struct framesock *f)
{
	buf_done(&f->in);
}
