/* SPDX-License-Identifier: Apache-2.0 */
/* The image configuration (image-spec config.md) with Docker's additions. Parser of
 * untrusted bytes. */
#ifndef OCI_IMAGECONFIG_H
#define OCI_IMAGECONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/oci/platform.h"
#include "core/wire/json.h"
#include "core/wire/digest.h"

#define IMAGECONFIG_MAX (8u << 20) /* bytes */

struct image_history {
	char *created;
	char *created_by;
	char *author;
	char *comment;
	bool empty_layer;
};

struct image_health {
	struct strv test; /* empty: none; {"NONE"}, {"CMD", …}, {"CMD-SHELL", …} */
	int64_t interval, timeout, start_period, start_interval; /* ns */
	int64_t retries;
};

/* Zero-initialise; imageconfig_done releases. Strings NULL when absent. */
struct imageconfig {
	char *created; /* RFC 3339 as given */
	char *author;
	struct platform platform;
	/* config */
	char *user;
	char *workdir;
	char *stop_signal;
	int64_t stop_timeout; /* seconds; -1 when absent */
	bool args_escaped;
	struct strv env, entrypoint, cmd, volumes, labels, ports, on_build, shell;
	bool entrypoint_null; /* null in the JSON, as against [] */
	bool cmd_null;
	struct image_health health;
	/* rootfs */
	struct digest *diff_ids;
	size_t diff_ids_len;
	struct image_history *history;
	size_t history_len;
};

/* The number of non-empty history entries need not match; diff_ids must be sha256 or
 * sha512. */
int imageconfig_parse(const void *p, size_t n, struct imageconfig *ret, struct err *e);
/* The whole document as Docker writes it. Appends to out. */
int imageconfig_print(const struct imageconfig *c, struct buf *out);
/* The "Config" object as docker inspect shows it, of an image. */
void imageconfig_build(const struct imageconfig *c, yyjson_mut_doc *doc,
		       yyjson_mut_val *obj);
/* chainID of the first n diffIDs (config.md "Layer ChainID"). */
void imageconfig_chain_id(const struct digest *diff_ids, size_t n, struct digest *ret);
void imageconfig_done(struct imageconfig *c);

#endif
