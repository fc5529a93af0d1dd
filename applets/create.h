/* SPDX-License-Identifier: Apache-2.0 */
/* What run and create share: one option table (create.inc), one struct, one way from the
 * options to the engine's spec. */
#ifndef APPLETS_CREATE_H
#define APPLETS_CREATE_H

#include "applets/host.h"
#include "core/engine/spec.h"

/* Slots of create.inc, by docker's option names. */
struct create_options {
	struct strv add_host, annotation, attach, cap_add, cap_drop, device, dns,
		dns_option, dns_search, env, env_file, expose, group_add, label,
		label_file, unsetenv, link, log_opt, mount, network, network_alias,
		publish, security_opt, sysctl, tmpfs, ulimit, volume, volumes_from,
		blkio_weight_device, device_read_bps, device_write_bps, device_read_iops,
		device_write_iops;
	char *health_cmd;
	int64_t health_interval, health_retries, health_start_interval,
		health_start_period, health_timeout;
	bool no_healthcheck;
	char *cgroup_parent, *cgroupns, *cidfile, *cpus, *cpuset_cpus, *cpuset_mems,
		*detach_keys, *domainname, *entrypoint, *host_loopback, *hostname, *ip,
		*ip6, *ipc, *log_driver, *mac_address, *memory_swap, *name, *pid,
		*platform, *pull, *restart, *gpus, *stop_signal, *tz, *umask, *user,
		*userns, *uts, *workdir;
	int64_t blkio_weight, cpu_shares, cpu_period, cpu_quota, oom_score_adj,
		pids_limit, stop_timeout;
	bool has_init, has_oom_score_adj, has_stop_timeout;
	uint64_t memory, memory_reservation, shm_size;
	bool env_host, http_proxy, replace, unsetenv_all;
	bool detach, init, interactive, privileged, publish_all, quiet, read_only, rm,
		rootfs, sig_proxy, tty;
};

/* The values of --cpus and --memory-swap. */
int create_cpus(const char *text, double *ret, struct err *e);
int create_swap(const char *text, int64_t *ret, struct err *e);
/* args: the image, then the command. detach: nothing is attached. */
int create_spec(const struct create_options *o, char **args, struct spec *ret,
		struct err *e);
/* Gets the image (docker's words on stderr when it has to be pulled), checks the cidfile,
 * creates the container, prints its warnings, writes the cidfile. */
int create_container(struct host *h, const struct create_options *o,
		     const struct spec *spec, char ret_id[65], struct err *e);

#endif
