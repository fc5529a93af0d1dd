/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of docker ps and docker images: objects of strings, by the names that --format
 * templates use. */
#ifndef ENGINE_ROW_H
#define ENGINE_ROW_H

#include "core/engine/container.h"
#include "core/engine/image.h"

/* ID Image Command CreatedAt RunningFor Status State Ports Names Labels Mounts Networks
 * Size LocalVolumes Platform. size: Size is measured, else "0B". */
yyjson_mut_val *row_container(const struct store *s, const struct container *c,
			      bool no_trunc, bool size, yyjson_mut_doc *doc);
/* One row for each name of the image: tag is one of its repo_tags or NULL, repo_digest
 * one of its repo_digests or NULL. ID Repository Tag Digest CreatedSince CreatedAt Size
 * Containers SharedSize UniqueSize VirtualSize. */
yyjson_mut_val *row_image(const struct image *i, const char *tag, const char *repo_digest,
			  bool no_trunc, yyjson_mut_doc *doc);
/* One of docker volume ls: Name Driver Labels Mountpoint Scope, and what is not known of
 * a local one as "N/A": Availability Group Links Size Status. */
struct volume;
yyjson_mut_val *row_volume(const struct volume *v, yyjson_mut_doc *doc);
/* One of docker network ls: CreatedAt Driver ID Internal IPv4 IPv6 Labels Name Scope. */
yyjson_mut_val *row_network(yyjson_val *record, bool no_trunc, yyjson_mut_doc *doc);
/* "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 443/tcp", neighbours joined to ranges. */
int row_ports(const struct container *c, struct buf *out);
/* "Up 5 minutes", "Exited (0) 3 seconds ago", "Created" */
int row_status(const struct container *c, struct buf *out);
/* docker's sizes: three digits, powers of 1000: "187MB", "1.2GB", "0B". */
void row_size(uint64_t bytes, char *dst, size_t size);
/* The same with four digits, as docker has sums: "1.234GB". */
void row_size_sum(uint64_t bytes, char *dst, size_t size);

#endif
