/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/pick.h"

#include <errno.h>

#include "tests/unit/test.h"

static const char record[] =
	"{\"Id\":\"0123456789abcdef\",\"Image\":\"sha256:ab\",\"Created\":\"2024-01-"
	"02T03:04:05Z\","
	"\"Config\":{\"Labels\":{\"a\":\"1\",\"b\":\"2\"}},"
	"\"Mounts\":[{\"Name\":\"vol\",\"Destination\":\"/data\"}],"
	"\"NetworkSettings\":{\"Networks\":{\"bridge\":{\"NetworkID\":\"feed01\"}}}}";

/* Do the conditions (ended by NULL) take the container? */
static bool takes(const char *const *conditions)
{
	struct container c = { .dirfd = -1,
			       .id = (char *)"0123456789abcdef",
			       .name = (char *)"web-1" };
	struct pick p = { 0 };
	struct strv v = { 0 };
	struct err e = { 0 };
	bool yes;

	json_parse(record, strlen(record), "record", &c.record, &e);
	c.state = (struct state){ .status = STATE_EXITED, .exit_code = 3 };
	for (; *conditions; conditions++)
		strv_add(&v, *conditions);
	if (pick_containers(&p, NULL, &v, &e) < 0)
		test_fail(__FILE__, __LINE__, "%s", e.text);
	yes = pick_container(&p, &c);
	pick_done(&p);
	strv_done(&v);
	yyjson_doc_free(c.record);
	return yes;
}

#define TAKES(...) takes((const char *const[]){ __VA_ARGS__, NULL })

TEST(each_key)
{
	CHECK(TAKES("id=0123"));
	CHECK(!TAKES("id=ffff"));
	CHECK(TAKES("name=web"));
	CHECK(TAKES("name=^web-[0-9]$"));
	CHECK(TAKES("name=^/web-1$"));
	CHECK(!TAKES("name=^eb"));
	CHECK(TAKES("label=a"));
	CHECK(TAKES("label=a=1"));
	CHECK(!TAKES("label=a=2"));
	CHECK(!TAKES("label=c"));
	CHECK(TAKES("status=exited"));
	CHECK(!TAKES("status=running"));
	CHECK(TAKES("exited=3"));
	CHECK(!TAKES("exited=0"));
	CHECK(TAKES("volume=vol"));
	CHECK(TAKES("volume=/data"));
	CHECK(!TAKES("volume=/dat"));
	CHECK(TAKES("network=bridge"));
	CHECK(TAKES("network=feed"));
	CHECK(!TAKES("network=host"));
	CHECK(TAKES("STATUS=exited"));
}

TEST(values_of_a_key_are_alternatives_but_labels)
{
	CHECK(TAKES("status=running", "status=exited"));
	CHECK(TAKES("name=nosuch", "name=web"));
	CHECK(TAKES("label=a", "label=b=2"));
	CHECK(!TAKES("label=a", "label=c"));
	CHECK(!TAKES("status=exited", "name=nosuch"));
}

static int parse(const char *condition, bool images)
{
	struct pick p = { 0 };
	struct strv v = { 0 };
	int r;

	strv_add(&v, condition);
	r = images ? pick_images(&p, NULL, &v, NULL)
		   : pick_containers(&p, NULL, &v, NULL);
	pick_done(&p);
	strv_done(&v);
	return r;
}

TEST(refused)
{
	CHECK_INT(parse("nosuch=1", false), -EINVAL);
	CHECK_INT(parse("status", false), -EINVAL);
	CHECK_INT(parse("=x", false), -EINVAL);
	CHECK_INT(parse("status=nosuch", false), -EINVAL);
	CHECK_INT(parse("exited=x", false), -EINVAL);
	CHECK_INT(parse("dangling=maybe", true), -EINVAL);
	CHECK_INT(parse("status=exited", true), -EINVAL);
	CHECK_INT(parse("dangling=true", true), 0);
}

TEST(image_names)
{
	struct pick p = { 0 };
	struct strv v = { 0 };

	CHECK(pick_image_name(&p, "nginx:latest"));
	strv_add(&v, "reference=ngi*:1.*");
	strv_add(&v, "reference=busybox");
	CHECK_INT(pick_images(&p, NULL, &v, NULL), 0);
	CHECK(pick_image_name(&p, "nginx:1.25"));
	CHECK(!pick_image_name(&p, "nginx:latest"));
	CHECK(pick_image_name(&p, "busybox:any"));
	pick_done(&p);
	strv_done(&v);
}
