/* SPDX-License-Identifier: Apache-2.0 */
/* Signal names (signal(7)). */
#include "core/engine/signalname.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <strings.h>

#include "core/base/mem.h"
#include "core/base/str.h"

/* The kernel's real-time signals; the C library keeps the first few to itself. */
#define RT_FIRST 34
#define RT_LAST  64

static const struct {
	const char *name;
	int number;
} names[] = {
	{ "HUP", SIGHUP },       { "INT", SIGINT },     { "QUIT", SIGQUIT },
	{ "ILL", SIGILL },       { "TRAP", SIGTRAP },   { "ABRT", SIGABRT },
	{ "IOT", SIGIOT },       { "BUS", SIGBUS },     { "FPE", SIGFPE },
	{ "KILL", SIGKILL },     { "USR1", SIGUSR1 },   { "SEGV", SIGSEGV },
	{ "USR2", SIGUSR2 },     { "PIPE", SIGPIPE },   { "ALRM", SIGALRM },
	{ "TERM", SIGTERM },     { "CHLD", SIGCHLD },   { "CLD", SIGCHLD },
	{ "CONT", SIGCONT },     { "STOP", SIGSTOP },   { "TSTP", SIGTSTP },
	{ "TTIN", SIGTTIN },     { "TTOU", SIGTTOU },   { "URG", SIGURG },
	{ "XCPU", SIGXCPU },     { "XFSZ", SIGXFSZ },   { "VTALRM", SIGVTALRM },
	{ "PROF", SIGPROF },     { "WINCH", SIGWINCH }, { "IO", SIGIO },
	{ "POLL", SIGPOLL },     { "PWR", SIGPWR },     { "SYS", SIGSYS },
#ifdef SIGSTKFLT
	{ "STKFLT", SIGSTKFLT },
#endif
};

/* "RTMIN", "RTMIN+3", "RTMAX-2"; 0 when it is none. */
static int real_time(const char *name)
{
	uint64_t n = 0;

	if (strncasecmp(name, "RTMIN", 5) == 0) {
		if (name[5] &&
		    (name[5] != '+' || str_u64(name + 6, RT_LAST - RT_FIRST, &n)))
			return 0;
		return RT_FIRST + (int)n;
	}
	if (strncasecmp(name, "RTMAX", 5) == 0) {
		if (name[5] &&
		    (name[5] != '-' || str_u64(name + 6, RT_LAST - RT_FIRST, &n)))
			return 0;
		return RT_LAST - (int)n;
	}
	return 0;
}

int signalname_parse(const char *text, struct err *e)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	uint64_t n;
	int rt;

	if (!str_u64(text, RT_LAST, &n) && n > 0)
		return (int)n;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcasecmp(name, names[i].name) == 0)
			return names[i].number;
	rt = real_time(name);
	return rt ? rt : err_set(e, -EINVAL, "invalid signal: %s", text);
}
