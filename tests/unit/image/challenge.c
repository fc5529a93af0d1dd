/* SPDX-License-Identifier: Apache-2.0 */
#include "core/image/challenge.h"

#include <errno.h>

#include "tests/unit/test.h"

static int parse(const char *text, struct challenge *c)
{
	*c = (struct challenge){ 0 };
	return challenge_parse(text, strlen(text), c);
}

TEST(bearer_of_docker_hub)
{
	struct challenge c;

	CHECK_INT(
		parse("Bearer realm=\"https://auth.docker.io/token\",service=\"registry."
		      "docker.io\",scope=\"repository:library/nginx:pull,push\"",
		      &c),
		0);
	CHECK_INT(c.scheme, CHALLENGE_BEARER);
	CHECK_STR(c.realm, "https://auth.docker.io/token");
	CHECK_STR(c.service, "registry.docker.io");
	CHECK_STR(c.scope, "repository:library/nginx:pull,push");
}

TEST(several_schemes_the_best_counts)
{
	struct challenge c;

	CHECK_INT(parse("Negotiate YWJj==, basic realm=x, BEARER Realm = \"y\" , error=e",
			&c),
		  0);
	CHECK_INT(c.scheme, CHALLENGE_BEARER);
	CHECK_STR(c.realm, "y");
	CHECK_STR(c.error, "e");
	CHECK_INT(parse("Digest realm=\"a\", Basic realm=\"b\"", &c), 0);
	CHECK_INT(c.scheme, CHALLENGE_BASIC);
	/* a second field adds to the first */
	CHECK_INT(challenge_parse("Bearer realm=\"z\"", 16, &c), 0);
	CHECK_STR(c.realm, "z");
	CHECK_INT(challenge_parse("Basic realm=\"q\"", 15, &c), 0);
	CHECK_STR(c.realm, "z");
}

TEST(quoting)
{
	struct challenge c;

	CHECK_INT(parse("Bearer realm=\"a\\\"b, c\",service=d/e", &c), 0);
	CHECK_STR(c.realm, "a\"b, c");
	CHECK_STR(c.service, "d/e");
}

TEST(nonsense)
{
	struct challenge c;

	CHECK_INT(parse("Bearer realm=\"open", &c), -EINVAL);
	CHECK_INT(parse("Bearer realm=\"a\nb\"", &c), -EINVAL);
	CHECK_INT(parse("Bearer realm=", &c), -EINVAL);
	CHECK_INT(parse("=", &c), -EINVAL);
	CHECK_INT(parse("Bearer", &c), 0);
	CHECK_INT(c.scheme, CHALLENGE_NONE); /* no realm, no token */
	CHECK_INT(parse("", &c), 0);
}
