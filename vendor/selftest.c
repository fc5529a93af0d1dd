// SPDX-License-Identifier: Apache-2.0
/*
 * One call into every library, so that a build for another machine is known to work
 * there. selftest ROOTS.der.zst [CA.pem URL WRONG-URL]     run by `scripts/vendor test`
 */
#include <archive.h>
#include <archive_entry.h>
#include <bzlib.h>
#include <curl/curl.h>
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <locale.h>
#include <lzma.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <yyjson.h>
#include <zstd.h>

static int failed;

static void check(const char *what, bool ok)
{
	printf("%s %s\n", ok ? "ok    " : "not ok", what);
	failed += !ok;
}

static uint8_t text[100000], packed[200000], again[100000];

/* From and to odd addresses; only the level buffer must be aligned, as malloc aligns. */
static bool gzip_round_trip(uint32_t level)
{
	struct isal_zstream z;
	struct inflate_state i;
	static _Alignas(64) uint8_t work[ISAL_DEF_LVL3_DEFAULT];

	isal_deflate_init(&z);
	z.level = level;
	z.level_buf = level ? work : NULL;
	z.level_buf_size = level ? sizeof(work) : 0;
	z.gzip_flag = IGZIP_GZIP;
	z.end_of_stream = 1;
	z.next_in = text + 1, z.avail_in = sizeof(text) - 1;
	z.next_out = packed + 3, z.avail_out = sizeof(packed) - 3;
	if (isal_deflate(&z) != COMP_OK)
		return false;
	isal_inflate_init(&i);
	i.crc_flag = ISAL_GZIP;
	i.next_in = packed + 3, i.avail_in = z.total_out;
	i.next_out = again + 1, i.avail_out = sizeof(again) - 1;
	memset(again, 0, sizeof(again));
	return isal_inflate(&i) == ISAL_DECOMP_OK && i.block_state == ISAL_BLOCK_FINISH &&
	       !memcmp(text + 1, again + 1, sizeof(text) - 1);
}

static bool zstd_round_trip(void)
{
	size_t n = ZSTD_compress(packed, sizeof(packed), text, sizeof(text), 3);

	memset(again, 0, sizeof(again));
	return !ZSTD_isError(n) &&
	       ZSTD_decompress(again, sizeof(again), packed, n) == sizeof(text) &&
	       !memcmp(text, again, sizeof(text));
}

/* "hello hello hello\n" */
static const uint8_t hello_xz[] = {
	0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x04, 0xe6, 0xd6, 0xb4, 0x46,
	0x02, 0x00, 0x21, 0x01, 0x16, 0x00, 0x00, 0x00, 0x74, 0x2f, 0xe5, 0xa3,
	0xe0, 0x00, 0x11, 0x00, 0x0c, 0x5d, 0x00, 0x34, 0x19, 0x49, 0xee, 0x8d,
	0xe9, 0x4f, 0x7e, 0x21, 0x21, 0xb0, 0x00, 0x00, 0x1f, 0x01, 0xd9, 0xc8,
	0x87, 0xc1, 0x43, 0xc8, 0x00, 0x01, 0x28, 0x12, 0xc9, 0x6a, 0x62, 0x8e,
	0x1f, 0xb6, 0xf3, 0x7d, 0x01, 0x00, 0x00, 0x00, 0x00, 0x04, 0x59, 0x5a,
};
static const uint8_t hello_bz2[] = {
	0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, 0xe5, 0xb5,
	0xf3, 0x09, 0x00, 0x00, 0x04, 0x51, 0x00, 0x00, 0x10, 0x40, 0x00, 0x02,
	0x44, 0xa0, 0x00, 0x21, 0xb5, 0x18, 0x0c, 0x02, 0x90, 0x69, 0xc2, 0xa3,
	0x0b, 0xb9, 0x22, 0x9c, 0x28, 0x48, 0x72, 0xda, 0xf9, 0x84, 0x80,
};

static bool xz_and_bzip2(void)
{
	lzma_stream z = LZMA_STREAM_INIT;
	bz_stream b = { 0 };
	bool good;

	z.next_in = hello_xz, z.avail_in = sizeof(hello_xz);
	z.next_out = again, z.avail_out = 18;
	good = lzma_stream_decoder(&z, 1 << 27, 0) == LZMA_OK &&
	       lzma_code(&z, LZMA_FINISH) == LZMA_STREAM_END &&
	       !memcmp(again, "hello hello hello\n", 18);
	lzma_end(&z);
	memset(again, 0, 18);
	b.next_in = (char *)hello_bz2, b.avail_in = sizeof(hello_bz2);
	b.next_out = (char *)again, b.avail_out = 18;
	good = good && BZ2_bzDecompressInit(&b, 0, 0) == BZ_OK &&
	       BZ2_bzDecompress(&b) == BZ_STREAM_END && !memcmp(again, "hello hello hello\n", 18);
	BZ2_bzDecompressEnd(&b);
	return good;
}

