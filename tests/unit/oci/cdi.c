/* SPDX-License-Identifier: Apache-2.0 */
#include "core/oci/cdi.h"

#include <errno.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

#define HEAD "{\"cdiVersion\":\"1.0.0\",\"kind\":\"a.com/b\","

/* The sentence with which text is refused; "" when it is not. */
static char *refusal(const char *text)
{
	autodone(cdi_done) struct cdi c = { 0 };
	struct err e = { 0 };

	CHECK_INT(cdi_parse(text, strlen(text), &c, &e), e.code);
	return str_dup(e.text);
}

/* Of a spec with one device of these edits. */
static char *edits(const char *members)
{
	autofree char *text = str_fmt(
		HEAD "\"devices\":[{\"name\":\"x\",\"containerEdits\":{%s}}]}", members);
	return refusal(text);
}

#define CHECK_SAID(fn, text, want) \
	do { \
		autofree char *said_ = fn(text); \
		CHECK_STR(said_, want); \
	} while (0)

TEST(names)
{
	CHECK(cdi_is_name("vendor.com/class=name"));
	CHECK(cdi_is_name("a/b=0"));
	CHECK(cdi_is_name("a-b_c.d/e-f_g=GPU-1:2.3_x"));
	CHECK(!cdi_is_name("/dev/fuse"));
	CHECK(!cdi_is_name("vendor.com/class"));
	CHECK(!cdi_is_name("vendor.com/class="));
	CHECK(!cdi_is_name("vendor.com/class=-x"));
	CHECK(!cdi_is_name("vendor.com/class=x:"));
	CHECK(!cdi_is_name("vendor.com/class=a b"));
	CHECK(!cdi_is_name("vendor.com/class=a=b"));
	CHECK(!cdi_is_name("1vendor/class=a"));
	CHECK(!cdi_is_name("vendor./class=a"));
	CHECK(!cdi_is_name("vendor/1class=a"));
	CHECK(!cdi_is_name("vendor/class-=a"));
	CHECK(!cdi_is_name("vendor/a/b=c"));
	CHECK(!cdi_is_name("/class=a"));
	CHECK(!cdi_is_name("vendor/=a"));
	CHECK(!cdi_is_name(""));
}

static const char whole[] =
	HEAD "\"annotations\":{\"k\":\"v\"},\"containerEdits\":{\"env\":[\"A=1\"]},"
	     "\"devices\":[{\"name\":\"y\",\"containerEdits\":{\"deviceNodes\":["
	     "{\"path\":\"/dev/y\"},{\"path\":\"/dev/z\",\"hostPath\":\"/dev/w\","
	     "\"type\":\"c\",\"major\":1,\"minor\":5,\"permissions\":\"r\",\"uid\":0}],"
	     "\"mounts\":[{\"hostPath\":\"/h\",\"containerPath\":\"/c\","
	     "\"options\":[\"ro\"]}],\"hooks\":[{\"hookName\":\"createContainer\","
	     "\"path\":\"/p\",\"args\":[\"p\",\"q\"],\"env\":[\"E=1\"],\"timeout\":3}],"
	     "\"additionalGids\":[0,7]}},"
	     "{\"name\":\"x\",\"containerEdits\":{\"netDevices\":[]}}]}";

TEST(whole_spec)
{
	autodone(cdi_done) struct cdi c = { 0 };
	struct err e = { 0 };

	CHECK_INT(cdi_parse(whole, strlen(whole), &c, &e), 0);
	CHECK_STR(e.text, "");
	CHECK_STR(c.kind, "a.com/b");
	CHECK_STR(c.edits.env.v[0], "A=1");
	CHECK_INT(c.devices_len, 2);
	CHECK_STR(c.devices[0].name, "x"); /* in order */
	CHECK_STR(c.devices[0].edits.other, "netDevices");
	const struct cdi_edits *y = &c.devices[1].edits;
	CHECK_INT(y->nodes_len, 2);
	CHECK_STR(y->nodes[0].host_path, "/dev/y");
	CHECK_STR(y->nodes[0].permissions, "rwm");
	CHECK_INT(y->nodes[0].type, 0);
	CHECK_INT(y->nodes[0].major, -1);
	CHECK(!y->nodes[0].owned);
	CHECK_STR(y->nodes[1].path, "/dev/z");
	CHECK_STR(y->nodes[1].host_path, "/dev/w");
	CHECK_STR(y->nodes[1].permissions, "r");
	CHECK_INT(y->nodes[1].type, 'c');
	CHECK_INT(y->nodes[1].minor, 5);
	CHECK(y->nodes[1].owned);
	CHECK_INT(y->mounts_len, 1);
	CHECK_STR(y->mounts[0].source, "/h");
	CHECK_STR(y->mounts[0].destination, "/c");
	CHECK_STR(y->mounts[0].options.v[0], "ro");
	CHECK_INT(y->hooks_len, 1);
	CHECK_INT(y->hooks[0].kind, RT_HOOK_CREATE_CONTAINER);
	CHECK_STR(cdi_hook_name(y->hooks[0].kind), "createContainer");
	CHECK_STR(y->hooks[0].hook.args.v[1], "q");
	CHECK_INT(y->hooks[0].hook.timeout, 3);
	CHECK_INT(y->gids.len, 1);
	CHECK_STR(y->gids.v[0], "7");
}

