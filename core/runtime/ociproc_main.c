/* SPDX-License-Identifier: Apache-2.0 */
/* The inner side of the OCI runtime's `create` and `exec`.
 *
 * The engine's own containers are made by the realm's root. Here the caller's namespaces
 * are all there is: root in them already (podman's case), it makes the container as the
 * realm would; an ordinary user first moves into a user namespace with the maps of
 * config.json, and the container's own is nested in that one. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/spawn.h"
#include "core/base/str.h"
#include "core/ns/caps.h"
#include "core/ns/clone.h"
#include "core/ns/pidfd.h"
#include "core/ns/userns.h"
#include "core/runtime/builder.h"
#include "core/runtime/bundle.h"
#include "core/runtime/hooking.h"
#include "core/runtime/interior.h"
#include "core/runtime/joining.h"
#include "core/runtime/launch.h"
#include "core/runtime/mapping.h"
#include "core/runtime/ocistate.h"
#include "core/runtime/ociproc.h"
#include "core/runtime/report.h"
#include "core/runtime/request.h"

/* Descriptors after the preserved ones, as ociproc.c lines them up. */
struct places {
	unsigned preserve;
	int first; /* of `more` */
	int report, sync;
	int stdio[3];
};

static int find_places(const char *count, int more, struct places *p)
{
	uint64_t n;

	if (str_u64(count, OCIPROC_PRESERVE_MAX, &n) < 0)
		return -EINVAL;
	p->preserve = (unsigned)n;
	p->first = LAUNCH_FD((int)n);
	p->report = p->first + more;
	p->sync = p->report + 1;
	for (int i = 0; i < 3; i++)
		p->stdio[i] = p->sync + 1 + i;
	/* The preserved ones stay open across exec. */
	for (int fd = p->first; fd <= p->stdio[2]; fd++) {
		if (fd_cloexec(fd, true) < 0)
			return -EBADF;
	}
	return 0;
}

/* --- create --------------------------------------------------------------------------
 */

/* The tree stands: the caller's hooks, then those inside the container's namespaces. */
static int built(void *arg, pid_t init, const struct interior *in, struct err *e)
{
	const int *report = arg;
	const size_t *n = in->config->hooks_len;
	struct report r = { .kind = REPORT_HOOKS };
	char go;

	if (n[RT_HOOK_PRESTART] + n[RT_HOOK_CREATE_RUNTIME] > 0 &&
	    (report_send(*report, &r, -1) < 0 || fd_read(*report, &go, 1) != 1))
		return err_set(e, -ECANCELED, "the start was given up");
	return hooking_container(in, init, e);
}

static int raise_loopback(int netns)
{
	struct ifreq r = { .ifr_name = "lo" };
	autoclose int sock = -1;

	if (setns(netns, CLONE_NEWNET) < 0)
		return errno;
	sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0 || ioctl(sock, SIOCGIFFLAGS, &r) < 0)
		return errno;
	r.ifr_flags |= IFF_UP | IFF_RUNNING;
	return ioctl(sock, SIOCSIFFLAGS, &r) < 0 ? errno : 0;
}

/* In a process of its own: there may be no way back to our network. */
static int attach_loopback(const struct setup *s, int netns, struct err *e)
{
	pid_t pid = clone_fork(0);
	int code;

	if (pid == 0)
		_exit(raise_loopback(netns));
	code = pid < 0 ? pid : spawn_wait(pid);
	if (code > 0)
		code = -code;
	return code < 0 ? err_code(e, code, "bring up the loopback interface") : 0;
}

/* Into the user namespace of another container of this user. */
static int join_user(const char *path, struct builder_oci *o, struct err *e)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWUSER) < 0)
		return err_sys(e, "join namespace '%s'", path);
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return err_sys(e, "become root of namespace '%s'", path);
	o->settled = RT_NS_USER;
	return 0;
}

/* Without the right to mount, we first move into a user namespace: a new one with the
 * container's maps, or the one given by path. */
