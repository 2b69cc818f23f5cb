// SPDX-License-Identifier: GPL-2.0
/*
 * What nf_nat_sip and ip_vs_pe_sip call: the parser, behind the kernel's prototypes.  All
 * offsets count from @dptr, @datalen is the message's length, and a search begins in the
 * line behind @dataoff.  1 is "found", 0 "there is none", less "it is bad".  No state, no
 * locks; the caller's message does not change meanwhile.
 */
#include <linux/netfilter/nf_conntrack_sip.h>

#include "sip_parse.h"
#include "sip_sdp.h"

static const char sip_sdp_letters[] = {
	[SDP_HDR_VERSION]	= 'v',
	[SDP_HDR_OWNER]		= 'o',
	[SDP_HDR_CONNECTION]	= 'c',
	[SDP_HDR_MEDIA]		= 'm',
};

static_assert((int)NF_CT_SIP_CSEQ == (int)SIP_HDR_CSEQ);
static_assert((int)NF_CT_SIP_CONTACT == (int)SIP_HDR_CONTACT);
static_assert((int)NF_CT_SIP_VIA_TCP == (int)SIP_HDR_VIA_TCP);
static_assert((int)NF_CT_SIP_CALL_ID == (int)SIP_HDR_CALL_ID);

/* ip_vs_pe_sip has no entry, and asks for no address */
static u8 sip_family(const struct nf_conn *ct)
{
	return ct && nf_ct_l3num(ct) == NFPROTO_IPV6 ? 6 : 4;
}

static struct nf_ct_cursor sip_cursor(const char *dptr, unsigned int dataoff,
				      unsigned int datalen)
{
	struct nf_ct_cursor c;

	nf_ct_cursor_init(&c, dptr, datalen);
	nf_ct_cursor_seek(&c, dataoff);
	return c;
}

static void sip_answer_addr(const u8 bytes[16], union nf_inet_addr *addr)
{
	BUILD_BUG_ON(sizeof(*addr) != 16);
	memcpy(addr, bytes, sizeof(*addr));
}

static int sip_answer(enum nf_ct_sip_found found, const struct nf_ct_sip_uri *uri,
		      unsigned int *matchoff, unsigned int *matchlen,
		      union nf_inet_addr *addr, __be16 *port)
{
	if (found != NF_CT_SIP_FOUND)
		return found;
	*matchoff = uri->place.begin;
	*matchlen = uri->place.len;
	sip_answer_addr(uri->addr, addr);
	*port = htons(uri->port);
	return NF_CT_SIP_FOUND;
}

/* The address and port of a request's URI */
int ct_sip_parse_request(const struct nf_conn *ct, const char *dptr,
			 unsigned int datalen, unsigned int *matchoff,
			 unsigned int *matchlen, union nf_inet_addr *addr,
			 __be16 *port)
{
	struct nf_ct_cursor c = sip_cursor(dptr, 0, datalen);
	struct nf_ct_sip_uri uri;
	enum nf_ct_sip_found found;

	found = nf_ct_sip_request_uri(&c, sip_family(ct), &uri);
	return sip_answer(found, &uri, matchoff, matchlen, addr, port);
}

/* What a field says.  ip_vs_pe_sip goes on behind one that is bad, for ever if there is
 * nothing behind: none is.
 */
int ct_sip_get_header(const struct nf_conn *ct, const char *dptr,
		      unsigned int dataoff, unsigned int datalen,
		      enum sip_header_types type, unsigned int *matchoff,
		      unsigned int *matchlen)
{
	struct nf_ct_cursor c = sip_cursor(dptr, dataoff, datalen);
	enum nf_ct_sip_field field = (enum nf_ct_sip_field)type;
	struct nf_ct_sip_place place = { 0 };
	enum nf_ct_sip_found found;

	found = nf_ct_sip_value(&c, field, sip_family(ct), &place);
	*matchoff = place.begin;
	*matchlen = place.len;
	return found;
}

/* The next address of a field; @dataoff and @in_header, which may be NULL, are where the
 * search goes on.
 */
int ct_sip_parse_header_uri(const struct nf_conn *ct, const char *dptr,
			    unsigned int *dataoff, unsigned int datalen,
			    enum sip_header_types type, int *in_header,
			    unsigned int *matchoff, unsigned int *matchlen,
			    union nf_inet_addr *addr, __be16 *port)
{
	struct nf_ct_cursor c = sip_cursor(dptr, dataoff ? *dataoff : 0, datalen);
	enum nf_ct_sip_field field = (enum nf_ct_sip_field)type;
	bool inside = in_header && *in_header;
	enum nf_ct_sip_found found;
	struct nf_ct_sip_uri uri;

