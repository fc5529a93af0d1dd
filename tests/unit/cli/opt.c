/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cli/opt.h"

#include <errno.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "tests/unit/test.h"

struct slots {
	bool detach, tty, interactive, init, detach_given, sig;
	char *name, *host, *pull;
	struct strv publish, env;
	int64_t pids;
	uint64_t memory;
	int64_t timeout;
};

static const struct opt opts[] = {
	OPT_GIVEN(struct slots, detach_given, OPT_TYPE_BOOL, 'd', "detach", NULL,
		  "Run container in background", NULL, offsetof(struct slots, detach)),
	OPT_BOOL(struct slots, interactive, 'i', "interactive", "Keep STDIN open"),
	OPT_BOOL(struct slots, tty, 't', "tty", "Allocate a pseudo-TTY"),
	OPT_BOOL_DEF(struct slots, sig, 0, "sig-proxy", "Proxy signals", "true"),
	OPT_STRING(struct slots, name, 0, "name", "string", "Assign a name"),
	OPT_STRING(struct slots, host, 'h', "hostname", "string", "Container host name"),
	OPT_STRING_DEF(struct slots, pull, 0, "pull", "string",
		       "Pull image before running (\"always\", \"missing\", \"never\")",
		       "missing"),
	OPT_REFUSED("gpus", "give the device nodes by --device"),
	OPT_LIST(struct slots, publish, 'p', "publish", "list", "Publish a port"),
	OPT_LIST(struct slots, env, 'e', "env", "list", "Set environment variables"),
	OPT_INT(struct slots, pids, 0, "pids-limit", "Tune pids limit", "-1"),
	OPT_SIZE(struct slots, memory, 'm', "memory", "Memory limit"),
	OPT_DURATION(struct slots, timeout, 0, "timeout", "Time"),
	{ OPT_TYPE_BOOL, 0, "init", NULL, "Hidden one", NULL,
	  offsetof(struct slots, init), 0, true },
	OPT_END,
};

#define MAX_ARGS 12

struct parsed {
	struct slots s;
	struct opt_result r;
	struct err e;
	int code;
};

/* words: separated by one space each; "_" stands for an empty word. */
static void parse(struct parsed *p, const struct opt *table, const char *words, bool stop)
{
	static char text[300];
	char *argv[MAX_ARGS + 1] = { (char[]){ "run" } };
	int argc = 1;
	char *rest = text, *word;

	memset(p, 0, sizeof(*p));
	snprintf(text, sizeof(text), "%s", words);
	while ((word = strsep(&rest, " ")) && *words)
		argv[argc++] = strcmp(word, "_") == 0 ? word + 1 : word;
	p->code = opt_parse(table, &p->s, argc, argv, stop, &p->r, &p->e);
}

static void done(struct parsed *p)
{
	opt_release(opts, &p->s);
	free(p->r.rest);
}

TEST(forms)
{
	struct parsed p;

	parse(&p, opts, "-it -d --name web -p 80:80 -p81 -p=82 --publish=83 -h box img",
	      false);
	CHECK_INT(p.code, 0);
	CHECK(p.s.interactive && p.s.tty && p.s.detach && p.s.detach_given);
	CHECK_STR(p.s.name, "web");
	CHECK_STR(p.s.host, "box");
	CHECK_INT(p.s.publish.len, 4);
	CHECK_STR(p.s.publish.v[1], "81");
	CHECK_STR(p.s.publish.v[2], "82");
	CHECK_STR(p.s.publish.v[3], "83");
	CHECK_INT(p.r.rest_len, 1);
	CHECK_STR(p.r.rest[0], "img");
	CHECK(p.r.rest[1] == NULL);
	CHECK(!p.r.help);
	done(&p);
	parse(&p, opts, "-itp 80 -eA=1 --env= --name=a=b -dh=x", false);
	CHECK_INT(p.code, 0);
	CHECK_STR(p.s.publish.v[0], "80");
	CHECK_STR(p.s.env.v[0], "A=1");
	CHECK_STR(p.s.env.v[1], "");
	CHECK_STR(p.s.name, "a=b");
	CHECK_STR(p.s.host, "x");
	done(&p);
}

