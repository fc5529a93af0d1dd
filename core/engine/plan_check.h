/* SPDX-License-Identifier: Apache-2.0 */
/* What a spec asks for that cannot be: each a sentence, nothing ignored. */
#ifndef ENGINE_PLAN_CHECK_H
#define ENGINE_PLAN_CHECK_H

#include "core/engine/plan.h"

/* Options by themselves, before anything is looked at. */
int plan_check_options(const struct spec *spec, struct err *e);
/* Can this host run the image, and is it the platform asked for? */
int plan_check_platform(const struct spec *spec, const struct image *i, struct err *e);
/* One sentence for each option that this host honours only in part. */
void plan_check_warn(const struct plan *p, struct strv *warnings);

#endif