	found = nf_ct_sip_next_uri(&c, field, sip_family(ct), &inside, &uri);
	if (in_header)
		*in_header = inside;
	if (dataoff && found == NF_CT_SIP_FOUND)
		*dataoff = nf_ct_cursor_offset(&c);
	return sip_answer(found, &uri, matchoff, matchlen, addr, port);
}

/* A parameter behind the address at @dataoff that is an address itself.  @delim: one of
 * IPv6 has brackets.
 */
int ct_sip_parse_address_param(const struct nf_conn *ct, const char *dptr,
			       unsigned int dataoff, unsigned int datalen,
			       const char *name, unsigned int *matchoff,
			       unsigned int *matchlen, union nf_inet_addr *addr,
			       bool delim)
{
	struct nf_ct_cursor c = sip_cursor(dptr, dataoff, datalen), value;
	u8 bytes[16];

	if (!nf_ct_sip_param(&c, name, &value))
		return NF_CT_SIP_NONE;
	*matchoff = nf_ct_cursor_offset(&value);
	if (!nf_ct_sip_host(&value, sip_family(ct), delim, bytes))
		return NF_CT_SIP_NONE;
	*matchlen = nf_ct_cursor_offset(&value) - *matchoff;
	sip_answer_addr(bytes, addr);
	return NF_CT_SIP_FOUND;
}

/* A parameter that is a number; who does not want its place gives NULL */
int ct_sip_parse_numerical_param(const struct nf_conn *ct, const char *dptr,
				 unsigned int off, unsigned int datalen,
				 const char *name, unsigned int *matchoff,
				 unsigned int *matchlen, unsigned int *val)
{
	struct nf_ct_cursor c = sip_cursor(dptr, off, datalen), value;
	u32 number, begin;

	if (!nf_ct_sip_param(&c, name, &value))
		return NF_CT_SIP_NONE;
	begin = nf_ct_cursor_offset(&value);
	if (!nf_ct_sip_number(&value, &number))
		return NF_CT_SIP_NONE;
	*val = number;
	if (matchoff && matchlen) {
		*matchoff = begin;
		*matchlen = nf_ct_cursor_offset(&value) - begin;
	}
	return NF_CT_SIP_FOUND;
}

/* Of a message with a description in one of several parts, nf_nat_sip takes what is behind
 * "v=" less two for the beginning of the body, and counts Content-Length from there.
 * DIFF: sip-multipart
 */
static u32 sip_behind_version(const struct nf_ct_cursor *message,
			      const struct nf_ct_cursor *value)
{
	struct nf_ct_sip_head head;

	if (nf_ct_cursor_offset(message) ||
	    nf_ct_sip_read(message, &head) != NF_CT_SIP_MESSAGE)
		return nf_ct_cursor_offset(value);
	return min_t(u32, head.body + 2, nf_ct_cursor_offset(value));
}

/* What a line of a description says: an address, or the beginning of another value */
int ct_sip_get_sdp_header(const struct nf_conn *ct, const char *dptr,
			  unsigned int dataoff, unsigned int datalen,
			  enum sdp_header_types type,
			  enum sdp_header_types term,
			  unsigned int *matchoff, unsigned int *matchlen)
{
	struct nf_ct_cursor c = sip_cursor(dptr, dataoff, datalen), at = c, value;
	struct nf_ct_sip_place place;
	u8 addr[16];

	if (!nf_ct_sip_sdp_line(&at, sip_sdp_letters[type], sip_sdp_letters[term], &value))
		return NF_CT_SIP_NONE;
	if (type == SDP_HDR_OWNER || type == SDP_HDR_CONNECTION) {
		if (!nf_ct_sip_sdp_addr(&value, sip_family(ct), &place, addr))
			return NF_CT_SIP_NONE;
		*matchoff = place.begin;
		*matchlen = place.len;
		return NF_CT_SIP_FOUND;
	}
	*matchoff = type == SDP_HDR_VERSION ? sip_behind_version(&c, &value) :
					      nf_ct_cursor_offset(&value);
	*matchlen = nf_ct_cursor_left(&value);
	return NF_CT_SIP_FOUND;
}
