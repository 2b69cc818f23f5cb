// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses in messages of H.323: read from the place that the parser has found, and
 * handed to nf_nat_h323 in its own structures.  No state, no locks.
 */
#include "h323.h"

/* An address at an offset that the parser has found to be in the message */
static bool address_read(const struct nf_conn *ct, unsigned char *data, u32 at, u8 form,
			 union nf_inet_addr *addr, __be16 *port)
{
	u32 len = form == 4 ? 4 : 16;
	struct nf_ct_cursor c;

	if (!form || nf_ct_l3num(ct) != (form == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6))
		return false;
	memset(addr, 0, sizeof(*addr));
	nf_ct_cursor_init(&c, data, at + len + sizeof(*port));
	nf_ct_cursor_seek(&c, at);
	nf_ct_cursor_copy(&c, addr, len);
	return nf_ct_cursor_copy(&c, port, sizeof(*port));
}

/**
 * get_h225_addr - read an address that nf_nat_h323 has been given
 * @ct:    entry of the packet
 * @data:  first byte of the message
 * @taddr: kind of the address, and its offset
 * @addr:  result: the address
 * @port:  result: its port
 *
 * Return: 1 if it is one of the entry's family, else 0.
 */
int get_h225_addr(struct nf_conn *ct, unsigned char *data, TransportAddress *taddr,
		  union nf_inet_addr *addr, __be16 *port)
{
	switch (taddr->choice) {
	case eTransportAddress_ipAddress:
		return address_read(ct, data, taddr->ipAddress.ip, 4, addr, port);
	case eTransportAddress_ip6Address:
		return address_read(ct, data, taddr->ip6Address.ip, 6, addr, port);
	default:
		return 0;
	}
}

/**
 * nf_ct_h323_address - read an address of a message
 * @p:    the message
 * @item: where the address is
 * @addr: result: the address
 * @port: result: its port, which is not 0
 *
 * Return: false for an address of another family, and without a port.
 */
bool nf_ct_h323_address(const struct nf_ct_h323_packet *p, const struct nf_ct_h323_item *item,
			union nf_inet_addr *addr, __be16 *port)
{
	if (!address_read(p->ct, p->data, item->at, item->form, addr, port)) {
		nf_ct_h323_log(p, "address of another family");
		return false;
	}
	if (!*port)
		nf_ct_h323_log(p, "port 0");
	return *port;
}

/* The same, of the one that speaks: nobody else's port is to be opened. */
bool nf_ct_h323_own_address(const struct nf_ct_h323_packet *p,
			    const struct nf_ct_h323_item *item, __be16 *port)
{
	union nf_inet_addr addr;

	if (!nf_ct_h323_address(p, item, &addr, port))
		return false;
	if (nf_inet_addr_cmp(&addr, &nf_ct_h323_this(p)->src.u3))
		return true;
	nf_ct_h323_log(p, "address of another host");
	return false;
}

/* An address of H.225.0 as nf_nat_h323 wants to have it */
void nf_ct_h323_fill(TransportAddress *to, const struct nf_ct_h323_item *item)
{
	memset(to, 0, sizeof(*to));
	switch (item->form) {
	case 4:
		to->choice = eTransportAddress_ipAddress;
		to->ipAddress.ip = item->at;
		break;
	case 6:
		to->choice = eTransportAddress_ip6Address;
		to->ip6Address.ip = item->at;
		break;
	default:
		to->choice = eTransportAddress_nonStandardAddress;
	}
}

/* An address of H.245, which is known to be one of IP */
void nf_ct_h323_fill_h245(H245_TransportAddress *to, const struct nf_ct_h323_item *item)
{
	memset(to, 0, sizeof(*to));
	to->choice = eH245_TransportAddress_unicastAddress;
	if (item->form == 4) {
		to->unicastAddress.choice = eUnicastAddress_iPAddress;
		to->unicastAddress.iPAddress.network = item->at;
	} else {
		to->unicastAddress.choice = eUnicastAddress_iP6Address;
		to->unicastAddress.iP6Address.network = item->at;
	}
}

/* All addresses with a mark; the answer is their number. */
int nf_ct_h323_fill_list(TransportAddress to[NF_CT_H323_LIST_MAX],
			 const struct nf_ct_h323_found *found, u8 mark)
{
	unsigned int i;
	int n = 0;

	for (i = 0; i < found->n && n < NF_CT_H323_LIST_MAX; i++) {
		if (found->item[i].mark == mark)
			nf_ct_h323_fill(&to[n++], &found->item[i]);
	}
	return n;
}

/* The first item with a mark, or NULL */
const struct nf_ct_h323_item *nf_ct_h323_find(const struct nf_ct_h323_found *found, u8 mark)
{
	unsigned int i;

	for (i = 0; i < found->n; i++) {
		if (found->item[i].mark == mark)
			return &found->item[i];
	}
	return NULL;
}
