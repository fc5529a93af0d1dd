/* SPDX-License-Identifier: Apache-2.0 */
/* Images from the files of a shelf: docker-archive's manifest.json, or an OCI layout's
 * index.json. The work of archive_load (archive.h). */
#ifndef IMAGE_LOAD_H
#define IMAGE_LOAD_H

#include "core/base/strv.h"
#include "core/image/pull.h"
#include "core/image/shelf.h"

int load_all(const struct store *s, struct shelf *sh, const struct pull_options *o,
	     struct strv *ret_names, struct err *e);

#endif
