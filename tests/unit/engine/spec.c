/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/spec.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

typedef int add_fn(struct spec *s, const char *text, struct err *e);

/* The sentence with which text is refused. */
static char *refusal(add_fn *add, const char *text)
{
	autodone(spec_done) struct spec s;
	struct err e = { 0 };

	spec_init(&s);
	CHECK(add(&s, text, &e) < 0);
	return str_dup(e.text);
}

#define CHECK_REFUSED(add, text, want) \
	do { \
		autofree char *said_ = refusal(add, text); \
		CHECK_STR(said_, want); \
	} while (0)

TEST(volumes)
{
	autodone(spec_done) struct spec s;
	struct err e = { 0 };

	spec_init(&s);
	CHECK_INT(spec_add_volume(&s, "/srv/../data:/d/", &e), 0);
	CHECK_INT(spec_add_volume(&s, "name:/v:ro,nocopy", &e), 0);
	CHECK_INT(spec_add_volume(&s, "/anon", &e), 0);
	CHECK_INT(spec_add_volume(&s, "/a:/b:rslave,z", &e), 0);
	CHECK_INT(s.mounts_len, 4);
	CHECK_INT(s.mounts[0].type, SPEC_BIND);
	CHECK_STR(s.mounts[0].source, "/data");
	CHECK_STR(s.mounts[0].target, "/d");
	CHECK(s.mounts[0].create_source && !s.mounts[0].read_only &&
	      !s.mounts[0].long_form);
	CHECK_INT(s.mounts[1].type, SPEC_VOLUME);
	CHECK_STR(s.mounts[1].source, "name");
	CHECK(s.mounts[1].read_only && s.mounts[1].no_copy);
	CHECK_INT(s.mounts[2].type, SPEC_VOLUME);
	CHECK(!s.mounts[2].source);
	CHECK_STR(s.mounts[3].propagation, "rslave");
}

TEST(a_relative_folder_is_the_callers)
{
	autodone(spec_done) struct spec s;
	struct err e = { 0 };
	autofree char *cwd = getcwd(NULL, 0), *want = str_fmt("%s/x", cwd);

	spec_init(&s);
	CHECK_INT(spec_add_volume(&s, "./x:/d", &e), 0);
	CHECK_STR(s.mounts[0].source, want);
	CHECK_INT(s.mounts[0].type, SPEC_BIND);
}

TEST(volumes_refused)
{
	CHECK_REFUSED(spec_add_volume, "a::/b",
		      "invalid spec: a::/b: empty section between colons");
	CHECK_REFUSED(spec_add_volume, "/a:/b:ro:x",
		      "invalid volume specification: '/a:/b:ro:x'");
	CHECK_REFUSED(spec_add_volume, "/a:/b:bad",
		      "invalid volume specification: '/a:/b:bad': invalid mode: bad");
	CHECK_REFUSED(
		spec_add_volume, "/a:b",
		"invalid volume specification: '/a:b': invalid mount config for type "
		"\"bind\": invalid mount path: 'b' mount path must be absolute");
	CHECK_REFUSED(
		spec_add_volume, "/a:/x/..",
		"invalid volume specification: '/a:/x/..': invalid mount config for "
		"type \"bind\": invalid specification: destination can't be '/'");
	CHECK_REFUSED(
		spec_add_volume, "/a:/b:nocopy",
		"invalid volume specification: '/a:/b:nocopy': invalid mode: nocopy");
	CHECK_REFUSED(
		spec_add_volume, "vv:/b:rshared",
		"invalid volume specification: 'vv:/b:rshared': invalid mode: rshared");
}

TEST(mounts)
{
	autodone(spec_done) struct spec s;
	struct err e = { 0 };

	spec_init(&s);
	CHECK_INT(spec_add_mount(&s, "dst=/v", &e), 0);
	CHECK_INT(spec_add_mount(&s, "target=/b,readonly,src=/srv,type=bind", &e), 0);
	CHECK_INT(
		spec_add_mount(&s, "type=tmpfs,tmpfs-size=1m,tmpfs-mode=700,dst=/t", &e),
		0);
	CHECK_INT(spec_add_mount(&s, "type=bind,\"src=/a,b\",dst=/c", &e), 0);
	CHECK_INT(spec_add_mount(&s, "type=volume,src=vv,dst=/w,volume-nocopy,ro=false",
				 &e),
		  0);
	CHECK_INT(s.mounts_len, 5);
	CHECK_INT(s.mounts[0].type, SPEC_VOLUME);
	CHECK(s.mounts[0].long_form && !s.mounts[0].source);
	CHECK_INT(s.mounts[1].type, SPEC_BIND);
	CHECK_STR(s.mounts[1].source, "/srv");
	CHECK(s.mounts[1].read_only && !s.mounts[1].create_source);
	CHECK_INT(s.mounts[2].tmpfs_size, 1 << 20);
	CHECK_INT(s.mounts[2].tmpfs_mode, 0700);
	CHECK_STR(s.mounts[3].source, "/a,b");
	CHECK(s.mounts[4].no_copy && !s.mounts[4].read_only);
}

