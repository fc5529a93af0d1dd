/* SPDX-License-Identifier: Apache-2.0 */
/* What a user asks for: `run` and `create` options and the API's create body meet in this
 * struct (docker's Config + HostConfig + NetworkingConfig, by docker's names). Nothing is
 * resolved yet. */
#ifndef ENGINE_SPEC_H
#define ENGINE_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/strv.h"
#include "core/engine/netwish.h"
#include "core/net/publish.h"

enum spec_mount_type { SPEC_BIND, SPEC_VOLUME, SPEC_TMPFS, SPEC_IMAGE };

struct spec_mount {
	enum spec_mount_type type;
	char *source; /* host path, volume name (NULL: anonymous), image */
	char *target;
	bool read_only, no_copy, non_recursive;
	bool create_source; /* -v makes a missing host folder, --mount does not */
	bool long_form;     /* by --mount: docker inspect shows it under Mounts */
	bool relabel;       /* z or Z */
	char *propagation;  /* "rprivate", … or NULL */
	uint64_t tmpfs_size;
	int64_t tmpfs_mode; /* -1: 1777 */
	char *subpath;
	struct strv options; /* of a tmpfs as given; of a bind "nosuid" and the like */
	/* Of a volume that is made for it. */
	struct strv labels, driver_opts;
};

/* docker's word for it: "bind", "volume", … */
const char *spec_mount_type_name(enum spec_mount_type type);
void spec_mount_done(struct spec_mount *m);
/* "rslave" and the like; -EOPNOTSUPP for what no user can have. */
int spec_set_propagation(struct spec_mount *m, const char *value, struct err *e);

/* Of the devices that --gpus means. */
#define SPEC_GPU_KIND "nvidia.com/gpu"

struct spec_device {
	char *host, *container;
	char *permissions; /* "rwm" */
};

/* Zero-initialise with spec_init. Strings NULL: not given, take the image's or the
 * default. */
struct spec {
	char *name, *image, *platform, *pull; /* pull: "missing" "always" "never" */
	struct strv cmd;
	bool has_cmd;
	struct strv entrypoint;
	bool has_entrypoint; /* --entrypoint "" clears the image's */
	char *hostname, *domainname, *user, *workdir;
	struct strv env, labels, expose;
	bool tty, open_stdin, stdin_once, attach_stdin, attach_stdout, attach_stderr;
	char *stop_signal;
	int64_t stop_timeout; /* seconds; -1: default */
	/* host part */
	bool auto_remove, publish_all, privileged, read_only, init;
	bool has_init;
	struct strv cap_add, cap_drop, security_opt, group_add, add_host, dns, dns_search,
		dns_option;
	struct strv ulimits, sysctls, annotations;
	struct spec_mount *mounts;
	size_t mounts_len;
	struct strv volumes_from; /* "CONTAINER[:ro|rw]" */
	struct spec_device *devices;
	size_t devices_len;
	struct strv cdi; /* --device by name: "vendor.com/class=name" */
	bool gpus;       /* --gpus: so many (-1: all), or these (then 0) */
	int64_t gpu_count;
	struct strv gpu_ids, gpu_capabilities;
	struct publish *publish;
	size_t publish_len;
	/* podman's, of the environment: what the image (or all before -e) says is left
	 * out; the caller's comes along, or its proxies alone */
	struct strv unsetenv;
	bool unsetenv_all, env_host, http_proxy;
	int64_t umask;            /* -1: 022 */
	struct netwish *networks; /* --network, each; the first one's name is network */
	size_t networks_len;
	struct strv links; /* "CONTAINER[:ALIAS]" */
	char *network; /* "bridge" (default), "none", "host", "container:X", a network's
			  name */
	struct strv network_aliases;
	char *ip, *ip6, *mac;
	char *host_loopback; /* "": all ports; "80,443"; NULL: closed */
	char *userns, *pid, *ipc, *uts,
		*cgroupns;  /* "", "host", "private", "container:X", … */
	int64_t pids_limit; /* 0: default; -1: none */
	uint64_t shm_size;  /* 0: default */
	uint64_t memory, memory_reservation;
	int64_t memory_swap; /* 0: not given; -1: unlimited */
	double cpus;
	int64_t cpu_shares, cpu_period, cpu_quota; /* the latter two in µs */
	char *cpuset_cpus, *cpuset_mems, *cgroup_parent;
	int64_t blkio_weight; /* 0: not given */
	struct strv blkio_weight_device, device_read_bps, device_write_bps,
		device_read_iops, device_write_iops; /* "/dev/x:VALUE" */
	int64_t oom_score_adj;
	bool has_oom_score_adj;
	char *log_driver;
	struct strv log_opts;
	/* ns; 0 and NULL: the image's */
	int64_t health_interval, health_timeout, health_start_period,
		health_start_interval;
	int64_t health_retries;
	char *health_cmd;
	bool no_healthcheck;
	char *restart; /* "no", "always", "on-failure:3", "unless-stopped" */
	/* --rootfs: the root is this folder (absolute), as it is or, overlaid, unchanged
	 * below what the container writes; there is no image. NULL: an image. */
	char *rootfs;
	bool rootfs_overlaid;
	/* A step of a build: the root is made of these folders (top first) and there is
	 * no image; not owned. */
	const struct strv *layers;
};

void spec_init(struct spec *s);
void spec_done(struct spec *s);

/* One record of Go's encoding/csv. */
int spec_split_csv(const char *text, struct strv *ret, struct err *e);
/* docker's value syntaxes, appended to the spec; -EINVAL with docker's words. */
/* --rootfs: "DIR" or "DIR:O"; the image's name is the folder's. */
int spec_set_rootfs(struct spec *s, const char *text, struct err *e);
int spec_add_volume(struct spec *s, const char *text, struct err *e); /* -v a:b[:ro,…] */
int spec_add_mount(struct spec *s, const char *text, struct err *e); /* --mount type=… */
int spec_add_tmpfs(struct spec *s, const char *text,
		   struct err *e); /* --tmpfs /x[:opts] */
int spec_add_device(struct spec *s, const char *text,
		    struct err *e); /* --device a[:b[:rwm]] or vendor/class=name */
int spec_set_gpus(struct spec *s, const char *text, struct err *e);    /* --gpus */
int spec_add_network(struct spec *s, const char *text, struct err *e); /* --network */
/* --tz: the host's file of that zone ("local": its own) over /etc/localtime. */
int spec_set_timezone(struct spec *s, const char *zone, struct err *e);
int spec_add_env_file(struct spec *s, const char *path, struct err *e);
/* -e KEY=value, or KEY: from the caller's environment (left out when unset). */
int spec_add_env(struct spec *s, const char *text, struct err *e);

#endif