TEST(what_is_no_spec)
{
	CHECK_SAID(refusal, "[]", "not an object");
	CHECK_SAID(refusal, "{\"cdiVersion\":\"2.0.0\"}",
		   "unknown 'cdiVersion' '2.0.0' (up to 1.1.0)");
	CHECK_SAID(refusal, "{}", "unknown 'cdiVersion' '' (up to 1.1.0)");
	CHECK_SAID(refusal, "{\"cdiVersion\":\"0.3.0\",\"kind\":\"a\"}",
		   "invalid 'kind' 'a'");
	CHECK_SAID(refusal, HEAD "\"what\":1}", "unknown member 'what'");
	CHECK_SAID(refusal, HEAD "\"devices\":[]}", "no 'devices'");
	CHECK_SAID(refusal, HEAD "\"devices\":[{}]}", "'devices': 'name' is missing");
	CHECK_SAID(refusal, HEAD "\"devices\":[{\"name\":\"a b\"}]}",
		   "'devices': invalid name 'a b'");
	CHECK_SAID(refusal, HEAD "\"devices\":[{\"name\":\"a\"}]}",
		   "'devices': 'a': no 'containerEdits'");
	CHECK_SAID(refusal,
		   HEAD "\"devices\":[{\"name\":\"a\",\"containerEdits\":{\"env\":[]}},"
			"{\"name\":\"a\",\"containerEdits\":{\"env\":[]}}]}",
		   "device 'a' is there twice");
}

#define AT "'devices': 'x': 'containerEdits': "

TEST(what_is_no_edit)
{
	CHECK_SAID(edits, "\"env\":[]", "");
	CHECK_SAID(edits, "", "'devices': 'x': no 'containerEdits'");
	CHECK_SAID(edits, "\"env\":[\"A\"]", AT "'env' has 'A', not KEY=value");
	CHECK_SAID(edits, "\"odd\":[]", AT "unknown member 'odd'");
	CHECK_SAID(edits, "\"deviceNodes\":[1]", AT "'deviceNodes': not an object");
	CHECK_SAID(edits, "\"deviceNodes\":[{}]", AT "'deviceNodes': 'path' is missing");
	CHECK_SAID(edits, "\"deviceNodes\":[{\"path\":\"x\"}]",
		   AT "'deviceNodes': 'path' is not absolute: 'x'");
	CHECK_SAID(edits, "\"deviceNodes\":[{\"path\":\"/x\",\"type\":\"cc\"}]",
		   AT "'deviceNodes': 'type' is 'cc', not b, c, u or p");
	CHECK_SAID(edits, "\"deviceNodes\":[{\"path\":\"/x\",\"permissions\":\"x\"}]",
		   AT "'deviceNodes': 'permissions' are 'x', not of r, w and m");
	CHECK_SAID(edits, "\"mounts\":[{\"containerPath\":\"/x\"}]",
		   AT "'mounts': 'hostPath' is missing");
	CHECK_SAID(edits, "\"hooks\":[{\"hookName\":\"never\",\"path\":\"/x\"}]",
		   AT "'hooks': unknown 'hookName' 'never'");
	CHECK_SAID(edits, "\"hooks\":[{\"hookName\":\"poststop\"}]",
		   AT "'hooks': 'path' is missing");
	CHECK_SAID(edits, "\"additionalGids\":[-1]",
		   AT "'additionalGids' has what is no group ID");
}
