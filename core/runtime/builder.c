/* SPDX-License-Identifier: Apache-2.0 */
/* The setup process.
 *
 * Order, and why: the configuration is read and the paths of foreign namespaces are
 * opened while we are still the host's user; then the realm is joined, whose root may
 * mount and write ID maps, and a mount namespace of the realm's is made. init is cloned
 * early, because /proc, /sys and mqueue must be mounted from within its namespaces, but
 * by us: what the realm mounts, the container cannot take off. init shares our mount
 * namespace until it takes its own copy. */
#include "core/runtime/builder.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/ns/clone.h"
#include "core/ns/landlock.h"
#include "core/ns/pidfd.h"
#include "core/ns/userns.h"
#include "core/runtime/bundle.h"
#include "core/runtime/hooking.h"
#include "core/runtime/init.h"
#include "core/runtime/interior.h"
#include "core/runtime/mapping.h"
#include "core/runtime/ocigroup.h"
#include "core/runtime/ocistate.h"
#include "core/runtime/parting.h"
#include "core/runtime/report.h"
#include "core/runtime/scope.h"
#include "core/runtime/spaces.h"

#define CREATOR_STACK (256u << 10)
/* init must not be cloned into a mount namespace of its own: see above. */
#define ALL_OWN \
	(RT_NS_PID | RT_NS_NET | RT_NS_IPC | RT_NS_UTS | RT_NS_CGROUP | RT_NS_TIME)

/* The work in progress. */
struct build {
	const struct builder *b;
	struct bundle bundle;
	struct interior in;
	struct spaces spaces;
	bool nested;           /* a user namespace below the realm's */
	struct idmap uid, gid; /* container → realm */
	pid_t pid;             /* init */
	int pidfd;
	int sync;        /* init's end */
	int tty_pipe[2]; /* the terminal's slave goes to init by this socket */
};

static void build_done(struct build *x)
{
	spaces_done(&x->spaces);
	interior_done(&x->in);
	bundle_done(&x->bundle);
	idmap_done(&x->uid);
	idmap_done(&x->gid);
	fd_close(x->pidfd);
	fd_close(x->sync);
	fd_close(x->tty_pipe[0]);
	fd_close(x->tty_pipe[1]);
}

static bool has(const struct build *x, unsigned ns)
{
	return (x->bundle.config.namespaces & ns) != 0;
}

static bool by_path(const struct build *x, unsigned ns)
{
	return spaces_given(&x->spaces, ns);
}

/* --- as the host's user --------------------------------------------------------------
 */

static int open_paths(struct build *x, struct err *e)
{
	int r = spaces_open(&x->spaces, e);

	if (r == 0 && by_path(x, RT_NS_MOUNT) && x->b->setup->terminal)
		return err_set(e, -EOPNOTSUPP,
			       "a terminal cannot be had in a mount namespace "
			       "that is joined");
	return r;
}

/* The engine's containers that share another's PID namespace: see init.h, pid_ns. */
static bool enters_late(const struct build *x)
{
	return !x->b->oci && x->b->setup->shares_pids && by_path(x, RT_NS_PID);
}

/* --- in the realm --------------------------------------------------------------------
 */

static int stay(const struct build *x, struct err *e)
{
	const char *root = x->bundle.config.root_path;
	autofree char *path =
		path_is_abs(root) ? str_dup(root) : path_join(x->bundle.path, root);
	int r = parting_mounts(path, x->bundle.config.rootfs_propagation, e);

	prctl(PR_SET_DUMPABLE, 1);
	return r;
}

static int join_realm(struct build *x, struct err *e)
{
	int flags = CLONE_NEWUSER, r;

	if (x->b->realm_pidfd < 0)
		return stay(x, e);
	/* The network of a container that has its own is wired from the realm's; with the
	 * host's network we stay where we are: there is no way back to it. */
	if (has(x, RT_NS_NET))
		flags |= CLONE_NEWNET;
	r = x->b->setup->keep_groups ? userns_join_grouped(x->b->realm_pidfd, flags, e)
				     : userns_join(x->b->realm_pidfd, flags, e);
	if (r < 0)
		return r;
	/* Shared mounts of the host become slaves by this: nothing goes back. */
	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(e, "make a mount namespace");
	/* Joining made us undumpable, and init would be born so; its /proc files must be
	 * reachable for the realm's root (us) to write its ID map. Processes of other
	 * containers lack the capability over the realm to make use of it. */
	prctl(PR_SET_DUMPABLE, 1);
	return 0;
}

