// SPDX-License-Identifier: GPL-2.0
/*
 * Connection labels: 128 bits per entry that rules and user space set.
 * net->ct.labels_used counts the rules of a namespace that want them and is
 * guarded by nf_conntrack_labels_lock; the bits change by compare-and-swap.
 *
 * An entry has labels from its beginning if there is such a rule by then.  Others get
 * them with the first rule, or when a label is to be set, as far as there is room in
 * their extension area.
 *
 * DIFF: labels-late: on stock an entry without labels never gets any.
 */
#include <linux/bits.h>
#include <linux/spinlock.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_labels.h>

#include "nf_conntrack_internal.h"

#define NF_CT_LABELS_WORDS	(NF_CT_LABELS_MAX_SIZE / sizeof(u32))

static_assert(sizeof_field(struct nf_conn_labels, bits) == NF_CT_LABELS_MAX_SIZE);

static DEFINE_SPINLOCK(nf_conntrack_labels_lock);

/* Clear the bits of @clear, then flip those of @flip.  Rules set single bits of
 * the same word at any time, hence the loop.
 */
static bool nf_ct_label_update(u32 *word, u32 clear, u32 flip)
{
	u32 old = READ_ONCE(*word);
	u32 new;

	do {
		new = (old & ~clear) ^ flip;
		if (new == old)
			return false;
	} while (!try_cmpxchg(word, &old, new));

	return true;
}

/**
 * nf_connlabels_replace - set the labels of an entry
 * @ct:    entry
 * @data:  new bits
 * @mask:  bits to replace; NULL for all.  Bits of @data outside it are flipped.
 * @words: length of @data and @mask; labels beyond are cleared
 *
 * Context: any.
 * Return: 0, or -ENOSPC when the entry has no room for labels.
 */
int nf_connlabels_replace(struct nf_conn *ct, const u32 *data, const u32 *mask,
			  unsigned int words)
{
	struct nf_conn_labels *labels = nf_ct_labels_find(ct);
	bool changed = false;
	unsigned int i;
	u32 *word;

	if (!labels)
		labels = nf_ct_ext_add_late(ct, NF_CT_EXT_LABELS);
	if (!labels)
		return -ENOSPC;

	word = (u32 *)labels->bits;
	for (i = 0; i < NF_CT_LABELS_WORDS; i++) {
		if (i >= words)
			changed |= nf_ct_label_update(&word[i], ~0, 0);
		else
			changed |= nf_ct_label_update(&word[i], mask ? mask[i] : ~0,
						      data[i]);
	}

	if (changed)
		nf_ct_event_note(IPCT_LABEL, ct);
	return 0;
}

static int nf_ct_labels_reserve(struct nf_conn *ct, void *data)
{
	if (!nf_ct_labels_find(ct))
		nf_ct_ext_add_late(ct, NF_CT_EXT_LABELS);
	return 0;
}

/* The connlabel match of iptables sets labels by itself, where it finds room */
static void nf_ct_labels_reserve_all(struct net *net)
{
	const struct nf_ct_iter_data iter = { .net = net };

	if (!atomic_read(&nf_ct_pernet(net)->count))
		return;
	/* packets that have made an entry before they could know of the rule */
	synchronize_net();
	nf_ct_iterate_cleanup_net(nf_ct_labels_reserve, &iter);
}

/**
 * nf_connlabels_get - a rule of a namespace wants labels
 * @net: namespace
 * @bit: highest label that the rule uses
 *
 * Context: process, sleeps.
 * Return: 0, or -ERANGE when there is no such label.
 */
int nf_connlabels_get(struct net *net, unsigned int bit)
{
	bool first;

	if (bit > XT_CONNLABEL_MAXBIT)
		return -ERANGE;

	spin_lock_bh(&nf_conntrack_labels_lock);
	first = nf_ct_labels_used_add(net, 1) == 0;
	spin_unlock_bh(&nf_conntrack_labels_lock);

	if (first)
		nf_ct_labels_reserve_all(net);
	return 0;
}

/**
 * nf_connlabels_put - undo one nf_connlabels_get()
 * @net: namespace
 *
 * Context: any but hard interrupt.
 */
void nf_connlabels_put(struct net *net)
{
	spin_lock_bh(&nf_conntrack_labels_lock);
	if (WARN_ON_ONCE(nf_ct_labels_used_add(net, -1) == 0))
		nf_ct_labels_used_add(net, 1);
	spin_unlock_bh(&nf_conntrack_labels_lock);
}
