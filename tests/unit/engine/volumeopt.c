/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/volumeopt.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

/* opts: "a=b;c=d". */
static int parse(const char *opts, struct spec_mount *ret, struct err *e)
{
	autostrv v = { 0 };

	if (*opts)
		strv_split(&v, opts, ';');
	return volumeopt_parse(&v, ret, e);
}

static void refused(const char *opts, int code, const char *words)
{
	autodone(spec_mount_done) struct spec_mount m = { 0 };
	struct err e = { 0 };

	CHECK_INT(parse(opts, &m, &e), code);
	CHECK_STR(e.text, words);
}

TEST(a_folder)
{
	autodone(spec_mount_done) struct spec_mount m = { 0 };
	struct err e = { 0 };

	CHECK_INT(
		parse("type=none;device=/srv/../data/;o=rbind,ro,nosuid,rslave", &m, &e),
		0);
	CHECK_INT(m.type, SPEC_BIND);
	CHECK_STR(m.source, "/data");
	CHECK_STR(m.propagation, "rslave");
	CHECK(m.read_only && !m.non_recursive);
	CHECK_INT(m.options.len, 1);
	CHECK_STR(m.options.v[0], "nosuid");
}

TEST(a_tmpfs)
{
	autodone(spec_mount_done) struct spec_mount m = { 0 };
	struct err e = { 0 };

	CHECK_INT(parse("type=tmpfs;device=tmpfs;o=size=1m,mode=700,uid=5", &m, &e), 0);
	CHECK_INT(m.type, SPEC_TMPFS);
	CHECK_INT(m.tmpfs_size, 1 << 20);
	CHECK_INT(m.tmpfs_mode, 0700);
	CHECK_STR(m.options.v[0], "uid=5");
}

TEST(none)
{
	autodone(spec_mount_done) struct spec_mount m = { 0 };
	struct err e = { 0 };

	CHECK_INT(parse("", &m, &e), 0);
	CHECK_INT(m.type, SPEC_VOLUME);
}

TEST(wrong_ones)
{
	refused("typo=none", -EINVAL, "invalid option: \"typo\"");
	refused("type", -EINVAL, "missing required option: \"device\"");
	refused("device=/x;type=", -EINVAL, "missing required option: \"type\"");
	refused("type=none;device=x;o=bind", -EINVAL, "device 'x' is no absolute path");
	refused("type=none;device=/x;o=bind,foo", -EINVAL, "invalid propagation: foo");
	refused("type=tmpfs;device=x;o=foo", -EINVAL, "invalid tmpfs option 'foo'");
}
