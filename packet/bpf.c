// SPDX-License-Identifier: GPL-2.0
/*
 * What BPF programs at XDP and at traffic control may call: they look a connection up,
 * or make one, set its timeout and status, and write its mark.  Programs and their
 * verifier know the names, the types and the flags.  No state; the kernel image's
 * nf_conn_btf_access_lock guards its pointer to nf_ct_bpf_write().
 */
#include <linux/bpf_verifier.h>
#include <linux/btf.h>
#include <linux/filter.h>
#include <linux/mutex.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_conntrack_acct.h>
#include <net/netfilter/nf_conntrack_bpf.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_timestamp.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include <net/sock.h>
#include <net/xdp.h>

#include "nf_conntrack_internal.h"

/* Seconds that a connection lives whose program sets no timeout */
#define NF_CT_BPF_TIMEOUT	10

/**
 * struct bpf_ct_opts - how to find a connection, as programs give it
 * @netns_id:    number of a namespace, or BPF_F_CURRENT_NETNS
 * @error:       result: a negative error when the answer is NULL
 * @l4proto:     IPPROTO_TCP or IPPROTO_UDP
 * @dir:         result of a lookup: IP_CT_DIR_*
 * @ct_zone_id:  zone; 0 in the form of 12 bytes, which ends with it
 * @ct_zone_dir: directions that the zone counts for, bits
 * @reserved:    0
 */
struct bpf_ct_opts {
	s32	netns_id;
	s32	error;
	u8	l4proto;
	u8	dir;
	u16	ct_zone_id;
	u8	ct_zone_dir;
	u8	reserved[3];
};

#define NF_CT_BPF_OPTS_OLD	offsetof(struct bpf_ct_opts, ct_zone_dir)

static_assert(sizeof(struct bpf_ct_opts) == 16);

/* The length of @opts is the program's: is there anything wrong with it? */
static int nf_ct_bpf_opts_check(const struct bpf_ct_opts *opts, u32 len)
{
	switch (len) {
	case sizeof(*opts):
		if (opts->reserved[0] || opts->reserved[1] || opts->reserved[2] ||
		    opts->ct_zone_dir > NF_CT_DEFAULT_ZONE_DIR)
			return -EINVAL;
		break;
	case NF_CT_BPF_OPTS_OLD:
		if (opts->ct_zone_id)
			return -EINVAL;
		break;
	default:
		return -EINVAL;
	}
	if (opts->netns_id < BPF_F_CURRENT_NETNS)
		return -EINVAL;
	if (opts->l4proto != IPPROTO_TCP && opts->l4proto != IPPROTO_UDP)
		return -EPROTO;
	return 0;
}

static int nf_ct_bpf_tuple(struct nf_conntrack_tuple *t,
			   const struct bpf_sock_tuple *from, u32 len, u8 l4proto)
{
	memset(t, 0, sizeof(*t));
	t->dst.protonum = l4proto;
	switch (len) {
	case sizeof(from->ipv4):
		t->src.l3num = AF_INET;
		t->src.u3.ip = from->ipv4.saddr;
		t->dst.u3.ip = from->ipv4.daddr;
		t->src.u.all = from->ipv4.sport;
		t->dst.u.all = from->ipv4.dport;
		return 0;
	case sizeof(from->ipv6):
		t->src.l3num = AF_INET6;
		memcpy(t->src.u3.ip6, from->ipv6.saddr, sizeof(from->ipv6.saddr));
		memcpy(t->dst.u3.ip6, from->ipv6.daddr, sizeof(from->ipv6.daddr));
		t->src.u.all = from->ipv6.sport;
		t->dst.u.all = from->ipv6.dport;
		return 0;
	default:
		return -EAFNOSUPPORT;
	}
}

static void nf_ct_bpf_zone(struct nf_conntrack_zone *zone,
			   const struct bpf_ct_opts *opts, u32 len)
{
	if (len == sizeof(*opts) && (opts->ct_zone_id || opts->ct_zone_dir))
		nf_ct_zone_init(zone, opts->ct_zone_id, opts->ct_zone_dir, 0);
	else
		*zone = nf_ct_zone_dflt;
}

