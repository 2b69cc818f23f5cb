// SPDX-License-Identifier: GPL-2.0
/*
 * A reader of aligned PER (X.691), driven by descriptions of types.  It goes through a
 * value, skips what later versions have added, and notes marked addresses and values.
 * Each loop ends with the data, and types nest NF_CT_PER_DEPTH_MAX deep at most.  No
 * state but struct nf_ct_per, no locks, no kernel types.
 */
#include "h323_per.h"

#define NF_CT_PER_DEPTH_MAX	24

/* More additions to a type are taken for an error; H.225.0 version 7 has 29 */
#define PER_ADDITIONS_MAX	128

/* separateLANStack among the alternatives of DataProtocolCapability */
#define PER_LAN_STACK		10

/**
 * struct per_counts - what would have to be counted for each value of a type
 * @roots:    parts before the mark of extension
 * @optional: those of them that need not be there
 */
struct per_counts {
	u8	roots;
	u8	optional;
};

/* By number of the type; nothing changes after nf_ct_per_init() */
static struct per_counts per_counts[NF_CT_PER_TYPES_MAX];

static void per_type(struct nf_ct_per *per, struct nf_ct_cursor *c,
		     const struct nf_ct_per_type *type);

/* --- what is noted ------------------------------------------------------------- */

static void per_note(struct nf_ct_per *per, u8 form, u32 at)
{
	struct nf_ct_h323_found *found = per->found;

	if (found->n == NF_CT_H323_ITEMS_MAX)
		return;
	found->item[found->n++] = (struct nf_ct_h323_item){
		.mark	= per->mark,
		.form	= form,
		.at	= at,
	};
}

static void per_note_address(struct nf_ct_per *per, u8 form, u32 at)
{
	if (per->mark == NF_CT_H323_STACK && !per->lan)
		return;
	if (per->mark)
		per_note(per, form, at);
}

static void per_note_value(struct nf_ct_per *per, u32 value)
{
	switch (per->mark) {
	case NF_CT_H323_REASON:
	case NF_CT_H323_TTL:
		per_note(per, 0, value);
		break;
	case NF_CT_H323_PROTOCOL:
		/* that of the channel itself comes first */
		per->lan |= !per->typed && value == PER_LAN_STACK;
		per->typed = true;
		break;
	case NF_CT_H323_CHANNEL:
		per->typed = false;
		per->lan = false;
		break;
	}
}

/* --- numbers ------------------------------------------------------------------- */

static bool per_goes_on(const struct nf_ct_per *per, const struct nf_ct_cursor *c)
{
	return !per->stop && nf_ct_cursor_ok(c);
}

/* A length (X.691 10.9).  What is cut into fragments of 16,384 is refused. */
static u32 per_length(struct nf_ct_cursor *c)
{
	u8 first = nf_ct_cursor_u8(c);

	if (first < 0x80)
		return first;
	if (first >= 0xc0)
		nf_ct_cursor_fail(c);
	return (first & 0x3f) << 8 | nf_ct_cursor_u8(c);
}

static u32 per_count(struct nf_ct_cursor *c, const struct nf_ct_per_type *type)
{
	switch (type->count) {
	case NF_CT_PER_COUNT_ANY:
		return type->low + per_length(c);
	case NF_CT_PER_COUNT_BYTE:
		return type->low + nf_ct_cursor_u8(c);
	case NF_CT_PER_COUNT_WORD:
		return type->low + nf_ct_cursor_be16(c);
	default:
		return type->low + nf_ct_cursor_bits(c, type->count);
	}
}

/* A number that is small as a rule (10.6): of an alternative that was added later */
static u32 per_small(struct nf_ct_cursor *c)
{
	if (!nf_ct_cursor_bits(c, 1))
		return nf_ct_cursor_bits(c, 6);
	if (per_length(c) != 1)
		nf_ct_cursor_fail(c);
	return nf_ct_cursor_u8(c);
}

/* How many additions a sequence has (10.9.3.4) */
static u32 per_small_length(struct nf_ct_cursor *c)
{
	u32 n;

	if (nf_ct_cursor_bits(c, 1))
		n = per_length(c);
	else
		n = nf_ct_cursor_bits(c, 6) + 1;
	if (n > PER_ADDITIONS_MAX)
		nf_ct_cursor_fail(c);
	return nf_ct_cursor_ok(c) ? n : 0;
}

