/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of ps(1) over /proc. */
#include "core/engine/top.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/engine/census.h"

#define DAY       86400
#define PTS_MAJOR 136
#define PTS_LAST  143
#define MAP_MAX   16384

/* What every row needs besides its process. */
struct view {
	struct idmap uid, gid; /* container → here */
	int64_t hz, page, now; /* now: seconds since the epoch */
	double uptime;         /* seconds */
	double memory;         /* bytes of the host */
};

struct row {
	const struct view *view;
	const struct procstat *p;
	uint32_t uid, gid; /* here */
};

typedef char *column_fn(const struct row *r);

static double age(const struct row *r)
{
	double s = r->view->uptime - (double)r->p->start / (double)r->view->hz;

	return s > 0.01 ? s : 0.01;
}

static int64_t cpu_seconds(const struct row *r)
{
	return (int64_t)(r->p->utime + r->p->stime) / r->view->hz;
}

static double cpu_share(const struct row *r)
{
	double used = (double)(r->p->utime + r->p->stime) / (double)r->view->hz;

	return 100 * used / age(r);
}

/* Outside → inside; an ID that the container has not is shown as it is here. */
static uint32_t inside(const struct idmap *m, uint32_t id)
{
	for (size_t i = 0; i < m->len; i++) {
		const struct idmap_extent *x = &m->extents[i];
		if (id >= x->outside && id - x->outside < x->count)
			return x->inside + (id - x->outside);
	}
	return id;
}

static char *id_text(uint32_t id, bool name)
{
	return name && id == 0 ? str_dup("root") : str_fmt("%u", id);
}

static char *col_user(const struct row *r)
{
	return id_text(inside(&r->view->uid, r->uid), true);
}
static char *col_uid(const struct row *r)
{
	return id_text(inside(&r->view->uid, r->uid), false);
}
static char *col_group(const struct row *r)
{
	return id_text(inside(&r->view->gid, r->gid), true);
}
static char *col_gid(const struct row *r)
{
	return id_text(inside(&r->view->gid, r->gid), false);
}
static char *col_pid(const struct row *r)
{
	return str_fmt("%d", (int)r->p->pid);
}
static char *col_ppid(const struct row *r)
{
	return str_fmt("%d", (int)r->p->ppid);
}
static char *col_pgid(const struct row *r)
{
	return str_fmt("%d", (int)r->p->pgrp);
}
static char *col_sid(const struct row *r)
{
	return str_fmt("%d", (int)r->p->session);
}
static char *col_c(const struct row *r)
{
	double c = cpu_share(r);

	return str_fmt("%d", c > 99 ? 99 : (int)c);
}
static char *col_pcpu(const struct row *r)
{
	return str_fmt("%.1f", cpu_share(r));
}
static char *col_pmem(const struct row *r)
{
	return str_fmt("%.1f", 100.0 * (double)r->p->rss * (double)r->view->page /
				       r->view->memory);
}
static char *col_vsz(const struct row *r)
{
	return str_fmt("%llu", (unsigned long long)r->p->vsize / 1024);
}
static char *col_rss(const struct row *r)
{
	return str_fmt("%lld", (long long)r->p->rss * r->view->page / 1024);
}
static char *col_nice(const struct row *r)
{
	return str_fmt("%lld", (long long)r->p->nice);
}
static char *col_pri(const struct row *r)
{
	return str_fmt("%lld", 39 - (long long)r->p->priority);
}
static char *col_nlwp(const struct row *r)
{
	return str_fmt("%lld", (long long)r->p->threads);
}
static char *col_state(const struct row *r)
{
	return str_fmt("%c", r->p->state);
}
static char *col_stat(const struct row *r)
{
	const struct procstat *p = r->p;

	return str_fmt("%c%s%s%s%s", p->state,
		       p->nice < 0   ? "<"
		       : p->nice > 0 ? "N"
				     : "",
		       p->session == p->pid ? "s" : "", p->threads > 1 ? "l" : "",
		       p->tpgid == p->pgrp ? "+" : "");
}
static char *col_comm(const struct row *r)
{
	struct buf b = { 0 };

	str_escape(&b, r->p->comm);
	return buf_take(&b);
}
static char *col_command(const struct row *r)
{
	return procstat_command(r->p);
}

static char *col_tty(const struct row *r)
{
	unsigned major = (unsigned)major(r->p->tty), minor = (unsigned)minor(r->p->tty);

	if (!r->p->tty)
		return str_dup("?");
	if (major >= PTS_MAJOR && major <= PTS_LAST)
		return str_fmt("pts/%u", (major - PTS_MAJOR) * 256 + minor);
	return str_fmt("%u:%u", major, minor);
}

