// SPDX-License-Identifier: GPL-2.0
/*
 * The lines of an FTP control connection that announce a data connection.  A table has
 * a row for each form; a form is a sequence of steps, and a step that does not succeed
 * names the rule that the line breaks.  Each byte is read through the cursor.  A line
 * costs time in proportion to its length.  No state, no locks, no kernel types.
 */
#include "ftp_parse.h"

#define FTP_DIGITS	"0123456789"

/* What a step may look at, and what it fills in */
struct ftp_reading {
	struct nf_ct_cursor	c;
	struct nf_ct_ftp_said	*said;
	bool			whole;		/* the line has its end */
	u8			delimiter;	/* RFC 2428: of this line */
};

struct ftp_step {
	bool		(*read)(struct ftp_reading *r);
	const char	*rule;
};

struct ftp_form {
	const char		*word;
	const struct ftp_step	*steps;
	u8			form;
	bool			server;
};

/* --- pieces ------------------------------------------------------------------ */

/* Is it sure that nothing more belongs to what was read last? */
static bool ftp_is_over(struct ftp_reading *r)
{
	if (!r->whole && nf_ct_cursor_peek(&r->c) < 0)
		nf_ct_cursor_fail_here(&r->c);
	return nf_ct_cursor_ok(&r->c);
}

/* The text from @begin to here is what a NAT helper replaces. */
static bool ftp_announce(struct ftp_reading *r, u32 begin)
{
	if (!nf_ct_cursor_ok(&r->c))
		return false;
	r->said->begin = begin;
	r->said->len = nf_ct_cursor_offset(&r->c) - begin;
	return true;
}

/* A comma, and blanks that may follow it */
static bool ftp_comma(struct ftp_reading *r)
{
	if (!nf_ct_cursor_literal(&r->c, ",")) {
		nf_ct_cursor_fail_here(&r->c);
		return false;
	}
	nf_ct_cursor_skip_blanks(&r->c);
	return true;
}

/* Six numbers with commas between.  Blanks behind a comma do not hurt: clients read
 * the numbers with sscanf().
 * DIFF: ftp-numbers
 */
static bool ftp_six_numbers(struct ftp_reading *r)
{
	u32 begin = nf_ct_cursor_offset(&r->c), i;
	u8 number[6];

	for (i = 0; i < sizeof(number); i++) {
		if (i && !ftp_comma(r))
			return false;
		number[i] = nf_ct_cursor_decimal(&r->c, 3, 255);
	}
	if (!ftp_announce(r, begin) || !ftp_is_over(r))
		return false;

	r->said->family = 4;
	__builtin_memcpy(r->said->addr, number, 4);
	r->said->port = number[4] << 8 | number[5];
	return true;
}

/* A delimiter that cannot be part of an address or a number */
static bool ftp_delimiter(struct ftp_reading *r)
{
	int byte = nf_ct_cursor_peek(&r->c);

	if (byte < 0) {
		nf_ct_cursor_fail_here(&r->c);
		return false;
	}
	if (byte < 33 || byte > 126 || byte == '.' || byte == ':' ||
	    nf_ct_cursor_hex_digit(byte) >= 0) {
		nf_ct_cursor_fail(&r->c);
		return false;
	}
	r->delimiter = nf_ct_cursor_u8(&r->c);
	return true;
}

static bool ftp_same_delimiter(struct ftp_reading *r)
{
	const char text[] = { r->delimiter, '\0' };

	return nf_ct_cursor_expect(&r->c, text);
}

/* "|||PORT|": the delimiter three times, the port, and the delimiter again */
static bool ftp_port_only(struct ftp_reading *r)
{
	u32 begin = nf_ct_cursor_offset(&r->c);
	u16 port;

	if (!ftp_delimiter(r) || !ftp_same_delimiter(r) || !ftp_same_delimiter(r))
		return false;
	port = nf_ct_cursor_decimal(&r->c, 5, 65535);
	if (!ftp_same_delimiter(r) || !ftp_announce(r, begin))
		return false;

	r->said->family = 0;
	r->said->port = port;
	return true;
}

/* --- steps ------------------------------------------------------------------- */

static bool ftp_blanks(struct ftp_reading *r)
{
	if (!nf_ct_cursor_skip_blanks(&r->c))
		nf_ct_cursor_fail_here(&r->c);
	return nf_ct_cursor_ok(&r->c);
}