static int make_maps(struct build *x, struct err *e)
{
	const struct runtimeconfig *c = &x->bundle.config;
	bool mapped = x->b->oci && x->b->oci->mapped;
	int r;

	if (!has(x, RT_NS_USER) && (c->uid_maps_len || c->gid_maps_len))
		return err_set(e, -EINVAL, "an ID map needs a user namespace of its own");
	r = mapping_fit("uid_map", c->uid_maps, mapped ? 0 : c->uid_maps_len, &x->uid, e);
	return r < 0 ? r
		     : mapping_fit("gid_map", c->gid_maps, mapped ? 0 : c->gid_maps_len,
				   &x->gid, e);
}

/* --- init ----------------------------------------------------------------------------
 */

static unsigned landlock_bits(const struct build *x)
{
	unsigned bits = 0;

	if (!x->b->setup->landlock_scopes)
		return 0;
	/* The host's, that is: a namespace of one's own, or another container's (whose
	 * sockets and processes are then meant to be met), fences these already, and a
	 * Landlock domain would part the payload from what `exec` starts beside it. */
	if (!has(x, RT_NS_NET))
		bits |= LANDLOCK_ABSTRACT;
	if (!has(x, RT_NS_PID))
		bits |= LANDLOCK_SIGNAL;
	return bits;
}

static uint64_t pids_limit(const struct build *x)
{
	const struct runtimeconfig *c = &x->bundle.config;

	/* pids.max is exact, and `update` can raise it. In the caller's own user
	 * namespace it would count the caller's as well. */
	return c->pids_limit > 0 && (x->b->oci ? x->nested
					       : !strv_getenv(&c->unified, "pids.max"))
		       ? (uint64_t)c->pids_limit
		       : 0;
}

/* The part of init that `start` comes to wait for. */
static void describe_gate(const struct build *x, struct init *i)
{
	const struct builder_oci *o = x->b->oci;
	const struct runtimeconfig *c = &x->bundle.config;
	struct ocistate s = { .status = "created", .pid = getpid() };

	i->gate = i->record = -1;
	if (!o)
		return;
	s.id = x->b->setup->id;
	s.bundle = o->bundle;
	s.annotations = &c->annotations;
	i->gate = o->gate;
	i->record = o->record;
	i->chroot = o->no_pivot && !by_path(x, RT_NS_MOUNT);
	i->hooks = c->hooks[RT_HOOK_START_CONTAINER];
	i->hooks_len = c->hooks_len[RT_HOOK_START_CONTAINER];
	i->hook_state = ocistate_text(&s);
	i->process.preserve = o->preserve;
}

static void born(struct build *x) __attribute__((noreturn));
static void born(struct build *x)
{
	const struct runtimeconfig *c = &x->bundle.config;
	const struct setup *s = x->b->setup;
	bool names = has(x, RT_NS_UTS) && !by_path(x, RT_NS_UTS);
	struct init i = {
		.process = { .p = &c->process,
			     .bpf = x->bundle.bpf.len ? x->bundle.bpf.data : NULL,
			     .bpf_len = x->bundle.bpf.len,
			     .pids_limit = pids_limit(x),
			     .landlock = landlock_bits(x),
			     .keyring = s->new_keyring ? s->id : NULL,
			     .pinned = !x->b->oci,
			     .keep_groups = s->keep_groups,
			     .reap = s->init,
			     .personality = c->has_personality ? &c->personality : NULL,
			     .tty = -1 },
		.hostname = names ? c->hostname : NULL,
		.domainname = names ? c->domainname : NULL,
		.own_mounts = x->nested && !by_path(x, RT_NS_MOUNT),
		.propagation = c->rootfs_propagation,
		.sync = x->sync,
		.tty_socket = s->terminal ? x->tty_pipe[1] : -1,
		.pid_ns = enters_late(x) ? x->spaces.fd[__builtin_ctz(RT_NS_PID)] : -1,
	};
	int keep[8] = { x->sync, x->tty_pipe[1], i.pid_ns };

	for (int n = 0; n < 3; n++)
		keep[3 + n] = i.process.stdio[n] = x->b->stdio[n];
	describe_gate(x, &i);
	keep[6] = i.gate;
	keep[7] = i.record;
	/* The monitor's ends of everything must not live on in here: their closing is
	 * how each of us learns that another has died. */
	fd_close_except(3 + i.process.preserve, keep, ARRAY_LEN(keep));
	init_run(&i);
}

