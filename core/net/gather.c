/* SPDX-License-Identifier: Apache-2.0 */
/* Gathering.
 *
 * With rx-udp-gro-forwarding at the receiving end, veth puts what UDP sockets send into a
 * ring (TCP's large pieces go their way as ever) instead of carrying it all the way
 * within the sender's system call. Who empties the ring finds many of one flow only when
 * that is a thread of its own, not the sender's CPU behind each packet: the `threaded`
 * attribute, which only sysfs has.
 *
 * The ring has 256 places, and what comes when it is full is lost, unless the sending end
 * has a queue: then the queue waits, and with it in the end the sender, by its socket's
 * buffer. So it is since Linux 6.16; before 6.18 a queue could stop for good.
 *
 * Datagrams of a flow stay in their order, but that empty ones and fragments, which GRO
 * does not take, pass those that it holds just then. */
#include "core/net/gather.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/ns/kernel.h"
#include "core/ns/mount.h"

#define GATHER_LINKS        "devices/virtual/net"
#define GATHER_STACK        (32u << 10)
#define GATHER_FEATURES_MAX 1024
#define GATHER_QUEUE        10000 /* more than sockets may have under way at once */

bool gather_possible(void)
{
	return kernel_version() >= KERNEL(6, 18);
}

void gather_add_queue(struct netlink *nl, uint32_t ifindex)
{
	const struct tc_fifo_qopt fifo = { .limit = GATHER_QUEUE };
	struct tcmsg *m;

	netlink_begin(nl, "add queue", RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE);
	/* A kernel without queues. */
	netlink_tolerate(nl, -EOPNOTSUPP);
	m = netlink_header(nl, sizeof(*m));
	if (m) {
		m->tcm_ifindex = (int)ifindex;
		m->tcm_parent = TC_H_ROOT;
	}
	netlink_put_str(nl, TCA_KIND, "pfifo");
	netlink_put(nl, TCA_OPTIONS, &fifo, sizeof(fifo));
}

/* --- the way to the attributes --------------------------------------------------------
 */

static int gather_mount(void *arg)
{
	const struct mount_fs sysfs = { .type = "sysfs",
					.attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
						MOUNT_ATTR_NOEXEC };
	int *ret = arg;

	*ret = unshare(CLONE_NEWNS) == 0 ? mount_fs(&sysfs, NULL) : -1;
	return 0;
}

/* To mount takes a mount namespace of the realm's. Only a child has it, for as long as
 * the mounting takes: the caller goes on seeing the host's files as they change. Memory
 * is shared and this side sleeps meanwhile; nobody waits for the namespace to be taken
 * apart. */
int gather_open(void)
{
	autofree char *stack = NULL;
	int root = -1;

	if (!gather_possible())
		return -1;
	signal(SIGCHLD, SIG_IGN);
	stack = mem_alloc(GATHER_STACK);
	if (clone(gather_mount, stack + GATHER_STACK,
		  CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &root) < 0)
		return -1;
	return root < 0 ? -1 : root;
}

int gather_links(int sysfs)
{
	return openat(sysfs, GATHER_LINKS, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* --- features -------------------------------------------------------------------------
 */

static int gather_ask(int sock, const char *port, void *data)
{
	struct ifreq r = { .ifr_data = data };

	if (str_copy(r.ifr_name, sizeof(r.ifr_name), port) != 0)
		return -EINVAL;
	return ioctl(sock, SIOCETHTOOL, &r) < 0 ? -errno : 0;
}

/* How many features the kernel knows; 0: it does not say. */
static uint32_t gather_count(int sock, const char *port)
{
	autofree struct ethtool_sset_info *info =
		mem_alloc(sizeof(*info) + sizeof(info->data[0]));

	info->cmd = ETHTOOL_GSSET_INFO;
	info->sset_mask = 1ull << ETH_SS_FEATURES;
	if (gather_ask(sock, port, info) != 0 || info->data[0] > GATHER_FEATURES_MAX)
		return 0;
	return info->data[0];
}

/* Their numbers are the kernel's own affair: they are asked for by name. */
static int gather_features(int sock, const char *port)
{
	static const char *const wanted[] = { "rx-gro", "rx-udp-gro-forwarding" };
	uint32_t count = gather_count(sock, port), blocks = (count + 31) / 32, found = 0;
	autofree struct ethtool_gstrings *names =
		mem_alloc(sizeof(*names) + (size_t)count * ETH_GSTRING_LEN);
	autofree struct ethtool_sfeatures *set =
		mem_alloc(sizeof(*set) + blocks * sizeof(set->features[0]));

	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_FEATURES;
	names->len = count;
	set->cmd = ETHTOOL_SFEATURES;
	set->size = blocks;
	if (gather_ask(sock, port, names) != 0)
		return -EOPNOTSUPP;
	for (uint32_t i = 0; i < count * ARRAY_LEN(wanted); i++) {
		uint32_t k = i / ARRAY_LEN(wanted);
		const char *name = (const char *)names->data + k * ETH_GSTRING_LEN;

		if (!str_eq(name, wanted[i % ARRAY_LEN(wanted)]))
			continue;
		set->features[k / 32].valid |= 1u << k % 32;
		set->features[k / 32].requested |= 1u << k % 32;
		found++;
	}
	return found == ARRAY_LEN(wanted) ? gather_ask(sock, port, set) : -EOPNOTSUPP;
}

void gather_begin(int sysfs, const char *port)
{
	autofree char *name = str_fmt(GATHER_LINKS "/%s/threaded", port);
	autoclose int threaded = openat(sysfs, name, O_WRONLY | O_CLOEXEC);
	autoclose int sock = -1;

	if (threaded < 0)
		return;
	sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0 || gather_features(sock, port) != 0)
		return;
	/* Now there is a ring: before, the kernel would refuse. */
	while (write(threaded, "1", 1) < 0 && errno == EINTR)
		;
}
