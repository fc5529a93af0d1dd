/* SPDX-License-Identifier: Apache-2.0 */
/* Stop and start as one verb. */
#include <errno.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/engine/container.h"
#include "core/engine/container_end.h"

int container_restart(const struct store *s, const struct config *cfg,
		      struct container *c, const struct container_stopping *how,
		      struct err *e)
{
	int code = 0, r;
	/* While it is held, an auto-remove container outlives its end. */
	autoclose int lock = file_lock(c->dirfd, CONTAINER_END_RESTART, true, true);

	if (lock < 0)
		return err_code(e, lock, "lock container '%s'", c->name);
	if ((r = container_stop(s, c, how->signal, how->timeout, e)) < 0)
		return err_wrap(e, "Cannot restart container %s", c->name);
	autoclose int sock = -1;
	r = container_start(s, cfg, c, &sock, e);
	if (r == 0)
		r = container_start_go(sock, &code, e);
	if (r < 0)
		return err_wrap(e, "Cannot restart container %s", c->name);
	container_end_tell(s, c->id, "restart");
	return 0;
}
