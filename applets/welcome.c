/* SPDX-License-Identifier: Apache-2.0 */
/* rootless welcome: the program of the @welcome image. A small HTTP server that shows
 * what its container sees of its own isolation. It reads that once, then gives up every
 * file, every capability and every system call but those of serving. One answer a
 * connection; at most CONNECTIONS at a time, each with one fixed buffer and a deadline.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <linux/seccomp.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/fd.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/engine/selfview.h"
#include "core/ns/bpf.h"
#include "core/ns/caps.h"
#include "core/ns/landlock.h"
#include "core/wire/http.h"

#define CONNECTIONS 64
#define REQUEST_MAX 8192
#define DEADLINE_MS 10000
#define DRAIN_MS    1000
#define NOBODY      65534

struct welcome {
	int64_t port;
};

static const struct opt opts[] = {
	OPT_INT(struct welcome, port, 'p', "port", "Port to serve on", "80"),
	OPT_END,
};

struct server;

struct connection {
	struct server *server;
	struct loop_io *io;
	struct loop_timer *deadline;
	int fd; /* -1: free */
	char peer[INET6_ADDRSTRLEN + 16];
	char in[REQUEST_MAX];
	size_t in_len;
	struct buf out;
	size_t sent;
	bool answered; /* only the client's end is waited for */
};

struct server {
	struct loop *loop;
	struct strv view;
	struct connection c[CONNECTIONS];
};

/* --- the page ------------------------------------------------------------------ */

static void add_html(struct buf *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '<')
			buf_adds(out, "&lt;");
		else if (*s == '>')
			buf_adds(out, "&gt;");
		else if (*s == '&')
			buf_adds(out, "&amp;");
		else if (*s == '"')
			buf_adds(out, "&quot;");
		else
			buf_addc(out, *s);
	}
}

static void add_row(struct buf *out, bool html, const char *label, size_t n,
		    const char *value)
{
	autofree char *name = str_ndup(label, n);

	if (!html) {
		buf_addf(out, "%-14s %s\n", name, value);
		return;
	}
	buf_adds(out, "<tr><th>");
	add_html(out, name);
	buf_adds(out, "</th><td>");
	add_html(out, value);
	buf_adds(out, "</td></tr>\n");
}

static void make_page(const struct connection *c, bool html, struct buf *out)
{
	const struct strv *view = &c->server->view;

	buf_adds(out,
		 html ? "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
			"<title>rootless works</title><style>body{font:16px/1.5 "
			"system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 "
			"1em}th{text-align:left;vertical-align:top;padding-right:1em;"
			"white-space:nowrap}td{font-family:monospace;word-break:break-"
			"word}</style></head><body><h1>rootless works</h1>\n<p>This page "
			"comes from a container that an ordinary user started. What it "
			"sees of its own isolation:</p>\n<table>\n"
		      : "rootless works: this page comes from a container that an "
			"ordinary user started.\n\n");
	add_row(out, html, "Your address", strlen("Your address"), c->peer);
	for (size_t n = 0; n < view->len; n++) {
		const char *tab = strchr(view->v[n], '\t');

		add_row(out, html, view->v[n], (size_t)(tab - view->v[n]), tab + 1);
	}
	if (html)
		buf_adds(out, "</table></body></html>\n");
}

/* --- one connection ------------------------------------------------------------ */

static void hang_up(struct connection *c)
{
	loop_io_del(c->io);
	loop_timer_del(c->deadline);
	c->fd = fd_close(c->fd);
	buf_done(&c->out);
	c->io = NULL;
	c->deadline = NULL;
	c->in_len = c->sent = 0;
	c->answered = false;
}

/* Reads on for a moment what the client still sends: closing at once would reset the
 * connection and could take the answer from it. */
