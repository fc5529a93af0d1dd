/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a build share. */
#include "core/engine/buildjob.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/buildnamed.h"
#include "core/engine/buildview.h"
#include "core/store/trash.h"

int buildjob_open(struct buildjob *j, struct err *e)
{
	uint64_t n;
	bool made;
	int r;

	buildwatch_sweep(j->store);
	if ((r = realm_open(j->store, &j->realm, e)) < 0)
		return r;
	j->has_realm = true;
	id_random(&n, sizeof(n));
	j->label = str_fmt("build-%016llx", (unsigned long long)n);
	j->dir = str_fmt("%s/tmp/%s", j->store->data, j->label);
	j->dirfd = trash_lock_dir(j->store->tmp_fd, j->label, true, &made);
	if (j->dirfd < 0)
		return err_code(e, j->dirfd, "make '%s'", j->dir);
	if (j->o->secrets.len) {
		j->secrets = str_fmt("%s/%s", j->store->run, j->label);
		if (mkdir(j->secrets, 0700))
			return err_sys(e, "make '%s'", j->secrets);
	}
	return buildwatch_start(j->store, j->label, j->secrets, &j->watch, e);
}

static void stage_done(struct buildjob_stage *st)
{
	compose_free(st->compose);
	tag_done(&st->base);
	strv_done(&st->args);
	for (size_t i = 0; i < st->notes_len; i++)
		free(st->notes[i].by);
	free(st->notes);
}

void buildjob_done(struct buildjob *j)
{
	for (size_t i = 0; i < j->stages_len; i++)
		stage_done(&j->stages[i]);
	free(j->stages);
	for (size_t i = 0; i < j->held_len; i++)
		compose_free(j->held[i]);
	free(j->held);
	if (j->secrets)
		file_remove_tree(AT_FDCWD, j->secrets);
	buildwatch_end(&j->watch);
	buildcontext_done(&j->context);
	for (size_t i = 0; i < j->named_len; i++)
		buildnamed_done(&j->named[i]);
	free(j->named);
	if (j->dirfd >= 0) {
		trash_move(j->store, j->store->tmp_fd, j->label, NULL);
		fd_close(j->dirfd);
		realm_sweep(j->store, NULL);
	}
	if (j->has_realm)
		realm_done(&j->realm);
	dockerfile_done(&j->file);
	strv_done(&j->globals);
	strv_done(&j->consumed);
	free(j->label);
	free(j->dir);
	free(j->secrets);
	*j = (struct buildjob){ .dirfd = -1 };
}

struct buildcontext_place buildjob_place(const struct buildjob *j)
{
	return (struct buildcontext_place){ j->store, j->realm.pidfd, j->dirfd };
}

char *buildjob_scratch(struct buildjob *j, struct err *e)
{
	char *path = str_fmt("%s/%u", j->dir, j->scratches++);

	if (buildview_prepare(path, e) >= 0)
		return path;
	free(path);
	return NULL;
}

void buildjob_layers(const struct buildjob *j, const struct compose *c, struct strv *ret)
{
	const struct layers_item *items;
	char hex[DIGEST_TEXT_MAX];

	for (size_t n = compose_layers(c, &items); n > 0; n--)
		strv_addf(ret, "%s/layers/%s/diff", j->store->data,
			  digest_hex(hex, &items[n - 1].chain_id));
}

struct buildjob_stage *buildjob_find(const struct buildjob *j, const char *what, size_t n)
{
	uint64_t number;

	/* The last of that name, as docker has it. */
	for (size_t i = n; i > 0; i--)
		if (j->stages[i - 1].name && !strcasecmp(j->stages[i - 1].name, what))
			return &j->stages[i - 1];
	if (!str_u64(what, n ? n - 1 : 0, &number) && n)
		return &j->stages[number];
	return NULL;
}

void buildjob_note(struct buildjob_stage *st, const char *by, bool layer)
{
	struct buildjob_note note = { .by = str_dup(by), .layer = layer };
	const struct layers_item *items;
	size_t n = compose_layers(st->compose, &items);

	if (layer) {
		note.blob = items[n - 1].blob;
		note.blob.annotations = (struct strv){ 0 };
		note.diff_id = items[n - 1].diff_id;
	}
	compose_note(st->compose, by, NULL);
	st->notes = mem_resize(st->notes, st->notes_len + 1, sizeof(note));
	st->notes[st->notes_len++] = note;
}

int buildjob_replay(const struct buildjob_stage *from, struct compose *to, struct err *e)
{
	for (size_t i = 0; i < from->notes_len; i++) {
		const struct buildjob_note *n = &from->notes[i];
		int r = n->layer ? compose_add_stored(to, &n->blob, &n->diff_id, e) : 0;

		if (r < 0)
			return r;
		compose_note(to, n->by, NULL);
	}
	return 0;
}