/* The first place of a line where six numbers stand.  Each attempt begins at a number
 * and reads six at most, so a line is read seven times at the most.
 */
static bool ftp_find_numbers(struct ftp_reading *r)
{
	struct nf_ct_cursor at;

	while (nf_ct_cursor_find_digit(&r->c)) {
		at = r->c;
		if (ftp_six_numbers(r))
			return true;
		if (!r->whole && nf_ct_cursor_short(&r->c))
			return false;
		nf_ct_cursor_skip_any(&at, FTP_DIGITS);
		r->c = at;
	}
	nf_ct_cursor_set_failed(&r->c, NF_CT_CURSOR_SHORT);
	return false;
}

/* The first place of a line where "|||PORT|" stands, or the same with another
 * delimiter behind a bracket.
 */
static bool ftp_find_port(struct ftp_reading *r)
{
	struct nf_ct_cursor at;

	while (nf_ct_cursor_find_any(&r->c, "(|")) {
		at = r->c;
		if (nf_ct_cursor_literal(&r->c, "("))
			nf_ct_cursor_skip_blanks(&r->c);
		if (ftp_port_only(r))
			return true;
		if (!r->whole && nf_ct_cursor_short(&r->c))
			return false;
		nf_ct_cursor_skip(&at, 1);
		r->c = at;
	}
	nf_ct_cursor_set_failed(&r->c, NF_CT_CURSOR_SHORT);
	return false;
}

/* RFC 2428 2: 1 is IPv4, 2 is IPv6 */
static bool ftp_protocol(struct ftp_reading *r)
{
	static const u8 family[] = { 0, 4, 6 };
	u32 protocol;

	/* also the place where what is announced begins: one delimiter back */
	r->said->begin = nf_ct_cursor_offset(&r->c) - 1;
	protocol = nf_ct_cursor_decimal(&r->c, 1, 2);
	if (!ftp_same_delimiter(r))
		return false;
	if (!protocol) {
		nf_ct_cursor_fail(&r->c);
		return false;
	}
	r->said->family = family[protocol];
	return true;
}

static bool ftp_address(struct ftp_reading *r)
{
	if (r->said->family == 4)
		nf_ct_cursor_ipv4(&r->c, r->said->addr);
	else
		nf_ct_cursor_ipv6(&r->c, r->said->addr);
	return ftp_same_delimiter(r);
}

static bool ftp_port_number(struct ftp_reading *r)
{
	r->said->port = nf_ct_cursor_decimal(&r->c, 5, 65535);
	return ftp_same_delimiter(r) && ftp_announce(r, r->said->begin);
}

/* DIFF: ftp-low-ports */
static bool ftp_allowed(struct ftp_reading *r)
{
	return r->said->port >= NF_CT_FTP_LOWEST_PORT;
}

/* The end of a command.  Where the text so far is complete the rest of the line may
 * come later.
 * DIFF: ftp-strict
 */
static bool ftp_command_end(struct ftp_reading *r)
{
	int byte;

	nf_ct_cursor_skip_blanks(&r->c);
	byte = nf_ct_cursor_peek(&r->c);
	return byte < 0 || byte == '\r';
}

/* --- tables ------------------------------------------------------------------ */

/* "PORT 10,0,1,2,4,1" */
static const struct ftp_step ftp_port_steps[] = {
	/* what comes next	what is wrong if it does not */
	{ ftp_blanks,		"PORT: no blank behind the command" },
	{ ftp_six_numbers,	"PORT: not six numbers of 0 to 255" },
	{ ftp_command_end,	"PORT: more than six numbers" },
	{ ftp_allowed,		"PORT: port below 1024" },
	{ }
};

/* "EPRT |1|10.0.1.2|1025|", "EPRT |2|fd00::2|1025|" */
static const struct ftp_step ftp_eprt_steps[] = {
	/* what comes next	what is wrong if it does not */
	{ ftp_blanks,		"EPRT: no blank behind the command" },
	{ ftp_delimiter,	"EPRT: bad delimiter" },
	{ ftp_protocol,		"EPRT: protocol is not 1 or 2" },
	{ ftp_address,		"EPRT: bad address" },
	{ ftp_port_number,	"EPRT: port is no number of 0 to 65535" },
	{ ftp_command_end,	"EPRT: text behind the last delimiter" },
	{ ftp_allowed,		"EPRT: port below 1024" },
	{ }
};