TEST(mounts_refused)
{
	CHECK_REFUSED(spec_add_mount, "type=bind,src=/a", "target is required");
	CHECK_REFUSED(
		spec_add_mount, "type=bind,dst=/a",
		"invalid mount config for type \"bind\": field Source must not be empty");
	CHECK_REFUSED(spec_add_mount, "type=tmpfs,src=/a,dst=/b",
		      "invalid mount config for type \"tmpfs\": field Source must not be "
		      "specified");
	CHECK_REFUSED(spec_add_mount, "dst=/a,foo=bar",
		      "unexpected key 'foo' in 'foo=bar'");
	CHECK_REFUSED(spec_add_mount, "dst=/a,foo",
		      "invalid field 'foo' must be a key=value pair");
	CHECK_REFUSED(
		spec_add_mount, "type=npipe,dst=/a",
		"mount type 'npipe' is not known here: bind, volume, tmpfs or image");
	CHECK_REFUSED(spec_add_mount, "type=bind,src=/a,dst=/b,volume-nocopy=true",
		      "cannot mix 'volume-*' options with mount type 'bind'");
	CHECK_REFUSED(spec_add_mount, "dst=/a,readonly=maybe",
		      "invalid value for readonly: maybe");
	CHECK_REFUSED(spec_add_mount, "src=a/b,dst=/x",
		      "create a/b: \"a/b\" includes invalid characters for a local "
		      "volume name, "
		      "only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended "
		      "to pass a "
		      "host directory, use absolute path");
	CHECK_REFUSED(spec_add_mount, "\"dst=/a",
		      "extraneous or missing \" in quoted-field");
}

TEST(tmpfs)
{
	autodone(spec_done) struct spec s;
	struct err e = { 0 };

	spec_init(&s);
	CHECK_INT(spec_add_tmpfs(&s, "/run", &e), 0);
	CHECK_INT(spec_add_tmpfs(&s, "/t:size=64k,mode=1770,exec,uid=5,ro", &e), 0);
	CHECK_INT(s.mounts[0].tmpfs_size, 0);
	CHECK_INT(s.mounts[0].tmpfs_mode, -1);
	CHECK_INT(s.mounts[1].tmpfs_size, 65536);
	CHECK_INT(s.mounts[1].tmpfs_mode, 01770);
	CHECK(s.mounts[1].read_only);
	CHECK(strv_has(&s.mounts[1].options, "exec"));
	CHECK(strv_has(&s.mounts[1].options, "uid=5"));
	CHECK_REFUSED(spec_add_tmpfs, "/t:what",
		      "--tmpfs /t:what: invalid tmpfs option 'what'");
	CHECK_REFUSED(spec_add_tmpfs, "t",
		      "invalid volume specification: 't': invalid mount config for type "
		      "\"tmpfs\": invalid mount path: 't' mount path must be absolute");
}

TEST(devices)
{
	autodone(spec_done) struct spec s;
	struct err e = { 0 };

	spec_init(&s);
	CHECK_INT(spec_add_device(&s, "/dev/fuse", &e), 0);
	CHECK_INT(spec_add_device(&s, "/dev/fuse:r", &e), 0);
	CHECK_INT(spec_add_device(&s, "/dev/fuse:/dev/x:rw", &e), 0);
	CHECK_STR(s.devices[0].container, "/dev/fuse");
	CHECK_STR(s.devices[0].permissions, "rwm");
	CHECK_STR(s.devices[1].container, "/dev/fuse");
	CHECK_STR(s.devices[1].permissions, "r");
	CHECK_STR(s.devices[2].container, "/dev/x");
	CHECK_STR(s.devices[2].permissions, "rw");
	CHECK_REFUSED(spec_add_device, "a:b:c:d",
		      "invalid device specification: a:b:c:d");
	CHECK_REFUSED(spec_add_device, "/dev/a:/dev/b:rr", "bad mode specified: rr");
	CHECK_REFUSED(spec_add_device, "dev/a", "dev/a is not an absolute path");
	CHECK_INT(spec_add_device(&s, "a.com/b=c:0", &e), 0);
	CHECK_INT(s.devices_len, 3);
	CHECK_STR(s.cdi.v[0], "a.com/b=c:0");
}

