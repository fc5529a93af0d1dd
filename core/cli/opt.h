/* SPDX-License-Identifier: Apache-2.0 */
/* The option table: one array makes the parser, --help, man page, README table and
 * completion. Forms follow docker's (pflag): --name value, --name=value, -n value,
 * -nvalue, -n=value, -it; booleans --name, --name=false. "--" ends options. */
#ifndef CLI_OPT_H
#define CLI_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/strv.h"

enum opt_type {
	OPT_TYPE_END,
	OPT_TYPE_BOOL,     /* bool */
	OPT_TYPE_STRING,   /* char *, malloc'd; NULL when not given and no default */
	OPT_TYPE_OPTIONAL, /* the same; its value only behind a '=', without one "" */
	OPT_TYPE_LIST,     /* struct strv, each use adds one; pflag "list" */
	OPT_TYPE_INT,      /* int64_t */
	OPT_TYPE_SIZE,     /* uint64_t bytes: 64m, 1g */
	OPT_TYPE_DURATION, /* int64_t nanoseconds: 30s */
	OPT_TYPE_REFUSED,  /* docker has it, we cannot: help says why; no slot, hidden */
};

struct opt {
	enum opt_type type;
	char short_name;  /* 0: none */
	const char *name; /* "publish", without dashes */
	const char *arg; /* pflag's type word shown in help: "string", "list", "int", … */
	const char *help;     /* docker's sentence */
	const char *fallback; /* default as text, or NULL */
	size_t offset;        /* of the slot in the applet's struct */
	size_t given; /* offset + 1 of a bool set when the option was used; 0: none */
	bool hidden;  /* parsed, not listed */
};

/* The slot's C type is checked at compile time. S: the applet's struct, F: its member. */
#define OPT_CHECKED_(S, F, T) \
	(offsetof(S, F) + \
	 0 * sizeof(char[__builtin_types_compatible_p(typeof(((S *)0)->F), T) ? 1 \
									      : -1]))
#define OPT_BOOL(S, F, c, n, h) \
	{ \
		OPT_TYPE_BOOL, c, n, NULL, h, NULL, OPT_CHECKED_(S, F, bool), 0, false \
	}
#define OPT_BOOL_DEF(S, F, c, n, h, d) \
	{ \
		OPT_TYPE_BOOL, c, n, NULL, h, d, OPT_CHECKED_(S, F, bool), 0, false \
	}
#define OPT_STRING(S, F, c, n, a, h) \
	{ \
		OPT_TYPE_STRING, c, n, a, h, NULL, OPT_CHECKED_(S, F, char *), 0, false \
	}
#define OPT_OPTIONAL(S, F, c, n, a, h) \
	{ \
		OPT_TYPE_OPTIONAL, c, n, a, h, NULL, OPT_CHECKED_(S, F, char *), 0, \
			false \
	}
#define OPT_STRING_DEF(S, F, c, n, a, h, d) \
	{ \
		OPT_TYPE_STRING, c, n, a, h, d, OPT_CHECKED_(S, F, char *), 0, false \
	}
#define OPT_LIST(S, F, c, n, a, h) \
	{ \
		OPT_TYPE_LIST, c, n, a, h, NULL, OPT_CHECKED_(S, F, struct strv), 0, \
			false \
	}
#define OPT_INT(S, F, c, n, h, d) \
	{ \
		OPT_TYPE_INT, c, n, "int", h, d, OPT_CHECKED_(S, F, int64_t), 0, false \
	}
#define OPT_SIZE(S, F, c, n, h) \
	{ \
		OPT_TYPE_SIZE, c, n, "bytes", h, NULL, OPT_CHECKED_(S, F, uint64_t), 0, \
			false \
	}
#define OPT_DURATION(S, F, c, n, h) \
	{ \
		OPT_TYPE_DURATION, c, n, "duration", h, NULL, \
			OPT_CHECKED_(S, F, int64_t), 0, false \
	}
/* The fields of struct opt up to offset, written out, and a bool G of struct S that says
 * whether the option was given. */
#define OPT_GIVEN(S, G, ...) \
	{ \
		__VA_ARGS__, .given = OPT_CHECKED_(S, G, bool) + 1 \
	}
#define OPT_REFUSED(n, why) \
	{ \
		OPT_TYPE_REFUSED, 0, n, NULL, why, NULL, 0, 0, true \
	}
#define OPT_END \
	{ \
		OPT_TYPE_END, 0, NULL, NULL, NULL, NULL, 0, 0, false \
	}

/* Fills slots from argv[1..argc-1]; operands go to rest (not owned). With stop_at_operand
 * the first operand ends option parsing. help: set when -h/--help was met (parsing
 * stops). 0, or -EINVAL with docker's sentence: "unknown flag: --x", "unknown shorthand
 * flag: 'x' in -x", "flag needs an argument: --name", `invalid argument "x" for "--name"
 * flag: …`; -EOPNOTSUPP for what is refused. After a failure rest is NULL; the slots are
 * to be released all the same. */
struct opt_result {
	char **rest; /* NULL-terminated, pointing into argv; malloc'd array */
	int rest_len;
	bool help;
};
int opt_parse(const struct opt *opts, void *slots, int argc, char **argv,
	      bool stop_at_operand, struct opt_result *ret, struct err *e);
/* Frees STRING and LIST slots. */
void opt_release(const struct opt *opts, void *slots);
struct buf;
/* Docker's two-column option list, sorted, for 80 columns. */
void opt_help(const struct opt *opts, struct buf *out);
/* The help sentence with "(default …)" as pflag adds it. */
void opt_describe(const struct opt *o, struct buf *out);
/* The options that are not hidden, by name: *ret gets a malloc'd array. Their number. */
size_t opt_listed(const struct opt *opts, const struct opt ***ret);

#endif