static void drain(struct connection *c)
{
	ssize_t n = recv(c->fd, c->in, REQUEST_MAX, MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		hang_up(c);
}

static void answer(struct connection *c, int status, bool head_only, const char *type,
		   const struct buf *body)
{
	struct http_response r = {
		.status = status,
		.type = type,
		.length = body->len,
		.close = true,
		.more = status == 405 ? "Allow: GET, HEAD\r\n"
				      : "Cache-Control: no-store\r\n"
					"X-Content-Type-Options: nosniff\r\n",
	};

	http_print_response(&c->out, &r);
	if (!head_only)
		buf_add(&c->out, body->data, body->len);
	loop_io_set(c->io, EPOLLOUT);
}

static void refuse(struct connection *c, int status)
{
	autobuf body = { 0 };

	buf_addf(&body, "%s\n", http_reason(status));
	answer(c, status, false, "text/plain; charset=utf-8", &body);
}

static void log_request(const struct connection *c, const struct http_request *r,
			int status)
{
	autofree char *line = str_fmt("%.*s %.*s", (int)r->method.n, r->method.p,
				      (int)r->target.n, r->target.p);
	autobuf shown = { 0 };

	str_escape(&shown, line);
	printf("%s \"%s\" %d\n", c->peer, buf_str(&shown), status);
	fflush(stdout);
}

static void serve(struct connection *c, const struct http_request *r)
{
	bool head = http_is(&r->method, "HEAD"),
	     html = http_lists(r, "Accept", "text/html");
	int status = 200;
	autobuf body = { 0 };

	if (!head && !http_is(&r->method, "GET"))
		status = 405;
	else if (!http_is(&r->path, "/") && !http_is(&r->path, "/index.html"))
		status = 404;
	log_request(c, r, status);
	if (status != 200) {
		refuse(c, status);
		return;
	}
	make_page(c, html, &body);
	answer(c, 200, head,
	       html ? "text/html; charset=utf-8" : "text/plain; charset=utf-8", &body);
}

static void receive(struct connection *c)
{
	struct http_request r;
	ssize_t n = recv(c->fd, c->in + c->in_len, REQUEST_MAX - c->in_len, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		hang_up(c);
		return;
	}
	c->in_len += (size_t)n;
	n = http_parse_request(c->in, c->in_len, &r);
	if (n > 0)
		serve(c, &r);
	else if (n == -ENAMETOOLONG)
		refuse(c, 414);
	else if (n == -EPROTONOSUPPORT)
		refuse(c, 505);
	else if (n == -E2BIG || (n == 0 && c->in_len == REQUEST_MAX))
		refuse(c, 431);
	else if (n < 0)
		refuse(c, 400);
}

static void transmit(struct connection *c)
{
	ssize_t n = send(c->fd, c->out.data + c->sent, c->out.len - c->sent,
			 MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	c->sent += n > 0 ? (size_t)n : 0;
	if (n < 0) {
		hang_up(c);
	} else if (c->sent == c->out.len) {
		shutdown(c->fd, SHUT_WR);
		c->answered = true;
		loop_io_set(c->io, EPOLLIN);
		loop_timer_set(c->deadline, DRAIN_MS);
	}
}

static void on_io(struct loop *l, int fd, uint32_t events, void *arg)
{
	struct connection *c = arg;

	if (c->answered)
		drain(c);
	else if (c->out.len)
		transmit(c);
	else
		receive(c);
}

static void on_deadline(struct loop *l, void *arg)
{
	hang_up(arg);
}

/* --- the listener -------------------------------------------------------------- */

/* "172.17.0.1:4711"; an IPv4 client of a dual-stack socket as IPv4. */
static void name_peer(const struct sockaddr_storage *a, char *dst, size_t size)
{
	const struct sockaddr_in6 *six = (const void *)a;
	const struct sockaddr_in *four = (const void *)a;
	char text[INET6_ADDRSTRLEN] = "";

	if (a->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
		inet_ntop(AF_INET, six->sin6_addr.s6_addr + 12, text, sizeof(text));
		str_print(dst, size, "%s:%u", text, ntohs(six->sin6_port));
	} else if (a->ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof(text));
		str_print(dst, size, "[%s]:%u", text, ntohs(six->sin6_port));
	} else {
		inet_ntop(AF_INET, &four->sin_addr, text, sizeof(text));
		str_print(dst, size, "%s:%u", text, ntohs(four->sin_port));
	}
}

static void on_accept(struct loop *l, int fd, uint32_t events, void *arg)
{
	struct server *s = arg;
	struct connection *c = NULL;
	struct sockaddr_storage a = { 0 };
	socklen_t n = sizeof(a);
	int client = accept4(fd, (struct sockaddr *)&a, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (client < 0)
		return;
	for (size_t i = 0; i < CONNECTIONS && !c; i++)
		if (s->c[i].fd < 0)
			c = &s->c[i];
	if (!c) {
		fd_close(client);
		return;
	}
	c->fd = client;
	c->io = loop_io_add(l, client, EPOLLIN, on_io, c);
	c->deadline = loop_timer_add(l, DEADLINE_MS, on_deadline, c);
	name_peer(&a, c->peer, sizeof(c->peer));
	if (!c->io)
		hang_up(c);
}

static void on_signal(struct loop *l, int signo, void *arg)
{
	loop_stop(l, 0);
}

static int listen_on(uint16_t port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
	int on = 1, off = 0;

	autoclose int fd =
		socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, (struct sockaddr *)&six, sizeof(six))) {
		fd = fd_close(fd);
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		if (fd < 0 || bind(fd, (struct sockaddr *)&four, sizeof(four)))
			return -errno;
	}
	return listen(fd, CONNECTIONS) ? -errno : TAKE_FD(fd);
}

