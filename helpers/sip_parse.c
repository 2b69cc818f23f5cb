// SPDX-License-Identifier: GPL-2.0
/*
 * Messages of SIP (RFC 3261).  Tables say how fields and methods are called; the head of a
 * message is read once, line by line, and each byte through the cursor.  No state, no
 * locks, no kernel types.
 */
#include "sip_parse.h"

#define SIP_BLANKS	" \t\r\n"	/* in a field that may be folded */
#define SIP_VERSION	"SIP/2.0"

/* The longest start line that is read to its end, in bytes */
#define SIP_START_MAX	2048

struct sip_field_name {
	const char	*name;
	char		compact;	/* RFC 3261 7.3.3, or 0 */
	const char	*before;	/* what stands before an address */
};

static const struct sip_field_name sip_fields[] = {
	[NF_CT_SIP_CSEQ]		= { "CSeq",		0,	NULL },
	[NF_CT_SIP_FROM]		= { "From",		'f',	"sip" },
	[NF_CT_SIP_TO]			= { "To",		't',	"sip" },
	[NF_CT_SIP_CONTACT]		= { "Contact",		'm',	"sip" },
	[NF_CT_SIP_VIA_UDP]		= { "Via",		'v',	"UDP" },
	[NF_CT_SIP_VIA_TCP]		= { "Via",		'v',	"TCP" },
	[NF_CT_SIP_EXPIRES]		= { "Expires",		0,	NULL },
	[NF_CT_SIP_CONTENT_LENGTH]	= { "Content-Length",	'l',	NULL },
	[NF_CT_SIP_CALL_ID]		= { "Call-ID",		'i',	NULL },
};

static const char *const sip_methods[] = {
	[NF_CT_SIP_INVITE]	= "INVITE",
	[NF_CT_SIP_UPDATE]	= "UPDATE",
	[NF_CT_SIP_ACK]		= "ACK",
	[NF_CT_SIP_PRACK]	= "PRACK",
	[NF_CT_SIP_BYE]		= "BYE",
	[NF_CT_SIP_REGISTER]	= "REGISTER",
};

/* --- lines and fields -------------------------------------------------------- */

/**
 * nf_ct_sip_next_line - go to the beginning of the next line, behind LF
 * @c: the cursor
 *
 * DIFF: sip-bare-lf
 *
 * Return: false if there is none.
 */
bool nf_ct_sip_next_line(struct nf_ct_cursor *c)
{
	if (!nf_ct_cursor_find_byte(c, '\n'))
		return false;
	nf_ct_cursor_skip(c, 1);
	return nf_ct_cursor_left(c);
}

/* Does the empty line come next that ends the head?  Passes over it. */
static bool sip_empty_line(struct nf_ct_cursor *c)
{
	return nf_ct_cursor_literal(c, "\n") || nf_ct_cursor_literal(c, "\r\n");
}

static bool sip_at_blank(const struct nf_ct_cursor *c)
{
	int byte = nf_ct_cursor_peek(c);

	return byte == ' ' || byte == '\t';
}

/* The rest of a field, with the lines that continue it; without the last line's LF */
static struct nf_ct_cursor sip_rest(const struct nf_ct_cursor *c)
{
	struct nf_ct_cursor at = *c, rest = *c;
	u32 end;

	do {
		if (!nf_ct_cursor_find_byte(&at, '\n'))
			return rest;
		end = nf_ct_cursor_offset(&at);
		nf_ct_cursor_skip(&at, 1);
	} while (sip_at_blank(&at));
	return nf_ct_cursor_take(&rest, end - nf_ct_cursor_offset(&rest));
}

