/* SPDX-License-Identifier: Apache-2.0 */
/* What an OCI runtime says of itself. */
#include "core/engine/ocispec.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/describe_host.h"
#include "core/oci/capability.h"
#include "core/oci/runtimeconfig.h"

#define SPEC_FILE "config.json"
#define SPEC_CAPS \
	(1ull << CAP_AUDIT_WRITE | 1ull << CAP_KILL | 1ull << CAP_NET_BIND_SERVICE)
#define SPEC_NOFILE 1024

/* --- spec ----------------------------------------------------------------------------
 */

static void fill_process(struct runtimeconfig *c)
{
	struct rt_process *p = &c->process;

	p->terminal = true;
	p->umask = 022;
	strv_add(&p->args, "sh");
	strv_add(&p->env,
		 "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	strv_add(&p->env, "TERM=xterm");
	p->cwd = str_dup("/");
	p->cap_bounding = p->cap_effective = p->cap_permitted = SPEC_CAPS;
	p->no_new_privileges = true;
	runtimeconfig_add_rlimit(c, "RLIMIT_NOFILE", SPEC_NOFILE, SPEC_NOFILE);
}

static void fill_mounts(struct runtimeconfig *c, bool rootless)
{
	const struct {
		const char *to, *type, *from, *options;
	} mounts[] = {
		{ "/proc", "proc", "proc", NULL },
		{ "/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k" },
		{ "/dev/pts", "devpts", "devpts",
		  rootless ? "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620"
			   : "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5" },
		{ "/dev/shm", "tmpfs", "shm",
		  "nosuid,noexec,nodev,mode=1777,size=65536k" },
		{ "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev" },
		{ "/sys", rootless ? "none" : "sysfs", rootless ? "/sys" : "sysfs",
		  rootless ? "rbind,nosuid,noexec,nodev,ro" : "nosuid,noexec,nodev,ro" },
		{ "/sys/fs/cgroup", "cgroup", "cgroup",
		  "nosuid,noexec,nodev,relatime,ro" },
	};

	/* The bind of all of /sys has the cgroups already. */
	for (size_t i = 0; i < ARRAY_LEN(mounts) - (rootless ? 1 : 0); i++)
		runtimeconfig_add_mount(c, mounts[i].to, mounts[i].type, mounts[i].from,
					mounts[i].options);
}

static void fill_map(struct rt_idmap **ret, size_t *ret_len, uint32_t own)
{
	*ret = mem_array(1, sizeof(**ret));
	(*ret)[0] = (struct rt_idmap){ .container = 0, .host = own, .size = 1 };
	*ret_len = 1;
}

static void fill(struct runtimeconfig *c, bool rootless)
{
	fill_process(c);
	c->root_path = str_dup("rootfs");
	c->root_readonly = true;
	c->hostname = str_dup("rootless");
	fill_mounts(c, rootless);
	c->namespaces = RT_NS_PID | RT_NS_IPC | RT_NS_UTS | RT_NS_MOUNT | RT_NS_CGROUP;
	if (rootless) {
		c->namespaces |= RT_NS_USER;
		fill_map(&c->uid_maps, &c->uid_maps_len, geteuid());
		fill_map(&c->gid_maps, &c->gid_maps_len, getegid());
	} else {
		c->namespaces |= RT_NS_NET;
	}
	describe_host_paths(&c->masked_paths, &c->readonly_paths);
}

int ocispec_write(const char *bundle, bool rootless, struct err *e)
{
	autodone(runtimeconfig_done) struct runtimeconfig c = { 0 };
	autobuf text = { 0 };
	autoclose int dir = open(bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -1;
	int r;

	if (dir < 0)
		return err_sys(e, "open the folder '%s'", bundle);
	fill(&c, rootless);
	r = runtimeconfig_print(&c, &text);
	if (r == 0)
		r = buf_addc(&text, '\n');
	if (r < 0)
		return err_code(e, r, "print '%s'", SPEC_FILE);
	fd = openat(dir, SPEC_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST)
		return err_set(e, -EEXIST, "file '%s' exists; remove it first",
			       SPEC_FILE);
	r = fd < 0 ? -errno : fd_write_all(fd, text.data, text.len);
	return r < 0 ? err_code(e, r, "write '%s'", SPEC_FILE) : 0;
}

/* --- features ------------------------------------------------------------------------
 */

static void add_words(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key,
		      const char *words)
{
	autostrv list = { 0 };

	strv_split(&list, words, ' ');
	json_add_strv(doc, obj, key, &list);
}

static void add_switch(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, bool on)
{
	yyjson_mut_obj_add_bool(doc, json_add_obj(doc, obj, key), "enabled", on);
}

static void add_linux(yyjson_mut_doc *doc, yyjson_mut_val *l)
{
	yyjson_mut_val *caps, *groups, *s;

	add_words(doc, l, "namespaces", "cgroup ipc mount network pid time user uts");
	caps = json_add_arr(doc, l, "capabilities");
	for (int i = 0; i < CAPABILITY_COUNT; i++)
		yyjson_mut_arr_add_str(doc, caps, capability_name(i));
	groups = json_add_obj(doc, l, "cgroup");
	yyjson_mut_obj_add_bool(doc, groups, "v1", false);
	yyjson_mut_obj_add_bool(doc, groups, "v2", true);
	yyjson_mut_obj_add_bool(doc, groups, "systemd", true);
	yyjson_mut_obj_add_bool(doc, groups, "systemdUser", true);
	yyjson_mut_obj_add_bool(doc, groups, "rdma", false);
	s = json_add_obj(doc, l, "seccomp");
	yyjson_mut_obj_add_bool(doc, s, "enabled", true);
	add_words(doc, s, "actions",
		  "SCMP_ACT_ALLOW SCMP_ACT_ERRNO SCMP_ACT_KILL SCMP_ACT_KILL_PROCESS "
		  "SCMP_ACT_KILL_THREAD SCMP_ACT_LOG SCMP_ACT_NOTIFY SCMP_ACT_TRACE "
		  "SCMP_ACT_TRAP");
	add_words(doc, s, "operators",
		  "SCMP_CMP_EQ SCMP_CMP_GE SCMP_CMP_GT SCMP_CMP_LE SCMP_CMP_LT "
		  "SCMP_CMP_MASKED_EQ SCMP_CMP_NE");
	add_words(doc, s, "supportedFlags",
		  "SECCOMP_FILTER_FLAG_LOG SECCOMP_FILTER_FLAG_SPEC_ALLOW "
		  "SECCOMP_FILTER_FLAG_TSYNC SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV");
	add_words(doc, s, "knownFlags",
		  "SECCOMP_FILTER_FLAG_LOG SECCOMP_FILTER_FLAG_SPEC_ALLOW "
		  "SECCOMP_FILTER_FLAG_TSYNC SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV");
	add_words(
		doc, s, "archs",
		"SCMP_ARCH_AARCH64 SCMP_ARCH_ARM SCMP_ARCH_LOONGARCH64 SCMP_ARCH_MIPS "
		"SCMP_ARCH_MIPS64 SCMP_ARCH_MIPS64N32 SCMP_ARCH_MIPSEL "
		"SCMP_ARCH_MIPSEL64 SCMP_ARCH_MIPSEL64N32 SCMP_ARCH_PPC SCMP_ARCH_PPC64 "
		"SCMP_ARCH_PPC64LE SCMP_ARCH_RISCV64 SCMP_ARCH_S390 SCMP_ARCH_S390X "
		"SCMP_ARCH_X32 SCMP_ARCH_X86 SCMP_ARCH_X86_64");
	add_switch(doc, l, "apparmor", true);
	add_switch(doc, l, "selinux", true);
	add_switch(doc, l, "intelRdt", false);
	add_switch(doc, json_add_obj(doc, l, "mountExtensions"), "idmap", true);
	add_switch(doc, l, "netDevices", false);
	add_switch(doc, l, "memoryPolicy", false);
}

void ocispec_features(yyjson_mut_doc *doc, yyjson_mut_val *obj)
{
	json_add_str(doc, obj, "ociVersionMin", "1.0.0");
	json_add_str(doc, obj, "ociVersionMax", RUNTIMECONFIG_VERSION);
	add_words(doc, obj, "hooks",
		  "prestart createRuntime createContainer startContainer poststart "
		  "poststop");
	add_words(
		doc, obj, "mountOptions",
		"atime bind defaults dev diratime exec idmap noatime nodev nodiratime "
		"noexec norelatime nostrictatime nosuid nosymfollow private ratime "
		"rbind rdev rdiratime relatime rexec ridmap rnoatime rnodev rnodiratime "
		"rnoexec rnorelatime rnostrictatime rnosuid rnosymfollow ro rprivate "
		"rrelatime rro rrw rshared rslave rstrictatime rsuid rsymfollow "
		"runbindable rw shared slave strictatime suid symfollow tmpcopyup "
		"unbindable");
	add_linux(doc, json_add_obj(doc, obj, "linux"));
}
