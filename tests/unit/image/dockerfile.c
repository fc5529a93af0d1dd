/* SPDX-License-Identifier: Apache-2.0 */
#include "core/image/dockerfile.h"

#include <errno.h>
#include <stdlib.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

static int parse(const char *text, struct dockerfile *d, struct err *e)
{
	return dockerfile_parse(text, strlen(text), "Dockerfile", d, e);
}

static void check_refused(const char *text, const char *want)
{
	struct dockerfile d = { 0 };
	struct err e = { 0 };

	CHECK(parse(text, &d, &e) < 0);
	CHECK_STR(e.text, want);
	dockerfile_done(&d);
}

TEST(lines_comments_and_continuations)
{
	autodone(dockerfile_done) struct dockerfile d = { 0 };
	struct err e = { 0 };
	const char *text = "\xef\xbb\xbf# syntax=docker/dockerfile:1\n\n"
			   "ARG V\r\n"
			   "  from base:$V as Build-1  \n"
			   "# a comment\n"
			   "RUN a \\\n"
			   "  # inside\n"
			   "\n"
			   "  && b \\ \t\n"
			   "  && c \\\\\n"
			   "USER x";

	CHECK_INT(parse(text, &d, &e), 0);
	CHECK_INT(d.len, 4);
	CHECK_INT(d.v[0].op, DOCKERFILE_ARG);
	CHECK_INT(d.v[0].line, 3);
	CHECK_STR(d.v[1].args.v[0], "base:$V");
	CHECK_STR(d.v[1].args.v[1], "build-1");
	CHECK_STR(d.v[2].args.v[0], "a   && b   && c \\\\");
	CHECK_INT(d.v[2].line, 6);
	CHECK_INT(d.v[2].last_line, 10);
	CHECK_INT(d.v[3].op, DOCKERFILE_USER);
	CHECK_STR(d.v[3].text, "USER x");
}

TEST(another_escape_character)
{
	autodone(dockerfile_done) struct dockerfile d = { 0 };
	struct err e = { 0 };

	CHECK_INT(parse("# escape=`\nFROM x\nRUN a `\n b\\\nUSER c\n", &d, &e), 0);
	CHECK_INT(d.escape, '`');
	CHECK_STR(d.v[1].args.v[0], "a  b\\");
	check_refused("# escape=x\nFROM a\n",
		      "Dockerfile:1: invalid escape token 'x': it must be ` or \\");
	check_refused("# escape=\\\n# escape=`\nFROM a\n",
		      "Dockerfile:2: only one escape parser directive can be used");
	check_refused("# syntax=a\n# Syntax=b\nFROM a\n",
		      "Dockerfile:2: only one syntax parser directive can be used");
	dockerfile_done(&d);
	CHECK_INT(parse(" # escape=`\nFROM x\n", &d, &e), 0);
	CHECK_INT(d.escape, '\\');
}

TEST(a_directive_after_anything_else_is_a_comment)
{
	autodone(dockerfile_done) struct dockerfile d = { 0 };
	struct err e = { 0 };

	CHECK_INT(parse("# hello\n# escape=`\nFROM x\n", &d, &e), 0);
	CHECK_INT(d.escape, '\\');
}

TEST(exec_and_shell_form)
{
	autodone(dockerfile_done) struct dockerfile d = { 0 };
	struct err e = { 0 };

	CHECK_INT(parse("FROM x\nRUN [\"a\", \"b c\"]\nCMD [ -f x ] && y\nENTRYPOINT []\n"
			"HEALTHCHECK --interval=5s CMD [\"z\"]\nHEALTHCHECK none\n"
			"VOLUME /a /b\nSHELL [\"/bin/b\",\"-c\"]\n",
			&d, &e),
		  0);
	CHECK(d.v[1].exec);
	CHECK_INT(d.v[1].args.len, 2);
	CHECK_STR(d.v[1].args.v[1], "b c");
	CHECK(!d.v[2].exec);
	CHECK_STR(d.v[2].args.v[0], "[ -f x ] && y");
	CHECK(d.v[3].exec && d.v[3].args.len == 0);
	CHECK(d.v[4].exec);
	CHECK_STR(d.v[4].args.v[0], "CMD");
	CHECK_STR(dockerfile_flag(&d.v[4], "interval"), "5s");
	CHECK(!dockerfile_flag(&d.v[4], "inter"));
	CHECK_STR(d.v[5].args.v[0], "NONE");
	CHECK_INT(d.v[6].args.len, 2);
	check_refused("FROM x\nRUN [\"a\", 1]\n",
		      "Dockerfile:2: when using JSON array syntax, arrays must be "
		      "comprised of strings only");
	check_refused("FROM x\nSHELL /bin/sh\n",
		      "Dockerfile:2: SHELL requires the arguments to be in JSON form");
}

