// SPDX-License-Identifier: GPL-2.0
/*
 * Session descriptions (SDP, RFC 4566): the media that have a place to go to.  Lines are
 * "LETTER=VALUE"; those before the first "m=" count for all media, those behind one for
 * it.  Each byte is read through the cursor.  No state, no locks, no kernel types.
 */
#include "sip_sdp.h"

static const char *const sip_media_names[] = {
	[NF_CT_SIP_AUDIO]	= "audio",
	[NF_CT_SIP_VIDEO]	= "video",
	[NF_CT_SIP_IMAGE]	= "image",
};

/**
 * nf_ct_sip_sdp_line - go to the next line of a type
 * @c:     in the line before the first one that is looked at; on the line at the end
 * @type:  its letter
 * @term:  a line of this letter ends the search, 0 for none
 * @value: what stands behind the letter and "=", to the end of the line
 *
 * Return: false if there is none; @c is anywhere.
 */
bool nf_ct_sip_sdp_line(struct nf_ct_cursor *c, char type, char term,
			struct nf_ct_cursor *value)
{
	while (nf_ct_sip_next_line(c)) {
		struct nf_ct_cursor at = *c;
		u8 letter = nf_ct_cursor_u8(&at);

		if (!nf_ct_cursor_literal(&at, "="))
			continue;
		if (letter == (u8)type) {
			*value = nf_ct_cursor_token(&at, "\r\n");
			return true;
		}
		if (term && letter == (u8)term)
			return false;
	}
	return false;
}

/**
 * nf_ct_sip_sdp_addr - find the address in a line, behind "IN IP4" or "IN IP6"
 * @value:  that of o=, c= or a=rtcp
 * @family: 4 or 6; no other address counts
 * @place:  result: the address, as text
 * @addr:   result
 *
 * Return: false if there is none.
 */
bool nf_ct_sip_sdp_addr(const struct nf_ct_cursor *value, u8 family,
			struct nf_ct_sip_place *place, u8 addr[16])
{
	struct nf_ct_cursor at = *value;

	if (!nf_ct_cursor_find(&at, family == 4 ? "IN IP4 " : "IN IP6 "))
		return false;
	nf_ct_cursor_skip(&at, sizeof("IN IP4 ") - 1);
	nf_ct_cursor_skip_blanks(&at);
	place->begin = nf_ct_cursor_offset(&at);
	if (!nf_ct_sip_host(&at, family, false, addr))
		return false;
	place->len = nf_ct_cursor_offset(&at) - place->begin;
	return true;
}

/* The address that c= says before the next m= */
static bool sip_sdp_connection(const struct nf_ct_cursor *from, u8 family, u8 addr[16])
{
	struct nf_ct_cursor at = *from, value;
	struct nf_ct_sip_place place;

	return nf_ct_sip_sdp_line(&at, 'c', 'm', &value) &&
	       nf_ct_sip_sdp_addr(&value, family, &place, addr);
}

/* a=rtcp:PORT, perhaps with an address (RFC 3605 2.1).
 * DIFF: sip-rtcp
 */
static void sip_sdp_rtcp(const struct nf_ct_cursor *from, struct nf_ct_sip_media *media)
{
	struct nf_ct_cursor at = *from, value;

	media->rtcp = 0;
	media->rtcp_at.len = 0;
	while (nf_ct_sip_sdp_line(&at, 'a', 'm', &value)) {
		if (!nf_ct_cursor_literal(&value, "rtcp:"))
			continue;
		media->rtcp_at.begin = nf_ct_cursor_offset(&value);
		media->rtcp_at.len = nf_ct_cursor_left(&value);
		media->rtcp = nf_ct_cursor_decimal(&value, 5, 65535);
		if (media->rtcp < NF_CT_SIP_LOWEST_PORT || media->rtcp == media->port) {
			media->rtcp = 0;
			media->rtcp_at.len = 0;
		}
		return;
	}
}

/* "audio 49170": false if it is another kind */
static bool sip_sdp_kind(struct nf_ct_cursor *value, u8 *kind)
{
	for (*kind = 0; *kind < ARRAY_SIZE(sip_media_names); ++*kind) {
		struct nf_ct_cursor at = *value;

		if (!nf_ct_cursor_literal_nocase(&at, sip_media_names[*kind]) ||
		    !nf_ct_cursor_skip_blanks(&at))
			continue;
		*value = at;
		return true;
	}
	return false;
}

/* The port of an m= line; 0 for one that is disabled, or that breaks @rule */
static u16 sip_sdp_port(struct nf_ct_cursor *value, struct nf_ct_sip_place *place,
			const char **rule)
{
	u16 port;

	place->begin = nf_ct_cursor_offset(value);
	port = nf_ct_cursor_decimal(value, 5, 65535);
	place->len = nf_ct_cursor_offset(value) - place->begin;
	if (!nf_ct_cursor_ok(value)) {
		*rule = "m=: port is no number below 65536";
		return 0;
	}
	if (port && port < NF_CT_SIP_LOWEST_PORT) {
		*rule = "m=: port below 1024";
		return 0;
	}
	return port;
}

/* Read a stream, from its m= line on; false if nothing is to be expected of it */
static bool sip_sdp_stream(const struct nf_ct_cursor *c, struct nf_ct_cursor value,
			   u8 family, const u8 *common, struct nf_ct_sip_media *media,
			   const char **rule)
{
	if (!sip_sdp_kind(&value, &media->kind))
		return false;
	media->port = sip_sdp_port(&value, &media->port_at, rule);
	if (!media->port)
		return false;
	media->own_addr = sip_sdp_connection(c, family, media->addr);
	if (!media->own_addr && !common) {
		*rule = "m=: no address";
		return false;
	}
	if (!media->own_addr)
		__builtin_memcpy(media->addr, common, sizeof(media->addr));
	sip_sdp_rtcp(c, media);
	return true;
}

/**
 * nf_ct_sip_sdp_read - find and read a description
 * @c:       on a message
 * @family:  4 or 6; media with other addresses do not count
 * @session: result
 *
 * Return: false if the message has none.
 */
bool nf_ct_sip_sdp_read(const struct nf_ct_cursor *c, u8 family,
			struct nf_ct_sip_session *session)
{
	struct nf_ct_cursor at = *c, value;
	const u8 *common = NULL;
	u8 addr[16];

	session->rule = NULL;
	session->n = 0;
	/* no field of the head has "=" behind its first letter */
	if (!nf_ct_sip_sdp_line(&at, 'v', 0, &value))
		return false;
	session->begin = nf_ct_cursor_offset(&value);
	if (sip_sdp_connection(&at, family, addr))
		common = addr;
	while (session->n < NF_CT_SIP_MEDIA_MAX &&
	       nf_ct_sip_sdp_line(&at, 'm', 0, &value)) {
		if (sip_sdp_stream(&at, value, family, common,
				   &session->media[session->n], &session->rule))
			session->n++;
	}
	return true;
}
