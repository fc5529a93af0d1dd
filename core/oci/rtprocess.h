/* SPDX-License-Identifier: Apache-2.0 */
/* The "process" object of config.json, also alone as the process.json of an exec. Used
 * through runtimeconfig.h. */
#ifndef OCI_RTPROCESS_H
#define OCI_RTPROCESS_H

#include "core/oci/runtimeconfig.h"

/* -ENOTSUP for a member of the spec that is not honoured here. */
int rtprocess_parse(yyjson_val *obj, struct rt_process *ret, struct err *e);
void rtprocess_build(const struct rt_process *p, yyjson_mut_doc *doc,
		     yyjson_mut_val *obj);
void rtprocess_done(struct rt_process *p);

#endif
