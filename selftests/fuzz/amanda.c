// SPDX-License-Identifier: GPL-2.0
/*
 * helpers/amanda_parse.c: a datagram. Each port that is found stands in it as a decimal
 * number of its own, and what follows the line does not matter.
 */
#include "../../helpers/amanda_parse.c"
#include "fuzz.h"

static void stands(const uint8_t *data, size_t size, const struct nf_ct_amanda_stream *stream)
{
	char digits[8] = "";

	MUST(stream->begin && stream->len && stream->len <= 5);
	MUST(stream->begin + stream->len < size);
	memcpy(digits, data + stream->begin, stream->len);
	MUST(atoi(digits) == stream->port && stream->port >= 1024);
	MUST(strchr(" \t", data[stream->begin - 1]));
	MUST(strchr(" \t\r\n", data[stream->begin + stream->len]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nf_ct_amanda_said said, again;
	enum nf_ct_amanda_verdict verdict;
	struct nf_ct_cursor c;
	unsigned int i;

	nf_ct_cursor_init(&c, data, size);
	verdict = nf_ct_amanda_read(&c, &said);
	MUST((verdict == NF_CT_AMANDA_BAD) == (said.rule != NULL));
	if (verdict != NF_CT_AMANDA_FOUND)
		return 0;

	for (i = 0; i < NF_CT_AMANDA_STREAMS; i++)
		if (said.streams[i].port)
			stands(data, size, &said.streams[i]);
	nf_ct_cursor_init(&c, data, nf_ct_cursor_offset(&c));
	MUST(nf_ct_amanda_read(&c, &again) == NF_CT_AMANDA_FOUND);
	MUST(!memcmp(&said, &again, sizeof(said)));
	return 0;
}