/* Is the line a field of this name?  Then its colon has been read, and blanks. */
static bool sip_is_field(struct nf_ct_cursor *c, const struct sip_field_name *field)
{
	struct nf_ct_cursor at = *c;
	u8 first = nf_ct_cursor_lower(nf_ct_cursor_peek(c));
	bool fits = first == nf_ct_cursor_lower(*field->name);

	/* most do not */
	if (!fits && first != (u8)field->compact)
		return false;
	if (fits && nf_ct_cursor_literal_nocase(&at, field->name))
		nf_ct_cursor_skip_blanks(&at);
	if (nf_ct_cursor_peek(&at) != ':') {
		at = *c;
		if (!field->compact || first != (u8)field->compact)
			return false;
		nf_ct_cursor_skip(&at, 1);
		nf_ct_cursor_skip_blanks(&at);
		if (nf_ct_cursor_peek(&at) != ':')
			return false;
	}
	nf_ct_cursor_skip(&at, 1);
	*c = at;
	return true;
}

static struct nf_ct_cursor sip_value_of(const struct nf_ct_cursor *c)
{
	struct nf_ct_cursor value = sip_rest(c);

	nf_ct_cursor_skip_any(&value, SIP_BLANKS);
	return value;
}

/**
 * nf_ct_sip_field - go to the next field of a name
 * @c:     in the line before the first one that is looked at; on the field's line if
 *         there is one
 * @field: which
 * @value: what it says, with the lines that continue it
 *
 * Looks no further than the empty line that ends the head.
 *
 * Return: false if there is none; @c is anywhere.
 */
bool nf_ct_sip_field(struct nf_ct_cursor *c, enum nf_ct_sip_field field,
		     struct nf_ct_cursor *value)
{
	while (nf_ct_sip_next_line(c)) {
		struct nf_ct_cursor at = *c;

		if (sip_empty_line(&at))
			return false;
		if (!sip_is_field(&at, &sip_fields[field]))
			continue;
		*value = sip_value_of(&at);
		return true;
	}
	return false;
}

/**
 * nf_ct_sip_number - read a decimal number
 * @c:      the cursor; before the first byte that is no digit
 * @number: result; one of 2^32 and more is 2^32 - 1
 *
 * Return: false if there is none.
 */
bool nf_ct_sip_number(struct nf_ct_cursor *c, u32 *number)
{
	struct nf_ct_cursor at = *c;

	*number = nf_ct_cursor_decimal(&at, 32, ~0U);
	if (!nf_ct_cursor_ok(&at))
		*number = ~0U;
	return nf_ct_cursor_skip_any(c, "0123456789");
}

/* --- addresses --------------------------------------------------------------- */

