/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/ns/pidfd.c: /proc/PID/stat, in which the process chooses its own
 * name. A name does not move the fields behind it. */
#include "core/ns/pidfd.h"
#include "tests/fuzz/fuzz.h"

#define COMM_MAX 15

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = str_ndup((const char *)data, size);
	autofree char *comm = str_ndup(text, COMM_MAX);
	autofree char *line = str_fmt("7 (%s) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 "
				      "1 0 4711 2 3\n",
				      comm);
	uint64_t start = 0;

	pidfd_parse_stat(text, &start);
	must(pidfd_parse_stat(line, &start) == 0 && start == 4711);
	return 0;
}