/* "227 Entering Passive Mode (10,0,2,2,4,1)."; the text is the server's, brackets or
 * not (RFC 1123 4.1.2.6)
 * DIFF: ftp-forms
 */
static const struct ftp_step ftp_pasv_steps[] = {
	/* what comes next	what is wrong if it does not */
	{ ftp_find_numbers,	"227: no six numbers of 0 to 255" },
	{ ftp_allowed,		"227: port below 1024" },
	{ }
};

/* "229 Entering Extended Passive Mode (|||1025|)" */
static const struct ftp_step ftp_epsv_steps[] = {
	/* what comes next	what is wrong if it does not */
	{ ftp_find_port,	"229: no port of 0 to 65535 between delimiters" },
	{ ftp_allowed,		"229: port below 1024" },
	{ }
};

/* "234 AUTH TLS successful": the word says it all */
static const struct ftp_step ftp_secured_steps[] = {
	{ }
};

static const struct ftp_form ftp_forms[] = {
	/* begins with	goes on with		is			of the server? */
	{ "PORT",	ftp_port_steps,		NF_CT_FTP_SAYS_PORT,	false },
	{ "EPRT",	ftp_eprt_steps,		NF_CT_FTP_SAYS_EPRT,	false },
	{ "227",	ftp_pasv_steps,		NF_CT_FTP_SAYS_PASV,	true },
	{ "229",	ftp_epsv_steps,		NF_CT_FTP_SAYS_EPSV,	true },
	{ "234",	ftp_secured_steps,	NF_CT_FTP_SAYS_SECURED,	true },
};

/* --- lines ------------------------------------------------------------------- */

/* Does a command or reply code end before this byte?  "227-" begins a reply of several
 * lines, whose last line counts.
 */
static bool ftp_word_ends(int byte, bool server)
{
	if (server)
		return !nf_ct_cursor_is_digit(byte) && byte != '-';
	return byte == ' ' || byte == '\t' || byte == '\r' || byte < 0;
}

/* The form of a line, behind its word then, or NULL.  *@partly: it would be one if more
 * came.
 */
static const struct ftp_form *ftp_form_of(struct nf_ct_cursor *line, bool server,
					  bool *partly)
{
	const struct ftp_form *form;
	u32 n;

	*partly = false;
	for (form = ftp_forms; form < ftp_forms + ARRAY_SIZE(ftp_forms); form++) {
		if (form->server != server)
			continue;
		if (!nf_ct_cursor_agrees(line, form->word, true, &n)) {
			*partly |= n && n == nf_ct_cursor_left(line);
			continue;
		}
		nf_ct_cursor_skip(line, n);
		*partly = nf_ct_cursor_peek(line) < 0;
		return ftp_word_ends(nf_ct_cursor_peek(line), server) ? form : NULL;
	}
	return NULL;
}

static enum nf_ct_ftp_verdict ftp_take_steps(const struct nf_ct_cursor *line, bool whole,
					     const struct ftp_step *step,
					     struct nf_ct_ftp_said *said)
{
	struct ftp_reading r = { .c = *line, .said = said, .whole = whole };

	for (; step->read; step++) {
		if (step->read(&r))
			continue;
		if (!whole && nf_ct_cursor_short(&r.c))
			return NF_CT_FTP_UNFINISHED;
		said->rule = step->rule;
		return NF_CT_FTP_BAD;
	}
	return NF_CT_FTP_FOUND;
}

/* Can a line begin like one of the forms?  Most do not. */
static bool ftp_may_fit(const struct nf_ct_cursor *line, bool server)
{
	int byte = nf_ct_cursor_peek(line);

	if (server)
		return byte == '2';
	return byte == 'P' || byte == 'p' || byte == 'E' || byte == 'e';
}

