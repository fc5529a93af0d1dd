/* SPDX-License-Identifier: Apache-2.0 */
/* Modes as chmod(1) takes them. */
#include "core/engine/modespec.h"

#include <errno.h>
#include <string.h>

#include "core/base/str.h"

#define USER   04700
#define GROUP  02070
#define OTHERS 01007
#define SETID  06000
#define STICKY 01000
#define READ   0444
#define WRITE  0222
#define EXEC   0111

/* Bits of the three classes that are meant: "u", "go", none for all. */
static mode_t take_who(const char **p)
{
	mode_t who = 0;

	for (; **p && strchr("ugoa", **p); (*p)++)
		who |= **p == 'u'   ? USER
		       : **p == 'g' ? GROUP
		       : **p == 'o' ? OTHERS
				    : USER | GROUP | OTHERS;
	return who ? who : USER | GROUP | OTHERS;
}

/* "rwX", or one letter of a class whose bits are taken over. */
static mode_t take_bits(const char **p, mode_t old)
{
	mode_t bits = 0;

	if (**p && strchr("ugo", **p)) {
		mode_t of = **p == 'u' ? old >> 6 : **p == 'g' ? old >> 3 : old;
		(*p)++;
		return (of & 07) * 0111;
	}
	for (; **p && strchr("rwxXst", **p); (*p)++) {
		switch (**p) {
		case 'r':
			bits |= READ;
			break;
		case 'w':
			bits |= WRITE;
			break;
		case 'X':
			bits |= S_ISDIR(old) || (old & EXEC) ? EXEC : 0;
			break;
		case 'x':
			bits |= EXEC;
			break;
		default:
			bits |= **p == 's' ? SETID : STICKY;
		}
	}
	return bits;
}

/* One "who" and its operations. */
static int take_clause(const char **p, mode_t *mode)
{
	mode_t who = take_who(p);

	if (!**p || !strchr("+-=", **p))
		return -EINVAL;
	while (**p && strchr("+-=", **p)) {
		char op = *(*p)++;
		mode_t bits = take_bits(p, *mode) & who;
		if (op == '=')
			*mode &= ~who;
		*mode = op == '-' ? *mode & ~bits : *mode | bits;
	}
	return 0;
}

int modespec_apply(const char *text, mode_t old, mode_t *ret)
{
	uint64_t octal;
	mode_t mode = old;

	if (str_oct(text, 07777, &octal) == 0) {
		*ret = (mode_t)octal;
		return 0;
	}
	for (const char *p = text;; p++) {
		if (take_clause(&p, &mode) < 0 || (*p && *p != ','))
			return -EINVAL;
		if (!*p)
			break;
	}
	*ret = mode & 07777;
	return 0;
}
