/* SPDX-License-Identifier: Apache-2.0 */
/* Identifiers: random container IDs and names. */
#include "core/base/id.h"

#include <errno.h>
#include <sys/random.h>

#include "core/base/mem.h"
#include "core/base/str.h"

#define ID_SHORT    12
#define ID_NAME_MAX 255

static const char *const adjectives[] = {
	"able",     "agile",   "airy",    "alert",  "amber",    "ample",    "apt",
	"ardent",   "balmy",   "bold",    "brave",  "breezy",   "bright",   "brisk",
	"calm",     "candid",  "cheery",  "civil",  "clever",   "cosy",     "crisp",
	"curious",  "dapper",  "daring",  "deft",   "eager",    "earnest",  "fair",
	"fluent",   "fond",    "frank",   "gentle", "gleaming", "graceful", "hardy",
	"helpful",  "honest",  "humble",  "jaunty", "jolly",    "keen",     "kind",
	"lively",   "loyal",   "lucid",   "mellow", "merry",    "mindful",  "modest",
	"nimble",   "patient", "plucky",  "polite", "quick",    "quiet",    "radiant",
	"robust",   "serene",  "sincere", "spry",   "steady",   "sunny",    "thrifty",
	"tranquil", "trusty",  "upbeat",  "vivid",  "warm",     "wise",     "witty",
};

static const char *const scientists[] = {
	"abel",       "agnesi",   "ampere",    "anning",     "apgar",
	"archimedes", "avogadro", "babbage",   "bell",       "bernoulli",
	"bohr",       "boole",    "bose",      "brahe",      "carson",
	"cassini",    "cauchy",   "cavendish", "celsius",    "church",
	"copernicus", "coulomb",  "curie",     "dalton",     "darwin",
	"dijkstra",   "dirac",    "einstein",  "elion",      "euclid",
	"euler",      "faraday",  "fermi",     "feynman",    "fourier",
	"franklin",   "galileo",  "galois",    "gauss",      "germain",
	"goedel",     "goodall",  "hamilton",  "heisenberg", "herschel",
	"hilbert",    "hopper",   "hubble",    "humboldt",   "huygens",
	"hypatia",    "joule",    "kepler",    "knuth",      "kovalevskaya",
	"lagrange",   "lamarr",   "laplace",   "lavoisier",  "leavitt",
	"leibniz",    "linnaeus", "lovelace",  "maxwell",    "mccarthy",
	"meitner",    "mendel",   "mendeleev", "mirzakhani", "neumann",
	"newton",     "noether",  "ohm",       "pascal",     "pasteur",
	"pauling",    "planck",   "ramanujan", "riemann",    "ritchie",
	"rutherford", "sagan",    "shannon",   "somerville", "tesla",
	"thomson",    "turing",   "volta",     "watt",       "wu",
};

void id_random(void *p, size_t n)
{
	uint8_t *at = p;

	while (n) {
		ssize_t got = getrandom(at, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		/* Without random numbers nothing here is safe to go on with. */
		if (got <= 0)
			abort();
		at += got;
		n -= (size_t)got;
	}
}

void id_new(char dst[ID_LEN + 1])
{
	uint8_t bytes[ID_LEN / 2];

	/* A short ID of digits alone could be taken for a number. */
	do {
		id_random(bytes, sizeof(bytes));
		str_hex(dst, bytes, sizeof(bytes));
	} while (strspn(dst, "0123456789") >= ID_SHORT);
}

void id_name(char *dst, size_t size, int retry)
{
	uint32_t dice[3];
	const char *adjective, *scientist;

	id_random(dice, sizeof(dice));
	adjective = adjectives[dice[0] % ARRAY_LEN(adjectives)];
	scientist = scientists[dice[1] % ARRAY_LEN(scientists)];
	if (retry > 0)
		(void)str_print(dst, size, "%s_%s%u", adjective, scientist, dice[2] % 10);
	else
		(void)str_print(dst, size, "%s_%s", adjective, scientist);
}

static bool alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool id_name_valid(const char *name)
{
	size_t n = 0;

	if (!name || !alphanumeric(name[0]))
		return false;
	for (; name[n]; n++) {
		if (!alphanumeric(name[n]) && !strchr("_.-", name[n]))
			return false;
	}
	return n >= 2 && n <= ID_NAME_MAX;
}

bool id_is_hex(const char *s)
{
	size_t n = strspn(s, "0123456789abcdef");

	return n >= 1 && n <= ID_LEN && !s[n];
}
