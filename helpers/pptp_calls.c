// SPDX-License-Identifier: GPL-2.0
/*
 * The calls of all control connections, found by the entry of the control connection, and
 * those whose client's ID a server sees, found by that, so that no two clients behind one
 * NAT gateway get the same.
 *
 * pptp_lock guards all of it.  No other lock is taken under it, and no function of another
 * module called: the end of a control connection, which can happen within any search of
 * the table, takes it as well.
 */
#include <linux/hash.h>
#include <linux/hashtable.h>
#include <linux/netfilter/nf_conntrack_pptp.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <net/netfilter/nf_conntrack_helper.h>

#include "pptp_calls.h"

#define PPTP_HASH_BITS	10

/* So often a free ID is looked for at random: the first is taken if all of a server's
 * 65,536 are in use, or by bad luck
 */
#define PPTP_ID_TRIES	64

/**
 * struct pptp_record - a call in the tables
 * @of_owner: in pptp_by_owner
 * @of_id:    in pptp_by_id, if call.has_pns
 * @ct:       entry of its control connection; never followed
 * @serial:   tells it from an entry that had the same memory before
 * @net:      namespace; only compared
 * @server:   address of the server
 * @client:   address of the client as the server sees it
 * @call:     the call
 */
struct pptp_record {
	struct hlist_node	of_owner;
	struct hlist_node	of_id;
	const struct nf_conn	*ct;
	u32			serial;
	const struct net	*net;
	__be32			server;
	__be32			client;
	struct nf_ct_pptp_call	call;
};

static DEFINE_HASHTABLE(pptp_by_owner, PPTP_HASH_BITS);
static DEFINE_HASHTABLE(pptp_by_id, PPTP_HASH_BITS);
static u32 pptp_last_serial;

static DEFINE_SPINLOCK(pptp_lock);

static struct hlist_head *pptp_owner_slot(const struct nf_conn *ct)
{
	return &pptp_by_owner[hash_ptr(ct, PPTP_HASH_BITS)];
}

static struct hlist_head *pptp_id_slot(__be32 server, __be16 pns)
{
	u32 key = (__force u32)server + ((u32)(__force u16)pns << 16);

	return &pptp_by_id[hash_32(key, PPTP_HASH_BITS)];
}

/* --- records ------------------------------------------------------------------- */

static void pptp_drop_pns(struct pptp_record *r)
{
	if (r->call.has_pns)
		hlist_del(&r->of_id);
	r->call.has_pns = false;
}

static void pptp_remove(struct pptp_record *r)
{
	pptp_drop_pns(r);
	hlist_del(&r->of_owner);
	kfree(r);
}

/* The number by which calls know the entry.  0: it has none yet.  The place is that of the
 * state of the one call that the kernel's helper has; nobody else looks at it.
 */
static u32 pptp_serial(const struct nf_conn *ct)
{
	const struct nf_ct_pptp_master *data = nfct_help_data(ct);

	return data->cstate;
}

static void pptp_give_serial(struct nf_conn *ct)
{
	struct nf_ct_pptp_master *data = nfct_help_data(ct);

	if (!++pptp_last_serial)
		pptp_last_serial = 1;
	data->cstate = pptp_last_serial;
}

/* Is the record one of the entry's?  One that an earlier entry at the same place has left
 * goes: the helper was taken from that before it ended.
 */
static bool pptp_is_of(struct pptp_record *r, const struct nf_conn *ct, u32 serial)
{
	if (r->ct != ct)
		return false;
	if (r->serial == serial)
		return true;
	pptp_remove(r);
	return false;
}

static bool pptp_has_id(const struct nf_ct_pptp_call *call, u8 key, __be16 id)
{
	switch (key) {
	case NF_CT_PPTP_INSIDE:
		return call->has_pns && call->inside == id;
	case NF_CT_PPTP_PNS:
		return call->has_pns && call->pns == id;
	case NF_CT_PPTP_PAC:
		return call->has_pac && call->pac == id;
	}
	return false;
}

static struct pptp_record *pptp_find(const struct nf_conn *ct, u8 key, __be16 id,
				     const struct pptp_record *but)
{
	u32 serial = pptp_serial(ct);
	struct pptp_record *r;
	struct hlist_node *next;

	hlist_for_each_entry_safe(r, next, pptp_owner_slot(ct), of_owner) {
		if (pptp_is_of(r, ct, serial) && r != but && pptp_has_id(&r->call, key, id))
			return r;
	}
	return NULL;
}