static int create(struct build *x, struct err *e)
{
	/* The realm's root has power over all containers' namespaces. */
	const struct spaces_how how = { .except = enters_late(x) ? RT_NS_PID : 0,
					.user_last = !x->b->oci };
	int flags, r = spaces_enter(&x->spaces, &how, &flags, e);

	if (r < 0)
		return r;
	x->pid = clone_fork(flags | CLONE_PARENT);
	if (x->pid == 0)
		born(x);
	return x->pid < 0 ? err_code(e, x->pid, "make the container's namespaces") : 0;
}

struct creator {
	struct build *x;
	struct err *e;
	int result;
};

static int create_main(void *arg)
{
	struct creator *c = arg;

	c->result = create(c->x, c->e);
	return 0;
}

/* A user or mount namespace given by path is joined by a go-between that shares our
 * memory: we ourselves must stay root of the realm, and at its /proc. */
static int create_joined(struct build *x, struct err *e)
{
	struct creator c = { .x = x, .e = e, .result = -EIO };
	autofree char *stack = mem_alloc(CREATOR_STACK);
	pid_t pid = clone(create_main, stack + CREATOR_STACK,
			  CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PARENT, &c);

	return pid < 0 ? err_sys(e, "fork") : c.result;
}

static int make_init(struct build *x, struct err *e)
{
	struct report r = { .kind = REPORT_INIT };
	int code;

	code = by_path(x, RT_NS_USER) || by_path(x, RT_NS_MOUNT) ? create_joined(x, e)
								 : create(x, e);
	if (code < 0)
		return code;
	x->sync = fd_close(x->sync);
	r.pid = x->pid;
	code = report_send(x->b->report, &r, -1);
	if (code < 0)
		return err_code(e, code, "report to the monitor");
	x->pidfd = pidfd_open(x->pid);
	if (x->pidfd < 0)
		return err_code(e, x->pidfd, "open a pidfd");
	if (by_path(x, RT_NS_USER)) {
		idmap_done(&x->uid);
		idmap_done(&x->gid);
		code = mapping_read(x->pid, "uid_map", &x->uid, e);
		return code < 0 ? code : mapping_read(x->pid, "gid_map", &x->gid, e);
	}
	if (!has(x, RT_NS_USER))
		return 0;
	code = mapping_write(x->pid, "uid_map", &x->uid, e);
	return code < 0 ? code : mapping_write(x->pid, "gid_map", &x->gid, e);
}

/* --- the rest ------------------------------------------------------------------------
 */

static int attach_network(struct build *x, struct err *e)
{
	const struct monitor_hooks *h = x->b->hooks;
	autoclose int netns = -1;

	if (!h || !h->network_attach || !has(x, RT_NS_NET) || by_path(x, RT_NS_NET))
		return 0;
	netns = pidfd_open_ns(x->pidfd, "net");
	if (netns < 0)
		return err_code(e, netns, "open the container's network namespace");
	return h->network_attach(x->b->setup, netns, e);
}

