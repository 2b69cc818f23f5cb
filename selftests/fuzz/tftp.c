// SPDX-License-Identifier: GPL-2.0
/*
 * helpers/tftp_parse.c: a datagram. What is cut off behind a request's mode does not
 * matter.
 */
#include "../../helpers/tftp_parse.c"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum nf_ct_tftp_verdict verdict;
	const char *rule = NULL;
	struct nf_ct_cursor c;

	nf_ct_cursor_init(&c, data, size);
	verdict = nf_ct_tftp_read(&c, &rule);
	MUST((verdict == NF_CT_TFTP_BAD) == (rule != NULL));
	if (verdict != NF_CT_TFTP_REQUEST)
		return 0;

	MUST(data[0] == 0 && (data[1] == 1 || data[1] == 2) && data[2]);
	MUST(nf_ct_cursor_offset(&c) < size);
	nf_ct_cursor_init(&c, data, nf_ct_cursor_offset(&c) + 1);
	MUST(nf_ct_tftp_read(&c, &rule) == NF_CT_TFTP_REQUEST);
	return 0;
}
