/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A cursor reads the bytes of a packet from left to right and never beyond their
 * end.  Parsers of payload are written on it.  It uses no kernel API, so that it
 * also compiles in user space, for selftests/unit and for fuzzing.  No state but
 * struct nf_ct_cursor, which lives on the caller's stack; no locks.
 */
#ifndef _NF_CT_CURSOR_H
#define _NF_CT_CURSOR_H

#ifdef __KERNEL__
#include <linux/kernel.h>
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
#endif

/**
 * DOC: how to use a cursor
 *
 *	nf_ct_cursor_init(&c, data, len);
 *	type = nf_ct_cursor_u8(&c);
 *	body = nf_ct_cursor_take(&c, nf_ct_cursor_be16(&c));
 *	if (!nf_ct_cursor_ok(&body))
 *		return "message too short";
 *
 * - Failure sticks.  The first read that does not succeed fails the cursor:
 *   nothing is left, every later read gives 0 or false, and nf_ct_cursor_ok()
 *   is false.  So a parser checks once, before it acts on what it has read.
 * - A read takes a value, and fails the cursor if there is none.  A test
 *   (nf_ct_cursor_literal(), nf_ct_cursor_find(), nf_ct_cursor_header(), ...)
 *   says whether something is there; if it is not, the cursor neither moves nor
 *   fails.
 * - To try something, copy the cursor, read from the copy, and copy it back if
 *   it is still ok.
 * - A part of the data (a token, a line, the body of an option) is a cursor,
 *   too.  It counts offsets from the same place as the whole does: a helper that
 *   rewrites an address finds its place by nf_ct_cursor_offset().
 * - A part that fails does not fail the whole.  A part of a cursor that has
 *   failed has failed, too.
 */

/**
 * enum nf_ct_cursor_state - what became of the reads so far
 * @NF_CT_CURSOR_OK:    all succeeded
 * @NF_CT_CURSOR_SHORT: the data ended where more had to follow
 * @NF_CT_CURSOR_BAD:   the data say something else than was expected
 */
enum nf_ct_cursor_state {
	NF_CT_CURSOR_OK,
	NF_CT_CURSOR_SHORT,
	NF_CT_CURSOR_BAD,
};

/**
 * struct nf_ct_cursor - a place in some bytes; for the functions below only
 * @data:  what offsets count from
 * @start: offset of the first byte that belongs to the cursor
 * @pos:   offset of the next byte to be read; @start <= @pos <= @end
 * @end:   offset behind the last byte
 * @bits:  unread low bits of the byte before @pos, 0 to 7
 * @state: enum nf_ct_cursor_state; if it is not OK, @pos is @end and @bits is 0
 */
struct nf_ct_cursor {
	const u8	*data;
	u32		start;
	u32		pos;
	u32		end;
	u8		bits;
	u8		state;
};

/**
 * nf_ct_cursor_init - put a cursor at the first of some bytes
 * @c:    the cursor
 * @data: the bytes; they must outlive the cursor
 * @len:  how many
 */
static inline void nf_ct_cursor_init(struct nf_ct_cursor *c, const void *data,
				     u32 len)
{
	*c = (struct nf_ct_cursor){ .data = data, .end = len };
}

/**
 * nf_ct_cursor_ok - has every read succeeded?
 * @c: the cursor
 *
 * Return: false after the first one that has not.
 */
static inline bool nf_ct_cursor_ok(const struct nf_ct_cursor *c)
{
	return c->state == NF_CT_CURSOR_OK;
}

/**
 * nf_ct_cursor_short - did the data end too soon?
 * @c: the cursor
 *
 * Of a stream a later segment may bring the rest.
 *
 * Return: true if the first failure was a read beyond the end.
 */
static inline bool nf_ct_cursor_short(const struct nf_ct_cursor *c)
{
	return c->state == NF_CT_CURSOR_SHORT;
}

/* The first failure counts. */
static inline void nf_ct_cursor_set_failed(struct nf_ct_cursor *c,
					   enum nf_ct_cursor_state why)
{
	if (c->state == NF_CT_CURSOR_OK)
		c->state = why;
	c->pos = c->end;
	c->bits = 0;
}

/**
 * nf_ct_cursor_fail - say that what was read makes no sense
 * @c: the cursor
 *
 * For a parser that checks the meaning, so that all failures are found alike.
 */
