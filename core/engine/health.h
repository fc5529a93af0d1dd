/* SPDX-License-Identifier: Apache-2.0 */
/* Health checks: what `create` makes of options and image, what a look does (in a child
 * of the monitor, runtime/watchman.h), and what is known: health.json in the container's
 * folder, docker's State.Health. */
#ifndef ENGINE_HEALTH_H
#define ENGINE_HEALTH_H

#include "core/engine/container.h"
#include "core/oci/imageconfig.h"
#include "core/runtime/setup.h"

/* The image's check (h) becomes the container's. -EINVAL with docker's words. */
int health_plan(const struct spec *s, struct image_health *h, struct err *e);
/* Config.Healthcheck, where there is one. */
void health_describe(const struct image_health *h, yyjson_mut_doc *doc,
		     yyjson_mut_val *config);
/* The monitor's part of it, with docker's defaults; nothing when there is no check. */
void health_setup(const struct image_health *h, struct setup *s);

/* In the inner executable: a run begins; one look (MONITOR_HEALTH_*). */
void health_begin(const struct setup *s, int container_dirfd);
int health_probe(const struct setup *s);

/* State.Health as docker shows it; NULL when there is none. */
yyjson_mut_val *health_state(const struct container *c, yyjson_mut_doc *doc);
/* "starting", "healthy", "unhealthy", or "none". */
const char *health_status(const struct container *c);

#endif
