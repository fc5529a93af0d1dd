/* SPDX-License-Identifier: Apache-2.0 */
/* Netlink: messages built into one buffer, sent together, each answered. */
#include "core/ns/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/fd.h"

static void netlink_reset(struct netlink *nl)
{
	nl->seq += nl->count;
	nl->count = 0;
	nl->len = 0;
	nl->current = 0;
	nl->overflow = false;
}

int netlink_open(struct netlink *nl, int protocol, struct err *e)
{
	struct sockaddr_nl sa = { .nl_family = AF_NETLINK };
	int on = 1;

	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (nl->fd < 0)
		return err_sys(e, "open netlink socket");
	nl->seq = 1;
	nl->count = 0;
	netlink_reset(nl);
	/* Both only make errors better; older kernels lack them. */
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	if (bind(nl->fd, (struct sockaddr *)&sa, sizeof(sa)) != 0) {
		int rc = err_sys(e, "bind netlink socket");

		nl->fd = fd_close(nl->fd);
		return rc;
	}
	return 0;
}

void netlink_done(struct netlink *nl)
{
	if (nl->fd > 0)
		nl->fd = fd_close(nl->fd);
}

static void *netlink_room(struct netlink *nl, size_t n)
{
	size_t aligned = NLMSG_ALIGN(n);
	void *p = nl->data + nl->len;

	if (nl->overflow || aligned > NETLINK_BUFFER - nl->len) {
		nl->overflow = true;
		return NULL;
	}
	memset(p, 0, aligned);
	nl->len += aligned;
	if (nl->len > nl->current + sizeof(struct nlmsghdr)) {
		struct nlmsghdr *h = (struct nlmsghdr *)(nl->data + nl->current);

		h->nlmsg_len = (uint32_t)(nl->len - nl->current);
	}
	return p;
}

static struct nlmsghdr *netlink_start(struct netlink *nl, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h;

	nl->current = nl->len;
	h = netlink_room(nl, sizeof(*h));
	if (!h)
		return NULL;
	h->nlmsg_len = sizeof(*h);
	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	return h;
}

void netlink_begin(struct netlink *nl, const char *what, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h;

	if (nl->count == NETLINK_MESSAGES)
		nl->overflow = true;
	h = netlink_start(nl, type, (uint16_t)(flags | NLM_F_ACK));
	if (!h)
		return;
	h->nlmsg_seq = nl->seq + nl->count;
	nl->requests[nl->count++] = (struct netlink_request){ .what = what };
}

void netlink_mark(struct netlink *nl, uint16_t type)
{
	struct nlmsghdr *h = netlink_start(nl, type, 0);

	/* An error of the batch as a whole is reported under the mark's number. */
	if (h)
		h->nlmsg_seq = nl->seq + (nl->count ? nl->count - 1 : 0);
}

void netlink_tolerate(struct netlink *nl, int code)
{
	if (nl->count && !nl->overflow)
		nl->requests[nl->count - 1].tolerated = code;
}

void *netlink_header(struct netlink *nl, size_t size)
{
	return netlink_room(nl, size);
}

void netlink_put(struct netlink *nl, uint16_t type, const void *p, size_t n)
{
	struct nlattr *a;

	if (n > UINT16_MAX - sizeof(*a)) {
		nl->overflow = true;
		return;
	}
	a = netlink_room(nl, sizeof(*a) + n);
	if (!a)
		return;
	a->nla_type = type;
	a->nla_len = (uint16_t)(sizeof(*a) + n);
	if (n)
		memcpy(a + 1, p, n);
}

void netlink_put_str(struct netlink *nl, uint16_t type, const char *s)
{
	netlink_put(nl, type, s, strlen(s) + 1);
}

void netlink_put_u8(struct netlink *nl, uint16_t type, uint8_t v)
{
	netlink_put(nl, type, &v, sizeof(v));
}

void netlink_put_u16(struct netlink *nl, uint16_t type, uint16_t v)
{
	netlink_put(nl, type, &v, sizeof(v));
}

void netlink_put_u32(struct netlink *nl, uint16_t type, uint32_t v)
{
	netlink_put(nl, type, &v, sizeof(v));
}

void netlink_put_be32(struct netlink *nl, uint16_t type, uint32_t v)
{
	netlink_put_u32(nl, type, htonl(v));
}

size_t netlink_nest(struct netlink *nl, uint16_t type)
{
	size_t at = nl->len;

	netlink_put(nl, type | NLA_F_NESTED, NULL, 0);
	return at;
}

void netlink_nest_end(struct netlink *nl, size_t nest)
{
	struct nlattr *a = (struct nlattr *)(nl->data + nest);

	if (!nl->overflow)
		a->nla_len = (uint16_t)(nl->len - nest);
}

