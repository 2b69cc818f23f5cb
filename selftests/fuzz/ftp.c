// SPDX-License-Identifier: GPL-2.0
/*
 * helpers/ftp_parse.c: a segment of a client and of a server. What is found lies in the
 * segment, has an allowed port, and is found in each beginning of its line, or that is
 * unfinished.
 */
#include "../../helpers/ftp_parse.c"
#include "fuzz.h"

/* The verdict on the first @size bytes of a line, in memory of their own */
static enum nf_ct_ftp_verdict line(const uint8_t *data, u32 size, bool server,
				   struct nf_ct_ftp_said *said)
{
	enum nf_ct_ftp_verdict verdict;
	uint8_t *exact = malloc(size);
	struct nf_ct_cursor c;

	if (size)
		memcpy(exact, data, size);
	nf_ct_cursor_init(&c, exact, size);
	verdict = nf_ct_ftp_line(&c, server, said);
	MUST(nf_ct_cursor_offset(&c) <= size);
	free(exact);
	return verdict;
}

static void beginnings(const uint8_t *data, u32 size, bool server,
		       const struct nf_ct_ftp_said *whole)
{
	enum nf_ct_ftp_verdict verdict;
	struct nf_ct_ftp_said part;
	u32 n;

	for (n = 1; n < size; n++) {
		verdict = line(data, n, server, &part);
		MUST(verdict == NF_CT_FTP_UNFINISHED || verdict == NF_CT_FTP_FOUND);
		if (verdict == NF_CT_FTP_FOUND)
			MUST(part.port == whole->port && part.len == whole->len);
	}
}

static void segment(const uint8_t *data, size_t size, bool server)
{
	struct nf_ct_ftp_reader reader;
	enum nf_ct_ftp_verdict verdict;
	struct nf_ct_ftp_said said;
	struct nf_ct_cursor c;
	u32 end;

	nf_ct_cursor_init(&c, data, size);
	nf_ct_ftp_is_plain(&c);
	nf_ct_ftp_reader_init(&reader, &c, server);
	while ((verdict = nf_ct_ftp_read(&reader, &said)) != NF_CT_FTP_NOTHING) {
		end = nf_ct_cursor_offset(&reader.c);
		MUST(reader.line < end && end <= size);
		if (verdict == NF_CT_FTP_BAD)
			MUST(said.rule);
		if (verdict == NF_CT_FTP_UNFINISHED)
			MUST(end == size);
		if (verdict != NF_CT_FTP_FOUND)
			continue;
		MUST(said.begin + said.len <= end);
		MUST(said.form == NF_CT_FTP_SAYS_SECURED ||
		     (said.len && said.port >= NF_CT_FTP_LOWEST_PORT));
		if (end - reader.line < 256)
			beginnings(data + reader.line, end - reader.line, server, &said);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	segment(data, size, false);
	segment(data, size, true);
	return 0;
}
