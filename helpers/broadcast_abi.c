// SPDX-License-Identifier: GPL-2.0
/*
 * ABI: what the helpers of protocols with broadcast questions import.
 *
 * A symbol's CRC covers every type that is complete at its export, so the list of
 * headers below is frozen, order included, and nothing but the export may follow it.
 * "make abi-check" compares the outcome with the kernel.
 */
#include <linux/module.h>
#include <linux/inetdevice.h>
#include <net/netfilter/nf_conntrack_helper.h>

EXPORT_SYMBOL_GPL(nf_conntrack_broadcast_help);