const struct nlattr *netlink_find(const void *attrs, size_t n, uint16_t type)
{
	const uint8_t *p = attrs;

	while (n >= sizeof(struct nlattr)) {
		const struct nlattr *a = (const struct nlattr *)p;
		size_t step = NLA_ALIGN(a->nla_len);

		if (a->nla_len < sizeof(*a) || a->nla_len > n)
			return NULL;
		if ((a->nla_type & NLA_TYPE_MASK) == type)
			return a;
		if (step >= n)
			return NULL;
		p += step;
		n -= step;
	}
	return NULL;
}

/* The kernel's own words about a refusal (NLMSGERR_ATTR_MSG), or NULL. */
static const char *netlink_words(const struct nlmsghdr *h)
{
	const struct nlmsgerr *me = NLMSG_DATA(h);
	size_t at = NLMSG_HDRLEN + sizeof(*me);
	const struct nlattr *a;

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		at += NLMSG_ALIGN(me->msg.nlmsg_len) - sizeof(struct nlmsghdr);
	if (at >= h->nlmsg_len)
		return NULL;
	a = netlink_find((const uint8_t *)h + at, h->nlmsg_len - at, NLMSGERR_ATTR_MSG);
	if (!a || a->nla_len < NLA_HDRLEN + 2)
		return NULL;
	if (((const char *)a)[a->nla_len - 1] != 0)
		return NULL;
	return (const char *)a + NLA_HDRLEN;
}

/* One answer; *left counts what is awaited. 0, or the first real refusal. */
static int netlink_answer(struct netlink *nl, const struct nlmsghdr *h, uint32_t *left,
			  struct err *e)
{
	const struct nlmsgerr *me = NLMSG_DATA(h);
	uint32_t i = h->nlmsg_seq - nl->seq;
	const char *words;

	if (h->nlmsg_type != NLMSG_ERROR || h->nlmsg_len < NLMSG_LENGTH(sizeof(*me)) ||
	    i >= nl->count)
		return 0;
	(*left)--;
	if (me->error >= 0 || me->error == nl->requests[i].tolerated)
		return 0;
	words = netlink_words(h);
	if (words)
		return err_code(e, me->error, "%s: %s", nl->requests[i].what, words);
	return err_code(e, me->error, "%s", nl->requests[i].what);
}

static ssize_t netlink_receive(struct netlink *nl, void *p, size_t n, int flags)
{
	ssize_t got;

	do
		got = recv(nl->fd, p, n, flags);
	while (got < 0 && errno == EINTR);
	return got;
}

static int netlink_send(struct netlink *nl, struct err *e)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	if (nl->overflow)
		return err_set(e, -E2BIG, "netlink request is too long");
	if (sendto(nl->fd, nl->data, nl->len, 0, (struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
		return err_sys(e, "send netlink request");
	return 0;
}

/* The kernel queues every answer before the sendto returns. So an empty queue means that
 * a batch was refused as a whole, with one answer in place of one for each message. */
static int netlink_answers(struct netlink *nl, struct err *e)
{
	uint8_t answer[8192] __attribute__((aligned(8)));
	uint32_t left = nl->count;
	int first = 0;

	while (left) {
		ssize_t got = netlink_receive(nl, answer, sizeof(answer), MSG_DONTWAIT);
		unsigned int n = (unsigned int)got;

		if (got < 0 && errno == EAGAIN && first)
			break;
		if (got < 0)
			return err_sys(e, "read netlink answer");
		for (struct nlmsghdr *h = (void *)answer; NLMSG_OK(h, n);
		     h = NLMSG_NEXT(h, n)) {
			int rc = netlink_answer(nl, h, &left, first ? NULL : e);

			first = first ? first : rc;
		}
	}
	return first;
}

int netlink_commit(struct netlink *nl, struct err *e)
{
	int rc = netlink_send(nl, e);

	if (!rc)
		rc = netlink_answers(nl, e);
	netlink_reset(nl);
	return rc;
}

int netlink_dump(struct netlink *nl, netlink_dump_fn *fn, void *arg, struct err *e)
{
	uint8_t answer[32768] __attribute__((aligned(8)));
	int rc = netlink_send(nl, e);

	while (!rc) {
		ssize_t got = netlink_receive(nl, answer, sizeof(answer), 0);
		unsigned int n = (unsigned int)got;

		if (got < 0) {
			rc = err_sys(e, "read netlink dump");
			break;
		}
		for (struct nlmsghdr *h = (void *)answer; NLMSG_OK(h, n) && !rc;
		     h = NLMSG_NEXT(h, n)) {
			if (h->nlmsg_type == NLMSG_DONE)
				goto out;
			if (h->nlmsg_type == NLMSG_ERROR) {
				uint32_t left = 1;

				rc = netlink_answer(nl, h, &left, e);
				goto out;
			}
			rc = fn(h, arg);
		}
	}
out:
	netlink_reset(nl);
	return rc;
}
