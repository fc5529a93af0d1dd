/* SPDX-License-Identifier: Apache-2.0 */
/* Identifiers: random container IDs and names. */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ID_LEN 64

/* getrandom(2), whole. */
void id_random(void *p, size_t n);
/* 64 lower-case hex digits whose first 12 are not all decimal (as Docker's truncation
 * wants). */
void id_new(char dst[ID_LEN + 1]);
/* "adjective_scientist", with a digit appended when retry > 0. */
void id_name(char *dst, size_t size, int retry);
/* [a-zA-Z0-9][a-zA-Z0-9_.-]+ : the names Docker takes; at most 255 bytes. */
bool id_name_valid(const char *name);
/* Only lower-case hex digits, 1..64 of them. */
bool id_is_hex(const char *s);

#endif
