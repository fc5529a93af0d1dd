/* SPDX-License-Identifier: Apache-2.0 */
/* Sources of COPY and ADD. */
#include "core/engine/buildsource.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/engine/buildbase.h"
#include "core/engine/buildfetch.h"
#include "core/engine/buildgit.h"
#include "core/engine/buildscope.h"

struct finder {
	struct buildjob *j;
	const struct buildjob_stage *st;
	const struct dockerfile_instruction *in;
	struct buildsource *to;
	bool from, unpack, fetched_unpack, keep_git, git;
	const struct buildcontext *named; /* of --from, when it means one */
	size_t heredoc;                   /* the next one */
};

static struct buildcopy_source *add(struct buildsource *s, int fd, const char *path)
{
	s->v = mem_resize(s->v, s->len + 1, sizeof(*s->v));
	s->v[s->len] = (struct buildcopy_source){ .fd = fd, .path = str_dup(path) };
	return &s->v[s->len++];
}

/* A new folder of the build, open; *ret_path malloc'd. */
static int own_folder(struct finder *f, char **ret_path, struct err *e)
{
	struct buildsource *s = f->to;
	autofree char *path = buildjob_scratch(f->j, e);
	int fd;

	if (!path)
		return e->code;
	if (s->own_len == ARRAY_LEN(s->own))
		return err_set(e, -E2BIG, "more than %zu heredocs, URLs and archives",
			       ARRAY_LEN(s->own));
	autofree char *folder = str_fmt("%s/upper", path);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open '%s'", folder);
	s->own[s->own_len++] = fd;
	if (ret_path)
		*ret_path = TAKE_PTR(path);
	return fd;
}

static int add_heredoc(struct finder *f, struct err *e)
{
	const struct dockerfile_heredoc *h = &f->in->heredocs[f->heredoc++];
	autofree char *text = NULL;
	autostrv env = { 0 };
	const struct dockerfile_scope s = { .env = &env,
					    .escape = f->j->file.escape,
					    .raw = true };
	int fd = own_folder(f, NULL, e), r = 0;

	if (fd < 0)
		return fd;
	if (strchr(h->name, '/'))
		return err_set(e, -EINVAL, "invalid heredoc name '%s'", h->name);
	buildscope_env(f->st, &env);
	if (h->expand)
		r = dockerfile_expand(&s, h->text, &text, e);
	if (r < 0)
		return r;
	autoclose int out =
		openat(fd, h->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	const char *p = text ? text : h->text;
	/* Without a mask: 0644 is what docker makes. */
	if (out < 0 || fchmod(out, 0644) || fd_write_all(out, p, strlen(p)) < 0)
		return err_sys(e, "write heredoc '%s'", h->name);
	add(f->to, fd, h->name)->literal = true;
	return 0;
}

static int unpack_into(struct finder *f, int fd, struct err *e)
{
	autofree char *scratch = NULL;
	int made = own_folder(f, &scratch, e), r;

	if (made < 0)
		return made;
	autofree char *path = str_fmt("%s/tree", scratch);
	const struct buildcontext_place at = buildjob_place(f->j);
	r = buildcontext_unpack(&at, fd, path, e);
	if (r < 0)
		return r;
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, "open '%s'", path);
	struct buildsource *s = f->to;
	fd_close(s->own[s->own_len - 1]);
	s->own[s->own_len - 1] = dir;
	struct buildcopy_source *from = add(s, dir, "/");
	from->keep_owner = from->literal = true;
	return 0;
}

static int add_url(struct finder *f, const char *url, struct err *e)
{
	const char *sum = dockerfile_flag(f->in, "checksum");
	autofree char *name = buildfetch_name(url), *text = NULL;
	struct digest want;
	int fd, r;

	if (!*name)
		return err_set(e, -EINVAL, "cannot determine filename from url: %s", url);
	if (sum && (r = buildscope_expand(f->j, f->st, sum, &text, e)) < 0)
		return r;
	if (sum && digest_parse(text, &want) < 0)
		return err_set(e, -EINVAL, "invalid digest '%s' of --checksum", text);
	if ((fd = own_folder(f, NULL, e)) < 0)
		return fd;
	const struct buildfetch_want w = {
		.url = url, .digest = sum ? &want : NULL, .dirfd = fd, .name = name
	};
	if ((r = buildfetch_file(f->j->cfg, &w, e)) < 0)
		return r;
	if (f->fetched_unpack) {
		autoclose int file = openat(fd, name, O_RDONLY | O_CLOEXEC);
		if (file >= 0 && buildcontext_is_tar(file))
			return unpack_into(f, file, e);
	}
	add(f->to, fd, name)->literal = true;
	return 0;
}

/* 1: it was an archive and is unpacked. */
static int add_archive(struct finder *f, const char *path, struct err *e)
{
	autoclose int fd = path_open_in(f->j->context.fd, *path ? path : ".",
					O_RDONLY | O_NONBLOCK, 0);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return 0;
	if (!buildcontext_is_tar(fd))
		return 0;
	r = unpack_into(f, fd, e);
	return r < 0 ? err_wrap(e, "unpack '%s'", path) : 1;
}

