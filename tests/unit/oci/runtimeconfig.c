/* SPDX-License-Identifier: Apache-2.0 */
#include "core/oci/runtimeconfig.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

#define TOP     "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"}"
#define PROCESS ",\"process\":{\"cwd\":\"/\",\"args\":[\"sh\"]"

static const char whole[] = TOP PROCESS
	",\"terminal\":true,\"consoleSize\":{\"height\":24,\"width\":80},"
	"\"user\":{\"uid\":1,\"gid\":2,\"umask\":63,\"additionalGids\":[5,4294967294]},"
	"\"env\":[\"A=b\"],\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_KILL\"],"
	"\"effective\":[\"CAP_CHOWN\"],\"permitted\":[\"CAP_KILL\"],\"inheritable\":[],"
	"\"ambient\":[\"CAP_BPF\"]},\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":"
	"1024,"
	"\"hard\":18446744073709551615}],\"noNewPrivileges\":true,\"apparmorProfile\":"
	"\"p\","
	"\"selinuxLabel\":\"l\",\"oomScoreAdj\":-500},"
	"\"hostname\":\"h\",\"domainname\":\"d\",\"annotations\":{\"a\":\"b\"},"
	"\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\","
	"\"options\":[\"nosuid\",\"ro\"]},{\"destination\":\"/x\"}],"
	"\"hooks\":{\"prestart\":[{\"path\":\"/"
	"h\",\"args\":[\"h\",\"1\"],\"env\":[\"E=1\"],"
	"\"timeout\":3}],\"poststop\":[{\"path\":\"/p\"}]},"
	"\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\",\"path\":\"/"
	"run/n\"},"
	"{\"type\":\"time\"}],\"uidMappings\":[{\"containerID\":0,\"hostID\":1000,"
	"\"size\":1}],"
	"\"gidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":65536}],"
	"\"devices\":[{\"path\":\"/dev/fuse\",\"type\":\"c\",\"major\":10,\"minor\":229,"
	"\"fileMode\":438,\"uid\":3,\"gid\":4}],\"sysctl\":{\"net.a\":\"1\"},"
	"\"maskedPaths\":[\"/proc/kcore\"],\"readonlyPaths\":[\"/proc/sys\"],"
	"\"rootfsPropagation\":\"private\",\"cgroupsPath\":\"/c\",\"mountLabel\":\"ml\","
	"\"resources\":{\"memory\":{\"limit\":5},\"pids\":{\"limit\":42}},"
	"\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\"}},\"unknown\":{\"is\":"
	"\"ignored\"}}";

static int try(const char *text, struct runtimeconfig *c, struct err *e)
{
	runtimeconfig_done(c);
	err_clear(e);
	return runtimeconfig_parse(text, strlen(text), c, e);
}

static void check_whole(const struct runtimeconfig *c)
{
	const struct rt_process *p = &c->process;

	CHECK(p->terminal && p->no_new_privileges && p->has_oom_score_adj);
	CHECK_INT(p->rows, 24);
	CHECK_INT(p->cols, 80);
	CHECK_INT(p->uid, 1);
	CHECK_INT(p->gid, 2);
	CHECK_INT(p->umask, 077);
	CHECK_STR(p->additional_gids.v[1], "4294967294");
	CHECK_STR(p->cwd, "/");
	CHECK(p->cap_bounding == 0x21 && p->cap_effective == 1 &&
	      p->cap_permitted == 0x20);
	CHECK(p->cap_inheritable == 0 && p->cap_ambient == 1ull << 39);
	CHECK_INT(p->rlimits_len, 1);
	CHECK(p->rlimits[0].hard == UINT64_MAX);
	CHECK_INT(p->oom_score_adj, -500);
	CHECK_STR(c->root_path, "rootfs");
	CHECK_STR(c->hostname, "h");
	CHECK_INT(c->mounts_len, 2);
	CHECK_STR(c->mounts[0].options.v[1], "ro");
	CHECK_STR(c->mounts[1].type, NULL);
	CHECK_INT(c->hooks_len[0], 1);
	CHECK_INT(c->hooks[0][0].timeout, 3);
	CHECK_INT(c->hooks_len[5], 1);
	CHECK_INT(c->namespaces, RT_NS_PID | RT_NS_NET | RT_NS_TIME);
	CHECK_STR(c->ns_path[2], "/run/n");
	CHECK_STR(c->ns_path[1], NULL);
	CHECK_INT(c->gid_maps[0].size, 65536);
	CHECK_INT(c->devices[0].minor, 229);
	CHECK_INT(c->devices[0].mode, 0666);
	CHECK_STR(c->sysctl.v[0], "net.a=1");
	CHECK_INT(c->pids_limit, 42);
	CHECK(c->resources && c->seccomp);
	CHECK_STR(c->mount_label, "ml");
}

