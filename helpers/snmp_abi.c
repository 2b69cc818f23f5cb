// SPDX-License-Identifier: GPL-2.0
/*
 * ABI: where the NAT counterpart of the SNMP helper hooks in.  It is written by
 * nf_nat_snmp_basic, and read under RCU.
 *
 * A symbol's CRC covers every type that is complete at its export, so the list of
 * headers below is frozen, order included, and nothing but the export may follow it.
 * "make abi-check" compares the outcome with the kernel.
 */
#include <linux/module.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <linux/netfilter/nf_conntrack_snmp.h>

typeof(nf_nat_snmp_hook) nf_nat_snmp_hook __read_mostly;
EXPORT_SYMBOL_GPL(nf_nat_snmp_hook);
