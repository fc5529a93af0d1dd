/* SPDX-License-Identifier: Apache-2.0 */
/* One attach client. */
#include "core/runtime/client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "core/base/fd.h"
#include "core/base/mem.h"

#define LEAVE_MS 5000

void client_init(struct client *c, int fd, bool owner)
{
	*c = (struct client){ .fd = fd, .owner = owner };
}

ssize_t client_fill(struct client *c)
{
	ssize_t n;

	if (c->in_len == sizeof(c->in))
		return 0;
	do
		n = recv(c->fd, c->in + c->in_len, sizeof(c->in) - c->in_len,
			 MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n == 0)
		c->ended = true;
	c->in_len += (size_t)n;
	return n;
}

static void drop(struct client *c, size_t n)
{
	c->in_len -= n;
	memmove(c->in, c->in + n, c->in_len);
}

void client_eat(struct client *c, size_t n)
{
	c->stdin_left -= (uint32_t)n;
	drop(c, n);
}

static enum client_event control(struct client *c, uint8_t stream, uint32_t size,
				 struct client_input *ret)
{
	uint8_t body[CLIENT_CONTROL];

	memcpy(body, c->in + FRAME_HEADER, size);
	drop(c, FRAME_HEADER + size);
	switch (stream) {
	case FRAME_RESIZE:
		ret->rows = (uint16_t)(body[0] << 8 | body[1]);
		ret->cols = (uint16_t)(body[2] << 8 | body[3]);
		return size == 4 ? CLIENT_RESIZE : CLIENT_BAD;
	case FRAME_START:
		return CLIENT_START;
	case FRAME_ATTACH:
		c->want = body[0];
		return size == 1 ? CLIENT_WANT : CLIENT_BAD;
	}
	return CLIENT_BAD;
}

enum client_event client_next(struct client *c, struct client_input *ret)
{
	struct frame f;

	if (c->stdin_left > 0) {
		ret->p = c->in;
		ret->n = c->in_len < c->stdin_left ? c->in_len : c->stdin_left;
		return ret->n > 0 ? CLIENT_INPUT : CLIENT_NONE;
	}
	if (c->in_len < FRAME_HEADER)
		return CLIENT_NONE;
	if (frame_parse_header(c->in, &f) < 0)
		return CLIENT_BAD;
	if (f.stream == FRAME_STDIN) {
		/* Input is passed on as it comes, not when a whole frame is here. */
		drop(c, FRAME_HEADER);
		c->stdin_left = f.size;
		return f.size == 0 ? CLIENT_EOF : client_next(c, ret);
	}
	if (f.size > CLIENT_CONTROL)
		return CLIENT_BAD;
	if (c->in_len < FRAME_HEADER + f.size)
		return CLIENT_NONE;
	return control(c, f.stream, f.size, ret);
}

int client_send(struct client *c, enum frame_stream stream, const void *p, size_t n)
{
	uint8_t header[FRAME_HEADER];
	struct iovec v[2] = { { header, sizeof(header) }, { (void *)(uintptr_t)p, n } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = n > 0 ? 2 : 1 };
	ssize_t sent = 0;
	size_t at;

	frame_header(header, stream, (uint32_t)n);
	if (c->out.len == 0) {
		do
			sent = sendmsg(c->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
		while (sent < 0 && errno == EINTR);
		if (sent < 0 && errno != EAGAIN)
			return -errno;
		if (sent < 0)
			sent = 0;
	}
	at = (size_t)sent;
	if (at < sizeof(header)) {
		int r = buf_add(&c->out, header + at, sizeof(header) - at);

		at = 0;
		return r < 0 || n == 0 ? r : buf_add(&c->out, p, n);
	}
	at -= sizeof(header);
	return at < n ? buf_add(&c->out, (const char *)p + at, n - at) : 0;
}

ssize_t client_flush(struct client *c)
{
	ssize_t n;

	if (c->out.len == 0)
		return 0;
	do
		n = send(c->fd, c->out.data, c->out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	buf_consume(&c->out, (size_t)n);
	if (c->out.len == 0)
		buf_done(&c->out);
	return n;
}

void client_fail(struct client *c, int exit_code, const struct err *e)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	uint32_t n = (uint32_t)e->code;
	uint8_t code[4] = { 0, 0, 0, (uint8_t)exit_code };
	autobuf text = { 0 };
	char rest[256];

	for (int shift = 24; shift >= 0; shift -= 8)
		buf_addc(&text, (char)(n >> shift));
	buf_adds(&text, e->text);
	/* It may have gone: then nobody wants to know. */
	client_send(c, FRAME_ERROR, text.data, text.len);
	client_send(c, FRAME_EXIT, code, sizeof(code));
	shutdown(c->fd, SHUT_WR);
	while (poll(&p, 1, LEAVE_MS) == 1 && fd_read(c->fd, rest, sizeof(rest)) > 0)
		;
}

void client_done(struct client *c)
{
	c->fd = fd_close(c->fd);
	buf_done(&c->out);
}