TEST(whole_document_and_back)
{
	struct runtimeconfig c = { 0 };
	struct err e = { 0 };
	autobuf b = { 0 }, again = { 0 };

	CHECK_INT(try(whole, &c, &e), 0);
	CHECK_STR(e.text, "");
	if (e.code)
		return;
	check_whole(&c);
	CHECK_INT(runtimeconfig_print(&c, &b), 0);
	CHECK_INT(try(buf_str(&b), &c, &e), 0);
	CHECK_STR(e.text, "");
	check_whole(&c);
	CHECK_INT(runtimeconfig_print(&c, &again), 0);
	CHECK_STR(buf_str(&again), buf_str(&b));
	runtimeconfig_done(&c);
	runtimeconfig_done(&c);
}

TEST(fallbacks)
{
	struct runtimeconfig c = { 0 };
	struct err e = { 0 };

	CHECK_INT(try(TOP PROCESS "}}", &c, &e), 0);
	CHECK_INT(c.process.umask, 022);
	CHECK_INT(c.pids_limit, 0);
	CHECK(!c.process.has_oom_score_adj);
	CHECK(c.resources == NULL && c.seccomp == NULL);
	CHECK_INT(try(TOP "}", &c, &e), 0);
	CHECK_INT(c.process.args.len, 0);
	CHECK_INT(
		try(TOP ",\"linux\":{\"resources\":{\"pids\":{\"limit\":-1}}}}", &c, &e),
		0);
	CHECK_INT(c.pids_limit, 0);
	runtimeconfig_done(&c);
}

TEST(built_by_hand)
{
	struct runtimeconfig c = { 0 }, back = { 0 };
	struct err e = { 0 };
	autobuf b = { 0 };

	strv_add(&c.process.args, "sh");
	c.process.cwd = str_dup("/");
	c.process.umask = 022;
	c.root_path = str_dup("/r");
	c.pids_limit = 7;
	c.namespaces = RT_NS_USER;
	runtimeconfig_add_mount(&c, "/tmp", "tmpfs", "tmpfs", "nosuid,size=64k");
	runtimeconfig_add_mount(&c, "/b", NULL, "/src", "");
	runtimeconfig_add_rlimit(&c, "RLIMIT_CORE", 0, UINT64_MAX);
	CHECK_INT(runtimeconfig_print(&c, &b), 0);
	CHECK_INT(try(buf_str(&b), &back, &e), 0);
	CHECK_STR(e.text, "");
	CHECK_INT(back.pids_limit, 7);
	CHECK_INT(back.mounts_len, 2);
	CHECK_STR(back.mounts[0].options.v[1], "size=64k");
	CHECK_INT(back.mounts[1].options.len, 0);
	CHECK_INT(back.namespaces, RT_NS_USER);
	CHECK(back.process.rlimits[0].hard == UINT64_MAX);
	runtimeconfig_done(&c);
	runtimeconfig_done(&back);
}

#define P(x) TOP PROCESS "," x "}}"
#define L(x) TOP ",\"linux\":{" x "}}"

