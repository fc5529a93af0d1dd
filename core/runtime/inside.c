/* SPDX-License-Identifier: Apache-2.0 */
/* Work in the namespaces of a container's init. */
#include "core/runtime/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/ns/mount.h"
#include "core/ns/pidfd.h"
#include "core/oci/runtimeconfig.h"

#define STACK (256u << 10)

struct inside {
	int pidfd, flags;
	int (*fn)(void *arg, struct err *e);
	void *arg;
	struct err *e;
	int result;
};

static int inside_main(void *arg)
{
	struct inside *in = arg;
	int r = in->flags ? pidfd_setns(in->pidfd, in->flags) : 0;

	in->result = r < 0 ? err_code(in->e, r, "join the container's namespaces")
			   : in->fn(in->arg, in->e);
	return 0;
}

static int run(struct inside *in)
{
	autofree char *stack = mem_alloc(STACK);
	pid_t pid;

	in->result = -EIO;
	/* Memory is shared and this side sleeps meanwhile: no page is copied. */
	pid = clone(inside_main, stack + STACK,
		    CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, in);
	if (pid < 0)
		return err_sys(in->e, "fork");
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return in->result;
}

int inside_run(int init_pidfd, unsigned own, int (*fn)(void *arg, struct err *e),
	       void *arg, struct err *e)
{
	static const struct {
		unsigned ns;
		int flag;
	} joined[] = { { RT_NS_NET, CLONE_NEWNET },
		       { RT_NS_IPC, CLONE_NEWIPC },
		       { RT_NS_UTS, CLONE_NEWUTS },
		       { RT_NS_CGROUP, CLONE_NEWCGROUP } };
	struct inside in = { .pidfd = init_pidfd, .fn = fn, .arg = arg, .e = e };

	for (size_t i = 0; i < ARRAY_LEN(joined); i++) {
		if (own & joined[i].ns)
			in.flags |= joined[i].flag;
	}
	return run(&in);
}

/* In the mount namespace; its links are that container's own. */
static int clone_folder(void *arg, struct err *e)
{
	autoclose int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return -errno;
	autoclose int at = path_open_in(root, arg, O_PATH | O_DIRECTORY, 0);
	return at < 0 ? at : mount_clone(at, "", false);
}

int inside_clone(pid_t pid, const char *path)
{
	struct err why = { 0 };
	autofree char *copy = str_dup(path);
	autoclose int pidfd = pidfd_open(pid);
	struct inside in = { .pidfd = pidfd,
			     .flags = CLONE_NEWNS,
			     .fn = clone_folder,
			     .arg = copy,
			     .e = &why };

	return pidfd < 0 ? pidfd : run(&in);
}