static char *clock_text(int64_t s, bool days)
{
	if (days && s >= DAY)
		return str_fmt("%lld-%02d:%02d:%02d", (long long)(s / DAY),
			       (int)(s % DAY / 3600), (int)(s % 3600 / 60),
			       (int)(s % 60));
	return str_fmt("%02lld:%02d:%02d", (long long)(s / 3600), (int)(s % 3600 / 60),
		       (int)(s % 60));
}
static char *col_time(const struct row *r)
{
	return clock_text(cpu_seconds(r), true);
}
static char *col_bsdtime(const struct row *r)
{
	int64_t s = cpu_seconds(r);

	return str_fmt("%lld:%02d", (long long)(s / 60), (int)(s % 60));
}
static char *col_etime(const struct row *r)
{
	int64_t s = (int64_t)age(r);

	if (s < 3600)
		return str_fmt("%02d:%02d", (int)(s / 60), (int)(s % 60));
	return clock_text(s, true);
}

static char *start_text(const struct row *r, const char *today, const char *before)
{
	char text[32] = "?";
	time_t t = (time_t)(r->view->now - (int64_t)age(r));
	struct tm tm;

	if (localtime_r(&t, &tm))
		strftime(text, sizeof(text), age(r) < DAY ? today : before, &tm);
	return str_dup(text);
}
static char *col_stime(const struct row *r)
{
	return start_text(r, "%H:%M", "%b%d");
}
static char *col_started(const struct row *r)
{
	return start_text(r, "%H:%M:%S", "%b %d");
}

/* By ps's names, with its headers. */
static const struct column {
	const char *name, *title;
	column_fn *fn;
} columns[] = {
	{ "%cpu", "%CPU", col_pcpu },
	{ "%mem", "%MEM", col_pmem },
	{ "args", "COMMAND", col_command },
	{ "bsdtime", "TIME", col_bsdtime },
	{ "c", "C", col_c },
	{ "cmd", "CMD", col_command },
	{ "comm", "COMMAND", col_comm },
	{ "command", "COMMAND", col_command },
	{ "cputime", "TIME", col_time },
	{ "egid", "EGID", col_gid },
	{ "egroup", "EGROUP", col_group },
	{ "etime", "ELAPSED", col_etime },
	{ "euid", "EUID", col_uid },
	{ "euser", "EUSER", col_user },
	{ "gid", "GID", col_gid },
	{ "group", "GROUP", col_group },
	{ "ni", "NI", col_nice },
	{ "nice", "NI", col_nice },
	{ "nlwp", "NLWP", col_nlwp },
	{ "pcpu", "%CPU", col_pcpu },
	{ "pgid", "PGID", col_pgid },
	{ "pgrp", "PGRP", col_pgid },
	{ "pid", "PID", col_pid },
	{ "pmem", "%MEM", col_pmem },
	{ "ppid", "PPID", col_ppid },
	{ "pri", "PRI", col_pri },
	{ "rss", "RSS", col_rss },
	{ "rssize", "RSS", col_rss },
	{ "s", "S", col_state },
	{ "sess", "SESS", col_sid },
	{ "sid", "SID", col_sid },
	{ "start", "STARTED", col_started },
	{ "start_time", "START", col_stime },
	{ "stat", "STAT", col_stat },
	{ "state", "S", col_state },
	{ "stime", "STIME", col_stime },
	{ "thcount", "THCNT", col_nlwp },
	{ "time", "TIME", col_time },
	{ "tname", "TTY", col_tty },
	{ "tt", "TT", col_tty },
	{ "tty", "TT", col_tty },
	{ "ucmd", "CMD", col_comm },
	{ "uid", "UID", col_uid },
	{ "uname", "USER", col_user },
	{ "user", "USER", col_user },
	{ "vsize", "VSZ", col_vsz },
	{ "vsz", "VSZ", col_vsz },
};

#define FULL "user=UID,pid,ppid,c,stime,tty=TTY,time,cmd"
#define USER \
	"user,pid,%cpu,%mem,vsz,rss,tty=TTY,stat,start_time=START,bsdtime=TIME,command"
#define BRIEF "pid,tty=TTY,time,cmd"

struct layout {
	struct strv titles;
	column_fn *fn[64];
	size_t len;
	bool has_pid;
};

static int add_column(struct layout *l, const char *word, struct err *e)
{
	const char *eq = strchr(word, '=');
	autofree char *name = str_ndup(word, eq ? (size_t)(eq - word) : strlen(word));

	if (l->len == ARRAY_LEN(l->fn))
		return err_set(e, -E2BIG, "too many columns");
	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		if (!str_eq(columns[i].name, name))
			continue;
		l->has_pid |= columns[i].fn == col_pid;
		l->fn[l->len++] = columns[i].fn;
		strv_add(&l->titles, eq ? eq + 1 : columns[i].title);
		return 0;
	}
	return err_set(e, -EINVAL, "ps: unknown user-defined format specifier \"%s\"",
		       name);
}

