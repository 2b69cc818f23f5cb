// SPDX-License-Identifier: GPL-2.0
/*
 * helpers/pptp_parse.c: messages, one behind another. Each is as long as it says, and what
 * it says does not depend on what follows.
 */
#include "../../helpers/pptp_parse.c"
#include "fuzz.h"

static bool same(const struct nf_ct_pptp_said *a, const struct nf_ct_pptp_said *b)
{
	return a->type == b->type && a->call == b->call && a->peer == b->peer &&
	       a->result == b->result;
}

static void alone(const uint8_t *data, u32 size, const struct nf_ct_pptp_said *wanted)
{
	struct nf_ct_pptp_said said;
	const char *rule = NULL;
	struct nf_ct_cursor c;
	u8 *exact = malloc(size);

	memcpy(exact, data, size);
	nf_ct_cursor_init(&c, exact, size);
	MUST(nf_ct_pptp_read(&c, &said, &rule) == NF_CT_PPTP_MESSAGE);
	MUST(same(&said, wanted));
	nf_ct_cursor_init(&c, exact, size - 1);
	MUST(nf_ct_pptp_read(&c, &said, &rule) == NF_CT_PPTP_BAD && rule);
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nf_ct_pptp_said said;
	u32 at = 0, len;
	struct nf_ct_cursor c;
	const char *rule;
	enum nf_ct_pptp_verdict verdict;

	while (at < size) {
		rule = NULL;
		nf_ct_cursor_init(&c, data + at, size - at);
		verdict = nf_ct_pptp_read(&c, &said, &rule);
		MUST((verdict == NF_CT_PPTP_BAD) == (rule != NULL));
		if (verdict != NF_CT_PPTP_MESSAGE)
			break;
		len = nf_ct_cursor_offset(&c);
		MUST(len >= 16 && len == (u32)(data[at] << 8 | data[at + 1]));
		MUST(said.type >= 1 && said.type < NF_CT_PPTP_TYPES);
		alone(data + at, len, &said);
		at += len;
	}
	return 0;
}
