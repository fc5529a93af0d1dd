/* SPDX-License-Identifier: Apache-2.0 */
/* Fetching a file, over the registry client's connections: the same trust, proxies and
 * limits. */
#include "core/engine/buildfetch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/image/exchange.h"
#include "core/wire/hasher.h"

#define SIZE_MAX_FETCH (16ull << 30)

struct fetch {
	int fd;
	uint64_t size;
	struct hasher *hasher;
};

bool buildfetch_is_url(const char *source)
{
	return str_starts(source, "http://") || str_starts(source, "https://");
}

char *buildfetch_name(const char *url)
{
	const char *from = strstr(url, "://") + 3;
	const char *slash = strpbrk(from, "/?#");
	autofree char *path =
		str_ndup(slash ? slash : "", slash ? strcspn(slash, "?#") : 0);

	return str_dup(*path ? path_base(path) : "");
}

static int take(void *arg, const struct httphead *head, const void *p, size_t n,
		struct err *e)
{
	struct fetch *f = arg;
	int r;

	f->size += n;
	if (f->size > SIZE_MAX_FETCH)
		return err_set(e, -EFBIG, "the file is larger than %llu bytes",
			       SIZE_MAX_FETCH);
	hasher_add(f->hasher, p, n);
	r = fd_write_all(f->fd, p, n);
	return r < 0 ? err_code(e, r, "write the file") : 0;
}

static int run(const struct config *cfg, const char *url, struct fetch *f, struct err *e)
{
	struct exchange x = { .url = url, .body = take, .arg = f };
	struct channel c;
	int r = channel_init(&c, &cfg->registry, e);

	if (r < 0)
		return r;
	r = exchange_run(&c, &x);
	if (r < 0)
		err_set(e, r, "%s", x.err.text);
	else if (x.head.status / 100 != 2)
		r = err_set(e, -ENOENT, "the server answered with status %d",
			    x.head.status);
	exchange_done(&x);
	channel_done(&c);
	return r;
}

int buildfetch_file(const struct config *cfg, const struct buildfetch_want *w,
		    struct err *e)
{
	struct fetch f = { .hasher = hasher_new(w->digest ? w->digest->algorithm
							  : DIGEST_SHA256) };
	autoclose int fd =
		openat(w->dirfd, w->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char want[DIGEST_TEXT_MAX], text[DIGEST_TEXT_MAX];
	struct digest got;
	int r;

	f.fd = fd;
	r = fd < 0 ? err_sys(e, "write '%s'", w->name) : run(cfg, w->url, &f, e);
	hasher_finish(f.hasher, &got);
	hasher_free(f.hasher);
	if (r < 0)
		return err_wrap(e, "fetch '%s'", w->url);
	if (w->digest && !digest_eq(w->digest, &got))
		return err_set(e, -EBADMSG, "digest mismatch of '%s': %s, not %s", w->url,
			       digest_text(text, &got), digest_text(want, w->digest));
	return 0;
}