/* Names are bytes, not text: one too long for ustar, with decomposed and broken UTF-8. */
static bool tar_round_trip(void)
{
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();
	char name[300];
	size_t used = 0;
	bool ok = true;

	memset(name, 'n', sizeof(name));
	memcpy(name, "e\xcc\x81/\xff\xfe/", 7);
	name[sizeof(name) - 1] = 0;
	archive_write_set_format_pax(a);
	archive_write_open_memory(a, packed, sizeof(packed), &used);
	archive_entry_set_pathname(e, name);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_mtime(e, 5000000000, 7);
	archive_entry_set_size(e, 5);
	archive_entry_xattr_add_entry(e, "user.x", "v\0w", 3);
	ok &= archive_write_header(a, e) == ARCHIVE_OK;
	ok &= archive_write_data(a, "hello", 5) == 5;
	archive_entry_free(e);
	ok &= archive_write_close(a) == ARCHIVE_OK;
	archive_write_free(a);

	a = archive_read_new();
	archive_read_support_format_tar(a);
	ok &= archive_read_open_memory(a, packed, used) == ARCHIVE_OK;
	ok &= archive_read_next_header(a, &e) == ARCHIVE_OK;
	ok &= !strcmp(archive_entry_pathname(e), name);
	ok &= archive_entry_mtime(e) == 5000000000 && archive_entry_mtime_nsec(e) == 7;
	ok &= archive_entry_xattr_reset(e) == 1;
	ok &= archive_read_data(a, again, sizeof(again)) == 5 &&
	      !memcmp(again, "hello", 5);
	ok &= archive_read_next_header(a, &e) == ARCHIVE_EOF;
	archive_read_free(a);
	return ok;
}

static bool json_round_trip(void)
{
	const char *in = "{\"a\":[1,2.5,\"\xe2\x82\xac\"],\"b\":null}";
	yyjson_doc *doc = yyjson_read(in, strlen(in), 0);
	char *out = doc ? yyjson_write(doc, 0, NULL) : NULL;
	bool ok = out && !strcmp(in, out);

	free(out);
	yyjson_doc_free(doc);
	return ok;
}

static bool filter(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	size_t size = sizeof(packed);
	bool ok = ctx && !seccomp_rule_add(ctx, SCMP_ACT_ERRNO(1), SCMP_SYS(keyctl), 0) &&
		  !seccomp_export_bpf_mem(ctx, packed, &size) && size > 0;

	seccomp_release(ctx);
	return ok;
}

static bool capabilities(void)
{
	cap_t caps = cap_from_text("cap_net_bind_service,cap_checkpoint_restore=p");
	char *out = caps ? cap_to_text(caps, NULL) : NULL;
	bool ok = out && strstr(out, "cap_net_bind_service");

	cap_free(out);
	cap_free(caps);
	return ok;
}

static bool hashes(void)
{
	static const uint8_t abc[] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea };
	uint8_t sum[32], evp[32];

	SHA256((const uint8_t *)"abc", 3, sum);
	return !memcmp(sum, abc, sizeof(abc)) &&
	       EVP_Digest("abc", 3, evp, NULL, EVP_sha256(), NULL) == 1 &&
	       !memcmp(sum, evp, sizeof(sum)) &&
	       crc32_gzip_refl(0, (const uint8_t *)"abc", 3) == 0x352441c2;
}

static int roots(const char *path)
{
	static uint8_t der[1 << 20];
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(packed, 1, sizeof(packed), f) : 0;
	int count = 0;

	if (f)
		fclose(f);
	n = ZSTD_decompress(der, sizeof(der), packed, n);
	if (ZSTD_isError(n))
		return 0;
	for (const uint8_t *p = der; p < der + n; count++) {
		X509 *x = d2i_X509(NULL, &p, (long)(der + n - p));

		if (!x)
			return 0;
		X509_free(x);
	}
	return count;
}

static size_t sink(char *bytes, size_t one, size_t n, void *total)
{
	(void)bytes;
	*(size_t *)total += one * n;
	return one * n;
}

static bool get(const char *url, const char *ca)
{
	CURL *c = curl_easy_init();
	size_t total = 0;
	CURLcode r;

	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_CAINFO, ca);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, 60L);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, sink);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &total);
	r = curl_easy_perform(c);
	if (r)
		printf("       %s: %s\n", url, curl_easy_strerror(r));
	curl_easy_cleanup(c);
	return !r && total > 0;
}

int main(int argc, char **argv)
{
	char name[40];

	setvbuf(stdout, NULL, _IOLBF, 0); // a crash must not swallow what went before
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * i >> 7);
	check("yyjson", json_round_trip());
	for (uint32_t level = 0; level <= 3; level++) {
		snprintf(name, sizeof(name), "isa-l, level %u", level);
		check(name, gzip_round_trip(level));
	}
	check("zstd", zstd_round_trip());
	check("xz and bzip2", xz_and_bzip2());
	check("libarchive", tar_round_trip());
	check("libseccomp", filter());
	check("libcap", capabilities());
	check("openssl and isa-l hashes", hashes());
	if (argc > 1)
		check("trust roots", roots(argv[1]) > 100);
	setlocale(LC_CTYPE, "C.UTF-8");
	check("libarchive, UTF-8 locale", tar_round_trip());
	curl_global_init(CURL_GLOBAL_DEFAULT);
	printf("       %s\n", curl_version());
	if (argc > 4) {
		check("https get", get(argv[3], argv[2]));
		check("https get refuses a name not in the certificate",
		      !get(argv[4], argv[2]));
	}
	curl_global_cleanup();
	return failed != 0;
}