TEST(refused)
{
	static const struct {
		const char *text;
		int code;
	} bad[] = {
		{ "[]", -EINVAL },
		{ "{}", -EINVAL },
		{ "{\"ociVersion\":\"1.0.0\"}", -EINVAL },
		{ "{\"ociVersion\":\"2.0\",\"root\":{\"path\":\"r\"}}", -EINVAL },
		{ "{\"ociVersion\":\"1.0\",\"root\":{}}", -EINVAL },
		{ TOP ",\"process\":[]}", -EINVAL },
		{ TOP ",\"process\":{\"cwd\":\"/\"}}", -EINVAL },
		{ TOP ",\"process\":{\"cwd\":\"/\",\"args\":[]}}", -EINVAL },
		{ TOP ",\"process\":{\"cwd\":\"x\",\"args\":[\"a\"]}}", -EINVAL },
		{ TOP ",\"process\":{\"args\":[\"a\"]}}", -EINVAL },
		{ P("\"user\":{\"uid\":-1}"), -EINVAL },
		{ P("\"user\":{\"uid\":4294967295}"), -EINVAL },
		{ P("\"user\":{\"gid\":4294967296}"), -EINVAL },
		{ P("\"user\":{\"uid\":\"0\"}"), -EINVAL },
		{ P("\"user\":{\"umask\":512}"), -EINVAL },
		{ P("\"user\":{\"additionalGids\":[-1]}"), -EINVAL },
		{ P("\"user\":{\"additionalGids\":[\"1\"]}"), -EINVAL },
		{ P("\"consoleSize\":{\"height\":65536}"), -EINVAL },
		{ P("\"capabilities\":{\"bounding\":[\"CAP_NONE\"]}"), -EINVAL },
		{ P("\"capabilities\":{\"bounding\":[\"ALL\"]}"), -EINVAL },
		{ P("\"capabilities\":[]"), -EINVAL },
		{ P("\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":2,\"hard\":1}]"),
		  -EINVAL },
		{ P("\"rlimits\":[{\"type\":\"CORE\",\"soft\":1,\"hard\":1}]"), -EINVAL },
		{ P("\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":1}]"), -EINVAL },
		{ P("\"rlimits\":[{\"type\":\"RLIMIT_A\",\"soft\":1,\"hard\":1},"
		    "{\"type\":\"RLIMIT_A\",\"soft\":1,\"hard\":1}]"),
		  -EINVAL },
		{ P("\"rlimits\":[1]"), -EINVAL },
		{ P("\"oomScoreAdj\":1001"), -EINVAL },
		{ P("\"scheduler\":{}"), -EINVAL },
		{ P("\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":20}"), -EINVAL },
		{ P("\"scheduler\":{\"policy\":\"SCHED_RR\",\"period\":1}"), -EINVAL },
		{ P("\"ioPriority\":{}"), -EINVAL },
		{ P("\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":8}"),
		  -EINVAL },
		{ TOP ",\"mounts\":[{}]}", -EINVAL },
		{ TOP ",\"mounts\":[5]}", -EINVAL },
		{ TOP ",\"mounts\":[{\"destination\":\"/a\",\"options\":\"ro\"}]}",
		  -EINVAL },
		{ TOP ",\"mounts\":[{\"destination\":\"/a\",\"uidMappings\":[{}]}]}",
		  -EINVAL },
		{ TOP ",\"hooks\":{\"prestart\":[{\"path\":\"x\"}]}}", -EINVAL },
		{ TOP ",\"hooks\":{\"prestart\":[{\"path\":\"/x\",\"timeout\":0}]}}",
		  -EINVAL },
		{ TOP ",\"hooks\":{\"prestart\":{}}}", -EINVAL },
		{ L("\"namespaces\":[{\"type\":\"net\"}]"), -EINVAL },
		{ L("\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\"}]"), -EINVAL },
		{ L("\"namespaces\":[{\"type\":\"pid\",\"path\":\"x\"}]"), -EINVAL },
		{ L("\"namespaces\":[\"pid\"]"), -EINVAL },
		{ L("\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":0}]"),
		  -EINVAL },
		{ L("\"uidMappings\":[{\"containerID\":4294967295,\"hostID\":0,\"size\":"
		    "1}]"),
		  -EINVAL },
		{ L("\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":"
		    "4294967296}]"),
		  -EINVAL },
		{ L("\"uidMappings\":[{\"containerID\":0,\"size\":1}]"), -EINVAL },
		{ L("\"devices\":[{\"path\":\"/d\",\"type\":\"x\"}]"), -EINVAL },
		{ L("\"devices\":[{\"path\":\"d\",\"type\":\"c\"}]"), -EINVAL },
		{ L("\"devices\":[{\"path\":\"/d\",\"type\":\"c\",\"major\":-1}]"),
		  -EINVAL },
		{ L("\"devices\":[{\"path\":\"/d\",\"type\":\"c\",\"minor\":1048576}]"),
		  -EINVAL },
		{ L("\"sysctl\":{\"a\":1}"), -EINVAL },
		{ L("\"personality\":{}"), -EINVAL },
		{ L("\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"x\"]}"),
		  -ENOTSUP },
		{ L("\"intelRdt\":{}"), -ENOTSUP },
		{ L("\"timeOffsets\":{\"boottime\":{\"secs\":1}}"), -EINVAL },
		{ L("\"timeOffsets\":{\"monotonic\":{\"nanosecs\":1000000000}}"),
		  -EINVAL },
		{ L("\"seccomp\":[]"), -EINVAL },
		{ L("\"resources\":{\"pids\":{\"limit\":\"1\"}}"), -EINVAL },
	};
	struct runtimeconfig c = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (try(bad[i].text, &c, &e) != bad[i].code)
			test_fail(__FILE__, __LINE__, "case %zu: %d %s", i, e.code,
				  e.text);
		CHECK(str_starts(e.text, "config.json: "));
	}
	runtimeconfig_done(&c);
}

