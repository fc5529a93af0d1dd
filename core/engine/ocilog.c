/* SPDX-License-Identifier: Apache-2.0 */
/* The log file of an OCI runtime. */
#include "core/engine/ocilog.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/wire/json.h"

int ocilog_write(const char *path, bool json, const char *level, const char *msg)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *obj = yyjson_mut_obj(doc);
	autobuf line = { 0 };
	autoclose int fd = -1;
	char stamp[TIME_STAMP_MAX];

	time_stamp(stamp, time_now());
	if (json) {
		yyjson_mut_doc_set_root(doc, obj);
		json_add_str(doc, obj, "level", level);
		json_add_str(doc, obj, "msg", msg);
		json_add_str(doc, obj, "time", stamp);
		json_print(&line, doc, false);
	} else {
		buf_addf(&line, "time=\"%s\" level=%s msg=", stamp, level);
		str_quote(&line, msg, strlen(msg));
	}
	buf_addc(&line, '\n');
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC, 0644);
	return fd < 0 ? -errno : fd_write_all(fd, line.data, line.len);
}
