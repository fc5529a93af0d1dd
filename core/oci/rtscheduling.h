/* SPDX-License-Identifier: Apache-2.0 */
/* Part of runtimeconfig: "scheduler", "ioPriority" and "execCPUAffinity" of a process. */
#ifndef OCI_RTSCHEDULING_H
#define OCI_RTSCHEDULING_H

#include "core/oci/runtimeconfig.h"

int rtscheduling_parse(yyjson_val *process, struct rt_scheduling *ret, struct err *e);
void rtscheduling_build(const struct rt_scheduling *s, yyjson_mut_doc *doc,
			yyjson_mut_val *process);
void rtscheduling_done(struct rt_scheduling *s);

#endif
