// SPDX-License-Identifier: GPL-2.0
/*
 * TCP sequence numbers of a connection whose payload changes in length, by a NAT
 * helper or the SYN proxy.  Keeps the offset of each direction, before and after
 * the latest change, and rewrites sequence numbers, acknowledgments and SACK
 * blocks.  ct->lock guards the offsets.
 */
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/unaligned.h>
#include <net/checksum.h>
#include <net/netfilter/nf_conntrack_seqadj.h>
#include <net/tcp.h>

#include "nf_conntrack_internal.h"
#include "nf_conntrack_packet.h"
#include "nf_ct_cursor.h"

/* A TCP header whose fields are rewritten */
struct nf_ct_tcp_edit {
	struct sk_buff	*skb;
	struct tcphdr	*th;
};

/* Offset of the byte at @seq, in the sender's numbers */
static s32 nf_ct_seqadj_offset(const struct nf_ct_seqadj *way, u32 seq)
{
	return after(seq, way->correction_pos) ? way->offset_after
					       : way->offset_before;
}

/* From the numbers that the receiver saw back to those of the sender */
static u32 nf_ct_seqadj_undo(const struct nf_ct_seqadj *way, u32 seen)
{
	return seen - nf_ct_seqadj_offset(way, seen - way->offset_before);
}

/* Replace the 32 bits at @offset of the TCP header and keep the checksum right.
 * For the checksum, a field at an odd offset counts with its bytes swapped.
 *
 * DIFF: seqadj-odd-offset: the stock module does not swap them, so that the checksum is wrong.
 */
static void nf_ct_seqadj_write(const struct nf_ct_tcp_edit *edit, u32 offset,
			       u32 value)
{
	__be32 *field = (void *)edit->th + offset;
	__be32 from = get_unaligned(field);
	__be32 to = cpu_to_be32(value);

	put_unaligned(to, field);
	if (offset & 1) {
		from = (__force __be32)ror32((__force u32)from, 8);
		to = (__force __be32)ror32((__force u32)to, 8);
	}
	inet_proto_csum_replace4(&edit->th->check, edit->skb, from, to, false);
}

/* Rewrite the blocks of a SACK option, whose body is @body. */
static void nf_ct_seqadj_sack(const struct nf_ct_tcp_edit *edit,
			      struct nf_ct_cursor *body,
			      const struct nf_ct_seqadj *peer)
{
	u32 offset, edge;

	while (nf_ct_cursor_left(body)) {
		offset = nf_ct_cursor_offset(body);
		edge = nf_ct_cursor_be32(body);
		nf_ct_seqadj_write(edit, offset, nf_ct_seqadj_undo(peer, edge));
	}
}

/* Rewrite the SACK options; false when an option is malformed. */
static bool nf_ct_seqadj_options(const struct nf_ct_tcp_edit *edit,
				 const struct nf_ct_seqadj *peer)
{
	u32 len = max_t(u32, edit->th->doff * 4, sizeof(*edit->th));
	struct nf_ct_cursor c, body;
	u8 kind;

	/* offsets count from the header, as nf_ct_seqadj_write() wants them */
	nf_ct_cursor_init(&c, edit->th, len);
	nf_ct_cursor_skip(&c, sizeof(*edit->th));
	while (nf_ct_cursor_tcp_option(&c, &kind, &body)) {
		if (nf_ct_cursor_tcp_sack(kind, &body))
			nf_ct_seqadj_sack(edit, &body, peer);
	}
	return nf_ct_cursor_ok(&c);
}

/* Make the whole TCP header with its options writable */
static struct tcphdr *nf_ct_seqadj_header(struct sk_buff *skb, unsigned int protoff)
{
	struct tcphdr *th;
	unsigned int len;

	if (skb_ensure_writable(skb, protoff + sizeof(*th)))
		return NULL;

	th = (void *)skb->data + protoff;
	len = max_t(unsigned int, th->doff * 4, sizeof(*th));
	if (skb_ensure_writable(skb, protoff + len))
		return NULL;

	return (void *)skb->data + protoff;
}

/* Where the TCP header of a packet is; negative if the packet is no segment: an
 * ICMP error about a connection has the same entry.
 */
static int nf_ct_seqadj_tcp_offset(const struct sk_buff *skb,
				   const struct nf_conn *ct)
{
	u8 protonum;
	int offset;

	offset = nf_ct_l4_offset(skb, skb_network_offset(skb), nf_ct_l3num(ct),
				 &protonum);
	if (offset < 0 || protonum != IPPROTO_TCP)
		return -1;
	return offset;
}

/**
 * nf_ct_seqadj_init - a direction has a constant offset from its first byte on
 * @ct:     entry with the extension
 * @ctinfo: direction
 * @off:    the offset; 0 does nothing
 *
 * The SYN proxy calls it for confirmed entries, whose packets may be on other
 * CPUs: these see both offsets or none.
 *
 * Context: any but hard interrupt; takes ct->lock.
 * Return: 0, also when @ct has no extension: nothing is adjusted then.
 */
int nf_ct_seqadj_init(struct nf_conn *ct, enum ip_conntrack_info ctinfo, s32 off)
{
	struct nf_conn_seqadj *seqadj = nfct_seqadj(ct);
	struct nf_ct_seqadj *way;

	if (!off || !seqadj)
		return 0;

	spin_lock_bh(&ct->lock);
	way = &seqadj->seq[CTINFO2DIR(ctinfo)];
	way->offset_before = off;
	way->offset_after = off;
	set_bit(IPS_SEQ_ADJUST_BIT, &ct->status);
	spin_unlock_bh(&ct->lock);

	return 0;
}

