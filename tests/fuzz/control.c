/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/net/control.c: a message that is read, written again and read, is
 * written the same. */
#include "core/net/control.h"
#include "core/net/link.h"
#include "tests/fuzz/fuzz.h"

static int put_commit(struct buf *b, const struct control *c)
{
	struct stack_attachment places[STACK_NETWORKS_MAX] = { 0 };

	for (size_t i = 0; i < c->ports_len; i++) {
		must(!c->ports[i][0] || link_is_name(c->ports[i]));
		memcpy(places[i].port, c->ports[i], sizeof(places[i].port));
	}
	must(c->linked || !c->links.len);
	return control_put_commit(b, places, c->ports_len, c->linked ? &c->links : NULL);
}

static int put(struct buf *b, const struct control *c)
{
	switch (c->type) {
	case CONTROL_HELLO:
		return control_put_hello(b, c->id);
	case CONTROL_PLACE:
		return control_put_place(b, &c->place);
	case CONTROL_ROUTER:
		return control_put_router(b, &c->place);
	case CONTROL_PUBLISH:
		return control_put_publish(b, &c->map);
	case CONTROL_HOST:
		return control_put_host(b, c->host.name, &c->host.addr);
	case CONTROL_COMMIT:
		return put_commit(b, c);
	case CONTROL_AMEND:
		return control_put_amend(b);
	case CONTROL_LEAVE:
		return control_put_leave(b, c->place.network);
	case CONTROL_WITHDRAW:
		return control_put_withdraw(b, &c->map);
	case CONTROL_ANSWER:
		return control_put_answer(b, c->code, c->text);
	}
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autobuf first = { 0 }, second = { 0 };
	struct control c, again;

	if (control_parse(data, size, &c) != 0)
		return 0;
	must(put(&first, &c) == 0);
	must(control_parse((uint8_t *)first.data, first.len, &again) == 0);
	must(again.type == c.type && put(&second, &again) == 0);
	must(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
	control_done(&again);
	control_done(&c);
	return 0;
}
