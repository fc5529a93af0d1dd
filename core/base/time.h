/* SPDX-License-Identifier: Apache-2.0 */
/* Time: stamps as Docker prints them, ages, durations. Nanoseconds since the epoch
 * (int64). */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <stddef.h>
#include <stdint.h>

#define TIME_STAMP_MAX 40

int64_t time_now(void);       /* CLOCK_REALTIME, ns */
int64_t time_monotonic(void); /* CLOCK_MONOTONIC, ns */
/* RFC 3339 with nanoseconds in UTC, Go's RFC3339Nano ("2026-01-02T03:04:05.000000006Z"
 * with trailing zeros of the fraction dropped); 0 gives "0001-01-01T00:00:00Z" as Docker
 * does. */
char *time_stamp(char dst[TIME_STAMP_MAX], int64_t ns);
/* Reads RFC 3339 (any offset, any fraction); -EINVAL else. */
int time_parse(const char *s, int64_t *ret);
/* Docker's units.HumanDuration: "Less than a second", "5 seconds", "About a minute",
 * "3 hours", "2 weeks", … */
void time_human(char *dst, size_t size, int64_t ns);
/* Go's time.ParseDuration: "1h30m", "1.5s", "100ms"; -EINVAL else. */
int time_duration(const char *s, int64_t *ret);
/* Docker's --since/--until: RFC 3339 (also without zone or time: local), unix seconds
 * with fraction, or a Go duration counted back from now. */
int time_since(const char *s, int64_t now, int64_t *ret);

#endif
