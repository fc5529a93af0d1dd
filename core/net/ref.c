/* SPDX-License-Identifier: Apache-2.0 */
/* What an epoll event of the stack is about. */
#include "core/net/ref.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

_Static_assert(sizeof(struct ref) == sizeof(uint64_t), "a ref fits epoll's data");

static int ref_control(int epfd, int op, int fd, struct epoll_event ev, struct ref r)
{
	memcpy(&ev.data.u64, &r, sizeof(r));
	return epoll_ctl(epfd, op, fd, &ev) == 0 ? 0 : -errno;
}

int ref_add(int epfd, int fd, uint32_t events, struct ref r)
{
	return ref_control(epfd, EPOLL_CTL_ADD, fd,
			   (struct epoll_event){ .events = events }, r);
}

int ref_set(int epfd, int fd, uint32_t events, struct ref r)
{
	return ref_control(epfd, EPOLL_CTL_MOD, fd,
			   (struct epoll_event){ .events = events }, r);
}

struct ref ref_of(uint64_t data)
{
	struct ref r;

	memcpy(&r, &data, sizeof(r));
	return r;
}
