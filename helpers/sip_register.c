// SPDX-License-Identifier: GPL-2.0
/*
 * Registrations (RFC 3261 10): a telephone that has told its registrar where it is gets
 * calls there.  The expectation is made with the request and used from the answer on, for
 * as long as that says.  nf_conntrack_expect_lock guards it.
 */
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_expect.h>

#include "sip.h"

/**
 * struct sip_contact - one of the places of a message
 * @uri:     its address, as text
 * @addr:    its address
 * @proto:   its transport
 * @expires: seconds that it is good for
 */
struct sip_contact {
	struct nf_ct_sip_uri	uri;
	union nf_inet_addr	addr;
	u8			proto;
	u32			expires;
};

/* --- contacts ---------------------------------------------------------------- */

/* The transport that a contact names, that of the message if none, 0 if another one.
 * DIFF: sip-transport
 */
static u8 sip_contact_proto(const struct nf_ct_sip_msg *m, const struct nf_ct_cursor *behind)
{
	struct nf_ct_cursor value;

	if (!nf_ct_sip_param(behind, "transport=", &value))
		return nf_ct_protonum(m->ct);
	if (nf_ct_cursor_literal_nocase(&value, "tcp"))
		return IPPROTO_TCP;
	return nf_ct_cursor_literal_nocase(&value, "udp") ? IPPROTO_UDP : 0;
}

/* How long it is good for: its own number, that of Expires, or what the helper is told.
 * DIFF: sip-expires
 */
static u32 sip_contact_expires(const struct nf_ct_sip_msg *m,
			       const struct nf_ct_cursor *behind)
{
	u32 seconds = m->head.has_expires ? m->head.expires : READ_ONCE(nf_ct_sip_timeout);
	struct nf_ct_cursor value;

	if (nf_ct_sip_param(behind, "expires=", &value))
		nf_ct_sip_number(&value, &seconds);
	return seconds;
}

/* The next contact at an address; @c and @inside are as for nf_ct_sip_next_uri() */
static bool sip_next_contact(const struct nf_ct_sip_msg *m, struct nf_ct_cursor *c,
			     bool *inside, const union nf_inet_addr *addr,
			     struct sip_contact *contact)
{
	enum nf_ct_sip_found found;

	for (;;) {
		found = nf_ct_sip_next_uri(c, NF_CT_SIP_CONTACT, nf_ct_sip_family(m), inside,
					   &contact->uri);
		if (found == NF_CT_SIP_IS_BAD)
			nf_ct_sip_log(m, "Contact: bad port");
		if (found != NF_CT_SIP_FOUND)
			return false;
		contact->addr = nf_ct_sip_addr(contact->uri.addr);
		if (!nf_inet_addr_cmp(&contact->addr, addr))
			continue;
		contact->proto = sip_contact_proto(m, c);
		contact->expires = sip_contact_expires(m, c);
		if (contact->proto)
			return true;
	}
}

/* --- requests ---------------------------------------------------------------- */

static int sip_contact_known(struct nf_ct_sip_msg *m, const struct sip_contact *contact,
			     struct nf_conntrack_expect *exp)
{
	const struct nf_ct_sip_place *at = &contact->uri.place;

	if (m->nat)
		return m->nat->expect(m->skb, m->protoff, m->dataoff, &m->dptr, &m->datalen,
				      exp, at->begin, at->len);
	if (nf_ct_expect_related(exp, 0))
		return nf_ct_sip_drop(m, "no room for the expectation");
	return NF_ACCEPT;
}

/* Calls to the telephone come from the registrar, with sip_direct_signalling.  They wait
 * for its answer.
 */
static int sip_contact_expect(struct nf_ct_sip_msg *m, const struct sip_contact *contact)
{
	const union nf_inet_addr *from = NULL;
	__be16 port = htons(contact->uri.port);
	struct nf_conntrack_expect *exp;
	int verdict;

	exp = nf_ct_expect_alloc(m->ct);
	if (!exp)
		return nf_ct_sip_drop(m, "no memory for the expectation");
	if (READ_ONCE(nf_ct_sip_direct_signalling))
		from = &m->ct->tuplehash[!m->dir].tuple.src.u3;
	nf_ct_expect_init(exp, SIP_EXPECT_SIGNALLING, nf_ct_l3num(m->ct), from,
			  &contact->addr, contact->proto, NULL, &port);
	nf_ct_made_note(m->made, exp);
	rcu_assign_pointer(nf_ct_exp_assigned(exp), nf_ct_sip_helper(m->ct, contact->proto));
	exp->flags = NF_CT_EXPECT_PERMANENT | NF_CT_EXPECT_INACTIVE;
	verdict = sip_contact_known(m, contact, exp);
	nf_ct_expect_put(exp);
	return verdict;
}