static int gain_power(int dirfd, struct builder_oci *o, struct err *e)
{
	autodone(bundle_done) struct bundle b = { 0 };
	autodone(idmap_done) struct idmap uid = { 0 }, gid = { 0 };
	const struct runtimeconfig *c = &b.config;
	const char *path;
	struct caps own;
	int r = caps_get(&own);

	if (r < 0)
		return err_code(e, r, "look at our capabilities");
	if (own.effective & 1ull << CAP_SYS_ADMIN)
		return 0;
	r = bundle_read_oci(dirfd, o->bundle, NULL, &b, e);
	if (r < 0)
		return r;
	path = c->ns_path[__builtin_ctz(RT_NS_USER)];
	if (!str_empty(path))
		return join_user(path, o, e);
	if (!(c->namespaces & RT_NS_USER))
		return err_set(e, -EPERM,
			       "'linux.namespaces': without root the container needs a "
			       "new namespace of type 'user'");
	if (c->uid_maps_len == 0 || c->gid_maps_len == 0)
		return err_set(e, -EINVAL,
			       "'linux.uidMappings' and 'linux.gidMappings' are needed "
			       "without root");
	mapping_from_config(c->uid_maps, c->uid_maps_len, &uid);
	mapping_from_config(c->gid_maps, c->gid_maps_len, &gid);
	o->mapped = true;
	return userns_enter(&uid, &gid, e);
}

static int create(const struct places *p, bool no_pivot, const char *bundle,
		  const char *group, struct err *e)
{
	static const struct monitor_hooks hooks = { .network_attach = attach_loopback };
	autodone(setup_done) struct setup s = { 0 };
	int report = p->report;
	struct builder_oci o = { .bundle = bundle,
				 .no_pivot = no_pivot,
				 .group = group,
				 .preserve = p->preserve,
				 .gate = p->first + 1,
				 .record = p->first + 2,
				 .built = built,
				 .arg = &report };
	struct builder b = { .setup = &s,
			     .container_dirfd = p->first,
			     .realm_pidfd = -1,
			     .report = p->report,
			     .sync = p->sync,
			     .hooks = &hooks,
			     .oci = &o };
	int r = setup_read(p->first, &s, e);

	if (r == 0)
		r = gain_power(p->first, &o, e);
	if (r < 0)
		return r;
	for (int i = 0; i < 3; i++)
		b.stdio[i] = s.terminal ? -1 : p->stdio[i];
	builder_run(&b); /* which tells all by itself */
	return 0;
}

int ociproc_create_main(int argc, char **argv)
{
	struct places p;
	struct err e = { 0 };

	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NAME, "rootless-create");
	if (argc != 6 || find_places(argv[2], 3, &p) < 0)
		return REPORT_EXIT_FAILED;
	if (create(&p, str_eq(argv[3], "cover"), argv[4], argv[5], &e) < 0)
		report_error(p.report, REPORT_EXIT_FAILED, &e);
	/* No exit handler is for a process whose children are of another namespace. */
	_exit(0);
}

/* --- exec ----------------------------------------------------------------------------
 */

static int enlist(const struct places *p, struct request *q, struct err *e)
{
	struct joining j = { .init = p->first, .report = p->report, .sync = p->sync };
	pid_t init = pidfd_pid(p->first);
	int r = request_read(p->first + 1, q, e);

	if (r == 0 && init < 0)
		r = err_set(e, -ESRCH, "the container is not running");
	if (r == 0)
		r = joining_flags(init, &j.flags, e);
	if (r < 0)
		return r;
	j.group = q->group;
	j.process = (struct process){
		.p = &q->process,
		.bpf = q->bpf.len ? q->bpf.data : NULL,
		.bpf_len = q->bpf.len,
		.keyring = q->keyring,
		.preserve = p->preserve,
		.tty = -1,
	};
	for (int i = 0; i < 3; i++)
		j.stdio[i] = j.process.stdio[i] = q->process.terminal ? -1 : p->stdio[i];
	return joining_run(&j, e);
}

int ociproc_exec_main(int argc, char **argv)
{
	autodone(request_done) struct request q = { 0 };
	struct places p;
	struct err e = { 0 };

	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NAME, "rootless-enlist");
	if (argc != 3 || find_places(argv[2], 2, &p) < 0)
		return REPORT_EXIT_FAILED;
	if (enlist(&p, &q, &e) < 0)
		report_error(p.report, REPORT_EXIT_CANNOT, &e);
	_exit(0);
}
