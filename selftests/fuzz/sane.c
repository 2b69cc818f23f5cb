// SPDX-License-Identifier: GPL-2.0
/*
 * helpers/sane_parse.c: a message, whole and in two pieces (the first byte tells where it
 * is cut): the verdict is the same, and what is found is what stands there.
 */
#include "../../helpers/sane_parse.c"
#include "fuzz.h"

static const char *read_on(struct nf_ct_sane_head *head, bool answer, const uint8_t *data,
			   u32 size)
{
	uint8_t *exact = malloc(size);
	struct nf_ct_cursor c;
	const char *rule;

	if (size)
		memcpy(exact, data, size);
	nf_ct_cursor_init(&c, exact, size);
	rule = answer ? nf_ct_sane_read_answer(head, &c) : nf_ct_sane_read_request(head, &c);
	MUST(nf_ct_cursor_ok(&c) && head->bytes <= 8);
	free(exact);
	return rule;
}

static void message(const uint8_t *data, u32 size, u32 cut, bool answer)
{
	struct nf_ct_sane_head whole = { 0 }, cut_up = { 0 };
	const char *rule = read_on(&whole, answer, data, size);

	MUST((whole.verdict == NF_CT_SANE_BAD) == (rule != NULL));
	read_on(&cut_up, answer, data, cut);
	read_on(&cut_up, answer, data + cut, size - cut);
	MUST(cut_up.verdict == whole.verdict && cut_up.word == whole.word);
	MUST(cut_up.bytes == whole.bytes);
	if (whole.verdict != NF_CT_SANE_FOUND)
		return;
	MUST(!data[0] && !data[1] && !data[2] && data[3] == (answer ? 0 : 7));
	if (answer)
		MUST(whole.word == (u32)(data[6] << 8 | data[7]) && data[6] >= 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u32 cut;

	if (!size)
		return 0;
	cut = data[0] % size;
	message(data + 1, size - 1, cut, false);
	message(data + 1, size - 1, cut, true);
	return 0;
}