static const struct opt optional[] = {
	OPT_OPTIONAL(struct slots, name, 'n', "name", "names", "Named or not"),
	OPT_BOOL(struct slots, tty, 't', "tty", "A terminal"),
	OPT_END,
};

static void check_optional(const char *words, const char *want, int rest)
{
	struct parsed p;

	parse(&p, optional, words, false);
	CHECK_INT(p.code, 0);
	CHECK(want ? p.s.name != NULL : p.s.name == NULL);
	if (want)
		CHECK_STR(p.s.name, want);
	CHECK_INT(p.r.rest_len, rest);
	opt_release(optional, &p.s);
	free(p.r.rest);
}

TEST(a_value_that_may_be_left_out)
{
	autobuf help = { 0 };

	check_optional("img", NULL, 1);
	/* The next word is never its value. */
	check_optional("--name img", "", 1);
	check_optional("--name=a,b img", "a,b", 1);
	check_optional("--name=", "", 0);
	check_optional("-tn img", "", 1);
	check_optional("-n=a", "a", 0);
	opt_help(optional, &help);
	CHECK(strstr(buf_str(&help), "  -n, --name[=names]   Named or not\n") != NULL);
}

TEST(booleans)
{
	struct parsed p;

	parse(&p, opts, "--detach=false --sig-proxy=0 --tty=T", false);
	CHECK_INT(p.code, 0);
	CHECK(!p.s.detach && p.s.detach_given && !p.s.sig && p.s.tty);
	done(&p);
	/* A boolean takes no word of its own. */
	parse(&p, opts, "--detach false", false);
	CHECK(p.s.detach);
	CHECK_STR(p.r.rest[0], "false");
	done(&p);
	parse(&p, opts, "-t=false -i", false);
	CHECK(!p.s.tty && p.s.interactive);
	done(&p);
}

TEST(defaults)
{
	struct parsed p;

	parse(&p, opts, "", false);
	CHECK_INT(p.code, 0);
	CHECK(p.s.name == NULL && p.s.sig && !p.s.detach_given);
	CHECK_STR(p.s.pull, "missing");
	CHECK_INT(p.s.pids, -1);
	CHECK_INT(p.r.rest_len, 0);
	done(&p);
	parse(&p, opts,
	      "--pull never --pull always --pids-limit +7 -m 1.5g --timeout 1m30s",
	      false);
	CHECK_STR(p.s.pull, "always");
	CHECK_INT(p.s.pids, 7);
	CHECK_INT(p.s.memory, 3ll << 29);
	CHECK_INT(p.s.timeout, 90000000000);
	done(&p);
}

TEST(operands)
{
	struct parsed p;

	parse(&p, opts, "-d img -t -- -x", false);
	CHECK_INT(p.r.rest_len, 2);
	CHECK(p.s.tty);
	CHECK_STR(p.r.rest[1], "-x");
	done(&p);
	parse(&p, opts, "-d img -t -- -x", true);
	CHECK_INT(p.r.rest_len, 4);
	CHECK(!p.s.tty);
	CHECK_STR(p.r.rest[2], "--");
	done(&p);
	parse(&p, opts, "- _ -d", false);
	CHECK_INT(p.r.rest_len, 2);
	CHECK_STR(p.r.rest[0], "-");
	CHECK_STR(p.r.rest[1], "");
	CHECK(p.s.detach);
	done(&p);
	parse(&p, NULL, "a b", false);
	CHECK_INT(p.r.rest_len, 2);
	free(p.r.rest);
}

TEST(asking_for_help)
{
	static const struct opt few[] = { OPT_BOOL(struct slots, tty, 't', "tty", "x"),
					  OPT_END };
	struct parsed p;

	parse(&p, opts, "--help --no-such", false);
	CHECK_INT(p.code, 0);
	CHECK(p.r.help);
	done(&p);
	parse(&p, few, "-h", false);
	CHECK(p.r.help);
	free(p.r.rest);
	parse(&p, few, "-th", false);
	CHECK(p.r.help);
	free(p.r.rest);
	parse(&p, opts, "img --help", true);
	CHECK(!p.r.help);
	done(&p);
}

