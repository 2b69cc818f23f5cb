// SPDX-License-Identifier: GPL-2.0
/*
 * The match "sctp": ports, and the types and flags of the chunks of an SCTP packet.  For all
 * hooks; without state.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netfilter/xt_sctp.h>
#include <linux/sctp.h>

#include "xt_extension.h"
#include "xt_transport.h"

/* What one chunk says of the packet */
enum sctp_mt_verdict {
	SCTP_MT_GO_ON,
	SCTP_MT_YES,
	SCTP_MT_NO,
};

/* Has the chunk the flags that the rule wants of its type? */
static bool sctp_mt_flags(const struct xt_sctp_info *info, const struct sctp_chunkhdr *chunk)
{
	const struct xt_sctp_flag_info *want;

	for (want = info->flag_info; want < info->flag_info + info->flag_count; want++) {
		if (want->chunktype == chunk->type)
			return (chunk->flags & want->flag_mask) == want->flag;
	}
	return true;
}

/* @missing: types that the rule wants and no chunk has had yet; of "all" only */
static enum sctp_mt_verdict sctp_mt_chunk(const struct xt_sctp_info *info,
					  const struct sctp_chunkhdr *chunk, u32 *missing)
{
	bool wanted = SCTP_CHUNKMAP_IS_SET(info->chunkmap, chunk->type) &&
		      sctp_mt_flags(info, chunk);

	switch (info->chunk_match_type) {
	case SCTP_CHUNK_MATCH_ANY:
		return wanted ? SCTP_MT_YES : SCTP_MT_GO_ON;
	case SCTP_CHUNK_MATCH_ONLY:
		return wanted ? SCTP_MT_GO_ON : SCTP_MT_NO;
	case SCTP_CHUNK_MATCH_ALL:
		if (wanted)
			SCTP_CHUNKMAP_CLEAR(missing, chunk->type);
		return SCTP_MT_GO_ON;
	}
	return SCTP_MT_NO;
}

/* All chunks went by: what is the answer? */
static bool sctp_mt_at_end(const struct xt_sctp_info *info, bool none_missing)
{
	if (info->chunk_match_type == SCTP_CHUNK_MATCH_ALL)
		return none_missing;
	return info->chunk_match_type == SCTP_CHUNK_MATCH_ONLY;
}

/* A chunk that is cut off, or without a length, leaves the rest unread: the packet is dropped */
static bool sctp_mt_chunks(const struct sk_buff *skb, struct xt_action_param *par,
			   const struct xt_sctp_info *info)
{
	u32 missing[ARRAY_SIZE(info->chunkmap)];
	const struct sctp_chunkhdr *chunk;
	enum sctp_mt_verdict verdict;
	struct sctp_chunkhdr room;
	unsigned int at;

	SCTP_CHUNKMAP_COPY(missing, info->chunkmap);
	at = par->thoff + sizeof(struct sctphdr);
	do {
		chunk = skb_header_pointer(skb, at, sizeof(room), &room);
		if (!chunk || !chunk->length) {
			par->hotdrop = true;
			return false;
		}
		verdict = sctp_mt_chunk(info, chunk, missing);
		if (verdict != SCTP_MT_GO_ON)
			return verdict == SCTP_MT_YES;
		at += ALIGN(ntohs(chunk->length), 4);
	} while (at < skb->len);
	return sctp_mt_at_end(info, SCTP_CHUNKMAP_IS_CLEAR(missing));
}

static bool sctp_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_sctp_info *info = par->matchinfo;
	const struct sctphdr *header;
	struct sctphdr room;

	header = xt_transport_header(skb, par, sizeof(room), &room);
	if (!header)
		return false;
	if (info->flags & XT_SCTP_DEST_PORTS &&
	    !xt_in_range(ntohs(header->dest), info->dpts[0], info->dpts[1],
			 info->invflags & XT_SCTP_DEST_PORTS))
		return false;
	if (info->flags & XT_SCTP_SRC_PORTS &&
	    !xt_in_range(ntohs(header->source), info->spts[0], info->spts[1],
			 info->invflags & XT_SCTP_SRC_PORTS))
		return false;
	if (!(info->flags & XT_SCTP_CHUNK_TYPES))
		return true;
	return sctp_mt_chunks(skb, par, info) != !!(info->invflags & XT_SCTP_CHUNK_TYPES);
}

static int sctp_mt_check(const struct xt_mtchk_param *par)
{
	const u32 matches = SCTP_CHUNK_MATCH_ANY | SCTP_CHUNK_MATCH_ALL | SCTP_CHUNK_MATCH_ONLY;
	const struct xt_sctp_info *info = par->matchinfo;

	if (info->flag_count < 0 || info->flag_count > XT_NUM_SCTP_FLAGS)
		return xt_refuse(-EINVAL, "flags of %d chunk types are more than %u",
				 info->flag_count, XT_NUM_SCTP_FLAGS);
	if (info->flags & ~XT_SCTP_VALID_FLAGS)
		return xt_refuse(-EINVAL, "unknown conditions 0x%x", info->flags);
	if (info->invflags & ~info->flags)
		return xt_refuse(-EINVAL, "inverts conditions 0x%x that it does not have",
				 info->invflags & ~info->flags);
	if (info->flags & XT_SCTP_CHUNK_TYPES && !(info->chunk_match_type & matches))
		return xt_refuse(-EINVAL, "neither any, all nor only of the chunk types");
	return 0;
}

static struct xt_match sctp_mt_rows[] __read_mostly = {
	XT_BOTH(.name = "sctp", .proto = IPPROTO_SCTP,
		.match = sctp_mt, .checkentry = sctp_mt_check,
		.matchsize = sizeof(struct xt_sctp_info)),
};

XT_MODULE_MATCHES(sctp_mt_rows);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: ports and chunks of SCTP (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_sctp");
MODULE_ALIAS("ip6t_sctp");