/**
 * nf_ct_seqadj_set - a packet has changed in length
 * @ct:     entry with the extension
 * @ctinfo: direction of the packet
 * @seq:    sequence number of the packet, as its sender counts
 * @off:    by how much it grew; 0 does nothing
 *
 * Context: any but hard interrupt; takes ct->lock.
 * Return: 0, also when @ct has no extension: nothing is adjusted then.
 */
int nf_ct_seqadj_set(struct nf_conn *ct, enum ip_conntrack_info ctinfo,
		     __be32 seq, s32 off)
{
	struct nf_conn_seqadj *seqadj = nfct_seqadj(ct);
	struct nf_ct_seqadj *way;
	u32 pos = ntohl(seq);

	/* a rule set may attach a helper after NAT has set up the entry */
	if (!off || !seqadj)
		return 0;

	set_bit(IPS_SEQ_ADJUST_BIT, &ct->status);

	/* a retransmission must not count again */
	spin_lock_bh(&ct->lock);
	way = &seqadj->seq[CTINFO2DIR(ctinfo)];
	if (way->offset_before == way->offset_after ||
	    before(way->correction_pos, pos)) {
		way->offset_before = way->offset_after;
		way->offset_after += off;
		way->correction_pos = pos;
	}
	spin_unlock_bh(&ct->lock);

	return 0;
}

/**
 * nf_ct_tcp_seqadj_set - nf_ct_seqadj_set() for the packet itself
 * @skb:    packet, network header set
 * @ct:     its entry
 * @ctinfo: its direction
 * @off:    by how much it grew
 *
 * Context: any but hard interrupt; takes ct->lock.
 */
void nf_ct_tcp_seqadj_set(struct sk_buff *skb, struct nf_conn *ct,
			  enum ip_conntrack_info ctinfo, s32 off)
{
	const struct tcphdr *th;
	struct tcphdr copy;
	int offset;

	offset = nf_ct_seqadj_tcp_offset(skb, ct);
	if (offset < 0)
		return;

	th = skb_header_pointer(skb, offset, sizeof(copy), &copy);
	if (th)
		nf_ct_seqadj_set(ct, ctinfo, th->seq, off);
}

/* Is the packet a segment of @ct?  An ICMP error is RELATED to the entry, and so
 * is the first segment of an expected connection: look at the packet.
 *
 * DIFF: seqadj-icmp-error: the stock module writes into errors of the original direction.
 */
static bool nf_ct_seqadj_wanted(const struct sk_buff *skb,
				const struct nf_conn *ct,
				enum ip_conntrack_info ctinfo)
{
	if (likely(ctinfo != IP_CT_RELATED && ctinfo != IP_CT_RELATED_REPLY))
		return true;
	return nf_ct_seqadj_tcp_offset(skb, ct) >= 0;
}

/**
 * nf_ct_seq_adjust - rewrite a TCP header by the offsets of both directions
 * @skb:     packet
 * @ct:      its entry
 * @ctinfo:  its direction
 * @protoff: where its TCP header starts
 *
 * Context: any but hard interrupt; takes ct->lock.
 * Return: 1, or 0 when the packet cannot be rewritten and has to be dropped.
 */
int nf_ct_seq_adjust(struct sk_buff *skb, struct nf_conn *ct,
		     enum ip_conntrack_info ctinfo, unsigned int protoff)
{
	struct nf_conn_seqadj *seqadj = nfct_seqadj(ct);
	enum ip_conntrack_dir dir = CTINFO2DIR(ctinfo);
	const struct nf_ct_seqadj *own, *peer;
	struct nf_ct_tcp_edit edit;
	struct tcphdr *th;
	bool ok = true;
	u32 seq;

	/* no extension: @ct is unconfirmed, and a module that extends entries
	 * is being unloaded
	 */
	if (!seqadj || !nf_ct_seqadj_wanted(skb, ct, ctinfo))
		return 1;

	th = nf_ct_seqadj_header(skb, protoff);
	if (!th)
		return 0;

	edit.skb = skb;
	edit.th = th;
	own = &seqadj->seq[dir];
	peer = &seqadj->seq[!dir];

	spin_lock_bh(&ct->lock);
	seq = ntohl(th->seq);
	nf_ct_seqadj_write(&edit, offsetof(struct tcphdr, seq),
			   seq + nf_ct_seqadj_offset(own, seq));
	if (th->ack) {
		nf_ct_seqadj_write(&edit, offsetof(struct tcphdr, ack_seq),
				   nf_ct_seqadj_undo(peer, ntohl(th->ack_seq)));
		ok = nf_ct_seqadj_options(&edit, peer);
	}
	spin_unlock_bh(&ct->lock);

	return ok;
}

/**
 * nf_ct_seq_offset - the offset of a sequence number of one direction
 * @ct:  entry
 * @dir: direction
 * @seq: number, as the sender counts
 *
 * Context: any; without ct->lock the two offsets may be of different times.
 * Return: the offset, 0 without the extension.
 */
s32 nf_ct_seq_offset(const struct nf_conn *ct, enum ip_conntrack_dir dir, u32 seq)
{
	const struct nf_conn_seqadj *seqadj = nfct_seqadj(ct);

	if (!seqadj)
		return 0;

	return nf_ct_seqadj_offset(&seqadj->seq[dir], seq);
}