static int add_git(struct finder *f, const char *url, struct err *e)
{
	autofree char *scratch = buildjob_scratch(f->j, e), *path = NULL;
	struct buildsource *s = f->to;
	int r;

	if (!scratch)
		return e->code;
	autofree char *dir = str_fmt("%s/repository", scratch);
	f->git = true;
	if ((r = buildgit_clone(url, dir, f->keep_git, &path, e)) < 0)
		return r;
	if (s->own_len == ARRAY_LEN(s->own))
		return err_set(e, -E2BIG, "too many sources");
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open '%s'", path);
	s->own[s->own_len++] = fd;
	add(s, fd, "/")->literal = true;
	return 0;
}

static int add_context(struct finder *f, const char *word, struct err *e)
{
	const struct buildtree t = { .root = f->j->context.fd,
				     .path = word,
				     .ignore = &f->j->context.ignore };
	autostrv matches = { 0 };
	int r;

	if (f->in->op == DOCKERFILE_COPY || !f->unpack) {
		add(f->to, f->j->context.fd, word)->context = true;
		return 0;
	}
	r = buildtree_match(&t, &matches, e);
	for (size_t i = 0; r >= 0 && i < matches.len; i++) {
		r = add_archive(f, matches.v[i], e);
		if (r != 0)
			continue;
		struct buildcopy_source *s = add(f->to, t.root, matches.v[i]);
		s->context = s->literal = true;
	}
	return r < 0 ? r : 0;
}

static int add_word(struct finder *f, const char *raw, struct err *e)
{
	autofree char *word = NULL;
	int r;

	if (dockerfile_is_heredoc(raw, f->j->file.escape) &&
	    f->heredoc < f->in->heredocs_len)
		return f->from ? err_set(e, -EINVAL, "a heredoc is not from '%s'",
					 dockerfile_flag(f->in, "from"))
			       : add_heredoc(f, e);
	if ((r = buildscope_expand(f->j, f->st, raw, &word, e)) < 0)
		return r;
	if (!*word)
		return err_set(e, -EINVAL, "%s with an empty source ('%s')",
			       dockerfile_op_name(f->in->op), raw);
	if (f->named) {
		add(f->to, f->named->fd, word)->context = true;
		return 0;
	}
	if (f->from) {
		add(f->to, -1, word)->layers = &f->to->layers;
		return 0;
	}
	bool add_op = f->in->op == DOCKERFILE_ADD;
	if (add_op && buildgit_is(word))
		return add_git(f, word, e);
	if (buildfetch_is_url(word))
		return add_op ? add_url(f, word, e)
			      : err_set(e, -EINVAL,
					"source can't be a URL for COPY: use ADD");
	return add_context(f, word, e);
}

static int find_flags(struct finder *f, struct err *e)
{
	const char *flag = dockerfile_flag(f->in, "keep-git-dir");

	f->keep_git = flag != NULL;
	if (flag && *flag && str_bool(flag, &f->keep_git) < 0)
		return err_set(e, -EINVAL,
			       "expecting boolean value for flag --keep-git-dir");
	flag = dockerfile_flag(f->in, "unpack");

	f->unpack = true;
	if (!flag)
		return 0;
	if (*flag && str_bool(flag, &f->unpack) < 0)
		return err_set(e, -EINVAL, "expecting boolean value for flag --unpack");
	f->fetched_unpack = f->unpack;
	return 0;
}

int buildsource_find(struct buildjob *j, const struct buildjob_stage *st,
		     const struct dockerfile_instruction *in, struct buildsource *ret,
		     struct err *e)
{
	const char *from = dockerfile_flag(in, "from");
	struct finder f = { .j = j, .st = st, .in = in, .to = ret, .from = from };
	autofree char *stage = NULL;
	int r = find_flags(&f, e);

	ret->ignore = &j->context.ignore;
	if (r == 0 && from)
		r = buildscope_expand(j, st, from, &stage, e);
	if (r == 0 && from)
		r = buildbase_folder(j, stage, &f.named, e);
	if (r == 0 && f.named)
		ret->ignore = &f.named->ignore;
	else if (r == 0 && from)
		r = buildbase_tree(j, st, stage, &ret->layers, e);
	for (size_t i = 0; r == 0 && i + 1 < in->args.len; i++)
		r = add_word(&f, in->args.v[i], e);
	if (r == 0 && f.keep_git && !f.git)
		return err_set(e, -EINVAL, "--keep-git-dir is for git sources");
	if (r == 0 && dockerfile_flag(in, "checksum") &&
	    (ret->len != 1 || f.git || !buildfetch_is_url(in->args.v[0])))
		r = err_set(e, -EINVAL, "--checksum is for one http(s) source");
	return r;
}

void buildsource_done(struct buildsource *s)
{
	for (size_t i = 0; i < s->len; i++)
		free(s->v[i].path);
	free(s->v);
	strv_done(&s->layers);
	for (size_t i = 0; i < s->own_len; i++)
		fd_close(s->own[i]);
	*s = (struct buildsource){ 0 };
}