/**
 * nf_ct_sip_register - a telephone says where it is
 * @m: its request; NAT rewrites that
 *
 * Places that are not the sender's are not for us to open.  A place that ends (0 seconds)
 * stays expected until the answer.
 *
 * Return: NF_ACCEPT, or NF_DROP if the expectation is not possible.
 */
int nf_ct_sip_register(struct nf_ct_sip_msg *m)
{
	struct nf_ct_sip_state *state = nf_ct_sip_state(m->ct);
	struct nf_ct_cursor c = nf_ct_sip_cursor(m);
	struct sip_contact contact;
	bool inside = false;
	int verdict;

	/* what a registrar sends to a telephone is no registration of its own */
	if (m->ct->status & IPS_EXPECTED)
		return NF_ACCEPT;
	WRITE_ONCE(state->master.register_cseq, m->head.cseq);
	if (!sip_next_contact(m, &c, &inside, &m->ct->tuplehash[m->dir].tuple.src.u3,
			      &contact) || !contact.expires)
		return NF_ACCEPT;
	verdict = sip_contact_expect(m, &contact);
	return verdict;
}

/* --- answers ----------------------------------------------------------------- */

/* Use what is expected, for so long; false if it is not there */
static bool sip_contact_use(const struct nf_ct_sip_msg *m, const struct sip_contact *contact)
{
	u32 lives = min_t(u64, (u64)contact->expires * HZ, INT_MAX);
	struct nf_conn_help *help = nfct_help(m->ct);
	struct nf_conntrack_expect *exp;
	bool found = false;

	spin_lock_bh(&nf_conntrack_expect_lock);
	hlist_for_each_entry(exp, &help->expectations, lnode) {
		if (exp->class != SIP_EXPECT_SIGNALLING || nf_ct_exp_is_expired(exp) ||
		    !nf_inet_addr_cmp(&exp->tuple.dst.u3, &contact->addr) ||
		    exp->tuple.dst.protonum != contact->proto ||
		    exp->tuple.dst.u.udp.port != htons(contact->uri.port))
			continue;
		exp->flags &= ~NF_CT_EXPECT_INACTIVE;
		WRITE_ONCE(nf_ct_exp_deadline(exp), nfct_time_stamp + lives);
		found = true;
		break;
	}
	spin_unlock_bh(&nf_conntrack_expect_lock);
	return found;
}

static void sip_contact_end(const struct nf_ct_sip_msg *m)
{
	struct nf_conn_help *help = nfct_help(m->ct);
	struct nf_conntrack_expect *exp;
	struct hlist_node *next;

	spin_lock_bh(&nf_conntrack_expect_lock);
	hlist_for_each_entry_safe(exp, next, &help->expectations, lnode) {
		if (exp->class == SIP_EXPECT_SIGNALLING)
			nf_ct_sip_remove(exp);
	}
	spin_unlock_bh(&nf_conntrack_expect_lock);
}

/**
 * nf_ct_sip_registered - a registrar answers
 * @m: its answer, which has all of the user's places
 *
 * One that does not have the place, or refuses it, ends it.
 *
 * Return: NF_ACCEPT
 */
int nf_ct_sip_registered(struct nf_ct_sip_msg *m)
{
	const struct nf_ct_sip_state *state = nf_ct_sip_state(m->ct);
	struct nf_ct_cursor c = nf_ct_sip_cursor(m);
	struct sip_contact contact;
	bool inside = false;

	if (READ_ONCE(state->master.register_cseq) != m->head.cseq || m->head.code < 200)
		return NF_ACCEPT;
	while (m->head.code < 300 &&
	       sip_next_contact(m, &c, &inside, &m->ct->tuplehash[m->dir].tuple.dst.u3,
				&contact)) {
		if (contact.expires && sip_contact_use(m, &contact))
			return NF_ACCEPT;
	}
	sip_contact_end(m);
	return NF_ACCEPT;
}
