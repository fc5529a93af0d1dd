/* SPDX-License-Identifier: Apache-2.0 */
/* Only the wanted commit is asked for; a server that cannot give one alone (dumb HTTP,
 * or a commit by its number) is asked for all. What is in a repository is foreign: no
 * hooks, no transports that are commands, no prompts, and nothing that could be taken
 * for an option. */
#include "core/engine/buildgit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/spawn.h"
#include "core/base/str.h"
#include "core/base/strv.h"

#define SAID_MAX 4096 /* bytes of what git says */

struct repository {
	char *url, *ref, *folder; /* ref NULL: the default branch; folder "" */
};

static void repository_done(struct repository *r)
{
	free(r->url);
	free(r->ref);
	free(r->folder);
}

bool buildgit_is(const char *source)
{
	autofree char *path = str_ndup(source, strcspn(source, "#?"));

	return str_starts(source, "git@") || str_starts(source, "git://") ||
	       str_starts(source, "ssh://") || str_starts(source, "github.com/") ||
	       ((str_starts(source, "http://") || str_starts(source, "https://")) &&
		str_ends(path, ".git"));
}

static int parse(const char *source, struct repository *ret, struct err *e)
{
	const char *hash = strchr(source, '#'), *colon = hash ? strchr(hash, ':') : NULL;
	size_t n = hash ? (size_t)(hash - source) : strlen(source);

	ret->url = str_fmt("%s%.*s", str_starts(source, "github.com/") ? "https://" : "",
			   (int)n, source);
	if (hash && hash[1] && hash[1] != ':')
		ret->ref = str_ndup(hash + 1, strcspn(hash + 1, ":"));
	ret->folder = str_dup(colon ? colon + 1 : "");
	if (ret->ref && (ret->ref[0] == '-' || strpbrk(ret->ref, " ~^:?*[\\")))
		return err_set(e, -EINVAL, "invalid git reference '%s'", ret->ref);
	return 0;
}

/* The last line of what git said. */
static void last_line(struct buf *said)
{
	const char *text = buf_str(said), *nl;
	size_t n = said->len;

	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	autofree char *all = str_ndup(text, n);
	nl = strrchr(all, '\n');
	buf_reset(said);
	str_escape(said, nl ? nl + 1 : all);
}

/* args: what follows the options. */
static int git(const char *dir, const struct strv *args, struct err *e)
{
	static const char *const settings[] = {
		"core.hooksPath=/dev/null",  "core.fsmonitor=false",
		"protocol.ext.allow=never",  "protocol.file.allow=never",
		"advice.detachedHead=false", "init.defaultBranch=main"
	};
	extern char **environ;
	autostrv argv = { 0 }, env = { 0 };
	autobuf said = { .max = SAID_MAX };
	struct spawn s = { .path = "git", .errout = &said, .cut = true };
	int r;

	strv_addv(&env, environ);
	strv_setenv(&env, "GIT_TERMINAL_PROMPT", "0");
	strv_setenv(&env, "LC_ALL", "C");
	strv_add(&argv, "git");
	strv_addf(&argv, "--git-dir=%s/.git", dir);
	strv_addf(&argv, "--work-tree=%s", dir);
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		strv_add(&argv, "-c");
		strv_add(&argv, settings[i]);
	}
	strv_addv(&argv, strv_view(args));
	s.argv = argv.v;
	s.env = env.v;
	r = spawn_program(&s, e);
	if (r == -ENOENT)
		return err_set(e, r,
			       "there is no git program here to fetch it with: install "
			       "git, or clone it elsewhere and give the folder");
	if (r <= 0)
		return r;
	last_line(&said);
	return err_set(e, -EIO, "git %s: %s", args->v[0], buf_str(&said));
}

static int git_words(const char *dir, const char *const *words, struct err *e)
{
	autostrv args = { 0 };

	for (; *words; words++)
		strv_add(&args, *words);
	return git(dir, &args, e);
}

static int fetch(const struct repository *r, const char *dir, struct err *e)
{
	const char *const one[] = { "fetch", "--quiet", "--depth=1",
				    "--",    r->url,    r->ref ? r->ref : "HEAD",
				    NULL };
	const char *const all[] = { "fetch",
				    "--quiet",
				    "--tags",
				    "--",
				    r->url,
				    "+HEAD:refs/fetched",
				    "+refs/heads/*:refs/remotes/origin/*",
				    NULL };
	int k = git_words(dir, one, e);

	if (k == 0 || k == -ENOENT)
		return k < 0 ? k : 1;
	err_clear(e);
	return git_words(dir, all, e);
}

/* What fetch brought; all: every branch, else only what was asked for. */
static int check_out(const struct repository *r, const char *dir, bool all, struct err *e)
{
	autofree char *branch = str_fmt("refs/remotes/origin/%s", r->ref ? r->ref : "");
	const char *const tries[] = { !all      ? "FETCH_HEAD"
				      : !r->ref ? "refs/fetched"
						: branch,
				      all ? r->ref : NULL };
	int k = -ENOENT;

	for (size_t i = 0; k < 0 && i < ARRAY_LEN(tries) && tries[i]; i++) {
		const char *const words[] = { "checkout", "--quiet", "--detach",
					      tries[i],   "--",      NULL };
		err_clear(e);
		k = git_words(dir, words, e);
	}
	return k;
}

static int submodules(const char *dir, struct err *e)
{
	const char *const words[] = { "submodule",   "--quiet",   "update", "--init",
				      "--recursive", "--depth=1", NULL };
	autofree char *list = str_fmt("%s/.gitmodules", dir);

	return access(list, F_OK) ? 0 : git_words(dir, words, e);
}

/* The folder's real path: no link leads out of the repository. */
static int find_folder(const char *dir, const char *folder, char **ret, struct err *e)
{
	autoclose int root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	autoclose int fd = root < 0 ? -errno
				    : path_open_in(root, *folder ? folder : ".",
						   O_PATH | O_DIRECTORY, 0);
	char link[32], real[PATH_MAX];
	ssize_t n;

	if (fd < 0)
		return err_code(e, fd, "folder '%s' of the repository", folder);
	str_print(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, real, sizeof(real) - 1);
	if (n < 0)
		return err_sys(e, "folder '%s' of the repository", folder);
	*ret = str_ndup(real, (size_t)n);
	return 0;
}

int buildgit_clone(const char *source, const char *dir, bool keep, char **ret_path,
		   struct err *e)
{
	autodone(repository_done) struct repository rep = { 0 };
	const char *const init[] = { "init", "--quiet", NULL };
	autofree char *history = str_fmt("%s/.git", dir);
	int r;

	if (mkdir(dir, 0755))
		return err_sys(e, "make '%s'", dir);
	if ((r = parse(source, &rep, e)) == 0 && (r = git_words(dir, init, e)) == 0 &&
	    (r = fetch(&rep, dir, e)) >= 0 &&
	    (r = check_out(&rep, dir, r == 0, e)) == 0 && (r = submodules(dir, e)) == 0 &&
	    !keep)
		r = file_remove_tree(AT_FDCWD, history);
	if (r == 0)
		r = find_folder(dir, rep.folder, ret_path, e);
	return r < 0 ? err_wrap(e, "fetch '%s'", source) : 0;
}
