/* SPDX-License-Identifier: Apache-2.0 */
/* A registry over HTTP(S): requests with tokens, mirrors, private CAs, proxies, resume;
 * over libcurl. Credentials never follow a redirect to another host. */
#ifndef IMAGE_REGISTRY_H
#define IMAGE_REGISTRY_H

#include "core/oci/manifest.h"
#include "core/oci/reference.h"
#include "core/store/blob.h"

struct registry;

/* Settings from daemon.json: registry-mirrors, insecure-registries, proxies, tls. Read by
 * the engine's config and passed down. */
struct registry_options {
	struct strv mirrors;  /* URLs; for docker.io only; http:// on loopback allowed */
	struct strv insecure; /* host[:port] or CIDR: HTTP or unverified TLS allowed */
	const char *config_dir;                          /* docker's; NULL: usual */
	const char *http_proxy, *https_proxy, *no_proxy; /* NULL: environment */
	unsigned backoff_ms; /* first pause between tries; 0: 500 */
	unsigned stall_s;    /* seconds without a byte; 0: 30 */
};

/* o must live as long as *ret; NULL: defaults. */
int registry_open(const struct reference *ref, const struct registry_options *o,
		  struct registry **ret, struct err *e);
/* Manifest by tag or digest, tried over mirrors then the registry; *ret_digest is of the
 * bytes received, equal to tag_or_digest when that is one. HEAD only when body is NULL
 * (-EOPNOTSUPP when the registry does not say the digest). */
int registry_manifest(struct registry *r, const char *tag_or_digest, struct buf *body,
		      char media_type[DESCRIPTOR_MEDIA_MAX], struct digest *ret_digest,
		      struct err *e);

/* Appends all tags of the repository, in the registry's order. Those that can be no tag
 * are left out. */
int registry_tags(struct registry *r, struct strv *ret, struct err *e);

struct registry_fetch {
	struct descriptor blob;
	struct blob_writer *to; /* given away: NULL when registry_blobs returns */
	int result;             /* 0 or -errno when finished */
	struct err err;
};
/* Fetches all in parallel (at most 6 at once), each checked and committed (not synced);
 * tick is called with the index and bytes so far whenever some came (fewer than before:
 * it began anew), done with the index as each ends (success or not); done may return
 * -errno to cancel all, as the first failure does by itself. What was not finished stays
 * as a part. Retries, back-off, Retry-After, Range resume, mirrors inside. */
struct registry_events {
	void (*tick)(void *arg, size_t i, uint64_t bytes);
	int (*done)(void *arg, size_t i);
	int wake_fd; /* watched too: readable → wake() (unpack workers), or -1 */
	int (*wake)(void *arg);
	void *arg;
};
int registry_blobs(struct registry *r, struct registry_fetch *f, size_t n,
		   const struct registry_events *ev, struct err *e);
/* A small blob (config) into memory, checked, at most max bytes. */
int registry_blob(struct registry *r, const struct descriptor *d, size_t max,
		  struct buf *out, struct err *e);
void registry_free(struct registry *r);

#endif