/* Room for one more call of the entry: the oldest that is not up may have to go */
static bool pptp_make_room(const struct nf_conn *ct)
{
	struct pptp_record *r, *oldest = NULL;
	u32 serial = pptp_serial(ct);
	struct hlist_node *next;
	unsigned int n = 0;

	/* the latest comes first */
	hlist_for_each_entry_safe(r, next, pptp_owner_slot(ct), of_owner) {
		if (!pptp_is_of(r, ct, serial))
			continue;
		n++;
		if (r->call.state != NF_CT_PPTP_UP)
			oldest = r;
	}
	if (n < NF_CT_PPTP_CALLS_MAX)
		return true;
	if (oldest)
		pptp_remove(oldest);
	return oldest;
}

static int pptp_add(struct nf_conn *ct, struct pptp_record **added)
{
	const struct nf_conntrack_tuple *answer = nf_ct_tuple(ct, IP_CT_DIR_REPLY);
	struct pptp_record *r;

	/* the CPU that has set the bit takes all calls away, under the lock */
	if (nf_ct_is_dying(ct))
		return -ENOENT;
	if (!pptp_make_room(ct))
		return -EMFILE;
	r = kzalloc(sizeof(*r), GFP_ATOMIC);
	if (!r)
		return -ENOMEM;
	if (!pptp_serial(ct))
		pptp_give_serial(ct);
	r->ct = ct;
	r->serial = pptp_serial(ct);
	r->net = nf_ct_net(ct);
	r->server = answer->src.u3.ip;
	r->client = answer->dst.u3.ip;
	hlist_add_head(&r->of_owner, pptp_owner_slot(ct));
	*added = r;
	return 0;
}

/* --- IDs that servers see -------------------------------------------------------- */

static bool pptp_is_taken(const struct pptp_record *mine, __be16 pns)
{
	const struct pptp_record *r;

	hlist_for_each_entry(r, pptp_id_slot(mine->server, pns), of_id) {
		if (r->call.pns == pns && r->server == mine->server &&
		    r->client == mine->client && r->net == mine->net)
			return true;
	}
	return false;
}

/* Behind NAT the port that the server sees is the first choice, which two clients do not
 * share; as on stock.
 * DIFF: pptp-nat-ids
 */
static bool pptp_choose(const struct pptp_record *r, const struct nf_conn *ct, __be16 *pns)
{
	unsigned int i;

	*pns = nf_ct_tuple(ct, IP_CT_DIR_REPLY)->dst.u.tcp.port;
	for (i = 0; i < PPTP_ID_TRIES; i++) {
		if (*pns && !pptp_is_taken(r, *pns))
			return true;
		*pns = (__force __be16)get_random_u16();
	}
	return false;
}

/* --- steps ----------------------------------------------------------------------- */

static void pptp_note_end(struct nf_ct_pptp_change *change,
			  const struct nf_ct_pptp_call *call)
{
	if (call->state == NF_CT_PPTP_UP && change->n < ARRAY_SIZE(change->ended))
		change->ended[change->n++] = *call;
}

/* One side gives an ID to another call: the one that had it has ended. */
static void pptp_displace(const struct nf_conn *ct, const struct pptp_record *heir, u8 key,
			  __be16 id, struct nf_ct_pptp_change *change)
{
	struct pptp_record *old = pptp_find(ct, key, id, heir);

	if (!old)
		return;
	pptp_note_end(change, &old->call);
	pptp_remove(old);
}

static int pptp_set_pns(const struct nf_conn *ct, struct pptp_record *r,
			const struct nf_ct_pptp_step *step,
			struct nf_ct_pptp_change *change)
{
	__be16 pns = step->value;

	if (r->call.has_pns && r->call.inside == step->value)
		return 0;
	pptp_displace(ct, r, NF_CT_PPTP_INSIDE, step->value, change);
	pptp_drop_pns(r);
	if (step->nat && !pptp_choose(r, ct, &pns))
		return -EADDRINUSE;
	r->call.inside = step->value;
	r->call.pns = pns;
	r->call.has_pns = true;
	hlist_add_head(&r->of_id, pptp_id_slot(r->server, pns));
	return 0;
}

static void pptp_set_pac(const struct nf_conn *ct, struct pptp_record *r, __be16 pac,
			 struct nf_ct_pptp_change *change)
{
	if (r->call.has_pac && r->call.pac == pac)
		return;
	pptp_note_end(change, &r->call);
	pptp_displace(ct, r, NF_CT_PPTP_PAC, pac, change);
	r->call.pac = pac;
	r->call.has_pac = true;
}

