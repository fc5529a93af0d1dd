/* SPDX-License-Identifier: Apache-2.0 */
/* Links to one that has come by other addresses. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/engine/container.h"
#include "core/engine/container_end.h"
#include "core/engine/hostfiles.h"
#include "core/engine/linkage.h"
#include "core/runtime/setup.h"

bool linkage_is_target(int dirfd)
{
	return faccessat(dirfd, LINKAGE_NOTES, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool links_to(const struct netplan *n, const char *id)
{
	size_t len = strlen(id);

	for (size_t i = 0; i < n->links.len; i++)
		if (str_starts(n->links.v[i], id) && n->links.v[i][len] == ':')
			return true;
	return false;
}

static int write_plan(int bundle, const struct setup *setup, const struct netplan *n)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);

	return setup_write(bundle, setup, netplan_build(n, doc), NULL);
}

/* Written down first, since who does it may be killed: all that may be found in the file
 * meanwhile. before: becomes that. */
static int rewrite_lines(const struct container *c, int bundle, const struct setup *setup,
			 const struct netplan *n)
{
	autodone(netplan_done) struct netplan before = { 0 };
	int r = netplan_parse(setup->network, &before, NULL);
	size_t known = before.link_hosts.len;

	if (r < 0)
		return r;
	for (size_t i = 0; i < n->link_hosts.len; i++)
		if (!strv_has(&before.link_hosts, n->link_hosts.v[i]))
			strv_add(&before.link_hosts, n->link_hosts.v[i]);
	if (known == n->link_hosts.len && known == before.link_hosts.len)
		return 0;
	if ((r = write_plan(bundle, setup, &before)) < 0 ||
	    (r = hostfiles_update(c->dirfd, &before, n, NULL)) < 0)
		return r;
	return write_plan(bundle, setup, n);
}

/* -ENOENT: it has no such link, or is no more. */
static int follow_one(const struct store *s, const char *linker, const char *id)
{
	autodone(container_done) struct container c = { 0 };
	autodone(setup_done) struct setup setup = { 0 };
	autodone(netplan_done) struct netplan n = { 0 };
	int r = container_open(s, linker, &c, NULL);

	if (r < 0)
		return r;
	autoclose int lock = container_end_lock(c.dirfd, c.name, NULL);
	autoclose int bundle = lock < 0 ? lock : container_open_bundle(c.dirfd, NULL);
	if (bundle < 0)
		return bundle;
	if ((r = netplan_read(bundle, &setup, &n, NULL)) < 0)
		return r;
	if (!links_to(&n, id))
		return -ENOENT;
	linkage_renew(s, &n);
	return rewrite_lines(&c, bundle, &setup, &n);
}

void linkage_follow(const struct store *s, const char *id, int folder)
{
	autoclose int fd = openat(folder, LINKAGE_NOTES,
				  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *notes = fd < 0 ? NULL : fdopendir(fd);

	if (!notes)
		return;
	fd = -1;
	for (struct dirent *de; (de = readdir(notes));)
		if (de->d_name[0] != '.' && follow_one(s, de->d_name, id) == -ENOENT)
			unlinkat(dirfd(notes), de->d_name, 0);
	closedir(notes);
}