TEST(pairs_and_flags)
{
	autodone(dockerfile_done) struct dockerfile d = { 0 };
	struct err e = { 0 };

	CHECK_INT(parse("FROM --platform=linux/arm64 x\nENV a=1 b=\"2 3\" c='4' d=5\\ 6\n"
			"ENV old style  kept\nARG A B=c\\ d\n"
			"RUN --mount=type=cache,target=/c --mount=\"type=tmpfs,target=/x "
			"y\" "
			"go --no\n",
			&d, &e),
		  0);
	CHECK_STR(dockerfile_flag(&d.v[0], "platform"), "linux/arm64");
	CHECK_INT(d.v[1].args.len, 8);
	CHECK_STR(d.v[1].args.v[3], "\"2 3\"");
	CHECK_STR(d.v[1].args.v[7], "5\\ 6");
	CHECK_STR(d.v[2].args.v[0], "old");
	CHECK_STR(d.v[2].args.v[1], "style  kept");
	CHECK_STR(d.v[3].args.v[1], "B=c\\ d");
	CHECK_INT(d.v[4].flags.len, 2);
	CHECK_STR(d.v[4].flags.v[1], "mount=type=tmpfs,target=/x y");
	CHECK_STR(d.v[4].args.v[0], "go --no");
}

TEST(heredocs)
{
	autodone(dockerfile_done) struct dockerfile d = { 0 };
	struct err e = { 0 };

	CHECK_INT(parse("FROM x\n"
			"RUN <<EOF cat 3<<-'B'\n# no comment\nx \\\nEOF\n\t\tb $a\n\tB\n"
			"COPY <<one.txt \"<<no\" /d/\n$a\none.txt\n"
			"RUN echo '<<EOF' a<<b $((1<<2))\nUSER z\n"
			"RUN <<EOF cat\nEOF\n",
			&d, &e),
		  0);
	CHECK_INT(d.len, 6);
	CHECK_INT(d.v[5].heredocs_len, 1);
	CHECK(!dockerfile_is_heredoc(d.v[5].args.v[0], '\\'));
	CHECK_INT(d.v[1].heredocs_len, 2);
	CHECK_STR(d.v[1].heredocs[0].text, "# no comment\nx \\\n");
	CHECK(d.v[1].heredocs[0].expand);
	CHECK_STR(d.v[1].heredocs[1].name, "B");
	CHECK_STR(d.v[1].heredocs[1].text, "b $a\n");
	CHECK(!d.v[1].heredocs[1].expand);
	CHECK_INT(d.v[1].last_line, 7);
	CHECK_INT(d.v[2].heredocs_len, 1);
	CHECK(dockerfile_is_heredoc(d.v[2].args.v[0], '\\'));
	CHECK_INT(d.v[3].heredocs_len, 0);
	CHECK_INT(d.v[4].line, 12);
	check_refused("FROM x\nRUN <<EOF\nabc\n",
		      "Dockerfile:2: unterminated heredoc 'EOF'");
}

