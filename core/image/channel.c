/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl handles, set up. */
#include "core/image/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/image/certs.h"
#include "core/image/origin.h"

#define BUFFER_SIZE (512 * 1024L)

int channel_init(struct channel *c, const struct registry_options *o, struct err *e)
{
	*c = (struct channel){ .options = o };
	c->stall_ns = (int64_t)(o->stall_s ? o->stall_s : CHANNEL_STALL_S) * 1000000000;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(e, -EIO, "libcurl does not start");
	c->multi = curl_multi_init();
	c->aside = curl_multi_init();
	c->share = curl_share_init();
	if (!c->multi || !c->aside || !c->share) {
		channel_done(c);
		return err_set(e, -ENOMEM, "libcurl does not start");
	}
	curl_share_setopt(c->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	curl_share_setopt(c->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
	return 0;
}

void channel_done(struct channel *c)
{
	if (c->multi)
		curl_multi_cleanup(c->multi);
	if (c->aside)
		curl_multi_cleanup(c->aside);
	if (c->share)
		curl_share_cleanup(c->share);
	if (c->options)
		curl_global_cleanup();
	*c = (struct channel){ 0 };
}

/* The value of the first that is set, as Go's programs read them: upper case first. */
static const char *either(const char *given, const char *upper, const char *lower)
{
	const char *v = given;

	if (!v)
		v = getenv(upper);
	if (str_empty(v) && !given)
		v = getenv(lower);
	return v;
}

static void set_proxy(const struct channel *c, CURL *h, const char *host, bool tls)
{
	const struct registry_options *o = c->options;
	const char *proxy = tls ? either(o->https_proxy, "HTTPS_PROXY", "https_proxy")
				: either(o->http_proxy, "HTTP_PROXY", "http_proxy");
	const char *none = either(o->no_proxy, "NO_PROXY", "no_proxy");

	/* set even when empty: libcurl would look at the environment by its own rules */
	curl_easy_setopt(h, CURLOPT_PROXY,
			 proxy && !origin_is_loopback(host) ? proxy : "");
	curl_easy_setopt(h, CURLOPT_NOPROXY, none ? none : "");
	curl_easy_setopt(h, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

static int set_trust(const struct channel *c, CURL *h, const char *host, struct err *e)
{
	autodone(certs_done) struct certs certs = { 0 };
	int r;

	if (origin_listed(host, &c->options->insecure)) {
		curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	r = certs_find(c->options->config_dir, host, &certs, e);
	if (r < 0)
		return r;
	/* defaults of the build are not to be looked at */
	curl_easy_setopt(h, CURLOPT_CAINFO, certs.file);
	curl_easy_setopt(h, CURLOPT_CAPATH, certs.folder);
	if (certs.pem.len) {
		struct curl_blob blob = { certs.pem.data, certs.pem.len, CURL_BLOB_COPY };
		curl_easy_setopt(h, CURLOPT_CAINFO_BLOB, &blob);
	}
	if (certs.client_cert) {
		curl_easy_setopt(h, CURLOPT_SSLCERT, certs.client_cert);
		curl_easy_setopt(h, CURLOPT_SSLKEY, certs.client_key);
	}
	return 0;
}

static void set_limits(const struct channel *c, CURL *h, const char *url, char *error)
{
	curl_easy_setopt(h, CURLOPT_URL, url);
	curl_easy_setopt(h, CURLOPT_ERRORBUFFER, error);
	curl_easy_setopt(h, CURLOPT_SHARE, c->share);
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, (long)CHANNEL_CONNECT_MS);
	curl_easy_setopt(h, CURLOPT_BUFFERSIZE, BUFFER_SIZE);
	curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(h, CURLOPT_USERAGENT, "rootless/" ROOTLESS_VERSION);
	/* redirects are followed by hand: each host gets its own trust and no credentials
	 */
	curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
}

int channel_easy(struct channel *c, const char *url, char *error, CURL **ret,
		 struct err *e)
{
	bool tls = !strncasecmp(url, "https://", 8);
	bool plain = !strncasecmp(url, "http://", 7);
	int r;

	if (!tls && !plain)
		return err_set(e, -EPERM, "'%s' is not an http(s) URL", url);
	const char *from = strchr(url, ':') + 3;
	autofree char *host = str_ndup(from, strcspn(from, "/?#"));
	if (strchr(host, '@'))
		return err_set(e, -EPERM, "'%s' carries credentials", url);
	if (plain && !origin_is_loopback(host) &&
	    !origin_listed(host, &c->options->insecure))
		return err_set(e, -EPERM,
			       "'%s' is not HTTPS, and its host is neither on loopback "
			       "nor listed "
			       "in insecure-registries",
			       url);
	CURL *h = curl_easy_init();
	if (!h)
		return err_set(e, -ENOMEM, "libcurl gives no handle");
	error[0] = 0;
	set_limits(c, h, url, error);
	set_proxy(c, h, host, tls);
	r = tls ? set_trust(c, h, host, e) : 0;
	if (r < 0) {
		curl_easy_cleanup(h);
		return r;
	}
	*ret = h;
	return 0;
}