static int pptp_move(const struct nf_conn *ct, struct pptp_record *r,
		     const struct nf_ct_pptp_step *step, struct nf_ct_pptp_change *change)
{
	int err = 0;

	if (step->to == NF_CT_PPTP_ASKED)
		r->call.has_pac = false;
	if (step->to == NF_CT_PPTP_RUNG)
		pptp_drop_pns(r);
	if (step->to == NF_CT_PPTP_ENDED)
		pptp_note_end(change, &r->call);

	if (step->sets == NF_CT_PPTP_PAC)
		pptp_set_pac(ct, r, step->value, change);
	else if (step->sets == NF_CT_PPTP_INSIDE)
		err = pptp_set_pns(ct, r, step, change);
	if (!err)
		r->call.state = step->to;
	change->moved = !err;
	return err;
}

static int pptp_step(struct nf_conn *ct, const struct nf_ct_pptp_step *step,
		     struct nf_ct_pptp_change *change)
{
	struct pptp_record *r = pptp_find(ct, step->key, step->id, NULL);
	int err = 0;

	if (!r)
		err = step->opens ? pptp_add(ct, &r) : -ENOENT;
	if (!err && step->from & BIT(r->call.state))
		err = pptp_move(ct, r, step, change);
	if (!err)
		change->call = r->call;
	return err;
}

/**
 * nf_ct_pptp_calls_step - a message changes a call
 * @ct:     entry of the control connection
 * @step:   how
 * @change: result
 *
 * Context: any but hard interrupt.
 * Return: 0, also if the call is in a state that the message does not change; -ENOENT if
 * there is no such call; -EMFILE if NF_CT_PPTP_CALLS_MAX are up; -EADDRINUSE if no ID is
 * free behind NAT; -ENOMEM.
 */
int nf_ct_pptp_calls_step(struct nf_conn *ct, const struct nf_ct_pptp_step *step,
			  struct nf_ct_pptp_change *change)
{
	int err;

	memset(change, 0, sizeof(*change));
	spin_lock_bh(&pptp_lock);
	err = pptp_step(ct, step, change);
	spin_unlock_bh(&pptp_lock);
	return err;
}

/* --- all calls of an entry --------------------------------------------------------- */

static unsigned int pptp_list(const struct nf_conn *ct, bool take,
			      struct nf_ct_pptp_call up[NF_CT_PPTP_CALLS_MAX])
{
	u32 serial = pptp_serial(ct);
	struct pptp_record *r;
	struct hlist_node *next;
	unsigned int n = 0;

	hlist_for_each_entry_safe(r, next, pptp_owner_slot(ct), of_owner) {
		if (!pptp_is_of(r, ct, serial))
			continue;
		if (r->call.state == NF_CT_PPTP_UP && n < NF_CT_PPTP_CALLS_MAX)
			up[n++] = r->call;
		if (take)
			pptp_remove(r);
	}
	return n;
}

/**
 * nf_ct_pptp_calls_up - the calls of a control connection that are up
 * @ct: entry of the control connection
 * @up: result
 *
 * Context: any but hard interrupt.
 * Return: their number.
 */
unsigned int nf_ct_pptp_calls_up(struct nf_conn *ct,
				 struct nf_ct_pptp_call up[NF_CT_PPTP_CALLS_MAX])
{
	unsigned int n;

	spin_lock_bh(&pptp_lock);
	n = pptp_list(ct, false, up);
	spin_unlock_bh(&pptp_lock);
	return n;
}

/**
 * nf_ct_pptp_calls_take - a control connection ends, and its calls are forgotten
 * @ct: entry of the control connection, dying
 * @up: result: those that were up
 *
 * Context: any but hard interrupt.
 * Return: their number.
 */
unsigned int nf_ct_pptp_calls_take(struct nf_conn *ct,
				   struct nf_ct_pptp_call up[NF_CT_PPTP_CALLS_MAX])
{
	unsigned int n;

	spin_lock_bh(&pptp_lock);
	n = pptp_list(ct, true, up);
	spin_unlock_bh(&pptp_lock);
	return n;
}

/**
 * nf_ct_pptp_calls_free - forget all calls
 *
 * Context: the module's exit; nothing else runs its code.
 */
void nf_ct_pptp_calls_free(void)
{
	struct pptp_record *r;
	struct hlist_node *next;
	unsigned int i;

	spin_lock_bh(&pptp_lock);
	hash_for_each_safe(pptp_by_owner, i, next, r, of_owner)
		pptp_remove(r);
	spin_unlock_bh(&pptp_lock);
}
