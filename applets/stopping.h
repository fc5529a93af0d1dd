/* SPDX-License-Identifier: Apache-2.0 */
/* How stop and restart end what runs: --signal and --timeout. */
#ifndef APPLETS_STOPPING_H
#define APPLETS_STOPPING_H

#include "applets/host.h"
#include "core/cli/opt.h"
#include "core/engine/signame.h"

struct stopping {
	char *signal;
	int64_t timeout;
	bool has_timeout, all;
};

/* The whole option table; --time is the name that --timeout had. */
#define STOPPING_OPTS(what) \
	OPT_BOOL(struct stopping, all, 'a', "all", what), \
		OPT_STRING(struct stopping, signal, 's', "signal", "string", \
			   "Signal to send to the container"), \
		OPT_GIVEN(struct stopping, has_timeout, OPT_TYPE_INT, 't', "timeout", \
			  "int", "Seconds to wait before killing the container", NULL, \
			  OPT_CHECKED_(struct stopping, timeout, int64_t)), \
		{ OPT_TYPE_INT, \
		  0, \
		  "time", \
		  "int", \
		  "", \
		  NULL, \
		  OPT_CHECKED_(struct stopping, timeout, int64_t), \
		  OPT_CHECKED_(struct stopping, has_timeout, bool) + 1, \
		  true }, \
		OPT_END

static inline int stopping_parse(const struct stopping *o, struct container_stopping *ret,
				 struct err *e)
{
	ret->signal = o->signal ? signame_parse(o->signal, e) : 0;
	ret->timeout = !o->has_timeout ? -1 : o->timeout < 0 ? INT64_MAX : o->timeout;
	return ret->signal < 0 ? ret->signal : 0;
}

#endif
