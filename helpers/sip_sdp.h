/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a session description says about media (SDP, RFC 4566, 3605).  No kernel types:
 * selftests/unit and selftests/fuzz compile the same source in user space.  No state but
 * what lies on the caller's stack; no locks.
 */
#ifndef _NF_CT_SIP_SDP_H
#define _NF_CT_SIP_SDP_H

#include "sip_parse.h"

/* So many media of a description are looked at */
#define NF_CT_SIP_MEDIA_MAX	8

/* Which media: in the order of enum sip_expectation_classes */
enum nf_ct_sip_media_kind {
	NF_CT_SIP_AUDIO,
	NF_CT_SIP_VIDEO,
	NF_CT_SIP_IMAGE,
};

/**
 * struct nf_ct_sip_media - one stream that a side wants to get
 * @port_at:  the port, as text
 * @rtcp_at:  what a=rtcp says, the port and perhaps an address; no text if there is none
 * @port:     the port, in host byte order, 1024 or more
 * @rtcp:     that of a=rtcp, 1024 or more, or 0
 * @kind:     enum nf_ct_sip_media_kind
 * @own_addr: @addr is that of the stream's own c=, not of the session's
 * @addr:     where the stream goes, in network byte order
 */
struct nf_ct_sip_media {
	struct nf_ct_sip_place	port_at;
	struct nf_ct_sip_place	rtcp_at;
	u16			port;
	u16			rtcp;
	u8			kind;
	bool			own_addr;
	u8			addr[16];
};

/**
 * struct nf_ct_sip_session - what a description says
 * @rule:  if a stream is left out because it breaks a rule: that one, in words
 * @begin: offset behind "v="
 * @n:     number of @media
 * @media: those streams that have a port and an address, and are not disabled (port 0)
 */
struct nf_ct_sip_session {
	const char		*rule;
	u32			begin;
	u32			n;
	struct nf_ct_sip_media	media[NF_CT_SIP_MEDIA_MAX];
};

bool nf_ct_sip_sdp_read(const struct nf_ct_cursor *c, u8 family,
			struct nf_ct_sip_session *session);
bool nf_ct_sip_sdp_line(struct nf_ct_cursor *c, char type, char term,
			struct nf_ct_cursor *value);
bool nf_ct_sip_sdp_addr(const struct nf_ct_cursor *value, u8 family,
			struct nf_ct_sip_place *place, u8 addr[16]);

#endif /* _NF_CT_SIP_SDP_H */