/* Could a name of a host go on here? */
static bool sip_in_name(const struct nf_ct_cursor *c)
{
	int byte = nf_ct_cursor_peek(c);

	return nf_ct_cursor_is_digit(byte) || byte == '-' || byte == '.' || byte == '_' ||
	       (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

/**
 * nf_ct_sip_host - read an address
 * @c:        the cursor; behind the address
 * @family:   4 or 6; no other address counts
 * @brackets: one of IPv6 must have them
 * @addr:     result, 4 or 16 bytes, then zeros
 *
 * Return: false, and the cursor has failed, if there is none.
 */
bool nf_ct_sip_host(struct nf_ct_cursor *c, u8 family, bool brackets, u8 addr[16])
{
	bool bracket = family == 6 && nf_ct_cursor_literal(c, "[");

	__builtin_memset(addr, 0, 16);
	if (family == 4)
		nf_ct_cursor_ipv4(c, addr);
	else if (bracket || !brackets)
		nf_ct_cursor_ipv6(c, addr);
	else
		nf_ct_cursor_fail(c);
	if (bracket)
		nf_ct_cursor_expect(c, "]");
	if (sip_in_name(c))
		nf_ct_cursor_fail(c);
	return nf_ct_cursor_ok(c);
}

/* An address, and a port behind a colon */
static enum nf_ct_sip_found sip_host_port(struct nf_ct_cursor *c, u8 family,
					  struct nf_ct_sip_uri *uri)
{
	struct nf_ct_cursor at = *c;

	uri->place.begin = nf_ct_cursor_offset(c);
	uri->port = NF_CT_SIP_USUAL_PORT;
	if (!nf_ct_sip_host(&at, family, true, uri->addr))
		return NF_CT_SIP_NONE;
	*c = at;
	if (nf_ct_cursor_literal(c, ":"))
		uri->port = nf_ct_cursor_decimal(c, 5, 65535);
	uri->place.len = nf_ct_cursor_offset(c) - uri->place.begin;
	if (nf_ct_cursor_ok(c) && uri->port >= NF_CT_SIP_LOWEST_PORT)
		return NF_CT_SIP_FOUND;
	return NF_CT_SIP_IS_BAD;
}

/* Pass over the user of a URI, "alice@" or "alice:secret@".  Between "<" and ">" a comma
 * may be part of it (RFC 3261 20).
 */
static void sip_skip_user(struct nf_ct_cursor *c, bool enclosed)
{
	struct nf_ct_cursor at = *c;

	nf_ct_cursor_find_any(&at, enclosed ? "@<>\" \t\r\n" : "@,<>\" \t\r\n");
	if (nf_ct_cursor_peek(&at) != '@')
		return;
	*c = at;
	nf_ct_cursor_skip(c, 1);
}

/* Is the byte here the one behind "sip", "UDP" or "TCP"? */
static bool sip_is_behind(const struct nf_ct_cursor *c, const char *word, bool *enclosed)
{
	u32 offset = nf_ct_cursor_offset(c);
	struct nf_ct_cursor at = *c;

	if (offset < 3 || !nf_ct_cursor_seek(&at, offset - 3) ||
	    !nf_ct_cursor_literal_nocase(&at, word))
		return false;
	at = *c;
	*enclosed = offset > 3 && nf_ct_cursor_seek(&at, offset - 4) &&
		    nf_ct_cursor_peek(&at) == '<';
	return true;
}

/* Pass over a text in quotes, which may contain anything */
static void sip_skip_quoted(struct nf_ct_cursor *c)
{
	while (nf_ct_cursor_skip(c, 1) && nf_ct_cursor_find_any(c, "\"\\")) {
		if (nf_ct_cursor_peek(c) == '"') {
			nf_ct_cursor_skip(c, 1);
			return;
		}
		nf_ct_cursor_skip(c, 1);
	}
	nf_ct_cursor_skip(c, nf_ct_cursor_left(c));
}

/* Pass over the name before an address, if it is in quotes */
static void sip_skip_name(struct nf_ct_cursor *c)
{
	nf_ct_cursor_skip_any(c, SIP_BLANKS ",");
	if (nf_ct_cursor_peek(c) == '"')
		sip_skip_quoted(c);
}

/* Go to the address behind the next "sip:" or transport of Via, if there is one */
static bool sip_find_host(struct nf_ct_cursor *c, enum nf_ct_sip_field field)
{
	const char *word = sip_fields[field].before;
	bool uri = *word == 's', enclosed;

	while (nf_ct_cursor_find_any(c, uri ? ":" : SIP_BLANKS)) {
		if (!sip_is_behind(c, word, &enclosed)) {
			nf_ct_cursor_skip(c, 1);
			continue;
		}
		if (uri) {
			nf_ct_cursor_skip(c, 1);
			sip_skip_user(c, enclosed);
		} else {
			nf_ct_cursor_skip_any(c, SIP_BLANKS);
		}
		return true;
	}
	return false;
}

/* The next address of a field's value.  Names of hosts do not count.
 * DIFF: sip-contacts
 */
static enum nf_ct_sip_found sip_next_in(struct nf_ct_cursor *value,
					enum nf_ct_sip_field field, u8 family,
					struct nf_ct_sip_uri *uri)
{
	enum nf_ct_sip_found found = NF_CT_SIP_NONE;

	sip_skip_name(value);
	while (found == NF_CT_SIP_NONE && sip_find_host(value, field))
		found = sip_host_port(value, family, uri);
	return found;
}

/* Go to the comma that ends what belongs to an address.  False at the field's end. */
static bool sip_find_comma(struct nf_ct_cursor *c)
{
	while (nf_ct_cursor_find_any(c, ",\"")) {
		if (nf_ct_cursor_peek(c) == ',')
			return true;
		sip_skip_quoted(c);
	}
	return false;
}

/**
 * nf_ct_sip_next_uri - go to the next address that fields of a name have
 * @c:      in the start line, or behind the last address; behind the address
 * @field:  one that has addresses
 * @family: 4 or 6, of addresses that count
 * @inside: @c is behind an address; set at the end
 * @uri:    result
 *
 * Return: NF_CT_SIP_NONE behind the last one; NF_CT_SIP_IS_BAD, and @c is anywhere, if
 *         the port of one is no port, or below 1024.
 */
enum nf_ct_sip_found nf_ct_sip_next_uri(struct nf_ct_cursor *c,
					enum nf_ct_sip_field field, u8 family,
					bool *inside, struct nf_ct_sip_uri *uri)
{
	enum nf_ct_sip_found found = NF_CT_SIP_NONE;
	struct nf_ct_cursor value;

	if (*inside) {
		value = sip_rest(c);
		if (sip_find_comma(&value))
			found = sip_next_in(&value, field, family, uri);
	}
	*inside = false;
	while (found == NF_CT_SIP_NONE && nf_ct_sip_field(c, field, &value))
		found = sip_next_in(&value, field, family, uri);
	if (found != NF_CT_SIP_FOUND)
		return found;
	*inside = true;
	nf_ct_cursor_seek(c, uri->place.begin + uri->place.len);
	return NF_CT_SIP_FOUND;
}

/**
 * nf_ct_sip_request_uri - the address of a request
 * @c:      on its start line
 * @family: 4 or 6
 * @uri:    result
 *
 * Return: NF_CT_SIP_NONE if it has a name; NF_CT_SIP_IS_BAD as nf_ct_sip_next_uri().
 */
enum nf_ct_sip_found nf_ct_sip_request_uri(const struct nf_ct_cursor *c, u8 family,
					   struct nf_ct_sip_uri *uri)
{
	struct nf_ct_cursor at = *c, line;

	line = nf_ct_cursor_token(&at, "\r\n");
	if (!sip_find_host(&line, NF_CT_SIP_TO))
		return NF_CT_SIP_NONE;
	return sip_host_port(&line, family, uri);
}

/**
 * nf_ct_sip_value - go to a field that says what fields of its name must
 * @c:      in the start line, or in the last field found
 * @field:  which
 * @family: 4 or 6, of addresses that count
 * @place:  result: a number, a Call-ID, an address
 *
 * Return: NF_CT_SIP_FOUND or NF_CT_SIP_NONE.
 */
enum nf_ct_sip_found nf_ct_sip_value(struct nf_ct_cursor *c, enum nf_ct_sip_field field,
				     u8 family, struct nf_ct_sip_place *place)
{
	struct nf_ct_sip_uri uri;
	struct nf_ct_cursor value;

	while (nf_ct_sip_field(c, field, &value)) {
		if (sip_fields[field].before) {
			if (sip_next_in(&value, field, family, &uri) != NF_CT_SIP_FOUND)
				continue;
			*place = uri.place;
			return NF_CT_SIP_FOUND;
		}
		place->begin = nf_ct_cursor_offset(&value);
		if (field == NF_CT_SIP_CALL_ID)
			value = nf_ct_cursor_token(&value, SIP_BLANKS);
		else
			nf_ct_cursor_skip_any(&value, "0123456789");
		place->len = field == NF_CT_SIP_CALL_ID ? nf_ct_cursor_left(&value) :
			     nf_ct_cursor_offset(&value) - place->begin;
		if (place->len)
			return NF_CT_SIP_FOUND;
	}
	return NF_CT_SIP_NONE;
}

/**
 * nf_ct_sip_param - find a parameter of an address
 * @c:     behind the address
 * @name:  its name and "="
 * @value: what it says, and all that follows in the field
 *
 * Return: false if there is none before the next address.
 */
bool nf_ct_sip_param(const struct nf_ct_cursor *c, const char *name,
		     struct nf_ct_cursor *value)
{
	*value = sip_rest(c);
	while (nf_ct_cursor_find_any(value, ";,\"")) {
		switch (nf_ct_cursor_peek(value)) {
		case ',':
			return false;
		case '"':
			sip_skip_quoted(value);
			continue;
		}
		nf_ct_cursor_skip(value, 1);
		nf_ct_cursor_skip_any(value, SIP_BLANKS);
		if (nf_ct_cursor_literal_nocase(value, name))
			return true;
	}
	return false;
}

/* --- the head ---------------------------------------------------------------- */

/* The method that comes next, up to a blank or the end of the line */
static u8 sip_method(struct nf_ct_cursor *c)
{
	struct nf_ct_cursor word = nf_ct_cursor_token(c, SIP_BLANKS), at;
	u8 method;

	for (method = NF_CT_SIP_INVITE; method < ARRAY_SIZE(sip_methods); method++) {
		at = word;
		if (nf_ct_cursor_literal_nocase(&at, sip_methods[method]) &&
		    !nf_ct_cursor_left(&at))
			return method;
	}
	return NF_CT_SIP_OTHER;
}

/* A request's start line ends with the version (RFC 3261 7.1) */
static bool sip_ends_with_version(struct nf_ct_cursor line)
{
	u32 end = nf_ct_cursor_offset(&line) + nf_ct_cursor_left(&line);
	struct nf_ct_cursor at = line;

	if (nf_ct_cursor_find_last(&at, '\r') && nf_ct_cursor_left(&at) == 1)
		end--;
	return end - nf_ct_cursor_offset(&line) > sizeof(SIP_VERSION) &&
	       nf_ct_cursor_seek(&line, end - sizeof(SIP_VERSION)) &&
	       sip_at_blank(&line) && nf_ct_cursor_skip(&line, 1) &&
	       nf_ct_cursor_literal_nocase(&line, SIP_VERSION);
}

/* Is it text that may become a start line? */
static enum nf_ct_sip_verdict sip_start_so_far(struct nf_ct_cursor at)
{
	u8 first = nf_ct_cursor_lower(nf_ct_cursor_peek(&at));

	if (first < 'a' || first > 'z' || nf_ct_cursor_left(&at) > SIP_START_MAX)
		return NF_CT_SIP_NOTHING;
	while (nf_ct_cursor_left(&at)) {
		u8 byte = nf_ct_cursor_u8(&at);

		if (byte < ' ' && byte != '\t' && byte != '\r')
			return NF_CT_SIP_NOTHING;
	}
	return NF_CT_SIP_UNFINISHED;
}

static enum nf_ct_sip_verdict sip_status(struct nf_ct_cursor *line,
					 struct nf_ct_sip_head *head)
{
	nf_ct_cursor_skip_blanks(line);
	head->code = nf_ct_cursor_decimal(line, 3, 999);
	if (head->code >= 100)
		return NF_CT_SIP_MESSAGE;
	head->rule = "response without a status";
	return NF_CT_SIP_BAD;
}

/* DIFF: sip-start-line */
static enum nf_ct_sip_verdict sip_start(const struct nf_ct_cursor *c,
					struct nf_ct_sip_head *head)
{
	struct nf_ct_cursor at = *c, line;

	if (!nf_ct_cursor_find_byte(&at, '\n'))
		return sip_start_so_far(*c);
	line = *c;
	line = nf_ct_cursor_take(&line, nf_ct_cursor_offset(&at) - nf_ct_cursor_offset(c));
	if (nf_ct_cursor_literal_nocase(&line, SIP_VERSION) && sip_at_blank(&line))
		return sip_status(&line, head);
	if (!sip_ends_with_version(line))
		return NF_CT_SIP_NOTHING;
	head->method = sip_method(&line);
	return NF_CT_SIP_MESSAGE;
}

/* Number and method of CSeq.  DIFF: sip-malformed */
static bool sip_read_cseq(struct nf_ct_cursor *value, struct nf_ct_sip_head *head)
{
	if (head->has_cseq)
		return true;
	head->cseq = nf_ct_cursor_decimal(value, 10, ~0U);
	if (!nf_ct_cursor_ok(value)) {
		head->rule = "CSeq: no number";
		return false;
	}
	head->has_cseq = true;
	nf_ct_cursor_skip_any(value, SIP_BLANKS);
	if (head->code)
		head->method = sip_method(value);
	return true;
}

static bool sip_read_expires(struct nf_ct_cursor *value, struct nf_ct_sip_head *head)
{
	if (!head->has_expires)
		head->has_expires = nf_ct_sip_number(value, &head->expires);
	return true;
}

static bool sip_read_length(struct nf_ct_cursor *value, struct nf_ct_sip_head *head)
{
	if (head->has_length)
		return true;
	head->has_length = true;
	if (!nf_ct_sip_number(value, &head->length))
		head->length = NF_CT_SIP_NO_LENGTH;
	return true;
}

static bool sip_read_call(struct nf_ct_cursor *value, struct nf_ct_sip_head *head)
{
	struct nf_ct_cursor id = nf_ct_cursor_token(value, SIP_BLANKS);

	if (!head->call.len) {
		head->call.begin = nf_ct_cursor_offset(&id);
		head->call.len = nf_ct_cursor_left(&id);
	}
	return true;
}

struct sip_head_field {
	enum nf_ct_sip_field	field;
	bool			(*read)(struct nf_ct_cursor *value,
					struct nf_ct_sip_head *head);
};

static const struct sip_head_field sip_head_fields[] = {
	{ NF_CT_SIP_CSEQ,		sip_read_cseq },
	{ NF_CT_SIP_CALL_ID,		sip_read_call },
	{ NF_CT_SIP_EXPIRES,		sip_read_expires },
	{ NF_CT_SIP_CONTENT_LENGTH,	sip_read_length },
};

/* One line of the head; false if it breaks a rule */
static bool sip_read_line(const struct nf_ct_cursor *line, struct nf_ct_sip_head *head)
{
	struct nf_ct_cursor at, value;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sip_head_fields); i++) {
		at = *line;
		if (!sip_is_field(&at, &sip_fields[sip_head_fields[i].field]))
			continue;
		value = sip_value_of(&at);
		return sip_head_fields[i].read(&value, head);
	}
	return true;
}