/* What one line says, which has its end or not */
static enum nf_ct_ftp_verdict ftp_read_line(struct nf_ct_cursor line, bool whole,
					    bool server, struct nf_ct_ftp_said *said)
{
	const struct ftp_form *form;
	bool partly;

	if (!ftp_may_fit(&line, server))
		return NF_CT_FTP_NOTHING;
	form = ftp_form_of(&line, server, &partly);
	if (partly && !whole)
		return NF_CT_FTP_UNFINISHED;
	if (!form)
		return NF_CT_FTP_NOTHING;
	*said = (struct nf_ct_ftp_said){ .form = form->form };
	return ftp_take_steps(&line, whole, form->steps, said);
}

/**
 * nf_ct_ftp_line - read one line
 * @c:      at the beginning of a line; after its end, or at the end of the data
 * @server: the line is a reply
 * @said:   result; of NF_CT_FTP_NOTHING it says nothing
 *
 * What is found in a line is found in each beginning of it as well, or that is
 * unfinished: the rest of a line can change nothing.
 *
 * Return: the verdict.
 */
enum nf_ct_ftp_verdict nf_ct_ftp_line(struct nf_ct_cursor *c, bool server,
				      struct nf_ct_ftp_said *said)
{
	struct nf_ct_cursor line;
	bool whole;

	line = nf_ct_cursor_take_line(c, &whole);
	return ftp_read_line(line, whole, server, said);
}

/* Is a line the last one of a reply: three digits and a blank (RFC 959 4.2)? */
static bool ftp_ends_reply(struct nf_ct_cursor line)
{
	u32 i;

	for (i = 0; i < 3; i++) {
		if (!nf_ct_cursor_is_digit(nf_ct_cursor_u8(&line)))
			return false;
	}
	return nf_ct_cursor_peek(&line) != '-' &&
	       !nf_ct_cursor_is_digit(nf_ct_cursor_peek(&line));
}

/**
 * nf_ct_ftp_reader_init - begin to read the lines of a segment
 * @reader: the reader
 * @c:      at the beginning of a line
 * @server: the lines are replies
 */
void nf_ct_ftp_reader_init(struct nf_ct_ftp_reader *reader,
			   const struct nf_ct_cursor *c, bool server)
{
	*reader = (struct nf_ct_ftp_reader){
		.c	= *c,
		.line	= nf_ct_cursor_offset(c),
		.server	= server,
		.counts	= true,
	};
}

/**
 * nf_ct_ftp_read - go on to the next line that is about a data connection
 * @reader: the reader; its @line is where the line begins that was read, or that
 *          would be next if there is none
 * @said:   what it says
 *
 * Of a server's lines the first one counts, and those behind the last line of a reply.
 * So what a server quotes within a reply of several lines does not.
 *
 * Return: the verdict; NF_CT_FTP_NOTHING at the end of the data.
 */
enum nf_ct_ftp_verdict nf_ct_ftp_read(struct nf_ct_ftp_reader *reader,
				      struct nf_ct_ftp_said *said)
{
	enum nf_ct_ftp_verdict verdict = NF_CT_FTP_NOTHING;
	struct nf_ct_cursor line;
	bool counted, whole;

	while (nf_ct_cursor_left(&reader->c)) {
		reader->line = nf_ct_cursor_offset(&reader->c);
		line = nf_ct_cursor_take_line(&reader->c, &whole);
		counted = reader->counts;
		if (reader->server && nf_ct_cursor_left(&reader->c))
			reader->counts = ftp_ends_reply(line);
		if (counted)
			verdict = ftp_read_line(line, whole, reader->server, said);
		if (verdict != NF_CT_FTP_NOTHING)
			return verdict;
	}
	return NF_CT_FTP_NOTHING;
}

/**
 * nf_ct_ftp_is_plain - are these whole lines of text?
 * @c: all of a segment
 *
 * After CCC a secured connection speaks plainly again (RFC 4217 12.3).  No record of
 * TLS begins with a letter.
 *
 * Return: whether they are.
 */
bool nf_ct_ftp_is_plain(const struct nf_ct_cursor *c)
{
	struct nf_ct_cursor at = *c;
	u8 byte = nf_ct_cursor_lower(nf_ct_cursor_peek(c));

	if (byte < 'a' || byte > 'z')
		return false;
	while (nf_ct_cursor_left(&at)) {
		byte = nf_ct_cursor_u8(&at);
		if (byte != '\r' && byte != '\n' && byte != '\t' &&
		    (byte < 0x20 || byte > 0x7e))
			return false;
	}
	return byte == '\n';
}