static struct nf_conn *nf_ct_bpf_find(struct net *net,
				      const struct nf_conntrack_zone *zone,
				      const struct nf_conntrack_tuple *t,
				      struct bpf_ct_opts *opts)
{
	struct nf_conntrack_tuple_hash *h;

	h = nf_conntrack_find_get(net, zone, t);
	if (!h)
		return ERR_PTR(-ENOENT);
	opts->dir = NF_CT_DIRECTION(h);
	return nf_ct_tuplehash_to_ctrack(h);
}

/* DIFF: bpf-events: stock's has no extensions, and so no events, counters or times */
static struct nf_conn *nf_ct_bpf_make(struct net *net,
				      const struct nf_conntrack_zone *zone,
				      const struct nf_conntrack_tuple *t,
				      struct bpf_ct_opts *opts)
{
	struct nf_conntrack_tuple reply;
	struct nf_conn *ct;

	if (!nf_ct_invert_tuple(&reply, t))
		return ERR_PTR(-EINVAL);
	ct = nf_conntrack_alloc(net, zone, t, &reply, GFP_ATOMIC);
	if (IS_ERR(ct))
		return ct;
	if (!nf_ct_ecache_ext_add(ct, 0, 0, GFP_ATOMIC)) {
		nf_conntrack_free(ct);
		return ERR_PTR(-ENOMEM);
	}
	nf_ct_acct_ext_add(ct, GFP_ATOMIC);
	nf_ct_tstamp_ext_add(ct, GFP_ATOMIC);
	memset(&ct->proto, 0, sizeof(ct->proto));
	__nf_ct_change_timeout(ct, NF_CT_BPF_TIMEOUT * HZ);
	return ct;
}

typedef struct nf_conn *nf_ct_bpf_act(struct net *net,
				      const struct nf_conntrack_zone *zone,
				      const struct nf_conntrack_tuple *t,
				      struct bpf_ct_opts *opts);

static struct nf_conn *nf_ct_bpf_checked(struct net *net,
					 const struct bpf_sock_tuple *tuple,
					 u32 tuple_len, struct bpf_ct_opts *opts,
					 u32 len, nf_ct_bpf_act *act)
{
	struct nf_conntrack_zone zone;
	struct nf_conntrack_tuple t;
	struct net *other = NULL;
	struct nf_conn *ct;
	int err;

	err = nf_ct_bpf_opts_check(opts, len);
	if (!err)
		err = nf_ct_bpf_tuple(&t, tuple, tuple_len, opts->l4proto);
	if (err)
		return ERR_PTR(err);

	if (opts->netns_id >= 0) {
		other = get_net_ns_by_id(net, opts->netns_id);
		if (!other)
			return ERR_PTR(-ENONET);
		net = other;
	}
	nf_ct_bpf_zone(&zone, opts, len);
	ct = act(net, &zone, &t, opts);
	if (other)
		put_net(other);
	return ct;
}

/* One call of a program.  What it has no room for is not written. */
static struct nf_conn *nf_ct_bpf_call(struct net *net,
				      const struct bpf_sock_tuple *tuple,
				      u32 tuple_len, struct bpf_ct_opts *opts,
				      u32 len, nf_ct_bpf_act *act)
{
	struct nf_conn *ct = ERR_PTR(-EINVAL);

	if (!opts || len < offsetofend(struct bpf_ct_opts, error))
		return NULL;
	if (tuple)
		ct = nf_ct_bpf_checked(net, tuple, tuple_len, opts, len, act);
	if (!IS_ERR(ct))
		return ct;
	opts->error = PTR_ERR(ct);
	return NULL;
}

static struct net *nf_ct_bpf_xdp_net(struct xdp_md *ctx)
{
	return dev_net(((struct xdp_buff *)ctx)->rxq->dev);
}