static inline void nf_ct_cursor_fail(struct nf_ct_cursor *c)
{
	nf_ct_cursor_set_failed(c, NF_CT_CURSOR_BAD);
}

/**
 * nf_ct_cursor_left - bytes that are not read yet
 * @c: the cursor
 *
 * A byte of which bits have been read does not count.
 *
 * Return: their number; 0 if the cursor has failed.
 */
static inline u32 nf_ct_cursor_left(const struct nf_ct_cursor *c)
{
	return c->end - c->pos;
}

/**
 * nf_ct_cursor_offset - where the next byte is
 * @c: the cursor
 *
 * Return: its distance from the data of nf_ct_cursor_init(), also if @c is a
 * part; that of the end if @c has failed.
 */
static inline u32 nf_ct_cursor_offset(const struct nf_ct_cursor *c)
{
	return c->pos;
}

/**
 * nf_ct_cursor_bytes - the bytes that are not read yet
 * @c: the cursor
 *
 * For a function that takes bytes and a length, such as a hash.
 *
 * Return: the first of nf_ct_cursor_left() bytes.
 */
static inline const u8 *nf_ct_cursor_bytes(const struct nf_ct_cursor *c)
{
	return c->data + c->pos;
}

/* The bytes from offset @from to @to of @c, which the caller has checked. */
static inline struct nf_ct_cursor nf_ct_cursor_part(const struct nf_ct_cursor *c,
						    u32 from, u32 to)
{
	return (struct nf_ct_cursor){
		.data	= c->data,
		.start	= from,
		.pos	= from,
		.end	= to,
		.state	= c->state,
	};
}

/* --- bytes --------------------------------------------------------------------
 *
 * They begin at a byte boundary: what is left of a byte of which bits have been
 * read is skipped.
 */

/* Are there @n bytes to read?  Fails the cursor if not. */
static inline bool nf_ct_cursor_need(struct nf_ct_cursor *c, u32 n)
{
	if (n > nf_ct_cursor_left(c))
		nf_ct_cursor_set_failed(c, NF_CT_CURSOR_SHORT);
	c->bits = 0;
	return nf_ct_cursor_ok(c);
}

/**
 * nf_ct_cursor_u8 - read one byte
 * @c: the cursor
 *
 * Return: the byte, or 0 if there is none.
 */
static inline u8 nf_ct_cursor_u8(struct nf_ct_cursor *c)
{
	if (!nf_ct_cursor_need(c, 1))
		return 0;
	return c->data[c->pos++];
}

/**
 * nf_ct_cursor_be16 - read two bytes, the high one first
 * @c: the cursor
 *
 * Return: the number in the host's byte order, or 0 if it is not all there.
 */
static inline u16 nf_ct_cursor_be16(struct nf_ct_cursor *c)
{
	const u8 *b = nf_ct_cursor_bytes(c);

	if (!nf_ct_cursor_need(c, 2))
		return 0;
	c->pos += 2;
	return b[0] << 8 | b[1];
}

/**
 * nf_ct_cursor_be32 - read four bytes, the highest one first
 * @c: the cursor
 *
 * Return: the number in the host's byte order, or 0 if it is not all there.
 */
static inline u32 nf_ct_cursor_be32(struct nf_ct_cursor *c)
{
	const u8 *b = nf_ct_cursor_bytes(c);

	if (!nf_ct_cursor_need(c, 4))
		return 0;
	c->pos += 4;
	return (u32)b[0] << 24 | (u32)b[1] << 16 | (u32)b[2] << 8 | b[3];
}

/**
 * nf_ct_cursor_peek - look at the next byte without reading it
 * @c: the cursor
 *
 * Return: the byte, or -1 at the end and if the cursor has failed.
 */
static inline int nf_ct_cursor_peek(const struct nf_ct_cursor *c)
{
	return nf_ct_cursor_left(c) ? c->data[c->pos] : -1;
}

/**
 * nf_ct_cursor_skip - pass over some bytes
 * @c: the cursor
 * @n: how many
 *
 * Return: false if there are fewer.
 */
static inline bool nf_ct_cursor_skip(struct nf_ct_cursor *c, u32 n)
{
	if (!nf_ct_cursor_need(c, n))
		return false;
	c->pos += n;
	return true;
}

