/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/runtime/setup.c: setup.json. What is read is written so that it
 * reads the same. */
#include "core/runtime/setup.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autodone(setup_done) struct setup s = { 0 }, again = { 0 };
	struct err e = { 0 };
	int dir = fuzz_dirfd();

	fuzz_file(dir, "setup.json", data, size);
	if (setup_read(dir, &s, &e) < 0) {
		must(e.text[0]);
		return 0;
	}
	s.auto_remove = true; /* no fsync */
	must(setup_write(dir, &s, NULL, &e) == 0 && setup_read(dir, &again, &e) == 0);
	must(str_eq(s.id, again.id) && str_eq(s.upper, again.upper) &&
	     str_eq(s.log_path, again.log_path) && s.init == again.init &&
	     s.log_max_size == again.log_max_size && s.stop_signal == again.stop_signal &&
	     s.layers.len == again.layers.len);
	return 0;
}
