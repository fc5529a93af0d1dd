/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of tests/registry/server.py, and a store to pull into. Tests run in the
 * folder that holds tests/. */
#ifndef TESTS_UNIT_IMAGE_TESTSERVER_H
#define TESTS_UNIT_IMAGE_TESTSERVER_H

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "core/base/buf.h"
#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/spawn.h"
#include "core/image/pull.h"
#include "core/ns/userns.h"
#include "core/store/gc.h"
#include "tests/unit/store/tmpstore.h"

struct testserver {
	pid_t pid;
	int in;
	unsigned port;
	char log[160];
};

/* What all tests of one program share: a folder with the layout of images, certificates,
 * and the realm. */
struct testshared {
	char dir[64];
	int realm; /* pidfd, or -1 as root */
	pid_t realm_pid, owner;
	bool usable;
};

static struct testshared testshared;

static void testshared_end(void)
{
	if (getpid() != testshared.owner)
		return;
	if (testshared.realm_pid > 0) {
		kill(testshared.realm_pid, SIGKILL);
		waitpid(testshared.realm_pid, NULL, 0);
	}
	file_remove_tree(AT_FDCWD, testshared.dir);
}

static inline int testshared_keeper(void *arg)
{
	pause();
	return 0;
}

static inline bool testshared_run(const char *command)
{
	char *argv[] = { (char *)"/bin/sh", (char *)"-c", (char *)command, NULL };
	autobuf out = { 0 };
	struct err e = { 0 };
	int r = spawn_run(argv, NULL, &out, &out, 120000, &e);

	if (r != 0)
		printf("# %s: %d %s\n%s\n", command, r, e.text, buf_str(&out));
	return r == 0;
}

static inline bool testshared_init(void)
{
	struct idmap u = { 0 }, g = { 0 };
	struct err e = { 0 };
	char *why = NULL;

	if (testshared.dir[0])
		return testshared.usable;
	str_copy(testshared.dir, sizeof(testshared.dir), "/tmp/rootless-registry-XXXXXX");
	if (!mkdtemp(testshared.dir))
		return false;
	testshared.owner = getpid();
	testshared.realm = -1;
	atexit(testshared_end);
	signal(SIGPIPE, SIG_IGN);
	autofree char *python = spawn_find("python3");
	autofree char *command = str_fmt("python3 tests/registry/mkimage.py %s/oci "
					 "$(python3 tests/registry/mkimage.py --list | "
					 "grep -vx -e big -e many -e bad-bomb) && "
					 "tests/registry/certs.sh %s/certs",
					 testshared.dir, testshared.dir);
	if (!python || access("tests/registry/server.py", R_OK) ||
	    !testshared_run(command))
		return false;
	if (geteuid() != 0) {
		if (idmap_host(&u, &g, &why, &e) < 0 || why)
			return false;
		testshared.realm = userns_spawn(&u, &g, testshared_keeper, NULL,
						&testshared.realm_pid, &e);
		idmap_done(&u);
		idmap_done(&g);
		if (testshared.realm < 0)
			return false;
	}
	return testshared.usable = true;
}