/* One of @n numbers (10.5.7.1), @n > 0 */
static u32 per_index(struct nf_ct_cursor *c, u32 n)
{
	u32 index = nf_ct_cursor_bits(c, n > 1 ? 32 - __builtin_clz(n - 1) : 0);

	if (index >= n)
		nf_ct_cursor_fail(c);
	return index;
}

static u32 per_number(struct nf_ct_cursor *c, u32 octets)
{
	nf_ct_cursor_align(c);
	if (octets > 4) {
		nf_ct_cursor_skip(c, octets);
		return 0;
	}
	return nf_ct_cursor_bits(c, octets * 8);
}

/* --- parts --------------------------------------------------------------------- */

static void per_part(struct nf_ct_per *per, struct nf_ct_cursor *c,
		     const struct nf_ct_per_part *part)
{
	u8 outer = per->mark;

	if (part->mark)
		per->mark = part->mark;
	per_type(per, c, &nf_ct_h323_types[part->type]);
	per->mark = outer;
}

/* What has a length in front of it.  Its end is known even if it is not understood. */
static void per_open(struct nf_ct_per *per, struct nf_ct_cursor *c,
		     const struct nf_ct_per_part *part)
{
	struct nf_ct_cursor body = nf_ct_cursor_take(c, per_length(c));

	if (!part || !nf_ct_cursor_ok(c))
		return;
	per_part(per, &body, part);
	if (!nf_ct_cursor_ok(&body))
		nf_ct_cursor_fail(c);
	per->stop = false;
}

static const struct per_counts *per_counts_of(const struct nf_ct_per_type *type)
{
	return &per_counts[type - nf_ct_h323_types];
}

/* The addition with this number; NULL for one that we need not know */
static const struct nf_ct_per_part *per_addition(const struct nf_ct_per_type *type, u32 n)
{
	n += per_counts_of(type)->roots + 1;
	return n < type->n ? &type->parts[n] : NULL;
}

/* Additions of later versions: a bit for each, then those that are there (18.7 to 18.9).
 * DIFF: h323-versions
 */
static void per_additions(struct nf_ct_per *per, struct nf_ct_cursor *c,
			  const struct nf_ct_per_type *type)
{
	u32 n = per_small_length(c), map[PER_ADDITIONS_MAX / 32], i, bits;

	for (i = 0; i < n; i += 32) {
		bits = n - i < 32 ? n - i : 32;
		map[i / 32] = nf_ct_cursor_bits(c, bits) << (32 - bits);
	}
	for (i = 0; i < n && nf_ct_cursor_ok(c); i++) {
		if (map[i / 32] << i % 32 >> 31)
			per_open(per, c, per_addition(type, i));
	}
}

static void per_sequence(struct nf_ct_per *per, struct nf_ct_cursor *c,
			 const struct nf_ct_per_type *type)
{
	u32 roots = per_counts_of(type)->roots, optional = per_counts_of(type)->optional;
	bool more = roots < type->n && nf_ct_cursor_bits(c, 1);
	u32 there = nf_ct_cursor_bits(c, optional), i;

	for (i = 0; i < roots && per_goes_on(per, c); i++) {
		if (type->parts[i].optional && !(there >> --optional & 1))
			continue;
		per_part(per, c, &type->parts[i]);
	}
	if (more && per_goes_on(per, c))
		per_additions(per, c, type);
}

static void per_choice(struct nf_ct_per *per, struct nf_ct_cursor *c,
		       const struct nf_ct_per_type *type)
{
	u32 roots = per_counts_of(type)->roots, index;

	if (roots < type->n && nf_ct_cursor_bits(c, 1)) {
		index = per_small(c);
		per_note_value(per, roots + index);
		per_open(per, c, per_addition(type, index));
		return;
	}
	index = per_index(c, roots);
	per_note_value(per, index);
	if (nf_ct_cursor_ok(c))
		per_part(per, c, &type->parts[index]);
}