/* --- confinement --------------------------------------------------------------- */

static int confine(struct err *e)
{
	static const int calls[] = {
		__NR_accept4,      __NR_read,           __NR_write,
		__NR_writev,       __NR_recvfrom,       __NR_sendto,
		__NR_shutdown,     __NR_close,          __NR_epoll_ctl,
		__NR_epoll_pwait,  __NR_fcntl,          __NR_brk,
		__NR_munmap,       __NR_mremap,         __NR_madvise,
		__NR_rt_sigreturn, __NR_rt_sigprocmask, __NR_timerfd_create,
		__NR_exit,         __NR_exit_group,
#ifdef __NR_epoll_wait
		__NR_epoll_wait,
#endif
#ifdef __NR_mmap
		__NR_mmap,         __NR_clock_gettime,  __NR_timerfd_settime,
#else /* 32 bits: the second of two generations, and musl's names of the first */
		__NR_mmap2,          __NR_clock_gettime64, __NR_timerfd_settime64,
		__NR_timerfd_settime32, __NR_fcntl64,
#endif
	};
	struct caps none = { 0 };
	struct bpf filter = { 0 };
	int r;

	/* As far as the container's map and capabilities allow. */
	caps_bound(0);
	if (setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
	    setresuid(NOBODY, NOBODY, NOBODY) != 0)
		log_warn("still uid %u", geteuid());
	caps_set(&none);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return err_sys(e, "no_new_privs");
	landlock_fence(NULL, 0);
	r = bpf_allow_list(calls, ARRAY_LEN(calls), SECCOMP_RET_ERRNO | EPERM, &filter);
	return r < 0 ? err_code(e, r, "seccomp") : bpf_install(&filter, e);
}

static int run(struct server *s, uint16_t port, struct err *e)
{
	autoclose int fd = listen_on(port);

	if (fd < 0)
		return err_code(e, fd, "listen on port %u", port);
	selfview_read(&s->view);
	s->loop = loop_new();
	loop_signal(s->loop, SIGTERM, on_signal, s);
	loop_signal(s->loop, SIGINT, on_signal, s);
	if (!loop_io_add(s->loop, fd, EPOLLIN, on_accept, s))
		return err_sys(e, "watch the listener");
	printf("serving on port %u\n", port);
	fflush(stdout);
	if (confine(e) < 0)
		return e->code;
	return loop_run(s->loop);
}

static int welcome_main(void *opts_, char **args)
{
	const struct welcome *o = opts_;
	struct server *s = mem_new(struct server);
	struct err e = { 0 };
	int r;

	if (o->port < 1 || o->port > 65535) {
		log_error("invalid port: %lld", (long long)o->port);
		return 125;
	}
	for (size_t n = 0; n < CONNECTIONS; n++)
		s->c[n] = (struct connection){ .server = s, .fd = -1 };
	r = run(s, (uint16_t)o->port, &e);
	if (r < 0)
		log_error("%s", e.text);
	loop_free(s->loop);
	strv_done(&s->view);
	free(s);
	return r < 0;
}

const struct applet welcome_applet = {
	.name = "welcome",
	.args = "[OPTIONS]",
	.summary = "Serve a page that shows what a container sees of its isolation",
	.group = GROUP_PLUMBING,
	.opts = opts,
	.opts_size = sizeof(struct welcome),
	.max_args = 0,
	.main = welcome_main,
};