/* "count ids capabilities" of a --gpus. */
static char *gpus(const char *text)
{
	autodone(spec_done) struct spec s;
	struct err e = { 0 };

	spec_init(&s);
	CHECK_INT(spec_set_gpus(&s, text, &e), 0);
	CHECK(s.gpus);
	autofree char *ids = strv_join(&s.gpu_ids, "+"),
		      *caps = strv_join(&s.gpu_capabilities, "+");
	return str_fmt("%d %s %s", (int)s.gpu_count, ids, caps);
}

#define CHECK_GPUS(text, want) \
	do { \
		autofree char *said_ = gpus(text); \
		CHECK_STR(said_, want); \
	} while (0)

TEST(gpu_requests)
{
	CHECK_GPUS("all", "-1  gpu");
	CHECK_GPUS("2", "2  gpu");
	CHECK_GPUS("count=3,driver=nvidia", "3  gpu");
	CHECK_GPUS("device=GPU-1", "0 GPU-1 gpu");
	CHECK_GPUS("\"device=0,1:2\",\"capabilities=compute,gpu\"",
		   "0 0+1:2 compute+gpu");
	CHECK_GPUS("capabilities=utility", "1  utility+gpu");
#define AT(text) "invalid argument \"" text "\" for \"--gpus\" flag: "
	CHECK_REFUSED(spec_set_gpus, "0",
		      AT("0") "invalid count (0): value must be either \"all\" or a "
			      "whole number from 1 to 1024");
	CHECK_REFUSED(spec_set_gpus, "1,count=2",
		      AT("1,count=2") "gpu request key 'count' can be specified only "
				      "once");
	CHECK_REFUSED(spec_set_gpus, "all,device=0",
		      AT("all,device=0") "cannot set both Count and DeviceIDs on device "
					 "request");
	CHECK_REFUSED(spec_set_gpus, "device=", AT("device=") "invalid device ''");
	CHECK_REFUSED(spec_set_gpus, "driver=amd",
		      AT("driver=amd") "driver 'amd' is not supported: name its devices "
				       "by --device vendor/class=name");
	CHECK_REFUSED(spec_set_gpus, "options=a",
		      AT("options=a") "options are not supported: a CDI device has none");
	CHECK_REFUSED(spec_set_gpus, "x=1", AT("x=1") "unexpected key 'x'");
#undef AT
}

TEST(environment)
{
	autodone(spec_done) struct spec s;
	struct err e = { 0 };

	spec_init(&s);
	setenv("SPEC_TEST", "here", 1);
	unsetenv("SPEC_NONE");
	CHECK_INT(spec_add_env(&s, "A=b=c", &e), 0);
	CHECK_INT(spec_add_env(&s, "SPEC_TEST", &e), 0);
	CHECK_INT(spec_add_env(&s, "SPEC_NONE", &e), 0);
	CHECK_INT(s.env.len, 2);
	CHECK_STR(s.env.v[0], "A=b=c");
	CHECK_STR(s.env.v[1], "SPEC_TEST=here");
	CHECK_REFUSED(spec_add_env, "=x", "invalid environment variable: =x");
}

TEST(environment_files)
{
	static const char text[] = "\xef\xbb\xbf# comment\n\n  A=1\r\nB = 2\n";
	char path[] = "/tmp/rootless-unit-XXXXXX";
	autodone(spec_done) struct spec s;
	struct err e = { 0 };
	autofree char *want = NULL;
	int fd = mkstemp(path);

	spec_init(&s);
	CHECK(fd >= 0 && write(fd, text, sizeof(text) - 1) == (ssize_t)sizeof(text) - 1);
	CHECK_INT(spec_add_env_file(&s, path, &e), -EINVAL);
	want = str_fmt("env file '%s', line 4: variable 'B ' contains whitespaces", path);
	CHECK_STR(e.text, want);
	CHECK_INT(s.env.len, 1);
	CHECK_STR(s.env.v[0], "A=1");
	close(fd);
	unlink(path);
	CHECK_INT(spec_add_env_file(&s, path, &e), -ENOENT);
}
