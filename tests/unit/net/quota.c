/* SPDX-License-Identifier: Apache-2.0 */
#include "core/net/quota.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "tests/unit/test.h"

/* In a process of its own: there is no way back up. 0: shared out as it should be. */
static int share_out(rlim_t limit, unsigned int flows)
{
	struct rlimit r = { limit, limit };
	struct quota q;

	if (setrlimit(RLIMIT_NOFILE, &r) < 0)
		return 0; /* this host's is lower */
	q = quota_take();
	if (q.flows != flows || !q.pipes || !q.udp)
		return 1;
	return 2ul * q.flows + 2ul * q.pipes + 2ul * q.udp + 256 > limit ? 2 : 0;
}

TEST(shares)
{
	static const struct {
		rlim_t limit;
		unsigned int flows;
	} cases[] = { { 1024, 326 },   { 2048, 652 },    { 4096, 1305 },
		      { 20000, 8064 }, { 65536, 10240 }, { 1048576, 10240 } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		pid_t pid = fork();
		int status = -1;

		if (pid == 0)
			_exit(share_out(cases[i].limit, cases[i].flows));
		CHECK_INT(waitpid(pid, &status, 0), pid);
		CHECK_INT(status, 0);
	}
}
