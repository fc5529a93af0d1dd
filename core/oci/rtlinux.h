/* SPDX-License-Identifier: Apache-2.0 */
/* The "linux" object of config.json. Used through runtimeconfig.h. */
#ifndef OCI_RTLINUX_H
#define OCI_RTLINUX_H

#include "core/oci/runtimeconfig.h"

/* Fills the members of c under "linux". -ENOTSUP for a member of the spec that is not
 * honoured here. On failure what was filled stays in c, for runtimeconfig_done. */
int rtlinux_parse(yyjson_val *obj, struct runtimeconfig *c, struct err *e);
void rtlinux_build(const struct runtimeconfig *c, yyjson_mut_doc *doc,
		   yyjson_mut_val *obj);
/* A list of ID maps in obj, malloc'd; and back. */
int rtlinux_parse_maps(yyjson_val *obj, const char *key, struct rt_idmap **ret,
		       size_t *ret_len, struct err *e);
void rtlinux_build_maps(const struct rt_idmap *maps, size_t n, yyjson_mut_doc *doc,
			yyjson_mut_val *obj, const char *key);
void rtlinux_done(struct runtimeconfig *c);

#endif
