/* SPDX-License-Identifier: Apache-2.0 */
#include "core/image/squad.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

struct seen {
	int say_fd;
	unsigned words, sum;
	size_t fails, dies; /* the job that does */
};

static int begin(void *arg, int say_fd, struct err *e)
{
	struct seen *x = arg;

	x->say_fd = say_fd;
	return 0;
}

static int run(void *arg, size_t job, struct err *e)
{
	const struct seen *x = arg;

	if (job == x->dies)
		raise(SIGKILL);
	if (job == x->fails)
		return err_set(e, -EACCES, "job %zu: no", job);
	squad_say(x->say_fd, job, "done", job, 9);
	return 0;
}

static void said(void *arg, const struct squad_word *w)
{
	struct seen *x = arg;

	CHECK_STR(w->text, "done");
	CHECK_INT(w->done, w->job);
	CHECK_INT(w->total, 9);
	x->words++;
	x->sum += (unsigned)w->job;
}

static int go(struct seen *x, size_t len, size_t workers, struct err *e)
{
	autofree size_t *jobs = mem_array(len, sizeof(*jobs));

	for (size_t i = 0; i < len; i++)
		jobs[i] = i + 1;
	const struct squad s = { jobs, len, workers, begin, run, said, x };
	return squad_run(&s, e);
}

TEST(each_job_is_done_once)
{
	struct seen x = { 0 };
	struct err e = { 0 };

	CHECK_INT(go(&x, 100, 5, &e), 0);
	CHECK_INT(x.words, 100);
	CHECK_INT(x.sum, 5050);
}

TEST(more_workers_than_jobs)
{
	struct seen x = { 0 };
	struct err e = { 0 };

	CHECK_INT(go(&x, 2, 5, &e), 0);
	CHECK_INT(x.words, 2);
}

TEST(a_failure_ends_it)
{
	struct seen x = { .fails = 3 };
	struct err e = { 0 };

	CHECK_INT(go(&x, 10, 2, &e), -EACCES);
	CHECK_STR(e.text, "job 3: no");
}

TEST(so_does_a_death)
{
	struct seen x = { .dies = 3 };
	struct err e = { 0 };

	CHECK_INT(go(&x, 10, 2, &e), -ECHILD);
	CHECK_STR(e.text, "a process that did a part of it died");
}

TEST(too_many)
{
	struct seen x = { 0 };
	struct err e = { 0 };

	CHECK_INT(go(&x, 5000, 2, &e), -E2BIG);
}
