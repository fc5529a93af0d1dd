/* SPDX-License-Identifier: Apache-2.0 */
/* config.json of a bundle (OCI runtime-spec config.md, config-linux.md): parsed and
 * written. */
#ifndef OCI_RUNTIMECONFIG_H
#define OCI_RUNTIMECONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/strv.h"
#include "core/wire/json.h"

#define RUNTIMECONFIG_MAX     (4u << 20)
#define RUNTIMECONFIG_VERSION "1.2.0"

enum rt_namespace {
	RT_NS_USER = 1 << 0,
	RT_NS_PID = 1 << 1,
	RT_NS_NET = 1 << 2,
	RT_NS_MOUNT = 1 << 3,
	RT_NS_IPC = 1 << 4,
	RT_NS_UTS = 1 << 5,
	RT_NS_CGROUP = 1 << 6,
	RT_NS_TIME = 1 << 7,
};
#define RT_NS_COUNT 8

struct rt_idmap {
	uint32_t container, host, size;
};

struct rt_mount {
	char *destination;
	char *type; /* "bind", "tmpfs", "proc", … */
	char *source;
	struct strv options; /* fstab style: rbind, ro, nosuid, mode=755, size=… */
	struct rt_idmap *uid_maps, *gid_maps;
	size_t uid_maps_len, gid_maps_len;
};

struct rt_rlimit {
	char *type;          /* RLIMIT_NOFILE */
	uint64_t soft, hard; /* RLIM_INFINITY as UINT64_MAX */
};

struct rt_device {
	char *path;
	char type; /* c b u p */
	int64_t major, minor;
	uint32_t mode, uid, gid;
};

/* In the order in which they run. */
enum rt_hook_kind {
	RT_HOOK_PRESTART,
	RT_HOOK_CREATE_RUNTIME,
	RT_HOOK_CREATE_CONTAINER,
	RT_HOOK_START_CONTAINER,
	RT_HOOK_POSTSTART,
	RT_HOOK_POSTSTOP,
};
#define RT_HOOK_COUNT 6

struct rt_hook {
	char *path;
	struct strv args, env;
	int64_t timeout; /* seconds; 0 none */
};

struct rt_scheduling {
	bool has_policy;
	uint32_t policy; /* SCHED_OTHER … */
	int64_t nice, priority;
	uint64_t flags, runtime, deadline, period;
	uint32_t io_class, io_level;     /* IOPRIO_CLASS_*; 0: as it is */
	char *cpus_initial, *cpus_final; /* of exec; lists, or NULL */
};

struct rt_process {
	bool terminal;
	uint16_t rows, cols;
	uint32_t uid, gid;
	uint32_t umask; /* parsed: 022 when absent; set it when built by hand */
	struct strv additional_gids; /* decimal */
	struct strv args, env;
	char *cwd;
	/* capability bit sets (1 << CAP_x) */
	uint64_t cap_bounding, cap_effective, cap_permitted, cap_inheritable, cap_ambient;
	struct rt_rlimit *rlimits;
	size_t rlimits_len;
	bool no_new_privileges;
	char *apparmor_profile;
	char *selinux_label;
	bool has_oom_score_adj;
	int64_t oom_score_adj;
	struct rt_scheduling scheduling;
};

/* Zero-initialise; runtimeconfig_done releases. */
struct runtimeconfig {
	struct rt_process process;
	char *root_path;
	bool root_readonly;
	char *hostname, *domainname;
	struct rt_mount *mounts;
	size_t mounts_len;
	struct strv annotations;
	/* linux */
	unsigned namespaces; /* enum rt_namespace bits that are unshared or joined */
	char *ns_path[RT_NS_COUNT]; /* by bit number: path to join, NULL = new */
	struct rt_idmap *uid_maps, *gid_maps;
	size_t uid_maps_len, gid_maps_len;
	struct rt_device *devices;
	size_t devices_len;
	struct strv sysctl; /* "net.ipv4.x=1" */
	struct strv masked_paths, readonly_paths;
	char *rootfs_propagation;
	char *cgroups_path;
	char *mount_label;
	int64_t pids_limit;    /* 0 = none */
	struct strv unified;   /* of resources: "memory.max=1048576" */
	yyjson_val *resources; /* linux.resources as parsed; NULL when absent; valid with
				  doc */
	yyjson_val
		*seccomp; /* linux.seccomp as parsed; NULL when absent; valid with doc */
	bool has_personality;
	uint32_t personality;     /* PER_LINUX, PER_LINUX32 of personality(2) */
	struct strv time_offsets; /* "monotonic SECONDS NANOSECONDS", "boottime …" */
	struct rt_hook *hooks[RT_HOOK_COUNT]; /* by enum rt_hook_kind */
	size_t hooks_len[RT_HOOK_COUNT];
	yyjson_doc *doc; /* owned; NULL when built by hand */
};

int runtimeconfig_parse(const void *p, size_t n, struct runtimeconfig *ret,
			struct err *e);
/* Appends the document. */
int runtimeconfig_print(const struct runtimeconfig *c, struct buf *out);
/* Adds a mount at the end; options is a comma list. */
void runtimeconfig_add_mount(struct runtimeconfig *c, const char *destination,
			     const char *type, const char *source, const char *options);
void runtimeconfig_add_rlimit(struct runtimeconfig *c, const char *type, uint64_t soft,
			      uint64_t hard);
/* process part alone (exec): parse and print of a process.json. */
int runtimeconfig_parse_process(yyjson_val *obj, struct rt_process *ret, struct err *e);
void runtimeconfig_build_process(const struct rt_process *p, yyjson_mut_doc *doc,
				 yyjson_mut_val *obj);
void runtimeconfig_done_process(struct rt_process *p);
void runtimeconfig_done(struct runtimeconfig *c);

#endif
