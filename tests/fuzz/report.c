/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/runtime/report.c: what comes over the socket of a start. */
#include "core/runtime/report.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct report r;
	int pair[2], fd = -1;

	must(fd_socketpair(2 /* SOCK_DGRAM: a message may be empty */, pair) == 0);
	autoclose int in = pair[0], out = pair[1];
	must(fd_send(out, data, size, NULL, 0) == 0);
	if (report_receive(in, &r, &fd) > 0)
		must(fd == -1 && strlen(r.e.text) < ERR_TEXT_MAX);
	return 0;
}