TEST(sentences)
{
	static const struct {
		const char *words, *want;
	} all[] = {
		{ "--x", "unknown flag: --x" },
		{ "--x=5", "unknown flag: --x" },
		{ "--detac", "unknown flag: --detac" },
		{ "-x", "unknown shorthand flag: 'x' in -x" },
		{ "-itx", "unknown shorthand flag: 'x' in -x" },
		{ "-xit", "unknown shorthand flag: 'x' in -xit" },
		{ "--name", "flag needs an argument: --name" },
		{ "-p", "flag needs an argument: 'p' in -p" },
		{ "-itp", "flag needs an argument: 'p' in -p" },
		{ "---", "bad flag syntax: ---" },
		{ "--=a", "bad flag syntax: --=a" },
		{ "--detach=maybe",
		  "invalid argument \"maybe\" for \"-d, --detach\" flag: "
		  "strconv.ParseBool: parsing \"maybe\": invalid syntax" },
		{ "--pids-limit many",
		  "invalid argument \"many\" for \"--pids-limit\" flag: "
		  "strconv.ParseInt: parsing \"many\": invalid syntax" },
		{ "--pids-limit 9223372036854775808",
		  "invalid argument \"9223372036854775808\" for \"--pids-limit\" flag: "
		  "strconv.ParseInt: parsing \"9223372036854775808\": value out of "
		  "range" },
		{ "-m lots", "invalid argument \"lots\" for \"-m, --memory\" flag: "
			     "invalid size: 'lots'" },
		{ "--timeout 5", "invalid argument \"5\" for \"--timeout\" flag: "
				 "time: missing unit in duration \"5\"" },
		{ "--timeout soon", "invalid argument \"soon\" for \"--timeout\" flag: "
				    "time: invalid duration \"soon\"" },
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct parsed p;

		parse(&p, opts, all[i].words, false);
		CHECK_INT(p.code, -EINVAL);
		CHECK_STR(p.e.text, all[i].want);
		CHECK(p.r.rest == NULL);
		done(&p);
	}
}

TEST(help_text)
{
	static const struct opt few[] = {
		OPT_BOOL(struct slots, tty, 't', "tty", "Allocate a pseudo-TTY"),
		OPT_LIST(struct slots, publish, 0, "add-host", "list",
			 "Add a custom host-to-IP mapping (host:ip) and so on until the "
			 "line "
			 "is full"),
		OPT_BOOL_DEF(struct slots, sig, 0, "sig-proxy", "Proxy signals", "true"),
		OPT_STRING_DEF(struct slots, pull, 0, "pull", "string", "Pull image",
			       "missing"),
		OPT_INT(struct slots, pids, 0, "zero", "Zero is not shown", "0"),
		OPT_INT(struct slots, pids, 0, "last", "Last\nsecond line", "-1"),
		{ OPT_TYPE_BOOL, 0, "secret", NULL, "Hidden", NULL, 0, 0, true },
		OPT_END,
	};
	autobuf out = { 0 };

	opt_help(few, &out);
	CHECK_STR(buf_str(&out),
		  "      --add-host list   Add a custom host-to-IP mapping (host:ip) and "
		  "so\n"
		  "                        on until the line is full\n"
		  "      --last int        Last\n"
		  "                        second line (default -1)\n"
		  "      --pull string     Pull image (default \"missing\")\n"
		  "      --sig-proxy       Proxy signals (default true)\n"
		  "  -t, --tty             Allocate a pseudo-TTY\n"
		  "      --zero int        Zero is not shown\n");
	buf_reset(&out);
	opt_help(NULL, &out);
	CHECK_STR(buf_str(&out), "");
}

TEST(what_docker_has_and_we_cannot)
{
	static const char *const forms[] = { "--gpus", "--gpus=all" };

	for (size_t i = 0; i < 2; i++) {
		struct slots s = { 0 };
		struct opt_result r;
		struct err e = { 0 };
		char *argv[] = { (char *)"x", (char *)(uintptr_t)forms[i], NULL };

		CHECK_INT(opt_parse(opts, &s, 2, argv, false, &r, &e), -EOPNOTSUPP);
		CHECK_STR(e.text,
			  "--gpus is not supported: give the device nodes by --device");
		opt_release(opts, &s);
	}
}