/* options: as for server.py; "%d" stands for the shared folder. */
static inline struct testserver testserver_start(const char *options)
{
	struct testserver s = { .pid = -1, .in = -1 };
	int in[2], out[2];
	char line[16] = "";
	static int number;
	autobuf text = { 0 };

	str_print(s.log, sizeof(s.log), "%s/log.%d", testshared.dir, number++);
	buf_addf(&text, "exec python3 tests/registry/server.py %s/oci --log %s ",
		 testshared.dir, s.log);
	for (const char *p = options; *p; p++) {
		if (p[0] == '%' && p[1] == 'd') {
			buf_adds(&text, testshared.dir);
			p++;
		} else {
			buf_addc(&text, *p);
		}
	}
	CHECK(!pipe2(in, O_CLOEXEC) && !pipe2(out, O_CLOEXEC));
	s.pid = fork();
	if (s.pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execl("/bin/sh", "sh", "-c", buf_str(&text), (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	s.in = in[1];
	for (size_t n = 0; n < sizeof(line) - 1 && read(out[0], line + n, 1) == 1; n++)
		if (line[n] == '\n') {
			line[n] = 0;
			break;
		}
	close(out[0]);
	s.port = (unsigned)strtoul(line, NULL, 10);
	CHECK(s.port > 0);
	return s;
}

static inline void testserver_stop(struct testserver *s)
{
	close(s->in);
	waitpid(s->pid, NULL, 0);
}

/* How often needle is in the log of requests. */
static inline int testserver_count(const struct testserver *s, const char *needle)
{
	autobuf text = { 0 };
	int n = 0;

	file_read(AT_FDCWD, s->log, 1 << 20, &text);
	for (const char *p = buf_str(&text); (p = strstr(p, needle)); p++)
		n++;
	return n;
}

/* One pull, with what it was given and what came of it. */
struct testpull {
	struct tmpstore t;
	struct registry_options registry;
	struct pull_options options;
	char config[96]; /* docker's config folder: %s/docker */
	struct tag tag;
	bool fresh;
	int r;
	struct err e;
};

static inline void testpull_init(struct testpull *p)
{
	*p = (struct testpull){ .t = tmpstore_open() };
	str_print(p->config, sizeof(p->config), "%s/docker", p->t.dir);
	CHECK_INT(mkdir(p->config, 0700), 0);
	p->registry.config_dir = p->config;
	p->registry.backoff_ms = 10;
	p->registry.stall_s = 5;
	p->options.registry = &p->registry;
	p->options.realm_pidfd = testshared.realm;
	unsetenv("REGISTRY_AUTH_FILE");
	setenv("HOME", p->t.dir, 1);
	setenv("XDG_CONFIG_HOME", p->t.dir, 1);
	const char *const proxies[] = { "http_proxy",  "HTTP_PROXY", "https_proxy",
					"HTTPS_PROXY", "no_proxy",   "NO_PROXY" };
	for (size_t i = 0; i < ARRAY_LEN(proxies); i++)
		unsetenv(proxies[i]);
}

static inline int testpull_ref(struct testpull *p, const char *text)
{
	autodone(reference_done) struct reference ref = { 0 };

	p->e = (struct err){ 0 };
	tag_done(&p->tag);
	p->tag = (struct tag){ 0 };
	p->r = reference_parse(text, &ref, &p->e);
	if (p->r == 0)
		p->r = pull_image(&p->t.store, &ref, &p->options, &p->tag, &p->fresh,
				  &p->e);
	return p->r;
}

static inline int testpull_run(struct testpull *p, const struct testserver *s,
			       const char *name)
{
	autofree char *text = str_fmt("localhost:%u/%s", s->port, name);

	return testpull_ref(p, text);
}

static inline int testpull_sweep(void *arg, struct err *e)
{
	const struct tmpstore *t = arg;
	autostrv names = { 0 };

	gc_sweep(&t->store, e);
	return file_remove_tree(t->store.data_fd, "layers");
}

static inline void testpull_done(struct testpull *p)
{
	tag_done(&p->tag);
	if (testshared.realm >= 0)
		userns_call(testshared.realm, CLONE_NEWUSER, testpull_sweep, &p->t, NULL);
	tmpstore_close(&p->t);
}

static inline int testpull_entries(const struct testpull *p, const char *folder)
{
	autofree char *path = str_fmt("%s/%s", p->t.store.data, folder);
	DIR *d = opendir(path);
	struct dirent *de;
	int n = 0;

	while (d && (de = readdir(d)))
		n += de->d_name[0] != '.' || strlen(de->d_name) > 2;
	if (d)
		closedir(d);
	return n;
}

/* Nothing of an image, nothing half-made. */
static inline bool testpull_traceless(const struct testpull *p)
{
	autodone(tags_done) struct tags tags = { 0 };

	return tag_list(&p->t.store, &tags, NULL) == 0 && tags.len == 0 &&
	       testpull_entries(p, "layers") == 0 && testpull_entries(p, "tmp") == 0 &&
	       testpull_entries(p, "oci/blobs/sha256") == 0;
}

#define NEED_SERVER() \
	do { \
		if (!testshared_init()) { \
			test_skip("needs python3, openssl and subordinate IDs"); \
			return; \
		} \
	} while (0)

#endif
