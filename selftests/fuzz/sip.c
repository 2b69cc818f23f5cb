// SPDX-License-Identifier: GPL-2.0
/*
 * helpers/sip_parse.c, sip_sdp.c: a message. What is found lies in it and has an allowed
 * port, what nf_nat_sip asks for does so as well, and each walk ends.
 */
#include "../../helpers/sip_parse.c"
#include "../../helpers/sip_sdp.c"
#include "fuzz.h"

static struct nf_ct_cursor on(const uint8_t *data, size_t size, u32 offset)
{
	struct nf_ct_cursor c;

	nf_ct_cursor_init(&c, data, size);
	nf_ct_cursor_seek(&c, offset);
	return c;
}

static void within(const struct nf_ct_sip_place *place, size_t size)
{
	MUST(place->begin <= size && place->len <= size - place->begin);
}

static void head(const uint8_t *data, size_t size)
{
	struct nf_ct_cursor c = on(data, size, 0);
	struct nf_ct_sip_head head;

	switch (nf_ct_sip_read(&c, &head)) {
	case NF_CT_SIP_BAD:
		MUST(head.rule);
		break;
	case NF_CT_SIP_MESSAGE:
		MUST(head.has_cseq && head.body && (!head.code || head.code >= 100));
		break;
	case NF_CT_SIP_UNFINISHED:
		MUST(!head.body || head.has_cseq || head.rule);
		break;
	case NF_CT_SIP_NOTHING:
		return;
	}
	within(&head.call, size);
	MUST(head.body <= size && head.method <= NF_CT_SIP_REGISTER);
}

static void params(const uint8_t *data, size_t size, u32 offset, u8 family)
{
	static const char *const names[] = { "expires=", "maddr=", "rport=", "transport=" };
	struct nf_ct_cursor c = on(data, size, offset), value;
	u8 addr[16];
	u32 number;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!nf_ct_sip_param(&c, names[i], &value))
			continue;
		MUST(nf_ct_cursor_offset(&value) > offset && nf_ct_cursor_offset(&value) <= size);
		nf_ct_sip_number(&value, &number);
		nf_ct_sip_host(&value, family, false, addr);
		MUST(nf_ct_cursor_offset(&value) <= size);
	}
}

static void uris(const uint8_t *data, size_t size, u8 family)
{
	struct nf_ct_cursor c;
	struct nf_ct_sip_uri uri;
	u32 field, last;
	bool inside;

	for (field = NF_CT_SIP_FROM; field <= NF_CT_SIP_VIA_TCP; field++) {
		c = on(data, size, 0);
		inside = false;
		last = 0;
		while (nf_ct_sip_next_uri(&c, field, family, &inside, &uri) == NF_CT_SIP_FOUND) {
			within(&uri.place, size);
			MUST(uri.port >= NF_CT_SIP_LOWEST_PORT && uri.place.len >= 2);
			MUST(inside && uri.place.begin > last);
			last = uri.place.begin;
			MUST(nf_ct_cursor_offset(&c) == last + uri.place.len);
			params(data, size, nf_ct_cursor_offset(&c), family);
		}
	}
	c = on(data, size, 0);
	if (nf_ct_sip_request_uri(&c, family, &uri) == NF_CT_SIP_FOUND)
		within(&uri.place, size);
}

static void values(const uint8_t *data, size_t size, u8 family)
{
	struct nf_ct_sip_place place;
	struct nf_ct_cursor c;
	u32 field;

	for (field = NF_CT_SIP_CSEQ; field <= NF_CT_SIP_CALL_ID; field++) {
		c = on(data, size, 0);
		if (nf_ct_sip_value(&c, field, family, &place) == NF_CT_SIP_FOUND)
			within(&place, size);
	}
}

static void description(const uint8_t *data, size_t size, u8 family)
{
	struct nf_ct_cursor c = on(data, size, 0);
	struct nf_ct_sip_session s;
	u32 i, last = 0;

	if (!nf_ct_sip_sdp_read(&c, family, &s))
		return;
	MUST(s.begin <= size && s.n <= NF_CT_SIP_MEDIA_MAX);
	for (i = 0; i < s.n; i++) {
		const struct nf_ct_sip_media *m = &s.media[i];

		within(&m->port_at, size);
		MUST(m->port >= NF_CT_SIP_LOWEST_PORT && m->port_at.begin > last);
		last = m->port_at.begin;
		MUST(!m->rtcp == !m->rtcp_at.len);
		MUST(!m->rtcp || (m->rtcp >= NF_CT_SIP_LOWEST_PORT && m->rtcp != m->port &&
				  m->rtcp_at.begin > last));
		if (m->rtcp)
			within(&m->rtcp_at, size);
		MUST(m->kind <= NF_CT_SIP_IMAGE);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	head(data, size);
	values(data, size, 4);
	uris(data, size, 4);
	uris(data, size, 6);
	description(data, size, 4);
	description(data, size, 6);
	return 0;
}
