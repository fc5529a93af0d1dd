/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/buildoutput.h"

#include "core/base/str.h"
#include "tests/unit/test.h"

static void check(const char *text, enum buildoutput_type type, const char *dest,
		  bool push)
{
	autodone(buildoutput_done) struct buildoutput o = { 0 };
	struct err e = { 0 };

	CHECK_INT(buildoutput_parse(text, &o, &e), 0);
	CHECK_INT(o.type, type);
	CHECK_STR(o.dest ? o.dest : "none", dest);
	CHECK_INT(o.push, push);
}

static void check_refused(const char *text, const char *want)
{
	autodone(buildoutput_done) struct buildoutput o = { 0 };
	struct err e = { 0 };

	CHECK(buildoutput_parse(text, &o, &e) < 0);
	CHECK_STR(e.text, want);
}

TEST(forms)
{
	check("-", BUILDOUTPUT_TAR, "-", false);
	check("a/b", BUILDOUTPUT_LOCAL, "a/b", false);
	check("type=local,dest=x", BUILDOUTPUT_LOCAL, "x", false);
	check("dest=x,type=tar", BUILDOUTPUT_TAR, "x", false);
	check("type=tar", BUILDOUTPUT_TAR, "-", false);
	check("type=oci", BUILDOUTPUT_ARCHIVE, "-", false);
	check("type=docker", BUILDOUTPUT_IMAGE, "none", false);
	check("type=docker,dest=x", BUILDOUTPUT_ARCHIVE, "x", false);
	check("type=image,name=a:b,push=true", BUILDOUTPUT_IMAGE, "none", true);
	check("type=registry,name=a:b", BUILDOUTPUT_IMAGE, "none", true);
}

TEST(refused)
{
	check_refused("dest=x", "type is required for --output");
	check_refused("type=local", "dest is required for the local exporter");
	check_refused("type=tar,name=x", "--output of files has no name or push");
	check_refused("type=image,dest=x",
		      "--output type=image has no dest: type=oci and "
		      "type=docker write files");
	check_refused("type=oci,push=perhaps", "invalid value push=perhaps of --output");
	check_refused("type=oci,dest", "invalid value dest of --output");
}