/* A payload that is not root must be able to open /dev/stdout: the pipes become its. */
static void give_stdio(const struct build *x)
{
	int64_t owner = idmap_out(&x->uid, x->bundle.config.process.uid);

	for (int i = 0; i < 3 && owner > 0; i++) {
		struct stat st;

		/* A caller's terminal or file is not ours to give. */
		if (x->b->stdio[i] < 0 || fstat(x->b->stdio[i], &st) < 0 ||
		    !(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
			continue;
		/* Without the right it merely cannot be reopened by name. */
		if (fchown(x->b->stdio[i], (uid_t)owner, (gid_t)-1) < 0)
			continue;
	}
}

static int hand_over_terminal(struct build *x, const struct interior *in, struct err *e)
{
	struct report r = { .kind = REPORT_TTY };
	int code;

	if (in->master < 0)
		return 0;
	code = report_send(x->b->report, &r, in->master);
	if (code == 0)
		code = fd_send(x->tty_pipe[0], "t", 1, &in->slave, 1);
	return code < 0 ? err_code(e, code, "hand over the terminal") : 0;
}

/* Our children from here on see the container's processes: what mounts /proc. */
static int see_processes(struct build *x, struct err *e)
{
	int r = 0;

	if (enters_late(x)) {
		/* They share our memory, and those who are there already could otherwise
		 * trace them: root of the realm, at the host's files. */
		prctl(PR_SET_DUMPABLE, 0);
		if (setns(x->spaces.fd[__builtin_ctz(RT_NS_PID)], CLONE_NEWPID) < 0)
			r = -errno;
	} else if (has(x, RT_NS_PID) &&
		   (!by_path(x, RT_NS_PID) || by_path(x, RT_NS_USER))) {
		r = pidfd_setns(x->pidfd, CLONE_NEWPID);
	}
	return r < 0 ? err_code(e, r, "join the container's PID namespace") : 0;
}

static int make_tree(struct build *x, struct err *e)
{
	int r;

	r = see_processes(x, e);
	if (r < 0)
		return r;
	x->in.init_pidfd = x->pidfd;
	if (by_path(x, RT_NS_MOUNT))
		return 0; /* its tree is as it is */
	r = interior_build(&x->in, e);
	if (r == 0)
		r = hand_over_terminal(x, &x->in, e);
	if (r == 0)
		r = x->b->oci ? x->b->oci->built(x->b->oci->arg, x->pid, &x->in, e)
			      : hooking_container(&x->in, x->pid, e);
	if (r == 0)
		r = interior_enter(&x->in, e);
	return r;
}

static void begin_tree(struct build *x)
{
	x->in.setup = x->b->setup;
	x->in.config = &x->bundle.config;
	x->in.uid = &x->uid;
	x->in.gid = &x->gid;
	x->in.bundle = x->bundle.path;
	x->in.own = x->bundle.config.namespaces & ALL_OWN;
	/* Beside the making of the namespaces, which takes as long. */
	interior_begin(&x->in);
}

/* While we are still the host's user: what init inherits. */
static int enter_scope(const struct build *x, struct err *e)
{
	const struct runtimeconfig *c = &x->bundle.config;
	autofree char *slice = NULL, *name = NULL;

	if (x->b->oci)
		return ocigroup_enter(x->b->oci->group, c->resources, e);
	if (!c->cgroups_path)
		return 0; /* nothing to limit */
	slice = str_ndup(c->cgroups_path, strcspn(c->cgroups_path, ":"));
	name = str_fmt(SCOPE_NAME, x->b->setup->id);
	const struct scope_want w = {
		.name = name, .slice = slice, .limits = &c->unified, .guard = getppid()
	};
	return scope_enter(&w, e);
}

static int build(struct build *x, struct err *e)
{
	const struct builder_oci *o = x->b->oci;
	int r = o ? bundle_read_oci(x->b->container_dirfd, o->bundle,
				    x->b->setup->seccomp, &x->bundle, e)
		  : bundle_read(x->b->container_dirfd, x->b->setup->seccomp, &x->bundle,
				e);

	if (o)
		x->bundle.config.namespaces &= ~o->settled;
	if (r == 0)
		r = process_label(&x->bundle.config.process, e);
	if (r == 0)
		r = enter_scope(x, e);
	if (r == 0)
		r = open_paths(x, e);
	if (r < 0)
		return r;
	x->nested = has(x, RT_NS_USER);
	if (x->b->setup->terminal && fd_socketpair(SOCK_SEQPACKET, x->tty_pipe) < 0)
		return err_sys(e, "make a socket pair");
	r = join_realm(x, e);
	if (r == 0)
		begin_tree(x);
	if (r == 0)
		r = make_maps(x, e);
	if (r == 0)
		r = make_init(x, e);
	if (r == 0)
		r = attach_network(x, e);
	if (r == 0) {
		give_stdio(x);
		r = make_tree(x, e);
	}
	return r;
}

int builder_run(const struct builder *b)
{
	autodone(build_done) struct build x = {
		.b = b,
		.pidfd = -1,
		.sync = b->sync,
		.tty_pipe = { -1, -1 },
		.in = { .root = -1, .master = -1, .slave = -1 },
	};
	int gate = b->oci ? b->oci->gate : -1, record = b->oci ? b->oci->record : -1;
	int keep[] = {
		b->container_dirfd, b->realm_pidfd, b->report,  b->sync, gate, record,
		b->stdio[0],        b->stdio[1],    b->stdio[2]
	};
	struct report ready = { .kind = REPORT_READY };
	struct err e = { 0 };

	spaces_init(&x.spaces, &x.bundle.config);
	fd_close_except(3 + (b->oci ? b->oci->preserve : 0), keep, ARRAY_LEN(keep));
	if (build(&x, &e) < 0) {
		report_error(b->report, REPORT_EXIT_FAILED, &e);
		return 1;
	}
	return report_send(b->report, &ready, -1) < 0;
}
