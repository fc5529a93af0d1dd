/* SPDX-License-Identifier: Apache-2.0 */
/* `create` and `exec` of the OCI runtime. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/spawn.h"
#include "core/base/str.h"
#include "core/engine/console.h"
#include "core/engine/ociagent.h"
#include "core/engine/ocibox.h"
#include "core/engine/ocifolder.h"
#include "core/engine/ocilimit.h"
#include "core/engine/sealed.h"
#include "core/ns/pidfd.h"
#include "core/runtime/gate.h"
#include "core/runtime/ociproc.h"

/* The terminal goes to who serves it: *ret_master stays with the caller without a
 * socket. */
static int settle_terminal(struct ociproc *p, const char *socket, int *ret_master,
			   struct err *e)
{
	int r = 0;

	if (p->master >= 0 && socket) {
		r = console_send(socket, p->master, e);
		p->master = fd_close(p->master);
	}
	*ret_master = p->master;
	return r;
}

static int note_created(struct ocibox *b, pid_t pid, struct err *e)
{
	b->state = (struct state){ .status = STATE_CREATED, .pid = pid };
	pidfd_start_time(pid, &b->state.pid_start);
	state_boot_id(b->state.boot_id);
	return ocilimit_note(b, e) < 0 ? e->code : state_publish(b->dirfd, &b->state, e);
}

/* --- create --------------------------------------------------------------------------
 */

static int run_hooks(void *arg, pid_t init, struct err *e)
{
	struct ocibox *b = arg;
	int r;

	/* What hooks are told. */
	b->state.pid = init;
	b->init = pidfd_open(init);
	r = ocibox_hooks(b, RT_HOOK_PRESTART, e);
	if (r == 0)
		r = ocibox_hooks(b, RT_HOOK_CREATE_RUNTIME, e);
	b->init = fd_close(b->init);
	return r;
}

static int give_birth(struct ocibox *b, const struct ocibox_options *o,
		      struct ociproc_create *c, struct err *e)
{
	autofree char *group = NULL;
	autoclose int inner = sealed_open(e);
	autoclose int gate = inner < 0 ? -1 : gate_make(b->dirfd, e);
	autoclose int record = gate < 0 ? -1 : state_prepare(b->dirfd, e);
	autoclose int agent = -1;
	const size_t *n = b->config.hooks_len;
	int r;

	if (record < 0)
		return e && e->code < 0 ? e->code : -EIO;
	if (ocilimit_plan(b, o, &group, e) < 0 || ociagent_dial(b, &agent, e) < 0)
		return e->code;
	c->group = group;
	c->common = (struct ociproc){ .inner_fd = inner,
				      .dirfd = b->dirfd,
				      .stdio = { 0, 1, 2 },
				      .preserve = ocifolder_listeners() +
						  (unsigned)o->preserve,
				      .agent = agent,
				      .describe = ociagent_describe,
				      .describe_arg = b };
	c->bundle = b->bundle;
	c->no_pivot = o->no_pivot;
	c->gate = gate;
	c->record = record;
	c->arg = b;
	c->hooks = n[RT_HOOK_PRESTART] + n[RT_HOOK_CREATE_RUNTIME] > 0 ? run_hooks : NULL;
	r = ociproc_create(c, e);
	c->group = NULL;
	return r;
}

/* Its life ends as that of one that ran: with the hooks after it. */
static void give_up(struct ocibox *b, struct ociproc *p, struct strv *warnings)
{
	if (p->pid > 0) {
		kill(p->pid, SIGKILL);
		spawn_wait(p->pid);
	}
	fd_close(p->master);
	p->master = -1;
	b->init = fd_close(b->init);
	b->status = "stopped";
	ocilimit_end(b);
	ocibox_hooks_after(b, RT_HOOK_POSTSTOP, warnings);
	ocifolder_remove(b->root, b->id);
}

int ocibox_create(const struct ocibox_options *o, pid_t *ret_pid, int *ret_master,
		  struct err *e)
{
	autodone(ocibox_done) struct ocibox b = { .dirfd = -1, .init = -1 };
	struct ociproc_create c = { .common = { .master = -1 }, .tie = -1 };
	autoclose int lock = -1;
	int r;

	if (o->preserve < 0 || o->preserve > OCIPROC_PRESERVE_MAX)
		return err_set(e, -EINVAL, "--preserve-fds is not within 0 and %d",
			       OCIPROC_PRESERVE_MAX);
	r = ocifolder_make(o, &b, e);
	if (r < 0)
		return r;
	lock = file_lock(b.dirfd, OCIFOLDER_LOCK, true, false);
	r = give_birth(&b, o, &c, e);
	if (r == 0)
		r = settle_terminal(&c.common, o->console_socket, ret_master, e);
	if (r == 0)
		r = note_created(&b, c.common.pid, e);
	fd_close(c.tie);
	if (r == 0)
		r = ocifolder_write_pid(o->pid_file, c.common.pid, e);
	if (r < 0) {
		give_up(&b, &c.common, o->warnings);
		return r;
	}
	*ret_pid = c.common.pid;
	return 0;
}

/* --- exec ----------------------------------------------------------------------------
 */

static int check_exec(const struct ocibox *b, const struct ocibox_exec *x, struct err *e)
{
	if (b->init < 0)
		return err_set(e, -EINVAL, "cannot exec in a stopped container");
	if (str_eq(b->status, "paused") && !x->ignore_paused)
		return err_set(e, -EINVAL,
			       "cannot exec in a paused container (use --ignore-paused "
			       "to override)");
	if (x->process->terminal && !x->console_socket && !x->relay)
		return err_set(e, -EINVAL,
			       "nobody would serve the terminal of a detached process; "
			       "give --console-socket");
	if (x->preserve < 0 || x->preserve > OCIPROC_PRESERVE_MAX)
		return err_set(e, -EINVAL, "--preserve-fds is not within 0 and %d",
			       OCIPROC_PRESERVE_MAX);
	return 0;
}

int ocibox_exec(const struct ocibox *b, const struct ocibox_exec *x, pid_t *ret_pid,
		int *ret_master, struct err *e)
{
	struct ociproc_exec p = { .init = b->init,
				  .process = x->process,
				  .seccomp = b->setup.seccomp,
				  .group = b->group,
				  .keyring = b->setup.new_keyring ? b->id : NULL };
	autoclose int inner = -1, agent = -1;
	int r = check_exec(b, x, e);

	if (r == 0)
		r = ociagent_dial(b, &agent, e);

	if (r < 0)
		return r;
	inner = sealed_open(e);
	if (inner < 0)
		return inner;
	p.common = (struct ociproc){ .inner_fd = inner,
				     .dirfd = b->dirfd,
				     .stdio = { 0, 1, 2 },
				     .preserve = (unsigned)x->preserve,
				     .agent = agent,
				     .describe = ociagent_describe,
				     .describe_arg = (void *)(uintptr_t)b,
				     .master = -1 };
	r = ociproc_exec(&p, e);
	if (r < 0)
		return p.common.exit_code > 0 ? p.common.exit_code : r;
	r = settle_terminal(&p.common, x->console_socket, ret_master, e);
	if (r == 0)
		r = ocifolder_write_pid(x->pid_file, p.common.pid, e);
	if (r < 0) {
		kill(p.common.pid, SIGKILL);
		spawn_wait(p.common.pid);
		fd_close(p.common.master);
		return r;
	}
	*ret_pid = p.common.pid;
	return 0;
}