/**
 * nf_ct_cursor_take - read some bytes as a part
 * @c: the cursor
 * @n: how many
 *
 * Return: a cursor on them; one that has failed if there are fewer.
 */
static inline struct nf_ct_cursor nf_ct_cursor_take(struct nf_ct_cursor *c,
						    u32 n)
{
	u32 from = c->pos;

	if (!nf_ct_cursor_skip(c, n))
		from = c->pos;
	return nf_ct_cursor_part(c, from, c->pos);
}

/**
 * nf_ct_cursor_copy - read some bytes into a buffer
 * @c:  the cursor
 * @to: the buffer; zeros if there are fewer bytes than @n
 * @n:  how many
 *
 * Return: false if there are fewer.
 */
static inline bool nf_ct_cursor_copy(struct nf_ct_cursor *c, void *to, u32 n)
{
	const u8 *from = nf_ct_cursor_bytes(c);

	if (!nf_ct_cursor_skip(c, n)) {
		__builtin_memset(to, 0, n);
		return false;
	}
	__builtin_memcpy(to, from, n);
	return true;
}

/**
 * nf_ct_cursor_seek - go on at another place, also at one before this
 * @c:      the cursor
 * @offset: offset of the next byte to read, as of nf_ct_cursor_offset()
 *
 * Fails the cursor if the place is not in its bytes or at their end; a part
 * cannot leave its bytes.
 *
 * Return: false if the cursor has failed.
 */
static inline bool nf_ct_cursor_seek(struct nf_ct_cursor *c, u32 offset)
{
	c->bits = 0;
	if (!nf_ct_cursor_ok(c))
		return false;
	if (offset < c->start || offset > c->end) {
		nf_ct_cursor_set_failed(c, NF_CT_CURSOR_SHORT);
		return false;
	}
	c->pos = offset;
	return true;
}

/* --- bits, the high one of each byte first --------------------------------------
 *
 * For ASN.1 PER (X.691).  Reads of bits and of bytes may alternate.
 */

/**
 * nf_ct_cursor_bits_left - bits that are not read yet
 * @c: the cursor
 *
 * Return: their number, or the largest u32 if there are more.
 */
static inline u32 nf_ct_cursor_bits_left(const struct nf_ct_cursor *c)
{
	u32 bytes = nf_ct_cursor_left(c);

	return bytes < ~0U / 8 ? bytes * 8 + c->bits : ~0U;
}

/**
 * nf_ct_cursor_bits - read some bits
 * @c: the cursor
 * @n: how many, 0 to 32; more fail the cursor
 *
 * Return: the number that they make, the first bit being the highest; 0 if
 * they are not all there.
 */
static inline u32 nf_ct_cursor_bits(struct nf_ct_cursor *c, u32 n)
{
	u32 value = 0;

	/* most are in the byte that was begun */
	if (n && n <= c->bits) {
		c->bits -= n;
		return c->data[c->pos - 1] >> c->bits & ((1U << n) - 1);
	}
	if (n > 32)
		nf_ct_cursor_fail(c);
	else if (n > nf_ct_cursor_bits_left(c))
		nf_ct_cursor_set_failed(c, NF_CT_CURSOR_SHORT);
	if (!nf_ct_cursor_ok(c))
		return 0;

	while (n) {
		u32 now, fresh;

		if (!c->bits) {
			c->pos++;
			c->bits = 8;
		}
		/* 1 to 8 bits of the byte that was begun: no shift is wider */
		now = n < c->bits ? n : c->bits;
		fresh = c->data[c->pos - 1] >> (c->bits - now);
		value = value << now | (fresh & ((1U << now) - 1));
		c->bits -= now;
		n -= now;
	}
	return value;
}

/**
 * nf_ct_cursor_align - go to the next byte boundary
 * @c: the cursor
 *
 * The rest of a byte of which bits have been read is skipped.
 */
static inline void nf_ct_cursor_align(struct nf_ct_cursor *c)
{
	c->bits = 0;
}

/* --- text -----------------------------------------------------------------------
 *
 * ASCII.  Other bytes, zero included, are like any that have no meaning.
 */