/* Does a line begin like one of these fields?  Most do not. */
static bool sip_may_matter(const struct nf_ct_cursor *c)
{
	switch (nf_ct_cursor_peek(c)) {
	case 'C': case 'c': case 'E': case 'e': case 'L': case 'l': case 'I': case 'i':
		return true;
	}
	return false;
}

/**
 * nf_ct_sip_read - read the head of a message
 * @c:    at its first byte
 * @head: result; of NF_CT_SIP_NOTHING it says nothing
 *
 * Return: the verdict.
 */
enum nf_ct_sip_verdict nf_ct_sip_read(const struct nf_ct_cursor *c,
				      struct nf_ct_sip_head *head)
{
	bool whole = false, good = true;
	enum nf_ct_sip_verdict verdict;
	struct nf_ct_cursor at = *c;

	*head = (struct nf_ct_sip_head){ 0 };
	verdict = sip_start(c, head);
	if (verdict != NF_CT_SIP_MESSAGE)
		return verdict;
	while (!whole && nf_ct_sip_next_line(&at)) {
		whole = sip_empty_line(&at);
		if (!whole && sip_may_matter(&at))
			good = sip_read_line(&at, head) && good;
	}
	if (!whole)
		nf_ct_cursor_skip(&at, nf_ct_cursor_left(&at));
	head->body = nf_ct_cursor_offset(&at);
	if (good && !head->has_cseq)
		head->rule = "no CSeq";
	if (!whole)
		return NF_CT_SIP_UNFINISHED;
	return good && head->has_cseq ? NF_CT_SIP_MESSAGE : NF_CT_SIP_BAD;
}
