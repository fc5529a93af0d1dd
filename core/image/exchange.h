/* SPDX-License-Identifier: Apache-2.0 */
/* One question and its answer over HTTP, over as many redirects as are allowed. */
#ifndef IMAGE_EXCHANGE_H
#define IMAGE_EXCHANGE_H

#include "core/image/channel.h"
#include "core/image/httphead.h"
#include "core/image/origin.h"

#define EXCHANGE_REDIRECTS 10

/* Gets the body's bytes of a good answer (2xx); 0 or -errno with the sentence, which ends
 * the exchange. The head is complete by then. */
typedef int exchange_body_fn(void *arg, const struct httphead *head, const void *p,
			     size_t n, struct err *e);

/* What goes along with a question: bytes, or a piece of a file. */
struct exchange_data {
	const void *bytes; /* NULL: from fd */
	int fd;
	uint64_t from, size;
	const char *type, *range;               /* Content-Type, Content-Range or NULL */
	void (*tick)(void *arg, uint64_t sent); /* or NULL */
	void *arg;
};

struct exchange {
	/* the question; strings are the caller's and stay until the end */
	const struct origin
		*origin; /* its authorization goes along, to it alone; or NULL */
	const char *url;
	const char *accept;
	const char *authorization; /* instead of the origin's; or NULL */
	const char *form;          /* POST this; or NULL */
	const char *method;        /* PUT, PATCH, POST, DELETE; NULL: GET or as below */
	const struct exchange_data *send; /* with a method; NULL: an empty body */
	bool head_only;
	uint64_t from; /* Range: bytes=from-; 0: none */
	exchange_body_fn *body;
	void *arg;
	/* the answer */
	struct httphead head;
	struct buf refusal; /* the first bytes of an answer that is not 2xx */
	int result;         /* 0: there is an answer, whatever its status; else -errno */
	struct err err;
	/* inside */
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	char *at; /* the present URL */
	int redirects;
	uint64_t sent;
	int64_t moved; /* ns: when a byte came last */
	char error[CURL_ERROR_SIZE];
};

/* Puts it on its way over multi. */
int exchange_start(struct channel *c, CURLM *multi, struct exchange *x, struct err *e);
/* libcurl has ended it with code. True: it is over, see result and head. False: it goes
 * on to where a redirect named. */
bool exchange_ended(struct channel *c, struct exchange *x, CURLcode code);
/* Ends it when nothing came for too long: true, then it is over. */
bool exchange_stalled(const struct channel *c, struct exchange *x);
/* The exchange that a handle belongs to. */
struct exchange *exchange_of(CURL *easy);
/* Start, wait, end. result, also when it could not start. */
int exchange_run(struct channel *c, struct exchange *x);
/* Frees what is inside; the answer's head stays. */
void exchange_done(struct exchange *x);

/* What is worth another try: a pause in ms, or -1. tries: those made so far. */
int exchange_retry(const struct channel *c, const struct exchange *x, int tries,
		   bool reached);
/* The words of a refusal: {"errors":[{"code","message"}]}, or its first line. "" when
 * there are none. code (may be NULL): of the first error, lower case with spaces. */
void exchange_words(const struct exchange *x, char *code, size_t code_size, char *message,
		    size_t message_size);

#endif
