/* SPDX-License-Identifier: Apache-2.0 */
/* docker's question before it removes what nobody named. */
#ifndef APPLETS_CONFIRM_H
#define APPLETS_CONFIRM_H

#include <stdbool.h>
#include <stdio.h>

/* Asks on stdout; true for a line "y" or "yes" in any case. */
static inline bool confirm_ask(const char *warning)
{
	char line[16] = "";

	printf("%s\nAre you sure you want to continue? [y/N] ", warning);
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin)) {
		printf("\n");
		return false;
	}
	return (line[0] == 'y' || line[0] == 'Y') &&
	       (line[1] == '\n' || !line[1] || line[1] == 'e' || line[1] == 'E');
}

#endif
