/* SPDX-License-Identifier: Apache-2.0 */
/* Signal names. */
#include "core/engine/signame.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"
#include "core/base/str.h"

/* The kernel's real-time signals, not the C library's, which keeps some for itself. */
#define RT_FIRST 34
#define RT_LAST  64

static const struct {
	const char *name;
	int signo;
} names[] = {
	{ "SIGABRT", SIGABRT },     { "SIGALRM", SIGALRM },     { "SIGBUS", SIGBUS },
	{ "SIGCHLD", SIGCHLD },     { "SIGCONT", SIGCONT },     { "SIGFPE", SIGFPE },
	{ "SIGHUP", SIGHUP },       { "SIGILL", SIGILL },       { "SIGINT", SIGINT },
	{ "SIGIO", SIGIO },         { "SIGKILL", SIGKILL },     { "SIGPIPE", SIGPIPE },
	{ "SIGPROF", SIGPROF },     { "SIGPWR", SIGPWR },       { "SIGQUIT", SIGQUIT },
	{ "SIGSEGV", SIGSEGV },     { "SIGSTKFLT", SIGSTKFLT }, { "SIGSTOP", SIGSTOP },
	{ "SIGSYS", SIGSYS },       { "SIGTERM", SIGTERM },     { "SIGTRAP", SIGTRAP },
	{ "SIGTSTP", SIGTSTP },     { "SIGTTIN", SIGTTIN },     { "SIGTTOU", SIGTTOU },
	{ "SIGURG", SIGURG },       { "SIGUSR1", SIGUSR1 },     { "SIGUSR2", SIGUSR2 },
	{ "SIGVTALRM", SIGVTALRM }, { "SIGWINCH", SIGWINCH },   { "SIGXCPU", SIGXCPU },
	{ "SIGXFSZ", SIGXFSZ },     { "SIGIOT", SIGIOT },       { "SIGCLD", SIGCHLD },
	{ "SIGPOLL", SIGPOLL },
};

static int real_time(const char *name)
{
	uint64_t n = 0;
	bool from_max = !strncasecmp(name, "RTMAX", 5);

	if (!from_max && strncasecmp(name, "RTMIN", 5))
		return 0;
	if (name[5] && (name[5] != (from_max ? '-' : '+') ||
			str_u64(name + 6, RT_LAST - RT_FIRST, &n)))
		return 0;
	return from_max ? RT_LAST - (int)n : RT_FIRST + (int)n;
}

int signame_parse(const char *text, struct err *e)
{
	uint64_t n;

	if (!str_u64(text, RT_LAST, &n) && n > 0)
		return (int)n;
	const char *bare = strncasecmp(text, "SIG", 3) ? text : text + 3;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strcasecmp(names[i].name + 3, bare))
			return names[i].signo;
	int rt = real_time(bare);
	return rt ? rt : err_set(e, -EINVAL, "invalid signal: %s", text);
}

const char *signame_text(int signo)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].signo == signo)
			return names[i].name;
	return NULL;
}
