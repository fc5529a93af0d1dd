/* SPDX-License-Identifier: Apache-2.0 */
/* Images in files: docker-archive (docker save), OCI archive and OCI layout folder; both
 * ways. */
#ifndef IMAGE_ARCHIVE_H
#define IMAGE_ARCHIVE_H

#include "core/base/strv.h"
#include "core/image/pull.h"

/* Loads every image of the tar stream fd (plain, gzip or zstd; docker or OCI archive), or
 * of an OCI layout folder (fd of a directory). Appends "nginx:latest" or, for one without
 * a name, its ID "sha256:…" to ret_names. */
int archive_load(const struct store *s, int fd, const struct pull_options *o,
		 struct strv *ret_names, struct err *e);
/* Writes the named images (each a full reference or an image ID) as one archive readable
 * as docker-archive and OCI layout alike, as docker save does since 25. fd may be that
 * of an empty folder: it becomes an OCI layout. */
int archive_save(const struct store *s, const struct tag *const *tags, size_t n, int fd,
		 struct err *e);
/* Stores an image made of the given files in memory as one layer: the embedded images
 * (@welcome). exe_fd: the program, put at /NAME; config as given. */
struct imageconfig;
int archive_import_file(const struct store *s, const char *full_name, const char *path,
			int exe_fd, struct imageconfig *config,
			const struct pull_options *o, struct tag *ret, struct err *e);

#endif
