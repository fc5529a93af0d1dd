/* SPDX-License-Identifier: Apache-2.0 */
/* --change: what each instruction makes of a config. */
#include "core/image/change.h"

#include "core/base/str.h"
#include "tests/unit/test.h"

static char *apply(struct imageconfig *c, bool *cmd_set, const char *line)
{
	struct err e = { 0 };

	return change_apply(c, line, cmd_set, &e) < 0 ? str_dup(e.text) : str_dup("");
}

static void good(struct imageconfig *c, bool *cmd_set, const char *line)
{
	autofree char *why = apply(c, cmd_set, line);

	CHECK_STR(why, "");
}

static void check_list(const struct strv *v, const char *want)
{
	autofree char *joined = strv_join(v, "|");

	CHECK_STR(joined, want);
}

TEST(every_instruction)
{
	autodone(imageconfig_done) struct imageconfig c = { .stop_timeout = -1,
							    .cmd_null = true };
	bool set = false;

	good(&c, &set, "ENV A=1 B=\"two words\"");
	good(&c, &set, "ENV C=$A/${B}");
	good(&c, &set, "env A legacy form");
	check_list(&c.env, "A=legacy form|B=two words|C=1/two words");
	good(&c, &set, "CMD echo $A");
	check_list(&c.cmd, "/bin/sh|-c|echo $A");
	good(&c, &set, "ENTRYPOINT [\"/bin/x\", \"-y\"]");
	check_list(&c.entrypoint, "/bin/x|-y");
	check_list(&c.cmd, "/bin/sh|-c|echo $A");
	good(&c, &set, "SHELL [\"/bin/bash\", \"-c\"]");
	good(&c, &set, "CMD [\"a\", \"b\"]");
	check_list(&c.cmd, "a|b");
	good(&c, &set, "EXPOSE 80 8000-8002/UDP");
	check_list(&c.ports, "80/tcp|8000/udp|8001/udp|8002/udp");
	good(&c, &set, "LABEL z=1 \"a b\"=c");
	check_list(&c.labels, "a b=c|z=1");
	good(&c, &set, "VOLUME /v /u");
	good(&c, &set, "VOLUME [\"/v\"]");
	check_list(&c.volumes, "/u|/v");
	good(&c, &set, "WORKDIR /a/b");
	good(&c, &set, "WORKDIR ../c");
	CHECK_STR(c.workdir, "/a/c");
	good(&c, &set, "USER 1000:1000");
	CHECK_STR(c.user, "1000:1000");
	good(&c, &set, "STOPSIGNAL SIGQUIT");
	CHECK_STR(c.stop_signal, "SIGQUIT");
	good(&c, &set, "ONBUILD RUN make");
	check_list(&c.on_build, "RUN make");
	good(&c, &set, "HEALTHCHECK --interval=5s --retries=3 CMD curl -f localhost");
	check_list(&c.health.test, "CMD-SHELL|curl -f localhost");
	CHECK_INT(c.health.interval, 5000000000);
	CHECK_INT(c.health.retries, 3);
	good(&c, &set, "HEALTHCHECK NONE");
	check_list(&c.health.test, "NONE");
}

/* docker's rule: an entrypoint of one's own makes a CMD from elsewhere meaningless. */
TEST(entrypoint_drops_a_foreign_cmd)
{
	autodone(imageconfig_done) struct imageconfig c = { 0 };
	bool set = false;

	strv_add(&c.cmd, "from the image");
	good(&c, &set, "ENTRYPOINT x");
	CHECK_INT(c.cmd.len, 0);
	CHECK(c.cmd_null);
}

TEST(refused)
{
	static const char *const bad[] = { "FROM x",
					   "RUN x",
					   "COPY a b",
					   "NONSENSE",
					   "",
					   "ENV",
					   "EXPOSE 70000",
					   "EXPOSE 80/quic",
					   "EXPOSE 9-8",
					   "SHELL sh",
					   "HEALTHCHECK --interval=x CMD y",
					   "ONBUILD FROM x",
					   "ONBUILD ONBUILD RUN x" };
	autodone(imageconfig_done) struct imageconfig c = { 0 };
	bool set = false;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		autofree char *why = apply(&c, &set, bad[i]);
		if (!why[0])
			test_fail(__FILE__, __LINE__, "'%s' was taken", bad[i]);
	}
}