static struct net *nf_ct_bpf_skb_net(struct __sk_buff *ctx)
{
	const struct sk_buff *skb = (struct sk_buff *)ctx;

	return skb->dev ? dev_net(skb->dev) : sock_net(skb->sk);
}

static struct nf_conn___init *nf_ct_bpf_init_of(struct nf_conn *ct)
{
	return (struct nf_conn___init *)ct;
}

__bpf_kfunc_start_defs();

/**
 * bpf_xdp_ct_alloc - make a connection, for bpf_ct_insert_entry()
 * @xdp_ctx:   packet
 * @bpf_tuple: its addresses and ports
 * @tuple__sz: length of the address family's part of it, bytes
 * @opts:      see struct bpf_ct_opts
 * @opts__sz:  its length: 12 or 16 bytes
 *
 * Context: softirq, under RCU.
 * Return: the connection, or NULL and the reason in @opts.
 */
__bpf_kfunc struct nf_conn___init *
bpf_xdp_ct_alloc(struct xdp_md *xdp_ctx, struct bpf_sock_tuple *bpf_tuple,
		 u32 tuple__sz, struct bpf_ct_opts *opts, u32 opts__sz)
{
	return nf_ct_bpf_init_of(nf_ct_bpf_call(nf_ct_bpf_xdp_net(xdp_ctx), bpf_tuple,
						tuple__sz, opts, opts__sz,
						nf_ct_bpf_make));
}

/**
 * bpf_xdp_ct_lookup - find the connection of a packet
 * @xdp_ctx:   packet
 * @bpf_tuple: addresses and ports
 * @tuple__sz: as for bpf_xdp_ct_alloc()
 * @opts:      likewise
 * @opts__sz:  likewise
 *
 * Context: softirq, under RCU.
 * Return: the connection, for bpf_ct_release(), or NULL and the reason in @opts.
 */
__bpf_kfunc struct nf_conn *
bpf_xdp_ct_lookup(struct xdp_md *xdp_ctx, struct bpf_sock_tuple *bpf_tuple,
		  u32 tuple__sz, struct bpf_ct_opts *opts, u32 opts__sz)
{
	return nf_ct_bpf_call(nf_ct_bpf_xdp_net(xdp_ctx), bpf_tuple, tuple__sz, opts,
			      opts__sz, nf_ct_bpf_find);
}

/**
 * bpf_skb_ct_alloc - as bpf_xdp_ct_alloc(), at traffic control
 * @skb_ctx:   packet
 * @bpf_tuple: addresses and ports
 * @tuple__sz: as for bpf_xdp_ct_alloc()
 * @opts:      likewise
 * @opts__sz:  likewise
 *
 * Context: softirq or process, under RCU.
 * Return: likewise.
 */
__bpf_kfunc struct nf_conn___init *
bpf_skb_ct_alloc(struct __sk_buff *skb_ctx, struct bpf_sock_tuple *bpf_tuple,
		 u32 tuple__sz, struct bpf_ct_opts *opts, u32 opts__sz)
{
	return nf_ct_bpf_init_of(nf_ct_bpf_call(nf_ct_bpf_skb_net(skb_ctx), bpf_tuple,
						tuple__sz, opts, opts__sz,
						nf_ct_bpf_make));
}

/**
 * bpf_skb_ct_lookup - as bpf_xdp_ct_lookup(), at traffic control
 * @skb_ctx:   packet
 * @bpf_tuple: addresses and ports
 * @tuple__sz: as for bpf_xdp_ct_alloc()
 * @opts:      likewise
 * @opts__sz:  likewise
 *
 * Context: softirq or process, under RCU.
 * Return: likewise.
 */
__bpf_kfunc struct nf_conn *
bpf_skb_ct_lookup(struct __sk_buff *skb_ctx, struct bpf_sock_tuple *bpf_tuple,
		  u32 tuple__sz, struct bpf_ct_opts *opts, u32 opts__sz)
{
	return nf_ct_bpf_call(nf_ct_bpf_skb_net(skb_ctx), bpf_tuple, tuple__sz, opts,
			      opts__sz, nf_ct_bpf_find);
}