static int add_list(struct layout *l, const char *list, bool given, struct err *e)
{
	autostrv words = { 0 };
	int r = 0;

	strv_split(&words, list, ',');
	for (size_t i = 0; r == 0 && i < words.len; i++) {
		/* As docker, which looks for that title itself. */
		if (given && str_starts(words.v[i], "pid="))
			return err_set(e, -EINVAL, "specifying \"%s\" is not allowed",
				       words.v[i]);
		r = add_column(l, words.v[i], e);
	}
	return r;
}

/* One word of options. -o takes the rest of its word, or the next one. */
static int parse_word(const char *word, const char *next, struct layout *l,
		      const char **ret_style, struct err *e)
{
	bool dash = word[0] == '-';

	if (str_eq(word, "--format") || str_starts(word, "--format=")) {
		const char *list = word[8] ? word + 9 : next;
		int r = list ? add_list(l, list, true, e) : -EINVAL;
		return r < 0 ? r : !word[8];
	}
	for (const char *p = word + dash; *p; p++) {
		if (*p == 'o' || *p == 'O') {
			const char *list = p[1] ? p + 1 : next;
			int r = list ? add_list(l, list, true, e)
				     : err_set(e, -EINVAL,
					       "ps: format specification must follow -o");
			return r < 0 ? r : !p[1];
		}
		if (*p == 'f' && dash)
			*ret_style = FULL;
		else if (*p == 'u' && !dash)
			*ret_style = USER;
		else if (!strchr(dash ? "eAaxdw" : "axewf", *p))
			return err_set(e, -EINVAL,
				       "ps option '%c' of '%s' is not known here: -e -f "
				       "-o LIST, aux",
				       *p, word);
	}
	return 0;
}

static int parse_args(const struct strv *args, struct layout *l, struct err *e)
{
	const char *style = args->len ? BRIEF : FULL;

	for (size_t i = 0; i < args->len; i++) {
		const char *next = i + 1 < args->len ? args->v[i + 1] : NULL;
		int r = parse_word(args->v[i], next, l, &style, e);
		if (r < 0)
			return r;
		i += (size_t)r;
	}
	if (!l->len)
		return add_list(l, style, false, e);
	return l->has_pid ? 0
			  : err_set(e, -EINVAL, "Couldn't find PID field in ps output");
}

static void read_map(pid_t pid, const char *name, struct idmap *ret)
{
	autofree char *path = str_fmt("/proc/%d/%s", (int)pid, name);
	char text[MAP_MAX];

	if (file_read_small(AT_FDCWD, path, text, sizeof(text)) < 0 ||
	    idmap_parse(text, strlen(text), ret) < 0)
		*ret = (struct idmap){ 0 };
}

static void view_done(struct view *v)
{
	idmap_done(&v->uid);
	idmap_done(&v->gid);
}

static void look(const struct container *c, struct view *v)
{
	struct timespec up = { 0 };

	read_map(c->state.pid, "uid_map", &v->uid);
	read_map(c->state.pid, "gid_map", &v->gid);
	clock_gettime(CLOCK_BOOTTIME, &up);
	v->uptime = (double)up.tv_sec + (double)up.tv_nsec / 1e9;
	v->now = time_now() / 1000000000;
	v->hz = sysconf(_SC_CLK_TCK);
	v->page = sysconf(_SC_PAGESIZE);
	v->memory = (double)sysconf(_SC_PHYS_PAGES) * (double)v->page;
}

static void fill(const struct layout *l, const struct view *v, const struct procstat *p,
		 struct strv *out)
{
	struct row row = { .view = v, .p = p };
	char path[32];
	struct stat st;

	str_print(path, sizeof(path), "/proc/%d", (int)p->pid);
	if (!stat(path, &st)) {
		row.uid = st.st_uid;
		row.gid = st.st_gid;
	}
	for (size_t i = 0; i < l->len; i++)
		strv_push(out, l->fn[i](&row));
}

int top_list(const struct container *c, const struct strv *args, struct top *ret,
	     struct err *e)
{
	autodone(census_done) struct census all = { 0 }, own = { 0 };
	autodone(view_done) struct view v = { 0 };
	struct layout l = { 0 };
	int r = parse_args(args, &l, e);

	if (r == 0)
		r = census_take_all(&all, e);
	if (r == 0)
		r = census_take(&all, c, &own, e);
	if (r < 0) {
		strv_done(&l.titles);
		return r;
	}
	look(c, &v);
	*ret = (struct top){ .titles = l.titles,
			     .rows = mem_array(own.len, sizeof(*ret->rows)),
			     .len = own.len };
	for (size_t i = 0; i < own.len; i++)
		fill(&l, &v, &own.v[i], &ret->rows[i]);
	return 0;
}

void top_done(struct top *t)
{
	strv_done(&t->titles);
	for (size_t i = 0; i < t->len; i++)
		strv_done(&t->rows[i]);
	free(t->rows);
	*t = (struct top){ 0 };
}
