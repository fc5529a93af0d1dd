/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/linkenv.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

static yyjson_doc *config(const char *text)
{
	yyjson_doc *doc = NULL;

	CHECK_INT(json_parse(text, strlen(text), "config", &doc, NULL), 0);
	return doc;
}

static void check(const char *other, const char *want)
{
	autojson *doc = config(other);
	const struct linkenv l = { .self = "web",
				   .alias = "my-db",
				   .addr = "172.17.0.2",
				   .config = yyjson_doc_get_root(doc) };
	autostrv vars = { 0 };

	linkenv_add(&l, &vars);
	autofree char *got = strv_join(&vars, "\n");
	CHECK_STR(got, want);
}

TEST(names_alone)
{
	check("{}", "MY_DB_NAME=/web/my-db");
	check("{\"ExposedPorts\":{\"x/tcp\":{}},\"Env\":[\"A=b=c\",\"PATH=/\",\"HOME=/"
	      "\",\"B\"]}",
	      "MY_DB_NAME=/web/my-db\nMY_DB_ENV_A=b=c");
}

TEST(ports)
{
	check("{\"ExposedPorts\":{\"53/udp\":{},\"5432/tcp\":{}}}",
	      "MY_DB_PORT=tcp://172.17.0.2:5432\n"
	      "MY_DB_PORT_5432_TCP=tcp://172.17.0.2:5432\n"
	      "MY_DB_PORT_5432_TCP_ADDR=172.17.0.2\n"
	      "MY_DB_PORT_5432_TCP_PORT=5432\n"
	      "MY_DB_PORT_5432_TCP_PROTO=tcp\n"
	      "MY_DB_PORT_53_UDP=udp://172.17.0.2:53\n"
	      "MY_DB_PORT_53_UDP_ADDR=172.17.0.2\n"
	      "MY_DB_PORT_53_UDP_PORT=53\n"
	      "MY_DB_PORT_53_UDP_PROTO=udp\n"
	      "MY_DB_NAME=/web/my-db");
}

TEST(ports_in_a_row)
{
	check("{\"ExposedPorts\":{\"81/tcp\":{},\"80/tcp\":{}}}",
	      "MY_DB_PORT=tcp://172.17.0.2:80\n"
	      "MY_DB_PORT_80_TCP=tcp://172.17.0.2:80\n"
	      "MY_DB_PORT_80_TCP_ADDR=172.17.0.2\n"
	      "MY_DB_PORT_80_TCP_PORT=80\n"
	      "MY_DB_PORT_80_TCP_PROTO=tcp\n"
	      "MY_DB_PORT_81_TCP=tcp://172.17.0.2:81\n"
	      "MY_DB_PORT_81_TCP_ADDR=172.17.0.2\n"
	      "MY_DB_PORT_81_TCP_PORT=81\n"
	      "MY_DB_PORT_81_TCP_PROTO=tcp\n"
	      "MY_DB_PORT_80_TCP_START=tcp://172.17.0.2:80\n"
	      "MY_DB_PORT_80_TCP_PORT_START=80\n"
	      "MY_DB_PORT_80_TCP_END=tcp://172.17.0.2:81\n"
	      "MY_DB_PORT_80_TCP_PORT_END=81\n"
	      "MY_DB_NAME=/web/my-db");
}

TEST(own_variables_win)
{
	autojson *own = config("{\"Env\":[\"DB_NAME=mine\"]}");
	autostrv vars = { 0 };

	strv_add(&vars, "DB_PORT=x");
	strv_add(&vars, "DB_NAME=/web/db");
	linkenv_yield(&vars, yyjson_doc_get_root(own));
	CHECK_INT(vars.len, 1);
	CHECK_STR(vars.v[0], "DB_PORT=x");
}
