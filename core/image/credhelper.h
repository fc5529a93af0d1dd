/* SPDX-License-Identifier: Apache-2.0 */
/* Docker's credential helpers: docker-credential-NAME get, store and erase, over stdin
 * and stdout. */
#ifndef IMAGE_CREDHELPER_H
#define IMAGE_CREDHELPER_H

#include "core/image/auth.h"

/* 0 with ret filled or left empty (it knows none); -errno with the sentence when it
 * cannot be run or answers nonsense. */
int credhelper_get(const char *name, const char *server, struct auth *ret, struct err *e);
int credhelper_store(const char *name, const char *server, const struct auth *a,
		     struct err *e);
/* One that it does not have is erased as well. */
int credhelper_erase(const char *name, const char *server, struct err *e);
/* What it prints, as JSON: {"Username", "Secret"}; the user "<token>" makes the secret an
 * identity token. */
int credhelper_parse(const char *text, size_t n, struct auth *ret, struct err *e);

#endif