/* Go on at @at, which is not before the place of @c, nor behind its end. */
static inline void nf_ct_cursor_advance(struct nf_ct_cursor *c, u32 at)
{
	c->pos = at;
	c->bits = 0;
}

static inline bool nf_ct_cursor_is_digit(int byte)
{
	return byte >= '0' && byte <= '9';
}

/* Value of a hexadecimal digit, or -1 */
static inline int nf_ct_cursor_hex_digit(int byte)
{
	if (nf_ct_cursor_is_digit(byte))
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	if (byte >= 'A' && byte <= 'F')
		return byte - 'A' + 10;
	return -1;
}

static inline u8 nf_ct_cursor_lower(u8 byte)
{
	return byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte;
}

/* Are two bytes the same letter, or the same? */
static inline bool nf_ct_cursor_same(u8 a, u8 b, bool fold)
{
	return a == b || (fold && (a ^ b) == 0x20 &&
			  (a | 0x20) >= 'a' && (a | 0x20) <= 'z');
}

/* Does @text come next?  *@n is how many of its bytes do. */
static inline bool nf_ct_cursor_agrees(const struct nf_ct_cursor *c,
				       const char *text, bool fold, u32 *n)
{
	u32 at = c->pos;

	for (; *text && at < c->end; text++, at++) {
		if (!nf_ct_cursor_same(c->data[at], *text, fold))
			break;
	}
	*n = at - c->pos;
	return !*text && nf_ct_cursor_ok(c);
}

static inline bool nf_ct_cursor_match(struct nf_ct_cursor *c, const char *text,
				      bool fold)
{
	u32 len;

	if (!nf_ct_cursor_agrees(c, text, fold, &len))
		return false;
	nf_ct_cursor_advance(c, c->pos + len);
	return true;
}

/**
 * nf_ct_cursor_literal - test for a text, and pass over it
 * @c:    the cursor
 * @text: the text
 *
 * Return: false, and @c is where it was, if something else comes next.
 */
static inline bool nf_ct_cursor_literal(struct nf_ct_cursor *c,
					const char *text)
{
	return nf_ct_cursor_match(c, text, false);
}

/**
 * nf_ct_cursor_literal_nocase - test for a text in upper or lower case
 * @c:    the cursor
 * @text: the text
 *
 * Return: as nf_ct_cursor_literal().
 */
static inline bool nf_ct_cursor_literal_nocase(struct nf_ct_cursor *c,
					       const char *text)
{
	return nf_ct_cursor_match(c, text, true);
}

/**
 * nf_ct_cursor_expect - read a text that has to come next
 * @c:    the cursor
 * @text: the text
 *
 * Fails the cursor if something else does, and as too short if the data end
 * within the text.
 *
 * Return: false if the cursor has failed.
 */
static inline bool nf_ct_cursor_expect(struct nf_ct_cursor *c, const char *text)
{
	u32 n;

	if (nf_ct_cursor_agrees(c, text, false, &n))
		return nf_ct_cursor_skip(c, n);
	nf_ct_cursor_set_failed(c, n == nf_ct_cursor_left(c) ?
				   NF_CT_CURSOR_SHORT : NF_CT_CURSOR_BAD);
	return false;
}

static inline bool nf_ct_cursor_is_one_of(u8 byte, const char *set)
{
	for (; *set; set++) {
		if ((u8)*set == byte)
			return true;
	}
	return false;
}

/* Offset of the first byte from @c on that is in @set (or is not), or the end */
static inline u32 nf_ct_cursor_span(const struct nf_ct_cursor *c,
				    const char *set, bool in)
{
	/* most sets have one byte or two, none has no byte */
	u8 one = set[0], two = one && set[1] ? set[1] : one;
	bool more = one && set[1] && set[2], is;
	u32 at;

	for (at = c->pos; at < c->end; at++) {
		is = c->data[at] == one || c->data[at] == two;
		if (more && !is)
			is = nf_ct_cursor_is_one_of(c->data[at], set + 2);
		if (is == in)
			break;
	}
	return at;
}

/**
 * nf_ct_cursor_token - read what comes before any of some delimiters
 * @c:      the cursor
 * @delims: the delimiters; they are not read
 *
 * Return: a cursor on the bytes up to the first delimiter, or all that are
 * left; there may be none.
 */
