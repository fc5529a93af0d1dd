/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks of the monitor: a run begins, memory is short, a run has ended that another one
 * follows. */
#include <fcntl.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/engine/container.h"
#include "core/engine/container_end.h"
#include "core/engine/health.h"
#include "core/engine/netjoin.h"
#include "core/engine/news.h"
#include "core/store/record.h"

void container_started(const struct setup *setup, const struct state *st)
{
	autodone(store_done) struct store s = { 0 };
	autojson *doc = NULL;

	if (netjoin_store(setup, &s) < 0)
		return;
	if (record_read(s.containers_fd, setup->id, &doc, NULL) == 0)
		news_run(&s, yyjson_doc_get_root(doc), true);
	container_end_tell(&s, setup->id, "start");
	autoclose int dir = openat(s.containers_fd, setup->id,
				   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir >= 0)
		health_begin(setup, dir);
}

void container_starved(const struct setup *setup)
{
	autodone(store_done) struct store s = { 0 };

	if (netjoin_store(setup, &s) == 0)
		container_end_tell(&s, setup->id, "oom");
}

void container_rested(const struct setup *setup, const struct state *st)
{
	autodone(store_done) struct store s = { 0 };

	if (netjoin_store(setup, &s) == 0)
		container_end_died(&s, setup->id, st->exit_code);
}