/**
 * bpf_ct_insert_entry - enter a connection into the table
 * @nfct_i: connection; the program's no more
 *
 * Context: softirq or process.
 * Return: the connection, for bpf_ct_release(); NULL when its tuple is taken or there is
 * no room.
 */
__bpf_kfunc struct nf_conn *bpf_ct_insert_entry(struct nf_conn___init *nfct_i)
{
	struct nf_conn *ct = (struct nf_conn *)nfct_i;

	if (nf_conntrack_hash_check_insert(ct)) {
		nf_conntrack_free(ct);
		return NULL;
	}
#ifdef CONFIG_NF_CONNTRACK_EVENTS
	if (nf_conntrack_listening())
		nf_ct_deliver_cached_events(ct);
#endif
	return ct;
}

/**
 * bpf_ct_release - drop a program's reference
 * @nfct: connection
 *
 * Context: any up to softirq.
 */
__bpf_kfunc void bpf_ct_release(struct nf_conn *nfct)
{
	nf_ct_put(nfct);
}

/**
 * bpf_ct_set_timeout - how long a new connection lives
 * @nfct:    connection that is not in the table yet
 * @timeout: milliseconds
 *
 * Context: any up to softirq.
 */
__bpf_kfunc void bpf_ct_set_timeout(struct nf_conn___init *nfct, u32 timeout)
{
	__nf_ct_change_timeout((struct nf_conn *)nfct, msecs_to_jiffies(timeout));
}

/**
 * bpf_ct_change_timeout - how long a connection lives from now on
 * @nfct:    connection
 * @timeout: milliseconds
 *
 * Context: any up to softirq.
 * Return: 0; -EPERM for a fixed timeout, -ETIME when it is dying.
 */
__bpf_kfunc int bpf_ct_change_timeout(struct nf_conn *nfct, u32 timeout)
{
	return __nf_ct_change_timeout(nfct, msecs_to_jiffies(timeout));
}

/**
 * bpf_ct_set_status - status of a new connection
 * @nfct:   connection that is not in the table yet
 * @status: bits IPS_*
 *
 * Context: any up to softirq.
 * Return: 0, or -EBUSY for a change that is not possible.
 */
__bpf_kfunc int bpf_ct_set_status(const struct nf_conn___init *nfct, u32 status)
{
	return nf_ct_change_status_common((struct nf_conn *)nfct, status);
}

/**
 * bpf_ct_change_status - status of a connection
 * @nfct:   connection
 * @status: bits IPS_*, all that are to be set
 *
 * Context: any up to softirq.
 * Return: 0, or -EBUSY for a change that is not possible.
 */
