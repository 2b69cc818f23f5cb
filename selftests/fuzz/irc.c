// SPDX-License-Identifier: GPL-2.0
/*
 * helpers/irc_parse.c: a segment of a client. What is found lies in its line, is the text
 * of an allowed port, and is found in each beginning of the line, or that is unfinished.
 */
#include "../../helpers/irc_parse.c"
#include "fuzz.h"

/* The verdict on the first @size bytes of a line, in memory of their own */
static enum nf_ct_irc_verdict line(const uint8_t *data, u32 size, struct nf_ct_irc_said *said)
{
	struct nf_ct_irc_reader reader;
	enum nf_ct_irc_verdict verdict;
	uint8_t *exact = malloc(size);
	struct nf_ct_cursor c;

	if (size)
		memcpy(exact, data, size);
	nf_ct_cursor_init(&c, exact, size);
	nf_ct_irc_reader_init(&reader, &c);
	verdict = nf_ct_irc_read(&reader, said);
	MUST(nf_ct_cursor_offset(&reader.c) <= size);
	free(exact);
	return verdict;
}

static void beginnings(const uint8_t *data, u32 size, const struct nf_ct_irc_said *whole)
{
	enum nf_ct_irc_verdict verdict;
	struct nf_ct_irc_said part;
	u32 n;

	for (n = 1; n < size; n++) {
		verdict = line(data, n, &part);
		MUST(verdict == NF_CT_IRC_UNFINISHED || verdict == NF_CT_IRC_FOUND);
		if (verdict == NF_CT_IRC_FOUND)
			MUST(part.port == whole->port && part.addr == whole->addr &&
			     part.len == whole->len);
	}
}

/* The text that is replaced is that of the two numbers. */
static void text(const uint8_t *data, const struct nf_ct_irc_said *said)
{
	char copy[64], blank;
	unsigned int addr, port;
	int end = 0;

	if (said->len >= sizeof(copy))
		return;
	memcpy(copy, data + said->begin, said->len);
	copy[said->len] = '\0';
	MUST(sscanf(copy, "%u%c%u%n", &addr, &blank, &port, &end) == 3);
	MUST(addr == said->addr && port == said->port && blank == ' ');
	MUST((u32)end == said->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nf_ct_irc_reader reader;
	enum nf_ct_irc_verdict verdict;
	struct nf_ct_irc_said said;
	struct nf_ct_cursor c;
	u32 end;

	nf_ct_cursor_init(&c, data, size);
	nf_ct_irc_reader_init(&reader, &c);
	while ((verdict = nf_ct_irc_read(&reader, &said)) != NF_CT_IRC_NOTHING) {
		end = nf_ct_cursor_offset(&reader.c);
		MUST(reader.line < end && end <= size);
		MUST((verdict == NF_CT_IRC_BAD) == (said.rule != NULL));
		if (verdict == NF_CT_IRC_UNFINISHED)
			MUST(end == size);
		if (verdict != NF_CT_IRC_FOUND)
			continue;
		MUST(said.begin > reader.line && said.len && said.begin + said.len <= end);
		MUST(said.port >= NF_CT_IRC_LOWEST_PORT);
		text(data, &said);
		if (end - reader.line < 256)
			beginnings(data + reader.line, end - reader.line, &(struct nf_ct_irc_said){
				.port = said.port, .addr = said.addr, .len = said.len });
	}
	return 0;
}