TEST(personality_and_clocks)
{
	struct runtimeconfig c = { 0 };
	struct err e = { 0 };

	CHECK_INT(try(L("\"personality\":{\"domain\":\"LINUX32\"},"
			"\"namespaces\":[{\"type\":\"time\"}],\"timeOffsets\":"
			"{\"boottime\":{\"secs\":-7,\"nanosecs\":5}}"),
		      &c, &e),
		  0);
	CHECK_STR(e.text, "");
	CHECK(c.has_personality);
	CHECK_INT(c.personality, 8);
	CHECK_INT(c.time_offsets.len, 1);
	CHECK_STR(c.time_offsets.v[0], "boottime -7 5");
	runtimeconfig_done(&c);
}

TEST(process_alone)
{
	static const char text[] =
		"{\"cwd\":\"/\",\"args\":[\"a\"],\"user\":{\"uid\":5}}";
	autojson_mut *out = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = yyjson_mut_obj(out);
	autojson *doc = NULL;
	struct rt_process p = { 0 };
	struct err e = { 0 };
	autobuf b = { 0 };

	CHECK_INT(json_parse(text, strlen(text), "p", &doc, &e), 0);
	CHECK_INT(runtimeconfig_parse_process(yyjson_doc_get_root(doc), &p, &e), 0);
	CHECK_INT(p.uid, 5);
	yyjson_mut_doc_set_root(out, o);
	runtimeconfig_build_process(&p, out, o);
	CHECK_INT(json_print(&b, out, false), 0);
	CHECK(str_starts(
		buf_str(&b),
		"{\"terminal\":false,\"user\":{\"uid\":5,\"gid\":0,\"umask\":18}"));
	runtimeconfig_done_process(&p);
	CHECK_INT(runtimeconfig_parse_process(NULL, &p, &e), -EINVAL);
	CHECK_STR(e.text, "process: not an object");
}

TEST(size_limit)
{
	autofree char *big = mem_alloc(RUNTIMECONFIG_MAX + 2);
	struct runtimeconfig c = { 0 };
	struct err e = { 0 };

	memset(big, ' ', RUNTIMECONFIG_MAX + 1);
	CHECK_INT(runtimeconfig_parse(big, RUNTIMECONFIG_MAX + 1, &c, &e), -E2BIG);
}