__bpf_kfunc int bpf_ct_change_status(struct nf_conn *nfct, u32 status)
{
	return nf_ct_change_status_common(nfct, status);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(nf_ct_bpf_kfuncs)
BTF_ID_FLAGS(func, bpf_xdp_ct_alloc, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_xdp_ct_lookup, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_skb_ct_alloc, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_skb_ct_lookup, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_ct_insert_entry, KF_ACQUIRE | KF_RET_NULL | KF_RELEASE)
BTF_ID_FLAGS(func, bpf_ct_release, KF_RELEASE)
BTF_ID_FLAGS(func, bpf_ct_set_timeout, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_ct_change_timeout, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_ct_set_status, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_ct_change_status, KF_TRUSTED_ARGS)
BTF_KFUNCS_END(nf_ct_bpf_kfuncs)

static const struct btf_kfunc_id_set nf_ct_bpf_set = {
	.owner	= THIS_MODULE,
	.set	= &nf_ct_bpf_kfuncs,
};

/* ---- what a program may write ---- */

/* Members by which we know struct nf_conn: its number in the types of the kernel image
 * is not ours to know in a module that was compiled elsewhere.
 */
static const u32 nf_ct_bpf_members[] = {
	offsetof(struct nf_conn, lock),
	offsetof(struct nf_conn, timeout),
	offsetof(struct nf_conn, tuplehash),
	offsetof(struct nf_conn, status),
	offsetof(struct nf_conn, ct_net),
	offsetof(struct nf_conn, master),
#ifdef CONFIG_NF_CONNTRACK_MARK
	offsetof(struct nf_conn, mark),
#endif
	offsetof(struct nf_conn, ext),
	offsetof(struct nf_conn, proto),
};

static bool nf_ct_bpf_has_member(const struct btf_type *t, u32 offset)
{
	const struct btf_member *member = btf_type_member(t);
	unsigned int i;

	for (i = 0; i < btf_type_vlen(t); i++) {
		if (__btf_member_bit_offset(t, &member[i]) == offset * BITS_PER_BYTE)
			return true;
	}
	return false;
}

static bool nf_ct_bpf_is_entry(const struct btf *btf, const struct btf_type *t)
{
	unsigned int i;

	if (!t || !btf_type_is_struct(t) || t->size != sizeof(struct nf_conn))
		return false;
	/* struct nf_conn___init has an entry as its only member */
	if (btf_type_vlen(t) == 1)
		t = btf_type_by_id(btf, btf_type_member(t)->type);
	if (!t || !btf_type_is_struct(t) || t->size != sizeof(struct nf_conn))
		return false;
	for (i = 0; i < ARRAY_SIZE(nf_ct_bpf_members); i++) {
		if (!nf_ct_bpf_has_member(t, nf_ct_bpf_members[i]))
			return false;
	}
	return true;
}

/* May a program write @size bytes at @off of a @t?  Of an entry, its mark only. */
static int nf_ct_bpf_may_write(struct bpf_verifier_log *log, const struct btf *btf,
			       const struct btf_type *t, int off, int size)
{
	if (!nf_ct_bpf_is_entry(btf, t)) {
		bpf_log(log, "only read is supported\n");
		return -EACCES;
	}
#ifdef CONFIG_NF_CONNTRACK_MARK
	if (off >= (int)offsetof(struct nf_conn, mark) && size > 0 &&
	    off + size <= (int)offsetofend(struct nf_conn, mark))
		return 0;
#endif
	bpf_log(log, "no write support to nf_conn at off %d\n", off);
	return -EACCES;
}

NF_CT_BPF_WRITE_HOOK(nf_ct_bpf_write, nf_ct_bpf_may_write)

/**
 * register_nf_conntrack_bpf - let BPF programs call these functions
 *
 * Without types of this module (no pahole, or no types of the kernel where it was
 * compiled) the kernel says so in its log, and programs that want them do not load.  6.1
 * says it by -ENOENT as well.
 *
 * Context: process, sleeps.
 * Return: 0 or an error.
 */
int register_nf_conntrack_bpf(void)
{
	int err;

	err = register_btf_kfunc_id_set(BPF_PROG_TYPE_XDP, &nf_ct_bpf_set);
	if (!err)
		err = register_btf_kfunc_id_set(BPF_PROG_TYPE_SCHED_CLS, &nf_ct_bpf_set);
	/* DIFF: bpf-functions: stock always has types */
	if (err)
		return err == -ENOENT ? 0 : err;

	mutex_lock(&nf_conn_btf_access_lock);
	nfct_btf_struct_access = nf_ct_bpf_write;
	mutex_unlock(&nf_conn_btf_access_lock);
	return 0;
}

/**
 * cleanup_nf_conntrack_bpf - the module goes; no program that calls it is loaded
 *
 * Context: process, sleeps.
 */
void cleanup_nf_conntrack_bpf(void)
{
	mutex_lock(&nf_conn_btf_access_lock);
	nfct_btf_struct_access = NULL;
	mutex_unlock(&nf_conn_btf_access_lock);
}
