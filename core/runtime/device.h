/* SPDX-License-Identifier: Apache-2.0 */
/* /dev of a container: the host's nodes bound in (no namespace may make nodes of its
 * own), each checked to be the device it is called. */
#ifndef RUNTIME_DEVICE_H
#define RUNTIME_DEVICE_H

#include <stdbool.h>

#include "core/base/err.h"
#include "core/oci/runtimeconfig.h"

struct device {
	int root;                      /* attached root file system */
	const struct rt_device *extra; /* of config.json; the default ones are skipped */
	size_t extra_len;
	bool host;   /* every node the caller may open */
	int console; /* slave of the terminal, or -1 */
};

/* null zero full random urandom tty, the links (ptmx fd stdin stdout stderr core),
 * console, then extra ones. Nothing happens when /dev is a bind of the host's. */
int device_populate(const struct device *d, struct err *e);

#endif
