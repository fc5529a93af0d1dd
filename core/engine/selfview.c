/* SPDX-License-Identifier: Apache-2.0 */
/* A process's view of its own isolation, from /proc. */
#include "core/engine/selfview.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/ns/rlimit.h"
#include "core/oci/capability.h"

#define FILE_MAX 65536

static void add(struct strv *out, const char *label, const char *value)
{
	strv_addf(out, "%s\t%s", label, value);
}

/* The file's lines with single blanks, joined by ", ". */
static void add_file(struct strv *out, const char *label, const char *path)
{
	char text[1024];
	autobuf b = { 0 };
	bool gap = false;
	int r = file_read_small(AT_FDCWD, path, text, sizeof(text));

	if (r < 0) {
		add(out, label, strerror(-r));
		return;
	}
	for (const char *p = text; *p; p++) {
		if (*p == '\n' && p[1])
			buf_adds(&b, ", ");
		else if (*p != ' ' && *p != '\t' && *p != '\n')
			buf_addf(&b,
				 gap && b.len && b.data[b.len - 1] != ' ' ? " %c" : "%c",
				 *p);
		gap = *p == ' ' || *p == '\t';
	}
	add(out, label, buf_str(&b));
}

static void add_identity(struct strv *out)
{
	struct utsname u;
	char text[128];

	uname(&u);
	add(out, "Hostname", u.nodename);
	str_print(text, sizeof(text), "%s %s", u.sysname, u.release);
	add(out, "Kernel", text);
	str_print(text, sizeof(text), "pid %d, uid %u, gid %u", (int)getpid(), geteuid(),
		  getegid());
	add(out, "Process", text);
	add_file(out, "UID map", "/proc/self/uid_map");
	add_file(out, "GID map", "/proc/self/gid_map");
	add_file(out, "setgroups", "/proc/self/setgroups");
}

static void add_namespaces(struct strv *out)
{
	static const char *const names[] = { "user", "mnt", "pid",    "net",
					     "ipc",  "uts", "cgroup", "time" };
	autobuf b = { 0 };

	for (size_t n = 0; n < ARRAY_LEN(names); n++) {
		char path[64], link[64];
		ssize_t len;

		str_print(path, sizeof(path), "/proc/self/ns/%s", names[n]);
		len = readlink(path, link, sizeof(link) - 1);
		if (len < 0)
			continue;
		link[len] = '\0';
		buf_addf(&b, "%s%s", b.len ? " " : "", link);
	}
	add(out, "Namespaces", buf_str(&b));
}

/* The value of a line of /proc/self/status, "" when it is not there. */
static void status_of(const char *text, const char *key, char *dst, size_t size)
{
	autofree char *prefix = str_fmt("\n%s:", key);
	const char *at = strstr(text, prefix);
	size_t n;

	str_copy(dst, size, "");
	if (!at)
		return;
	at += strlen(prefix);
	at += strspn(at, " \t");
	n = strcspn(at, "\n");
	autofree char *v = str_ndup(at, n);
	str_copy(dst, size, v);
}

static void add_caps(struct strv *out, const char *label, const char *hex)
{
	uint64_t set = strtoull(hex, NULL, 16);
	autobuf b = { 0 };

	buf_addf(&b, "%s", hex);
	if (set == CAPABILITY_ALL)
		buf_adds(&b, " all");
	for (int bit = 0; bit < CAPABILITY_COUNT; bit++)
		if (set != CAPABILITY_ALL && set & (1ull << bit))
			buf_addf(&b, " %s", capability_name(bit) + strlen("CAP_"));
	add(out, label, set ? buf_str(&b) : "none");
}

