/* SPDX-License-Identifier: GPL-2.0 */
/* Aligned PER (X.691): the description of types, and the reader that follows it. */
#ifndef _NF_CT_H323_PER_H
#define _NF_CT_H323_PER_H

#include "h323_parse.h"

/**
 * enum nf_ct_per_kind - how a type is encoded
 * @NF_CT_PER_BITS:     @size bits
 * @NF_CT_PER_BYTES:    @size octets, from an octet boundary on
 * @NF_CT_PER_LONG:     an integer of 1 to 4 octets: two bits, and the octets
 * @NF_CT_PER_STRING:   a count of units of @size bits, and the units
 * @NF_CT_PER_ENUM:     a choice of @size alternatives without contents, and further ones
 * @NF_CT_PER_ADDRESS:  @size octets of an address, and a port
 * @NF_CT_PER_SEQUENCE: parts, one behind the other
 * @NF_CT_PER_CHOICE:   one of the parts
 * @NF_CT_PER_LIST:     a count, and so often the first part
 * @NF_CT_PER_OPEN:     a count of octets, and in them the first part
 * @NF_CT_PER_REST:     what is not looked at, up to the end
 */
enum nf_ct_per_kind {
	NF_CT_PER_BITS,
	NF_CT_PER_BYTES,
	NF_CT_PER_LONG,
	NF_CT_PER_STRING,
	NF_CT_PER_ENUM,
	NF_CT_PER_ADDRESS,
	NF_CT_PER_SEQUENCE,
	NF_CT_PER_CHOICE,
	NF_CT_PER_LIST,
	NF_CT_PER_OPEN,
	NF_CT_PER_REST,
};

/* How a count is encoded: 1 to 8 is a number of bits */
enum {
	NF_CT_PER_COUNT_ANY	= 0,	/* 1 or 2 octets, which say so */
	NF_CT_PER_COUNT_BYTE	= 9,
	NF_CT_PER_COUNT_WORD	= 10,
};

/**
 * struct nf_ct_per_part - a component of a SEQUENCE, an alternative of a CHOICE
 * @type:     number of its type, enum nf_ct_h323_type
 * @optional: it need not be there
 * @mark:     what the addresses and values in it are for, enum nf_ct_h323_mark
 */
struct nf_ct_per_part {
	u8	type;
	u8	optional : 1;
	u8	mark	 : 7;
};

/**
 * struct nf_ct_per_type - a type
 * @parts: its parts; those behind a part NF_CT_H323_MORE are additions of later versions
 * @kind:  enum nf_ct_per_kind
 * @n:     number of parts
 * @count: how a count is encoded
 * @low:   the least count
 * @size:  see enum nf_ct_per_kind
 */
struct nf_ct_per_type {
	const struct nf_ct_per_part	*parts;
	u8				kind;
	u8				n;
	u8				count;
	u8				low;
	u8				size;
};

/* h323_asn1.c: types that are named elsewhere; all others have numbers behind these */
enum nf_ct_h323_type {
	NF_CT_H323_MORE,
	NF_CT_H323_USER_INFORMATION,
	NF_CT_H323_CONTROL_MESSAGE,
	NF_CT_H323_RAS_MESSAGE,
	NF_CT_H323_NAMED_TYPES,
};

/* Parts have the number of their type in one byte */
#define NF_CT_PER_TYPES_MAX	256

extern const struct nf_ct_per_type nf_ct_h323_types[];
extern const u32 nf_ct_h323_ntypes;

/**
 * struct nf_ct_per - a message that is read
 * @found: what was found in it
 * @mark:  what addresses and values are for at this place
 * @depth: of types within types
 * @stop:  the rest of what contains this place is not looked at
 * @typed: the data type of the logical channel is known
 * @lan:   the logical channel is T.120 over a LAN
 */
struct nf_ct_per {
	struct nf_ct_h323_found	*found;
	u8			mark;
	u8			depth;
	bool			stop;
	bool			typed;
	bool			lan;
};

void nf_ct_per_init(void);
bool nf_ct_per_read(struct nf_ct_per *per, struct nf_ct_cursor *c, u8 type);

#endif /* _NF_CT_H323_PER_H */
