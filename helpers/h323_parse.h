/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages of H.323: which addresses they name, and where.  Written on the cursor only,
 * without any kernel type, so that it compiles in user space, too.
 */
#ifndef _NF_CT_H323_PARSE_H
#define _NF_CT_H323_PARSE_H

#include "nf_ct_cursor.h"

/* Of a packet so many bytes are read */
#define NF_CT_H323_READ_MAX	8192

/* So many addresses and values of one message are kept; what follows is not used */
#define NF_CT_H323_ITEMS_MAX	64

/**
 * enum nf_ct_h323_mark - what an address or a value is for
 * @NF_CT_H323_NO_MARK:     nothing that we use
 * @NF_CT_H323_H245:        h245Address: where H.245 goes on
 * @NF_CT_H323_DESTINATION: destCallSignalAddress
 * @NF_CT_H323_SOURCE:      sourceCallSignalAddress or srcCallSignalAddress
 * @NF_CT_H323_FORWARD:     alternativeAddress of a Facility
 * @NF_CT_H323_REASON:      value: the reason of a Facility
 * @NF_CT_H323_MEDIA:       mediaChannel
 * @NF_CT_H323_CONTROL:     mediaControlChannel
 * @NF_CT_H323_STACK:       where an offered T.120 stack is
 * @NF_CT_H323_ACK_STACK:   where an accepted one is
 * @NF_CT_H323_RAS:         rasAddress or replyAddress
 * @NF_CT_H323_SIGNAL:      callSignalAddress
 * @NF_CT_H323_TTL:         value: seconds that a registration lives
 * @NF_CT_H323_CHANNEL:     inside the parser: a logical channel begins
 * @NF_CT_H323_PROTOCOL:    inside the parser: the protocol of a T.120 channel
 */
enum nf_ct_h323_mark {
	NF_CT_H323_NO_MARK,
	NF_CT_H323_H245,
	NF_CT_H323_DESTINATION,
	NF_CT_H323_SOURCE,
	NF_CT_H323_FORWARD,
	NF_CT_H323_REASON,
	NF_CT_H323_MEDIA,
	NF_CT_H323_CONTROL,
	NF_CT_H323_STACK,
	NF_CT_H323_ACK_STACK,
	NF_CT_H323_RAS,
	NF_CT_H323_SIGNAL,
	NF_CT_H323_TTL,
	NF_CT_H323_CHANNEL,
	NF_CT_H323_PROTOCOL,
};

/* FacilityReason: only this one forwards a call */
#define NF_CT_H323_CALL_FORWARDED	1

/* RasMessage */
enum nf_ct_h323_ras {
	NF_CT_H323_GRQ	= 0,
	NF_CT_H323_GCF	= 1,
	NF_CT_H323_RRQ	= 3,
	NF_CT_H323_RCF	= 4,
	NF_CT_H323_URQ	= 6,
	NF_CT_H323_ARQ	= 9,
	NF_CT_H323_ACF	= 10,
	NF_CT_H323_LRQ	= 18,
	NF_CT_H323_LCF	= 19,
	NF_CT_H323_IRR	= 22,
};

/**
 * struct nf_ct_h323_item - an address or a value of a message
 * @mark: what for, enum nf_ct_h323_mark
 * @form: of an address: 4, 6, or 0 for one that is neither
 * @at:   offset of the address in the message, its port stands behind; or the value
 */
struct nf_ct_h323_item {
	u8	mark;
	u8	form;
	u32	at;
};

/**
 * struct nf_ct_h323_found - what was found in a message
 * @message: of RAS, which it is: enum nf_ct_h323_ras, or another number
 * @n:       number of items
 * @item:    the items, as they stand in the message
 */
struct nf_ct_h323_found {
	u8			message;
	u8			n;
	struct nf_ct_h323_item	item[NF_CT_H323_ITEMS_MAX];
};

bool nf_ct_h323_read_q931(struct nf_ct_cursor *c, struct nf_ct_h323_found *found,
			  const char **rule);
bool nf_ct_h323_read_h245(struct nf_ct_cursor *c, struct nf_ct_h323_found *found,
			  const char **rule);
bool nf_ct_h323_read_ras(struct nf_ct_cursor *c, struct nf_ct_h323_found *found,
			 const char **rule);

/**
 * enum nf_ct_h323_frame - what begins at a place of a TCP stream
 * @NF_CT_H323_FRAME_WHOLE: a message of H.323, all of it
 * @NF_CT_H323_FRAME_HEAD:  the head of one, whose data are in the next segment
 * @NF_CT_H323_FRAME_PART:  a message that goes on in the next segment
 * @NF_CT_H323_FRAME_NONE:  something else, or nothing
 */
enum nf_ct_h323_frame {
	NF_CT_H323_FRAME_WHOLE,
	NF_CT_H323_FRAME_HEAD,
	NF_CT_H323_FRAME_PART,
	NF_CT_H323_FRAME_NONE,
};

/* Head of a TPKT (RFC 1006 6): version, 0, length with the head */
#define NF_CT_H323_TPKT_HEAD	4

enum nf_ct_h323_frame nf_ct_h323_read_tpkt(struct nf_ct_cursor *c, u16 *len);

#endif /* _NF_CT_H323_PARSE_H */
