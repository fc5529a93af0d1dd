/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/runtime/state.c: state.json. What is read is written and read again
 * the same. */
#include "core/runtime/state.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct state s, again;
	struct err e = { 0 };
	int dir = fuzz_dirfd();

	fuzz_file(dir, "state.json", data, size);
	if (state_read(dir, &s, &e) < 0) {
		must(e.text[0]);
		return 0;
	}
	must(state_write(dir, &s, &e) == 0 && state_read(dir, &again, &e) == 0);
	must(s.status == again.status && s.pid == again.pid &&
	     s.pid_start == again.pid_start && s.monitor_pid == again.monitor_pid &&
	     s.exit_code == again.exit_code && s.oom_killed == again.oom_killed &&
	     s.started == again.started && s.finished == again.finished &&
	     s.restart_count == again.restart_count && str_eq(s.boot_id, again.boot_id));
	return 0;
}
