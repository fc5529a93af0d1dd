/* SPDX-License-Identifier: Apache-2.0 */
/* Specs of the Container Device Interface: what a named device brings into a container.
 * Parser of untrusted bytes. */
#ifndef OCI_CDI_H
#define OCI_CDI_H

#include "core/oci/runtimeconfig.h"

#define CDI_MAX (4u << 20) /* bytes of a file */

struct cdi_node {
	char *path, *host_path; /* never NULL */
	char *permissions;      /* of rwm; "rwm" when not given */
	char type;              /* b c u p; 0: not given */
	int64_t major, minor;   /* -1: not given */
	bool owned;             /* fileMode, uid or gid is given */
};

struct cdi_hook {
	enum rt_hook_kind kind;
	struct rt_hook hook;
};

struct cdi_edits {
	struct strv env; /* "KEY=value" */
	struct cdi_node *nodes;
	size_t nodes_len;
	struct rt_mount *mounts; /* type may be NULL; no maps */
	size_t mounts_len;
	struct cdi_hook *hooks;
	size_t hooks_len;
	struct strv gids;  /* decimal */
	const char *other; /* a member that is known and not read here, or NULL */
};

struct cdi_device {
	char *name;
	struct cdi_edits edits;
};

/* Zero-initialise; cdi_done releases. */
struct cdi {
	char *kind; /* "vendor.com/class" */
	struct cdi_device *devices;
	size_t devices_len;
	struct cdi_edits edits; /* with any of its devices */
};

/* Is text a device's full name, "vendor.com/class=name"? */
bool cdi_is_name(const char *text);
/* -EINVAL for what the interface's specification forbids: unknown members and versions,
 * ill-formed names, a name twice. */
int cdi_parse(const void *p, size_t n, struct cdi *ret, struct err *e);
/* The name of a kind of hook. */
const char *cdi_hook_name(enum rt_hook_kind kind);
void cdi_done(struct cdi *c);

#endif
