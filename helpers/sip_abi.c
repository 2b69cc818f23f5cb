// SPDX-License-Identifier: GPL-2.0
/*
 * ABI: where the NAT counterpart of the SIP helper hooks in, and what it calls
 * (sip_export.c).  The pointer is written by nf_nat_sip, and read under RCU.
 *
 * A symbol's CRC covers every type that is complete at its export, so the list of
 * headers below is frozen, order included, and nothing but the exports may follow it.
 * "make abi-check" compares the outcome with the kernel.
 */
#include <linux/module.h>
#include <linux/netfilter_ipv6.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <linux/netfilter/nf_conntrack_sip.h>

const struct nf_nat_sip_hooks __rcu *nf_nat_sip_hooks;
EXPORT_SYMBOL_GPL(nf_nat_sip_hooks);

EXPORT_SYMBOL_GPL(ct_sip_parse_request);
EXPORT_SYMBOL_GPL(ct_sip_get_header);
EXPORT_SYMBOL_GPL(ct_sip_parse_header_uri);
EXPORT_SYMBOL_GPL(ct_sip_parse_address_param);
EXPORT_SYMBOL_GPL(ct_sip_parse_numerical_param);
EXPORT_SYMBOL_GPL(ct_sip_get_sdp_header);