/* In a list that is marked each element is an item, whatever it is. */
static void per_list(struct nf_ct_per *per, struct nf_ct_cursor *c,
		     const struct nf_ct_per_type *type)
{
	u32 n = per_count(c, type), before;

	/* each element has one bit at the least: lists in lists go on no longer than that */
	if (n > nf_ct_cursor_bits_left(c))
		nf_ct_cursor_fail(c);
	while (n-- && per_goes_on(per, c)) {
		before = per->found->n;
		per_part(per, c, type->parts);
		if (per->mark && before == per->found->n)
			per_note(per, 0, 0);
	}
}

/* --- other types --------------------------------------------------------------- */

static void per_string(struct nf_ct_cursor *c, const struct nf_ct_per_type *type)
{
	u32 bits = per_count(c, type) * type->size;

	if (!bits)
		return;
	nf_ct_cursor_align(c);
	nf_ct_cursor_skip(c, bits / 8);
	nf_ct_cursor_bits(c, bits % 8);
}

static void per_enum(struct nf_ct_per *per, struct nf_ct_cursor *c,
		     const struct nf_ct_per_type *type)
{
	u32 index;

	if (!nf_ct_cursor_bits(c, 1)) {
		per_note_value(per, per_index(c, type->size));
		return;
	}
	index = type->size + per_small(c);
	per_note_value(per, index);
	per_open(per, c, NULL);
}

static void per_address(struct nf_ct_per *per, struct nf_ct_cursor *c,
			const struct nf_ct_per_type *type)
{
	u32 at = nf_ct_cursor_offset(c);

	if (nf_ct_cursor_skip(c, type->size + 2))
		per_note_address(per, type->size == 4 ? 4 : 6, at);
}

static void per_simple(struct nf_ct_per *per, struct nf_ct_cursor *c,
		       const struct nf_ct_per_type *type)
{
	switch (type->kind) {
	case NF_CT_PER_BITS:
		nf_ct_cursor_bits(c, type->size);
		break;
	case NF_CT_PER_BYTES:
		per_note_value(per, per_number(c, type->size));
		break;
	case NF_CT_PER_LONG:
		per_note_value(per, per_number(c, nf_ct_cursor_bits(c, 2) + 1));
		break;
	case NF_CT_PER_STRING:
		per_string(c, type);
		break;
	case NF_CT_PER_ENUM:
		per_enum(per, c, type);
		break;
	case NF_CT_PER_ADDRESS:
		per_address(per, c, type);
		break;
	case NF_CT_PER_REST:
		/* DIFF: h323-unread */
		per->stop = true;
		break;
	}
}

static void per_type(struct nf_ct_per *per, struct nf_ct_cursor *c,
		     const struct nf_ct_per_type *type)
{
	if (per->depth == NF_CT_PER_DEPTH_MAX) {
		nf_ct_cursor_fail(c);
		return;
	}
	per->depth++;
	switch (type->kind) {
	case NF_CT_PER_SEQUENCE:
		per_sequence(per, c, type);
		break;
	case NF_CT_PER_CHOICE:
		per_choice(per, c, type);
		break;
	case NF_CT_PER_LIST:
		per_list(per, c, type);
		break;
	case NF_CT_PER_OPEN:
		per_open(per, c, type->parts);
		break;
	default:
		per_simple(per, c, type);
	}
	per->depth--;
}

static void per_count_parts(const struct nf_ct_per_type *type, struct per_counts *counts)
{
	u32 n;

	*counts = (struct per_counts){ 0 };
	for (n = 0; n < type->n && type->parts[n].type != NF_CT_H323_MORE; n++) {
		counts->roots++;
		counts->optional += type->parts[n].optional;
	}
}

/**
 * nf_ct_per_init - before anything is read
 *
 * Context: the module's init; a program's beginning.
 */
void nf_ct_per_init(void)
{
	u32 i;

	for (i = 0; i < nf_ct_h323_ntypes; i++)
		per_count_parts(&nf_ct_h323_types[i], &per_counts[i]);
}

/**
 * nf_ct_per_read - read a value of a type
 * @per:  where to note what it has; zeros but for the place
 * @c:    on the value; what follows is left unread
 * @type: number of the type
 *
 * Return: false if the value is not one of the type, or ends too soon.
 */
bool nf_ct_per_read(struct nf_ct_per *per, struct nf_ct_cursor *c, u8 type)
{
	per_type(per, c, &nf_ct_h323_types[type]);
	return nf_ct_cursor_ok(c);
}
