/* SPDX-License-Identifier: Apache-2.0 */
/* Exposed ports: --expose's forms, the image's, and those published. */
#ifndef ENGINE_EXPOSE_H
#define ENGINE_EXPOSE_H

#include "core/base/strv.h"
#include "core/net/publish.h"

/* Four times what there can be, repetitions counted. */
#define EXPOSE_MAX (4 * 3 * 65535)

/* "80", "80/tcp", "3000-3005/udp" → each as "80/tcp", appended. -E2BIG past EXPOSE_MAX in
 * ret. */
int expose_add(const char *text, struct strv *ret, struct err *e);
/* Sorted by number, then protocol; what is there twice is there once then. (Looking for
 * each before it is appended would take seconds with a range of all ports.) */
void expose_sort(struct strv *ports);
/* "80/tcp" → a publish without a host port. */
int expose_publish(const char *port, struct publish *ret);

#endif