static inline struct nf_ct_cursor nf_ct_cursor_token(struct nf_ct_cursor *c,
						     const char *delims)
{
	return nf_ct_cursor_take(c, nf_ct_cursor_span(c, delims, true) - c->pos);
}

/**
 * nf_ct_cursor_skip_any - pass over all bytes of a set
 * @c:   the cursor
 * @set: the bytes
 *
 * Return: how many there were, perhaps none.
 */
static inline u32 nf_ct_cursor_skip_any(struct nf_ct_cursor *c, const char *set)
{
	u32 from = c->pos;

	nf_ct_cursor_advance(c, nf_ct_cursor_span(c, set, false));
	return c->pos - from;
}

/**
 * nf_ct_cursor_skip_blanks - pass over spaces and tabs
 * @c: the cursor
 *
 * Return: how many there were, perhaps none.
 */
static inline u32 nf_ct_cursor_skip_blanks(struct nf_ct_cursor *c)
{
	u32 from = c->pos, at = from;

	while (at < c->end && (c->data[at] == ' ' || c->data[at] == '\t'))
		at++;
	nf_ct_cursor_advance(c, at);
	return at - from;
}

/* Offset of the first @byte from @at on, or the end.  Eight bytes at once: in a word that
 * has a zero byte, and in no other, (w - 0x01..01) & ~w has the top bit of a byte set; the
 * lowest one is that of the lowest zero byte.
 */