TEST(triggers)
{
	struct dockerfile d = { 0 };
	struct err e = { 0 };

	CHECK_INT(dockerfile_parse_trigger("COPY --chown=1 a b", '\\', &d, &e), 0);
	CHECK_INT(d.v[0].op, DOCKERFILE_COPY);
	dockerfile_done(&d);
	CHECK_INT(dockerfile_parse_trigger("RUN <<A cat <<-B\nx\nA\n\ty\n\tB", '\\', &d,
					   &e),
		  0);
	CHECK_INT(d.v[0].heredocs_len, 2);
	CHECK_STR(d.v[0].heredocs[1].text, "y\n");
	dockerfile_done(&d);
	CHECK(dockerfile_parse_trigger("RUN a\nRUN b", '\\', &d, &e) < 0);
	CHECK_STR(e.text, "an ONBUILD trigger is one instruction");
	CHECK_INT(parse("FROM x\nONBUILD run <<E\na $b\n\nE\nONBUILD COPY <<\"a b\" "
			"/x/\nc\n"
			"a b\nUSER z\n",
			&d, &e),
		  0);
	CHECK_INT(d.len, 4);
	CHECK_STR(d.v[1].args.v[0], "run <<E\na $b\n\nE");
	CHECK_STR(d.v[2].args.v[0], "COPY <<\"a b\" /x/\nc\na b");
	dockerfile_done(&d);
	check_refused(
		"FROM x\nONBUILD ONBUILD RUN a\n",
		"Dockerfile:2: Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
	check_refused("FROM x\nONBUILD FROM y\n",
		      "Dockerfile:2: FROM isn't allowed as an ONBUILD trigger");
}

/* It is refused before anything goes deep. */
TEST(a_long_chain_of_triggers)
{
	autobuf text = { 0 };
	struct dockerfile d = { 0 };
	struct err e = { 0 };

	buf_adds(&text, "FROM x\n");
	while (text.len + 8 < DOCKERFILE_MAX)
		buf_adds(&text, "ONBUILD ");
	CHECK(parse(buf_str(&text), &d, &e) < 0);
	CHECK_STR(e.text,
		  "Dockerfile:2: Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
}

TEST(refusals_name_the_line)
{
	check_refused("", "Dockerfile:1: file with no instructions");
	check_refused("RUN x\n", "Dockerfile:1: no build stage in current context: the "
				 "first instruction must be FROM (or ARG before it)");
	check_refused("FROM x\n\nFOO bar\n", "Dockerfile:3: unknown instruction: FOO");
	check_refused("FROM x\nCOPY a\n",
		      "Dockerfile:2: COPY requires at least two arguments");
	check_refused("FROM x\nCOPY --form=x a b\n",
		      "Dockerfile:2: unknown flag: --form");
	check_refused("FROM x\nCOPY --from a b\n",
		      "Dockerfile:2: missing a value on flag: --from");
	check_refused("FROM x\nCOPY --from=a --from=b c d\n",
		      "Dockerfile:2: duplicate flag specified: --from");
	check_refused("FROM x y\n", "Dockerfile:1: FROM requires either one or three "
				    "arguments: FROM image [AS name]");
	check_refused("FROM x AS 1a\n",
		      "Dockerfile:1: invalid name for build stage: '1a'");
	check_refused("FROM x\nENV a\n", "Dockerfile:2: ENV must have two arguments");
	check_refused("FROM x\nENV a=b c\n",
		      "Dockerfile:2: can't find = in 'c': must be of "
		      "the form: name=value");
	check_refused("FROM x\nUSER\n",
		      "Dockerfile:2: USER requires exactly one argument");
	check_refused(
		"FROM x\nHEALTHCHECK PING\n",
		"Dockerfile:2: unknown type 'PING' in HEALTHCHECK (try CMD or NONE)");
}

/* What word becomes; "!sentence" when it is refused. */
static char *expand(const char *word, bool raw)
{
	autostrv env = { 0 };
	struct dockerfile_scope s = { .env = &env, .escape = '\\', .raw = raw };
	struct err e = { 0 };
	char *out = NULL;

	strv_add(&env, "x=value");
	strv_add(&env, "empty=");
	strv_add(&env, "path=a/b/c.tar.gz");
	strv_add(&env, "v=1.2");
	if (dockerfile_expand(&s, word, &out, &e) < 0)
		return str_fmt("!%s", e.text);
	return out;
}

static void check_expand(const char *word, const char *want)
{
	autofree char *got = expand(word, false);

	CHECK_STR(got, want);
}

TEST(substitution)
{
	check_expand("$x-${x}y$xy.$", "value-valuey.$");
	check_expand("'$x' \"$x 'q'\" \\$x \"\\$x \\a\"", "$x value 'q' $x $x \\a");
	check_expand("${no:-d} ${empty:-d} ${empty-d} ${no-d} ${x:-d}", "d d  d value");
	check_expand("${no:+d}${empty:+d}|${empty+d}|${x:+d${v}}", "|d|d1.2");
	check_expand("${no:-${empty:-${x}}}", "value");
	check_expand("${no:-\"}\"}${no:-'a b'}", "}a b");
	check_expand("${path#*/} ${path##*/} ${path%.*} ${path%%.*}",
		     "b/c.tar.gz c.tar.gz a/b/c.tar a/b/c");
	check_expand("${path/\\//-} ${path//\\//-} ${path/?.tar/X} ${no#x}",
		     "a-b/c.tar.gz a-b-c.tar.gz a/b/X.gz ");
	check_expand("${x:?no}", "value");
}

TEST(substitution_refused)
{
	check_expand("${no:?is needed}", "!no: is needed");
	check_expand("${no?}", "!no: is not allowed to be unset");
	check_expand("${x", "!syntax error: missing '}' in substitution");
	check_expand("${x:-a", "!syntax error: missing '}' in substitution");
	check_expand("${x:*}", "!unsupported modifier (*) in substitution");
	check_expand("${}", "!bad substitution: '${}'");
	check_expand("\"a", "!unexpected end of statement while looking for matching "
			    "double-quote");
	check_expand("'a", "!unexpected end of statement while looking for matching "
			   "single-quote");
}

TEST(in_a_heredoc_quotes_are_text)
{
	autofree char *got = expand("it's \"$x\" \\$x \\n '$x'\n", true);

	CHECK_STR(got, "it's \"value\" $x \\n 'value'\n");
}
