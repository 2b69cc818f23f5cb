// SPDX-License-Identifier: GPL-2.0
/*
 * helpers/h323_parse.c with its reader of PER: the first byte says which kind of message
 * follows.  Whatever is found lies in the message, and the same bytes give the same.
 */
#include "../../helpers/h323_per.c"
#include "../../helpers/h323_asn1.c"
#include "../../helpers/h323_parse.c"
#include "fuzz.h"

static bool read_message(const uint8_t *data, size_t size, struct nf_ct_h323_found *found)
{
	const char *rule = NULL;
	struct nf_ct_cursor c;
	bool ok;

	nf_ct_cursor_init(&c, data + 1, size - 1);
	switch (data[0] % 3) {
	case 0:
		ok = nf_ct_h323_read_q931(&c, found, &rule);
		break;
	case 1:
		ok = nf_ct_h323_read_h245(&c, found, &rule);
		break;
	default:
		ok = nf_ct_h323_read_ras(&c, found, &rule);
	}
	MUST(ok == !rule);
	return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct nf_ct_h323_found found, again;
	struct nf_ct_cursor c;
	u16 len = 0;
	u32 i;

	nf_ct_per_init();
	nf_ct_cursor_init(&c, data, size);
	if (nf_ct_h323_read_tpkt(&c, &len) == NF_CT_H323_FRAME_WHOLE)
		MUST((size_t)len + NF_CT_H323_TPKT_HEAD <= size);
	if (!size || !read_message(data, size, &found))
		return 0;
	MUST(read_message(data, size, &again) && again.n == found.n);
	MUST(found.n <= NF_CT_H323_ITEMS_MAX);
	for (i = 0; i < found.n; i++) {
		const struct nf_ct_h323_item *item = &found.item[i];

		MUST(item->at == again.item[i].at);
		if (item->form)
			MUST(item->at + (item->form == 4 ? 6 : 18) <= size - 1);
	}
	return 0;
}
