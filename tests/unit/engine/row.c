/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/row.h"

#include <stdlib.h>

#include "core/base/time.h"
#include "tests/unit/test.h"

static struct container make(const char *json, enum state_status status)
{
	struct container c = { .dirfd = -1,
			       .id = (char *)"0123456789abcdef",
			       .name = (char *)"web" };
	struct err e = { 0 };

	if (json_parse(json, strlen(json), "record", &c.record, &e) < 0)
		test_fail(__FILE__, __LINE__, "%s", e.text);
	c.state.status = status;
	return c;
}

static void check_ports(const char *ports, const char *exposed, const char *want)
{
	struct buf json = { 0 }, out = { 0 };

	buf_addf(&json,
		 "{\"NetworkSettings\":{\"Ports\":%s},\"Config\":{\"ExposedPorts\":%s}}",
		 ports, exposed);
	struct container c = make(buf_str(&json), STATE_RUNNING);
	row_ports(&c, &out);
	CHECK_STR(buf_str(&out), want);
	buf_reset(&out);
	c.state.status = STATE_EXITED;
	row_ports(&c, &out);
	CHECK_STR(buf_str(&out), "");
	yyjson_doc_free(c.record);
	buf_done(&json);
	buf_done(&out);
}

#define ON(ip, port) "{\"HostIp\":\"" ip "\",\"HostPort\":\"" port "\"}"

TEST(ports)
{
	check_ports("{}", "{}", "");
	check_ports("{\"80/tcp\":[" ON("0.0.0.0", "8080") "," ON("::", "8080") "]}", "{}",
		    "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp");
	check_ports("{}", "{\"80/tcp\":{},\"443/tcp\":{}}", "80/tcp, 443/tcp");
	check_ports("{\"80/tcp\":null}", "{\"80/tcp\":{}}", "80/tcp");
	/* the published one is moved, the exposed one is not */
	check_ports("{\"80/tcp\":[" ON("127.0.0.1", "99") "]}", "{\"443/tcp\":{}}",
		    "443/tcp, 127.0.0.1:99->80/tcp");
}

TEST(neighbours_are_joined)
{
	check_ports("{}",
		    "{\"8000/tcp\":{},\"8001/tcp\":{},\"8002/tcp\":{},\"8004/tcp\":{}}",
		    "8000-8002/tcp, 8004/tcp");
	check_ports("{\"80/tcp\":[" ON("0.0.0.0", "80") "],\"81/tcp\":[" ON("0.0.0.0",
									    "81") "]}",
		    "{}", "0.0.0.0:80-81->80-81/tcp");
	/* another protocol or address is another group */
	check_ports("{}", "{\"53/tcp\":{},\"53/udp\":{},\"54/tcp\":{}}",
		    "53-54/tcp, 53/udp");
	/* moved ones are never joined */
	check_ports("{\"80/tcp\":[" ON("0.0.0.0", "90") "],\"81/tcp\":[" ON("0.0.0.0",
									    "91") "]}",
		    "{}", "0.0.0.0:90->80/tcp, 0.0.0.0:91->81/tcp");
}

static void check_status(const struct state *s, const char *want)
{
	struct container c = { .state = *s };
	struct buf out = { 0 };

	row_status(&c, &out);
	CHECK_STR(buf_str(&out), want);
	buf_done(&out);
}

TEST(status)
{
	int64_t ago = time_now() - 300ll * 1000000000;

	check_status(&(struct state){ .status = STATE_CREATED }, "Created");
	check_status(&(struct state){ .status = STATE_RUNNING, .started = ago },
		     "Up 5 minutes");
	check_status(&(struct state){ .status = STATE_PAUSED, .started = ago },
		     "Up 5 minutes (Paused)");
	check_status(&(struct state){ .status = STATE_EXITED,
				      .exit_code = 3,
				      .started = 1,
				      .finished = ago },
		     "Exited (3) 5 minutes ago");
	check_status(&(struct state){ .status = STATE_DEAD }, "Dead");
}

static void check_size(uint64_t bytes, const char *want)
{
	char text[32];

	row_size(bytes, text, sizeof(text));
	CHECK_STR(text, want);
}

TEST(sizes)
{
	check_size(0, "0B");
	check_size(999, "999B");
	check_size(1000, "1kB");
	check_size(1234567, "1.23MB");
	check_size(187000000, "187MB");
	check_size(999900000, "1GB");
	check_size(UINT64_MAX, "18.4EB");
}

static const char *field(yyjson_mut_val *row, const char *key)
{
	return yyjson_mut_get_str(yyjson_mut_obj_get(row, key));
}

TEST(a_container)
{
	struct container c = make(
		"{\"Path\":\"sh\",\"Args\":[\"-c\",\"a very long \\\"command\\\"\"],"
		"\"Created\":\"2024-01-02T03:04:05Z\",\"Config\":{\"Image\":\"nginx\","
		"\"Labels\":{\"b\":\"2\",\"a\":\"1\"}},\"Mounts\":[{\"Type\":\"volume\","
		"\"Name\":\"a-volume-with-a-long-name\",\"Driver\":\"local\"}],"
		"\"NetworkSettings\":{\"Networks\":{\"bridge\":{}}}}",
		STATE_EXITED);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *row = row_container(NULL, &c, false, false, doc);

	CHECK_STR(field(row, "ID"), "0123456789ab");
	CHECK_STR(field(row, "Command"), "\"sh -c 'a very long …\"");
	CHECK_STR(field(row, "Labels"), "a=1,b=2");
	CHECK_STR(field(row, "Mounts"), "a-volume-with-…");
	CHECK_STR(field(row, "LocalVolumes"), "1");
	CHECK_STR(field(row, "Networks"), "bridge");
	CHECK_STR(field(row, "State"), "exited");
	row = row_container(NULL, &c, true, false, doc);
	CHECK_STR(field(row, "ID"), "0123456789abcdef");
	CHECK_STR(field(row, "Command"), "\"sh -c 'a very long \\\"command\\\"'\"");
	yyjson_mut_doc_free(doc);
	yyjson_doc_free(c.record);
}

TEST(an_image)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	struct image i = { .size = 5000 };
	yyjson_mut_val *row;

	digest_parse(
		"sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
		&i.id);
	row = row_image(&i, "localhost:5000/a/b:v1", NULL, false, doc);
	CHECK_STR(field(row, "Repository"), "localhost:5000/a/b");
	CHECK_STR(field(row, "Tag"), "v1");
	CHECK_STR(field(row, "ID"), "001122334455");
	CHECK_STR(field(row, "Digest"), "<none>");
	CHECK_STR(field(row, "Size"), "5kB");
	CHECK_STR(field(row, "CreatedSince"), "N/A");
	row = row_image(&i, NULL, NULL, false, doc);
	CHECK_STR(field(row, "Repository"), "<none>");
	CHECK_STR(field(row, "Tag"), "<none>");
	row = row_image(&i, NULL, "nginx@sha256:ab", false, doc);
	CHECK_STR(field(row, "Repository"), "nginx");
	CHECK_STR(field(row, "Digest"), "sha256:ab");
	yyjson_mut_doc_free(doc);
}
