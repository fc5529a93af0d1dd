/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/engine/procstat.c: /proc/PID/stat, in which the process chooses its
 * own name. A name does not move the fields behind it. */
#include "core/engine/procstat.h"

#include "tests/fuzz/fuzz.h"

#define COMM_MAX 15

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = str_ndup((const char *)data, size);
	autofree char *comm = str_ndup(text, COMM_MAX);
	autofree char *line =
		str_fmt("7 (%s) S 1 7 6 0 -1 4194560 1 0 0 0 11 12 0 0 20 0 "
			"1 0 4711 4096 3 18446744073709551615 1\n",
			comm);
	struct procstat p = { 0 };

	procstat_parse(text, strlen(text), &p);
	must(procstat_parse(line, strlen(line), &p) == 0 && p.pid == 7 && p.ppid == 1 &&
	     p.session == 6 && p.utime == 11 && p.stime == 12 && p.start == 4711 &&
	     p.vsize == 4096 && p.rss == 3 && str_eq(p.comm, comm));
	return 0;
}
