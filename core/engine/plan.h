/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of a container: the spec met with its image, the configuration and this host.
 * Everything a container needs to be written down is decided here. */
#ifndef ENGINE_PLAN_H
#define ENGINE_PLAN_H

#include "core/engine/cdidevice.h"
#include "core/engine/image.h"
#include "core/engine/logplan.h"
#include "core/engine/mounts.h"
#include "core/engine/netplan.h"
#include "core/engine/security.h"
#include "core/oci/userspec.h"
#include "core/store/owners.h"

struct plan {
	const struct spec *spec;
	const struct config *cfg;
	char id[65];
	char *name;
	char *dir; /* containers/ID, absolute */
	struct image image;
	struct strv chain;  /* chainIDs, hex, bottom first */
	struct strv layers; /* their diff folders, top first */
	/* what runs */
	struct strv entrypoint, cmd, env, labels;
	char *workdir, *user, *hostname;
	struct userspec who;
	int stop_signal;
	/* how it is fenced */
	char *pid, *ipc;      /* --pid, --ipc: "container:ID" by its ID */
	bool keep_groups;     /* the user's supplementary groups go along */
	unsigned namespaces;  /* RT_NS_* that are its own or joined */
	struct cdidevice cdi; /* what the named devices bring */
	struct security security;
	struct mounts mounts;
	struct netplan net;
	struct strv exposed, sysctls;
	struct idmap uid, gid; /* container → host; → realm once maps_differ */
	bool maps_differ;      /* container → realm is not the identity */
	uint32_t uids, gids;   /* so many IDs has the realm */
	struct owners owners;  /* of its files, beyond the user's IDs */
	int owners_fd;         /* owners.lock, where the plan has lent one; or 0 */
	struct strv mapped; /* layers whose files' IDs are by these maps; may be empty */
	bool mapped_meta;   /* without content of their own (remap.h) */
	struct logplan log;
};

/* Checks every option. -EINVAL and the like with docker's words. What mounts_resolve
 * makes is part of it: mounts_undo when the plan is given up. */
int plan_make(const struct store *s, const struct config *cfg, const struct spec *spec,
	      struct plan *ret, struct err *e);
/* The entrypoint, then the command: what is executed. */
void plan_args(const struct plan *p, struct strv *ret);
void plan_done(struct plan *p);

#endif
