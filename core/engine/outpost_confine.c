/* SPDX-License-Identifier: Apache-2.0 */
/* What the outpost may ask of the kernel. */
#include "core/engine/outpost_inside.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "core/base/mem.h"
#include "core/ns/bpf.h"
#include "core/ns/landlock.h"

#define NAMESPACES \
	(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | \
	 CLONE_NEWUTS | CLONE_NEWCGROUP)

/* Where clone(2) has its flags. */
#ifdef __s390x__
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

/* #syscalls of the loop, of ports opened and handed to the stack, of requests read. Calls
 * that differ by architecture: the old ones exist on the older ones only, the _time64
 * ones on 32-bit. */
static const struct bpf_rule calls[] = {
	BPF_MAPPINGS,
	BPF_CALL_ARG(socket, 0, AF_INET),
	BPF_CALL_ARG(socket, 0, AF_INET6),
	BPF_CALL_ARG(socket, 0, AF_UNIX),
#ifdef __NR_epoll_wait
	BPF_CALL(epoll_wait),
#endif
	BPF_CALL(epoll_pwait),
	BPF_CALL(epoll_ctl),
	BPF_CALL(read),
	BPF_CALL(write),
	BPF_CALL(writev),
	BPF_CALL(close),
	BPF_CALL(sendmsg),
	BPF_CALL(recvmsg),
	BPF_CALL(sendto),
	BPF_CALL(recvfrom),
	BPF_CALL(setsockopt),
	BPF_CALL(getsockopt),
	BPF_CALL(bind),
	BPF_CALL(listen),
	BPF_CALL(accept4),
	BPF_CALL(connect),
	BPF_CALL(getsockname),
	BPF_CALL(getpeername),
	BPF_CALL(fcntl),
#ifdef __NR_fcntl64
	BPF_CALL(fcntl64),
#endif
	BPF_CALL(lseek),
#ifdef __NR__llseek
	BPF_CALL(_llseek),
#endif
/* is the namespace still there; the sockets' names at the end */
#ifdef __NR_access
	BPF_CALL(access),
#endif
	BPF_CALL(faccessat),
	BPF_CALL(unlinkat),
	BPF_CALL(wait4),
	BPF_CALL(waitid),
	BPF_CALL(brk),
	BPF_CALL(munmap),
	BPF_CALL(mremap),
	BPF_CALL(madvise),
	BPF_CALL(rt_sigprocmask),
	BPF_CALL(rt_sigaction),
	BPF_CALL(rt_sigreturn),
	BPF_CALL(restart_syscall),
	BPF_CLOCKS,
	BPF_CALL(getpid),
	BPF_CALL(gettid),
	BPF_CALL(tkill),
	BPF_CALL(exit),
	BPF_CALL(exit_group),
};

/* For a listener inside: a child that joins the target, no more. */
static const struct bpf_rule inside_calls[] = {
	BPF_CALL_MASK(clone, CLONE_FLAGS, NAMESPACES, 0),
#ifdef __NR_fork
	BPF_CALL(fork),
#endif
	BPF_CALL_ARG(setns, 1, CLONE_NEWUSER),
	BPF_CALL_ARG(setns, 1, CLONE_NEWNET),
	BPF_CALL_ARG(socketpair, 0, AF_UNIX),
	BPF_CALL(set_tid_address),
};

static size_t add(struct bpf_rule *rules, size_t at, const struct bpf_rule *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		rules[at++] = v[i];
	return at;
}

int outpost_confine(const struct outpost *o, bool inside, struct err *e)
{
	const struct bpf_rule own[] = {
		BPF_CALL_ARG(kill, 0, o->hookup.stack),
		/* -1 would be every process there is. */
		BPF_CALL_ARG(kill, 0, o->child > 0 ? o->child : o->hookup.stack),
	};
	struct bpf_rule
		rules[ARRAY_LEN(calls) + ARRAY_LEN(own) + ARRAY_LEN(inside_calls)];
	int dirs[2];
	size_t n = 0;
	struct bpf program;
	int r;

	prctl(PR_SET_DUMPABLE, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_sys(e, "set no_new_privs");
	if (o->api.fd >= 0)
		dirs[n++] = o->api.dir;
	if (o->desk.fd >= 0)
		dirs[n++] = o->desk.dir;
	r = landlock_shut(dirs, n);
	/* A kernel without Landlock leaves seccomp. */
	if (r < 0 && r != -EOPNOTSUPP)
		return err_code(e, r, "enter a Landlock ruleset");
	n = add(rules, 0, own, ARRAY_LEN(own));
	n = add(rules, n, calls, ARRAY_LEN(calls));
	if (inside)
		n = add(rules, n, inside_calls, ARRAY_LEN(inside_calls));
	r = bpf_allow_rules(rules, n, SECCOMP_RET_ERRNO | ENOSYS, &program);
	return r < 0 ? err_code(e, r, "assemble the seccomp filter")
		     : bpf_install(&program, e);
}
