/* SPDX-License-Identifier: Apache-2.0 */
/* The event journal: appended in single writes, rotated by size. */
#include "core/store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"

#define EVENTS      "journal/events"
#define EVENTS_OLD  "journal/events.1"
#define ROTATE_SIZE (4u << 20)
#define LINE_MAX_   65536

static void build(yyjson_mut_doc *doc, const char *type, const char *action,
		  const char *id, const struct strv *attributes)
{
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	bool container = str_eq(type, "container");
	int64_t now = time_now();

	yyjson_mut_doc_set_root(doc, root);
	if (container) { /* the older fields, which docker still sends */
		json_add_str(doc, root, "status", action);
		json_add_str(doc, root, "id", id);
		if (attributes)
			json_add_str(doc, root, "from", strv_getenv(attributes, "image"));
	}
	json_add_str(doc, root, "Type", type);
	json_add_str(doc, root, "Action", action);
	yyjson_mut_val *actor = json_add_obj(doc, root, "Actor");
	json_add_str(doc, actor, "ID", id);
	if (attributes) { /* by key, as Go writes a map */
		autostrv sorted = { 0 };
		strv_addv(&sorted, strv_view(attributes));
		strv_sort(&sorted);
		json_add_map(doc, actor, "Attributes", &sorted);
	}
	json_add_str(doc, root, "scope", "local");
	yyjson_mut_obj_add_sint(doc, root, "time", now / 1000000000);
	yyjson_mut_obj_add_sint(doc, root, "timeNano", now);
}

/* Whoever holds the lock of a full file renames it, once; the others append to the new
 * one. */
static void rotate(const struct store *s, int fd)
{
	struct stat a, b;

	if (fstat(fd, &a) || a.st_size < ROTATE_SIZE || flock(fd, LOCK_EX | LOCK_NB))
		return;
	if (!fstatat(s->data_fd, EVENTS, &b, AT_SYMLINK_NOFOLLOW) && a.st_ino == b.st_ino)
		(void)renameat(s->data_fd, EVENTS, s->data_fd, EVENTS_OLD);
	flock(fd, LOCK_UN);
}

/* Does it end within a line, as a power cut or a full disk may leave it? */
static bool is_torn(int fd)
{
	struct stat st;
	char last = '\n';

	return !fstat(fd, &st) && st.st_size > 0 &&
	       pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

int journal_add(const struct store *s, const char *type, const char *action,
		const char *id, const struct strv *attributes)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	autobuf line = { .max = LINE_MAX_ };
	int r;

	build(doc, type, action, id, attributes);
	r = json_print(&line, doc, false);
	if (r == 0)
		r = buf_addc(&line, '\n');
	if (r < 0)
		return r;
	autoclose int fd =
		openat(s->data_fd, EVENTS,
		       O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	/* Should another writer have mended it meanwhile, an empty line is passed over.
	 */
	struct iovec v[2] = { { (char *)"\n", is_torn(fd) }, { line.data, line.len } };
	ssize_t n = writev(fd, v, 2);
	r = n < 0 ? -errno : (size_t)n < v[0].iov_len + line.len ? -ENOSPC : 0;
	rotate(s, fd);
	return r;
}

struct reader {
	int64_t since;
	int (*fn)(yyjson_val *event, void *arg);
	void *arg;
};

/* A torn or foreign line is passed over. */
static int read_line(const char *p, size_t n, const struct reader *rd)
{
	autojson *doc = NULL;
	int64_t at = 0;

	if (json_parse(p, n, "event", &doc, NULL) < 0)
		return 0;
	yyjson_val *root = yyjson_doc_get_root(doc);
	if (json_get_i64(root, "timeNano", &at, NULL) < 0 || at < rd->since)
		return 0;
	return rd->fn(root, rd->arg);
}

static int read_file(const struct store *s, const char *name, const struct reader *rd,
		     struct err *e)
{
	autobuf text = { .max = 4 * ROTATE_SIZE };
	int r = file_read(s->data_fd, name, 4 * ROTATE_SIZE, &text);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return err_code(e, r, "read '%s/%s'", s->data, name);
	const char *p = buf_str(&text), *end = p + text.len;
	while (r == 0 && p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl)
			break;
		r = read_line(p, (size_t)(nl - p), rd);
		p = nl + 1;
	}
	return r;
}

int journal_read(const struct store *s, int64_t since,
		 int (*fn)(yyjson_val *event, void *arg), void *arg, struct err *e)
{
	struct reader rd = { since, fn, arg };
	int r = read_file(s, EVENTS_OLD, &rd, e);

	return r ? r : read_file(s, EVENTS, &rd, e);
}

/* The whole lines of fd behind c, which is in that file from then on. */
static int read_behind(int fd, struct journal_cursor *c, const struct reader *rd,
		       struct err *e)
{
	autobuf text = { .max = 4 * ROTATE_SIZE };
	struct stat st;
	int r = 0;

	if (fstat(fd, &st))
		return err_sys(e, "look at the journal");
	if (c->inode != st.st_ino)
		*c = (struct journal_cursor){ .inode = st.st_ino };
	if (lseek(fd, (off_t)c->offset, SEEK_SET) < 0 ||
	    file_read_fd(fd, 4 * ROTATE_SIZE, &text) < 0)
		return err_sys(e, "read the journal");
	const char *p = buf_str(&text), *end = p + text.len, *nl;
	while (r == 0 && (nl = memchr(p, '\n', (size_t)(end - p)))) {
		c->offset += (uint64_t)(nl - p) + 1;
		r = read_line(p, (size_t)(nl - p), rd);
		p = nl + 1;
	}
	return r;
}

int journal_next(const struct store *s, struct journal_cursor *c,
		 int (*fn)(yyjson_val *event, void *arg), void *arg, struct err *e)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC;
	struct reader rd = { 0, fn, arg };
	/* The newer one first: should it be renamed meanwhile, it is read all the same.
	 */
	autoclose int new = openat(s->data_fd, EVENTS, flags);
	autoclose int old = openat(s->data_fd, EVENTS_OLD, flags);
	struct stat st;
	int r = 0;

	/* What was rotated away before the cursor's file is behind it. */
	if (old >= 0 && !fstat(old, &st) && (!c->inode || c->inode == st.st_ino))
		r = read_behind(old, c, &rd, e);
	return r || new < 0 ? r : read_behind(new, c, &rd, e);
}
