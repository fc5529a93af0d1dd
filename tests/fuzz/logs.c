/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/engine/logs.c: a json-file log of any bytes. The first two are the
 * --tail and the options. */
#include <sys/stat.h>

#include "core/engine/logs.h"
#include "core/runtime/setup.h"
#include "tests/fuzz/fuzz.h"

static int count(void *arg, bool is_stderr, int64_t time, const char *text, size_t n)
{
	must(n == 0 || text != NULL);
	++*(size_t *)arg;
	return 0;
}

static void bundle(int dir, const char *log)
{
	struct setup s = { .id = (char *)"0123",
			   .log_driver = (char *)"json-file",
			   .auto_remove = true };

	mkdirat(dir, "bundle", 0700);
	autoclose int fd = openat(dir, "bundle", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s.log_path = (char *)(uintptr_t)log;
	must(fd >= 0 && setup_write(fd, &s, NULL, NULL) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool made;
	autofree char *log = str_fmt("%s/log", fuzz_folder());
	struct logs_options o = { .want_stdout = true, .want_stderr = true, .tail = -1 };
	struct container c = { .dirfd = fuzz_dirfd(), .name = (char *)"fuzz" };
	struct store s = { .data_fd = -1 };
	size_t all = 0, last = 0;
	struct err e = { 0 };

	if (size < 2)
		return 0;
	if (!made)
		bundle(c.dirfd, log);
	made = true;
	fuzz_file(c.dirfd, "log", data + 2, size - 2);
	must(logs_read(&s, &c, &o, count, &all, &e) == 0);
	o.tail = data[0];
	o.timestamps = data[1] & 1;
	o.details = data[1] & 2;
	must(logs_read(&s, &c, &o, count, &last, &e) == 0);
	must(last <= all && last <= data[0]);
	return 0;
}
