/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs done side by side, each by one of a few forked processes: for work that waits for
 * a network and would else need threads. */
#ifndef IMAGE_SQUAD_H
#define IMAGE_SQUAD_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

#define SQUAD_WORD_MAX 256

/* What a worker says to the caller. */
struct squad_word {
	size_t job;
	uint64_t done, total;
	char text[SQUAD_WORD_MAX];
};

struct squad {
	const size_t *jobs; /* the numbers that run gets */
	size_t len;
	size_t workers; /* at most so many at once */
	/* In a worker, once before its first job: what the processes must not share. */
	int (*begin)(void *arg, int say_fd, struct err *e);
	int (*run)(void *arg, size_t job, struct err *e);
	void (*said)(void *arg, const struct squad_word *w); /* in the caller */
	void *arg;
};

/* Returns when all is done, or with the first failure: the workers that are left are
 * ended then. They end with the caller, too. */
int squad_run(const struct squad *s, struct err *e);
/* In a worker. text is cut when it is too long. */
void squad_say(int say_fd, size_t job, const char *text, uint64_t done, uint64_t total);

#endif
