/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/base/path.c: a path of an image. Opening it by our own walk comes
 * to the same as openat2(2) does, in a tree of links that lead everywhere; and a cleaned
 * path is one. */
#include <errno.h>
#include <sys/stat.h>

#include "core/base/path.h"
#include "tests/fuzz/fuzz.h"

/* Names of one letter, so that chance meets them. */
static int tree(void)
{
	static const char *const links[][2] = {
		{ "a/b/c", "l" },      { "/a", "m" },      { "..", "n" },
		{ "../../../a", "o" }, { "p", "p" },       { "/m/b/../f", "q" },
		{ ".", "a/r" },        { "../m", "a/s" },  { "/", "a/b/t" },
		{ "../f/x", "a/b/u" }, { "none", "a/v" },  { "a/", "w" },
		{ "/q/", "x" },        { "m/s/s/b", "y" }, { "//a//b/.//", "z" },
	};
	static int root = -1;

	if (root >= 0)
		return root;
	mkdirat(fuzz_dirfd(), "root", 0755);
	root = openat(fuzz_dirfd(), "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(root >= 0);
	must(!mkdirat(root, "a", 0755) && !mkdirat(root, "a/b", 0755) &&
	     !mkdirat(root, "a/b/c", 0755));
	fuzz_file(root, "a/f", "f", 1);
	fuzz_file(root, "a/b/c/g", "g", 1);
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		must(!symlinkat(links[i][0], root, links[i][1]));
	return root;
}

typedef int open_fn(int rootfd, const char *path, int flags, mode_t mode);

static void both_ways(open_fn *fn, const char *path, int flags)
{
	struct stat x, y;
	autoclose int kernel = fn(tree(), path, flags, 0);

	path_without_openat2(true);
	autoclose int walk = fn(tree(), path, flags, 0);
	path_without_openat2(false);
	must((kernel < 0) == (walk < 0));
	if (kernel < 0)
		return;
	must(!fstat(kernel, &x) && !fstat(walk, &y));
	must(x.st_ino == y.st_ino && x.st_dev == y.st_dev);
}

static void clean(const char *path)
{
	autofree char *p = path_clean(path), *again = path_clean(p);
	size_t n = strlen(p);

	must(p[0] == '/' && str_eq(p, again));
	must(!strstr(p, "//") && !strstr(p, "/./") && !strstr(p, "/../"));
	must(n == 1 || (p[n - 1] != '/' && !str_ends(p, "/.") && !str_ends(p, "/..")));
	autofree char *dir = path_dir(p);
	autofree char *joined = path_join(dir, path_base(p));
	must(n == 1 || str_eq(joined, p));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *path = str_ndup((const char *)data, size);
	const char *name;

	clean(path);
	both_ways(path_open_in, path, O_PATH | O_CLOEXEC);
	both_ways(path_open_in, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	both_ways(path_open_in, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	both_ways(path_open_beneath, path, O_PATH | O_CLOEXEC);
	both_ways(path_open_beneath, path, O_RDONLY | O_CLOEXEC);
	autoclose int parent = path_open_parent_in(tree(), path, &name);
	must(parent < 0 || (name[0] && !str_eq(name, ".") && !str_eq(name, "..")));
	return 0;
}