static inline u32 nf_ct_cursor_index(const struct nf_ct_cursor *c, u32 at, u8 byte)
{
	const unsigned long long ones = ~0ULL / 255;
	unsigned long long w;

	for (; c->end - at >= sizeof(w); at += sizeof(w)) {
		__builtin_memcpy(&w, c->data + at, sizeof(w));
		w ^= ones * byte;
		w = (w - ones) & ~w & ones << 7;
		if (w && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
			return at + __builtin_ctzll(w) / 8;
		if (w)
			break;
	}
	while (at < c->end && c->data[at] != byte)
		at++;
	return at;
}

/**
 * nf_ct_cursor_find_byte - test for a byte anywhere ahead, and go to it
 * @c:    the cursor
 * @byte: the byte; it is not read
 *
 * Return: false, and @c is where it was, if there is none.
 */
static inline bool nf_ct_cursor_find_byte(struct nf_ct_cursor *c, u8 byte)
{
	u32 at = nf_ct_cursor_index(c, c->pos, byte);

	if (at == c->end)
		return false;
	nf_ct_cursor_advance(c, at);
	return true;
}

/**
 * nf_ct_cursor_find_last - test for a byte anywhere ahead, and go to the last one
 * @c:    the cursor
 * @byte: the byte; it is not read
 *
 * Return: false, and @c is where it was, if there is none.
 */
static inline bool nf_ct_cursor_find_last(struct nf_ct_cursor *c, u8 byte)
{
	u32 at = c->end;

	if (at > c->pos && c->data[at - 1] == byte)
		return nf_ct_cursor_seek(c, at - 1);
	if (nf_ct_cursor_index(c, c->pos, byte) == c->end)
		return false;
	while (c->data[at - 1] != byte)
		at--;
	return nf_ct_cursor_seek(c, at - 1);
}

/**
 * nf_ct_cursor_find_digit - test for a decimal digit anywhere ahead, and go to it
 * @c: the cursor; the digit is not read
 *
 * Return: false, and @c is where it was, if there is none.
 */
static inline bool nf_ct_cursor_find_digit(struct nf_ct_cursor *c)
{
	u32 at = c->pos;

	while (at < c->end && !nf_ct_cursor_is_digit(c->data[at]))
		at++;
	if (at == c->end)
		return false;
	nf_ct_cursor_advance(c, at);
	return true;
}

/**
 * nf_ct_cursor_find_any - test for any of some bytes ahead, and go to the first
 * @c:   the cursor
 * @set: the bytes; the one that is found is not read
 *
 * Return: false, and @c is where it was, if there is none.
 */
static inline bool nf_ct_cursor_find_any(struct nf_ct_cursor *c,
					 const char *set)
{
	u32 at = nf_ct_cursor_span(c, set, true);

	if (at == c->end)
		return false;
	nf_ct_cursor_advance(c, at);
	return true;
}

/**
 * nf_ct_cursor_find - test for a text anywhere ahead, and go to it
 * @c:    the cursor
 * @text: the text; it is not read
 *
 * Return: false, and @c is where it was, if it does not occur.
 */
static inline bool nf_ct_cursor_find(struct nf_ct_cursor *c, const char *text)
{
	struct nf_ct_cursor at = *c;
	u32 n;

	for (; nf_ct_cursor_left(&at); nf_ct_cursor_skip(&at, 1)) {
		if (nf_ct_cursor_agrees(&at, text, false, &n))
			return nf_ct_cursor_seek(c, at.pos);
	}
	return false;
}

/**
 * nf_ct_cursor_find_line_end - test for the end of this line, and go to it
 * @c: the cursor; before the CR or LF
 *
 * Of a stream a line without an end is not all there.
 *
 * Return: false, and @c is where it was, if the line has none.
 */
static inline bool nf_ct_cursor_find_line_end(struct nf_ct_cursor *c)
{
	return nf_ct_cursor_find_any(c, "\r\n");
}

/**
 * nf_ct_cursor_line - read a line
 * @c:    the cursor; after the line's end, which is CR LF, CR, LF, or that of
 *        the data
 * @line: the line, without its end
 *
 * Return: false if there is no more line.
 */
static inline bool nf_ct_cursor_line(struct nf_ct_cursor *c,
				     struct nf_ct_cursor *line)
{
	bool more = nf_ct_cursor_left(c);

	*line = nf_ct_cursor_token(c, "\r\n");
	if (!nf_ct_cursor_literal(c, "\r\n") && !nf_ct_cursor_literal(c, "\r"))
		nf_ct_cursor_literal(c, "\n");
	return more;
}

/**
 * nf_ct_cursor_take_line - read a line of a stream
 * @c:     the cursor; after the line's end, which is LF, or that of the data
 * @whole: result: the end of the line is there
 *
 * A lone CR does not end it: servers echo what they are sent.
 *
 * Return: the line, as a part, without LF; a CR before that belongs to it.
 */
static inline struct nf_ct_cursor nf_ct_cursor_take_line(struct nf_ct_cursor *c, bool *whole)
{
	u32 from = c->pos, end = nf_ct_cursor_index(c, from, '\n');

	*whole = end < c->end;
	nf_ct_cursor_advance(c, end + *whole);
	return nf_ct_cursor_part(c, from, end);
}

/**
 * nf_ct_cursor_header - test for a header line "Name: value" (RFC 5322, 3261)
 * @c:     the cursor, at the beginning of a line; after the header line if it
 *         was found, so that the next call finds the next one
 * @name:  name of the header, in any case, without the colon
 * @value: what stands behind the colon and blanks, with the lines that continue
 *         it; a cursor that has failed if there is no such header
 *
 * Looks no further than the empty line that ends the headers.
 *
 * Return: false, and @c is where it was, if there is no such header.
 */
static inline bool nf_ct_cursor_header(struct nf_ct_cursor *c, const char *name,
				       struct nf_ct_cursor *value)
{
	struct nf_ct_cursor at = *c, more;

	while (nf_ct_cursor_line(&at, value) && nf_ct_cursor_left(value)) {
		if (!nf_ct_cursor_literal_nocase(value, name))
			continue;
		nf_ct_cursor_skip_blanks(value);
		if (!nf_ct_cursor_literal(value, ":"))
			continue;

		/* a line that begins with a blank continues the one before */
		while (nf_ct_cursor_peek(&at) == ' ' ||
		       nf_ct_cursor_peek(&at) == '\t') {
			nf_ct_cursor_line(&at, &more);
			value->end = more.end;
		}
		nf_ct_cursor_skip_blanks(value);
		*c = at;
		return true;
	}
	nf_ct_cursor_set_failed(value, NF_CT_CURSOR_SHORT);
	return false;
}

/* Fail because something else comes next, or because nothing does. */
static inline void nf_ct_cursor_fail_here(struct nf_ct_cursor *c)
{
	nf_ct_cursor_set_failed(c, nf_ct_cursor_left(c) ? NF_CT_CURSOR_BAD :
							  NF_CT_CURSOR_SHORT);
}

/**
 * nf_ct_cursor_decimal - read a decimal number
 * @c:     the cursor; before the first byte that is no digit
 * @width: digits that it may have, leading zeros included
 * @max:   largest number
 *
 * Fails the cursor if there is no digit, if there are more than @width, and if
 * the number is larger than @max.
 *
 * Return: the number, or 0.
 */
static inline u32 nf_ct_cursor_decimal(struct nf_ct_cursor *c, u32 width,
				       u32 max)
{
	unsigned long long value = 0;
	u32 at;

	for (at = c->pos; at < c->end && nf_ct_cursor_is_digit(c->data[at]); at++) {
		value = value * 10 + (c->data[at] - '0');
		/* of a number that is too long no more is read: the sum has room */
		if (at - c->pos == width || value > max) {
			nf_ct_cursor_fail(c);
			return 0;
		}
	}
	if (at == c->pos)
		nf_ct_cursor_fail_here(c);
	else
		nf_ct_cursor_advance(c, at);
	return value;
}

/* One of the four numbers of an IPv4 address: 0 to 255, no leading zero */
static inline u8 nf_ct_cursor_octet(struct nf_ct_cursor *c)
{
	bool zero = nf_ct_cursor_peek(c) == '0';
	u32 from = c->pos;
	u32 value = nf_ct_cursor_decimal(c, 3, 255);

	if (zero && nf_ct_cursor_ok(c) && c->pos - from > 1) {
		nf_ct_cursor_fail(c);
		return 0;
	}
	return value;
}

/**
 * nf_ct_cursor_ipv4 - read an IPv4 address
 * @c:    the cursor; before the byte that follows the address
 * @addr: 4 bytes, in network byte order; zero if there is no address
 *
 * Strictly four decimal numbers without leading zeros, which others take for
 * octal.  "1.2.3.4.5" is no address.
 *
 * Return: false, and the cursor has failed, if there is no address.
 */
static inline bool nf_ct_cursor_ipv4(struct nf_ct_cursor *c, void *addr)
{
	struct nf_ct_cursor next;
	u8 bytes[4] = { 0 };
	u32 i;

	for (i = 0; i < 4; i++) {
		if (i)
			nf_ct_cursor_expect(c, ".");
		bytes[i] = nf_ct_cursor_octet(c);
	}

	next = *c;
	if (nf_ct_cursor_literal(&next, ".") &&
	    nf_ct_cursor_is_digit(nf_ct_cursor_peek(&next)))
		nf_ct_cursor_fail(c);

	if (!nf_ct_cursor_ok(c))
		__builtin_memset(bytes, 0, sizeof(bytes));
	__builtin_memcpy(addr, bytes, sizeof(bytes));
	return nf_ct_cursor_ok(c);
}

/* One group of an IPv6 address: one to four hexadecimal digits */
static inline u16 nf_ct_cursor_group(struct nf_ct_cursor *c)
{
	u32 value = 0, n;

	for (n = 0; nf_ct_cursor_hex_digit(nf_ct_cursor_peek(c)) >= 0; n++) {
		if (n == 4) {
			nf_ct_cursor_fail(c);
			return 0;
		}
		value = value << 4 | nf_ct_cursor_hex_digit(nf_ct_cursor_u8(c));
	}
	if (!n)
		nf_ct_cursor_fail_here(c);
	return value;
}

/* Do the last four bytes of an IPv6 address come next, as an IPv4 address? */
static inline bool nf_ct_cursor_at_dotted(const struct nf_ct_cursor *c)
{
	struct nf_ct_cursor next = *c;

	nf_ct_cursor_skip_any(&next, "0123456789");
	return next.pos > c->pos && nf_ct_cursor_peek(&next) == '.';
}

/* Read the groups of an IPv6 address: how many bytes of @bytes they fill; "::"
 * stands before byte *@gap, which is 16 if there is none.
 */
static inline u32 nf_ct_cursor_groups(struct nf_ct_cursor *c, u8 bytes[16],
				      u32 *gap)
{
	u32 n = 0;

	*gap = nf_ct_cursor_literal(c, "::") ? 0 : 16;
	/* one colon at the end of the data may become two */
	if (*gap == 16 && nf_ct_cursor_left(c) == 1)
		nf_ct_cursor_literal(c, ":");
	/* "::" may be the end of an address, ":" is not */
	while (*gap != n || nf_ct_cursor_hex_digit(nf_ct_cursor_peek(c)) >= 0) {
		u16 group;

		if (n <= 12 && nf_ct_cursor_at_dotted(c)) {
			nf_ct_cursor_ipv4(c, bytes + n);
			return n + 4;
		}
		group = nf_ct_cursor_group(c);
		bytes[n++] = group >> 8;
		bytes[n++] = group & 0xff;
		if (n == 16)
			break;
		if (*gap == 16 && nf_ct_cursor_literal(c, "::"))
			*gap = n;
		else if (!nf_ct_cursor_literal(c, ":"))
			break;
	}
	return n;
}

/**
 * nf_ct_cursor_ipv6 - read an IPv6 address
 * @c:    the cursor; before the byte that follows the address
 * @addr: 16 bytes, in network byte order; zero if there is no address
 *
 * Strictly the forms of RFC 4291 2.2: eight groups, or fewer and one "::" that
 * stands for at least one; the last two may be an IPv4 address.  What follows
 * may not be a colon: a port stands behind a bracket (RFC 3986 3.2.2).
 *
 * Return: false, and the cursor has failed, if there is no address.
 */
static inline bool nf_ct_cursor_ipv6(struct nf_ct_cursor *c, void *addr)
{
	u8 bytes[16] = { 0 };
	u32 n, gap, tail;

	n = nf_ct_cursor_groups(c, bytes, &gap);
	if (gap == 16 && n < 16)
		nf_ct_cursor_fail_here(c);
	if ((gap < 16 && n > 14) || nf_ct_cursor_peek(c) == ':')
		nf_ct_cursor_fail(c);

	__builtin_memset(addr, 0, sizeof(bytes));
	if (!nf_ct_cursor_ok(c))
		return false;
	if (gap > n)
		gap = n;
	tail = n - gap;
	__builtin_memcpy(addr, bytes, gap);
	__builtin_memcpy((u8 *)addr + sizeof(bytes) - tail, bytes + gap, tail);
	return true;
}

/* --- TCP options (RFC 9293 3.1) -------------------------------------------------- */

/* EOL and NOP have no length. */
enum nf_ct_cursor_tcp_kind {
	NF_CT_CURSOR_TCP_EOL	= 0,
	NF_CT_CURSOR_TCP_NOP	= 1,
	NF_CT_CURSOR_TCP_SACK	= 5,
};

/**
 * nf_ct_cursor_tcp_option - read the next TCP option that is more than padding
 * @c:    the cursor, on the options of a header
 * @kind: kind of the option
 * @body: what stands behind its length; a cursor that has failed if there is no
 *        more option
 *
 * Return: true for an option; false at the end of the list, where @c is still
 * ok, and at the first option that is malformed, where it is not.
 */
static inline bool nf_ct_cursor_tcp_option(struct nf_ct_cursor *c, u8 *kind,
					   struct nf_ct_cursor *body)
{
	u8 len;

	*kind = NF_CT_CURSOR_TCP_EOL;
	*body = nf_ct_cursor_part(c, c->end, c->end);
	nf_ct_cursor_set_failed(body, NF_CT_CURSOR_SHORT);
	do {
		if (!nf_ct_cursor_left(c))
			return false;
		*kind = nf_ct_cursor_u8(c);
	} while (*kind == NF_CT_CURSOR_TCP_NOP);

	if (*kind == NF_CT_CURSOR_TCP_EOL) {
		nf_ct_cursor_skip(c, nf_ct_cursor_left(c));
		return false;
	}

	len = nf_ct_cursor_u8(c);
	if (len < 2) {
		nf_ct_cursor_fail(c);
		return false;
	}
	*body = nf_ct_cursor_take(c, len - 2);
	return nf_ct_cursor_ok(c);
}

/**
 * nf_ct_cursor_tcp_sack - is an option a SACK (RFC 2018)?
 * @kind: its kind
 * @body: its body
 *
 * Return: true if the body is one or more pairs of sequence numbers.
 */
static inline bool nf_ct_cursor_tcp_sack(u8 kind,
					 const struct nf_ct_cursor *body)
{
	u32 len = nf_ct_cursor_left(body);

	return kind == NF_CT_CURSOR_TCP_SACK && len && len % 8 == 0;
}

#endif /* _NF_CT_CURSOR_H */
