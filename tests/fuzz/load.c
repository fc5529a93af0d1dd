/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of image loading (core/image/archive.c, spool.c, shelf.c, load.c,
 * content.c): an archive as docker save writes it, or an OCI one. Nothing of a refused
 * archive stays in the store's tmp/. */
#include <dirent.h>
#include <sys/stat.h>

#include "core/base/file.h"
#include "core/image/archive.h"
#include "tests/fuzz/fuzz.h"

static void open_store(struct store *s)
{
	autofree char *data = str_fmt("%s/data", fuzz_folder());
	autofree char *run = str_fmt("%s/run", fuzz_folder());
	struct err e = { 0 };

	mkdir(run, 0700);
	setenv("ROOTLESS_DATA", data, 1);
	setenv("XDG_RUNTIME_DIR", run, 1);
	must(store_open(s, &e) == 0);
}

static void check_tmp(const struct store *s)
{
	DIR *dir = fdopendir(openat(s->tmp_fd, ".", O_RDONLY | O_CLOEXEC));
	const struct dirent *de;

	must(dir != NULL);
	while ((de = readdir(dir)))
		must(!str_starts(de->d_name, "load-") &&
		     !str_starts(de->d_name, "lease-"));
	closedir(dir);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct store s;
	autofree uint8_t *bytes = fuzz_mend_tar(data, size);
	struct pull_options o = { .realm_pidfd = -1 };
	autoclose int fd = fuzz_memory(bytes, size, NULL);
	autostrv names = { 0 };
	struct err e = { 0 };

	if (!s.data)
		open_store(&s);
	if (archive_load(&s, fd, &o, &names, &e) < 0)
		must(e.text[0]);
	check_tmp(&s);
	return 0;
}
