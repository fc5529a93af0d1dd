/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/store/journal.c: whatever stands in the journal, an event that is
 * added is read, once and last. */
#include <sys/stat.h>

#include "core/store/journal.h"
#include "tests/fuzz/fuzz.h"

struct seen {
	unsigned ours;
	bool last;
};

static int look(yyjson_val *event, void *arg)
{
	struct seen *seen = arg;
	const char *type = "";

	seen->last = json_get_str(event, "Type", &type, NULL) == 0 &&
		     str_eq(type, "fuzzed-event");
	seen->ours += seen->last;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store s = { .data = (char *)"fuzz", .data_fd = fuzz_dirfd() };
	struct seen seen = { 0 };
	struct err e = { 0 };

	mkdirat(s.data_fd, "journal", 0700);
	fuzz_file(s.data_fd, "journal/events", data, size);
	must(journal_read(&s, 0, look, &seen, &e) == 0);
	seen.ours = 0;
	must(journal_add(&s, "fuzzed-event", "start", "id", NULL) == 0);
	must(journal_read(&s, 0, look, &seen, &e) == 0);
	must(memmem(data, size, "fuzzed-event", 12) || (seen.last && seen.ours == 1));
	return 0;
}