static void add_status(struct strv *out)
{
	autobuf b = { .max = FILE_MAX };
	char v[256];
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || file_read_fd(fd, FILE_MAX, &b) < 0)
		add(out, "Status", "/proc/self/status cannot be read");
	if (fd >= 0)
		close(fd);
	status_of(buf_str(&b), "CapEff", v, sizeof(v));
	add_caps(out, "Capabilities", v);
	status_of(buf_str(&b), "CapBnd", v, sizeof(v));
	add_caps(out, "Bounding set", v);
	status_of(buf_str(&b), "Seccomp", v, sizeof(v));
	add(out, "Seccomp",
	    str_eq(v, "2")   ? "filter"
	    : str_eq(v, "1") ? "strict"
			     : "disabled");
	status_of(buf_str(&b), "NoNewPrivs", v, sizeof(v));
	add(out, "NoNewPrivs", v);
}

static void format_limit(rlim_t v, char *dst, size_t size)
{
	if (v == RLIM_INFINITY)
		str_copy(dst, size, "unlimited");
	else
		str_print(dst, size, "%" PRIu64, (uint64_t)v);
}

static void add_limits(struct strv *out)
{
	static const int kinds[] = { RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_CORE,
				     RLIMIT_MEMLOCK };
	autobuf b = { 0 };

	for (size_t n = 0; n < ARRAY_LEN(kinds); n++) {
		char soft[24], hard[24];
		struct rlimit l;

		if (getrlimit(kinds[n], &l))
			continue;
		format_limit(l.rlim_cur, soft, sizeof(soft));
		format_limit(l.rlim_max, hard, sizeof(hard));
		buf_addf(&b, "%s%s %s:%s", b.len ? ", " : "", rlimit_name(kinds[n]), soft,
			 hard);
	}
	add(out, "Limits", buf_str(&b));
}

/* Mounts: those at well-known places with their type, the others counted by what they do.
 */
static void add_mounts(struct strv *out)
{
	static const char *const notable[] = { "/", "/proc", "/sys", "/dev", "/dev/shm" };
	autobuf text = { .max = FILE_MAX }, b = { 0 };
	autostrv lines = { 0 };
	unsigned covers = 0, frozen = 0;
	int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		file_read_fd(fd, FILE_MAX, &text);
		close(fd);
	}
	strv_split(&lines, buf_str(&text), '\n');
	for (size_t n = 0; n < lines.len; n++) {
		autostrv f = { 0 };
		size_t dash = 6;

		strv_split(&f, lines.v[n], ' ');
		while (dash < f.len && !str_eq(f.v[dash], "-"))
			dash++;
		if (dash + 1 >= f.len)
			continue;
		for (size_t k = 0; k < ARRAY_LEN(notable); k++)
			if (str_eq(f.v[4], notable[k]))
				buf_addf(&b, "%s%s %s %.2s", b.len ? ", " : "", f.v[4],
					 f.v[dash + 1], f.v[5]);
		if (str_starts(f.v[4], "/proc/") || str_starts(f.v[4], "/sys/")) {
			covers += !str_eq(f.v[dash + 1], "proc");
			frozen += str_eq(f.v[dash + 1], "proc");
		}
	}
	add(out, "Mounts", buf_str(&b));
	buf_reset(&b);
	buf_addf(&b, "%u masked, %u read-only", covers, frozen);
	add(out, "/proc, /sys", buf_str(&b));
}

static void add_addresses(struct strv *out)
{
	struct ifaddrs *list = NULL;
	autobuf b = { 0 };

	if (getifaddrs(&list))
		list = NULL;
	for (struct ifaddrs *i = list; i; i = i->ifa_next) {
		char text[INET6_ADDRSTRLEN] = "";
		const struct sockaddr *a = i->ifa_addr;

		if (a && a->sa_family == AF_INET)
			inet_ntop(AF_INET, &((const struct sockaddr_in *)a)->sin_addr,
				  text, sizeof(text));
		else if (a && a->sa_family == AF_INET6)
			inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)a)->sin6_addr,
				  text, sizeof(text));
		if (text[0])
			buf_addf(&b, "%s%s %s", b.len ? ", " : "", i->ifa_name, text);
	}
	freeifaddrs(list);
	add(out, "Addresses", b.len ? buf_str(&b) : "none");
}

void selfview_read(struct strv *ret)
{
	add_identity(ret);
	add_namespaces(ret);
	add_status(ret);
	add_limits(ret);
	add_mounts(ret);
	add_addresses(ret);
}
