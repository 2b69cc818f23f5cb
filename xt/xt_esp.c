// SPDX-License-Identifier: GPL-2.0
/*
 * The match "esp": the index of the security association (SPI) of an ESP packet is in a
 * range or outside of it.  For all hooks; without state.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ip.h>
#include <linux/netfilter/xt_esp.h>

#include "xt_extension.h"
#include "xt_transport.h"

static bool esp_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_esp *info = par->matchinfo;
	const struct ip_esp_hdr *header;
	struct ip_esp_hdr room;

	header = xt_transport_header(skb, par, sizeof(room), &room);
	if (!header)
		return false;
	return xt_in_range(ntohl(header->spi), info->spis[0], info->spis[1],
			   info->invflags & XT_ESP_INV_SPI);
}

static int esp_mt_check(const struct xt_mtchk_param *par)
{
	const struct xt_esp *info = par->matchinfo;

	if (info->invflags & ~XT_ESP_INV_MASK)
		return xt_refuse(-EINVAL, "unknown flags 0x%x of inversion", info->invflags);
	return 0;
}

static struct xt_match esp_mt_rows[] __read_mostly = {
	XT_BOTH(.name = "esp", .proto = IPPROTO_ESP,
		.match = esp_mt, .checkentry = esp_mt_check,
		.matchsize = sizeof(struct xt_esp)),
};

XT_MODULE_MATCHES(esp_mt_rows);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: security association of ESP (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_esp");
MODULE_ALIAS("ip6t_esp");
