// SPDX-License-Identifier: GPL-2.0
/*
 * The match "hashlimit": packets or bytes up to a rate, or above it, for each address,
 * port or combination.  For all hooks.  Rules of a namespace share a table by its name;
 * an entry of it is made by its first packet, and ends when none came for a time.
 *
 * Packets find entries under RCU.  An entry's number of packets is a bucket without lock
 * (xt_rate.h); its bytes and windows have the entry's lock.  One of the table's locks,
 * which share the chains, guards insertion and removal.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/jhash.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/netfilter/xt_hashlimit.h>
#include <linux/random.h>
#include <linux/seq_file.h>
#include <linux/workqueue.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/netns/generic.h>

#include "xt_extension.h"
#include "xt_named.h"
#include "xt_rate.h"

#define HASHLIMIT_SIZE_MAX	1048576
#define HASHLIMIT_LOCKS		16

#define HASHLIMIT_PORTS		(XT_HASHLIMIT_HASH_DPT | XT_HASHLIMIT_HASH_SPT)
#define HASHLIMIT_MODES							\
	(XT_HASHLIMIT_HASH_DIP | XT_HASHLIMIT_HASH_SIP | HASHLIMIT_PORTS | \
	 XT_HASHLIMIT_INVERT | XT_HASHLIMIT_BYTES | XT_HASHLIMIT_RATE_MATCH)

/* What bytes cost, in stock's unit: a second's worth fits into 32 bits */
#define HASHLIMIT_BYTES_JIFFY	rounddown_pow_of_two(U32_MAX / HZ)
#define HASHLIMIT_BYTES_SECOND	(HASHLIMIT_BYTES_JIFFY * HZ)

/* Stock's unit for packets, of the scale of revision 1 and of the others: a day's fit */
#define HASHLIMIT_OLD_SECOND	(HZ * rounddown_pow_of_two(U32_MAX / (HZ * 86400UL)))
#define HASHLIMIT_SECOND	(HZ * rounddown_pow_of_two(U64_MAX / (HZ * 86400UL)))

static unsigned int hashlimit_net_id __read_mostly;

struct hashlimit_net {
	struct xt_named_net	names;
	struct proc_dir_entry	*dir4;
	struct proc_dir_entry	*dir6;
};

/* Parts that the table does not look at are zero. */
struct hashlimit_key {
	union nf_inet_addr	src;
	union nf_inet_addr	dst;
	__be16			sport;
	__be16			dport;
};

/* Bytes: what the second has left, and how many seconds' worth may be added at once */
struct hashlimit_bytes {
	u64	credit;
	u64	refills;
};

/* A window of the rate match: what came in it, and whether the one before had too much */
struct hashlimit_window {
	u64	seen;
	bool	over;
};

struct hashlimit_entry {
	struct hlist_node		node;
	struct hashlimit_key		key;
	unsigned long			expires;
	union {
		struct xt_rate_bucket	bucket;
		struct hashlimit_bytes	bytes;
		struct hashlimit_window	window;
	};
	/* of bytes and window: their lock; when it was looked at, or began */
	spinlock_t			lock;
	unsigned long			since;
	struct rcu_head			rcu;
};

/**
 * struct xt_hashlimit_htable - a table
 * @named:  its name; first
 * @cfg:    as the first rule said it
 * @old:    that rule was of revision 1
 * @rate:   for packets
 * @price:  bytes: of 16 bytes; window: what may come in one
 * @burst:  window: what may come in one after one without too much
 * @seed:   of the hash
 * @count:  entries
 * @gc:     ends those that no packet came for
 * @locks:  of chains
 * @chains: of entries; @cfg.size of them
 */
struct xt_hashlimit_htable {
	struct xt_named		named;
	struct hashlimit_cfg3	cfg;
	bool			old;
	struct xt_rate		rate;
	u64			price;
	u64			burst;
	u32			seed;
	atomic_t		count;
	struct delayed_work	gc;
	spinlock_t		locks[HASHLIMIT_LOCKS];
	struct hlist_head	chains[];
};

static struct hashlimit_net *hashlimit_net(struct net *net)
{
	return net_generic(net, hashlimit_net_id);
}

/* --- what an entry may let through -------------------------------------------------- */

/* Packets at this rate, of a rate match */
static u64 hashlimit_packets_rate(u64 period)
{
	return period ? XT_HASHLIMIT_SCALE_v2 / period : 0;
}

/* Bytes at this rate: users say how many of 2^32 parts of a second 16 bytes take. */
static u64 hashlimit_bytes_rate(u32 period)
{
	u64 chunks = period ? U32_MAX / period : U32_MAX;

	return (chunks - 1) << XT_HASHLIMIT_BYTE_SHIFT;
}

static u32 hashlimit_bytes_price(u64 period)
{
	return period * HASHLIMIT_BYTES_SECOND >> 32;
}

/* Stock's unit of packets: /proc shows it, and its overflows decide what is refused. */
static u64 hashlimit_stock(u64 period, bool old)
{
	return period * (old ? HASHLIMIT_OLD_SECOND / XT_HASHLIMIT_SCALE :
			       HASHLIMIT_SECOND / XT_HASHLIMIT_SCALE_v2);
}

static void hashlimit_set_rate(struct xt_hashlimit_htable *table)
{
	const struct hashlimit_cfg3 *cfg = &table->cfg;
	bool bytes = cfg->mode & XT_HASHLIMIT_BYTES;

	if (!(cfg->mode & XT_HASHLIMIT_RATE_MATCH)) {
		table->price = hashlimit_bytes_price(cfg->avg);
		xt_rate_set(&table->rate, cfg->avg,
			    table->old ? XT_HASHLIMIT_SCALE : XT_HASHLIMIT_SCALE_v2,
			    cfg->burst);
	} else if (bytes) {
		table->price = hashlimit_bytes_rate(cfg->avg);
		table->burst = table->price * (cfg->burst ?: 1);
	} else {
		table->price = hashlimit_packets_rate(cfg->avg);
		table->burst = table->price + cfg->burst;
	}
}

static void hashlimit_entry_start(struct hashlimit_entry *entry,
				  const struct xt_hashlimit_htable *table)
{
	entry->since = jiffies;
	if (table->cfg.mode & XT_HASHLIMIT_RATE_MATCH) {
		entry->window = (struct hashlimit_window){};
	} else if (table->cfg.mode & XT_HASHLIMIT_BYTES) {
		entry->bytes.credit = HASHLIMIT_BYTES_SECOND;
		entry->bytes.refills = table->cfg.burst;
	} else {
		xt_rate_fill(&entry->bucket, &table->rate);
	}
}

static void hashlimit_bytes_fill(struct hashlimit_entry *entry)
{
	unsigned long now = jiffies, time = now - entry->since;
	u64 credit = entry->bytes.credit;

	lockdep_assert_held(&entry->lock);
	if (time < HZ)
		credit += time * HASHLIMIT_BYTES_JIFFY;
	else
		credit = HASHLIMIT_BYTES_SECOND;
	entry->bytes.credit = min_t(u64, credit, HASHLIMIT_BYTES_SECOND);
	entry->since = now;
}

/* No packet is too long for a whole second's worth. */
static bool hashlimit_bytes_take(struct hashlimit_entry *entry,
				 const struct xt_hashlimit_htable *table, u32 len)
{
	u64 price = ((len >> XT_HASHLIMIT_BYTE_SHIFT) + 1) * table->price;
	struct hashlimit_bytes *bytes = &entry->bytes;

	price = min_t(u64, price, HASHLIMIT_BYTES_SECOND);
	hashlimit_bytes_fill(entry);
	if (bytes->credit < price && bytes->refills) {
		bytes->refills--;
		bytes->credit = HASHLIMIT_BYTES_SECOND;
	}
	if (bytes->credit < price)
		return false;
	bytes->credit -= price;
	return true;
}

/* Did more than @rate per @interval come in @time? */
static bool hashlimit_too_much(u64 seen, u64 interval, u64 time, u64 rate)
{
	u64 came, allowed;

	if (check_mul_overflow(time, rate, &allowed))
		return false;
	return check_mul_overflow(seen, interval, &came) || came > allowed;
}

static void hashlimit_window_turn(struct hashlimit_entry *entry,
				  const struct xt_hashlimit_htable *table)
{
	unsigned long now = jiffies, time = now - entry->since;
	u64 interval = (u64)table->cfg.interval * HZ;

	lockdep_assert_held(&entry->lock);
	if (time < interval)
		return;
	entry->window.over = hashlimit_too_much(entry->window.seen, interval, time,
						table->price);
	entry->window.seen = 0;
	entry->since = now;
}

static bool hashlimit_window_take(struct hashlimit_entry *entry,
				  const struct xt_hashlimit_htable *table, u32 amount)
{
	hashlimit_window_turn(entry, table);
	entry->window.seen += amount;
	return !entry->window.over && entry->window.seen <= table->burst;
}

/* May a packet of @len bytes pass? */
static bool hashlimit_entry_take(struct hashlimit_entry *entry,
				 const struct xt_hashlimit_htable *table, u32 len)
{
	u32 mode = table->cfg.mode;
	bool pass;

	if (!(mode & (XT_HASHLIMIT_BYTES | XT_HASHLIMIT_RATE_MATCH)))
		return xt_rate_take(&entry->bucket, &table->rate);

	spin_lock_bh(&entry->lock);
	if (!(mode & XT_HASHLIMIT_RATE_MATCH))
		pass = hashlimit_bytes_take(entry, table, len);
	else
		pass = hashlimit_window_take(entry, table, mode & XT_HASHLIMIT_BYTES ? len : 1);
	spin_unlock_bh(&entry->lock);
	return pass;
}

/* --- entries of a table ------------------------------------------------------------- */

static u32 hashlimit_hash(const struct xt_hashlimit_htable *table,
			  const struct hashlimit_key *key)
{
	u32 hash = jhash2((const u32 *)key, sizeof(*key) / sizeof(u32), table->seed);

	BUILD_BUG_ON(sizeof(*key) % sizeof(u32));
	return reciprocal_scale(hash, table->cfg.size);
}

static spinlock_t *hashlimit_lock(struct xt_hashlimit_htable *table, u32 chain)
{
	return &table->locks[chain % HASHLIMIT_LOCKS];
}

static struct hashlimit_entry *hashlimit_find(struct xt_hashlimit_htable *table, u32 chain,
					      const struct hashlimit_key *key)
{
	struct hashlimit_entry *entry;

	hlist_for_each_entry_rcu(entry, &table->chains[chain], node,
				 lockdep_is_held(hashlimit_lock(table, chain))) {
		if (!memcmp(&entry->key, key, sizeof(*key)))
			return entry;
	}
	return NULL;
}

static struct hashlimit_entry *hashlimit_new(struct xt_hashlimit_htable *table,
					     const struct hashlimit_key *key)
{
	struct hashlimit_entry *entry = NULL;

	if (atomic_inc_return(&table->count) <= table->cfg.max)
		entry = kmalloc(sizeof(*entry), GFP_ATOMIC);
	else
		net_err_ratelimited(KBUILD_MODNAME ": table %s has its maximum of %u entries\n",
				    table->named.name, table->cfg.max);
	if (!entry) {
		atomic_dec(&table->count);
		return NULL;
	}
	entry->key = *key;
	spin_lock_init(&entry->lock);
	hashlimit_entry_start(entry, table);
	return entry;
}

static void hashlimit_refresh(struct hashlimit_entry *entry,
			      const struct xt_hashlimit_htable *table)
{
	unsigned long expires = jiffies + msecs_to_jiffies(table->cfg.expire);

	/* most packets come in the jiffy of the one before: leave the cache line alone */
	if (READ_ONCE(entry->expires) != expires)
		WRITE_ONCE(entry->expires, expires);
}

/* The entry of a key.  Between look-up and lock another CPU may have made it. */
static struct hashlimit_entry *hashlimit_get(struct xt_hashlimit_htable *table,
					     const struct hashlimit_key *key)
{
	u32 chain = hashlimit_hash(table, key);
	struct hashlimit_entry *entry = hashlimit_find(table, chain, key);

	if (entry) {
		hashlimit_refresh(entry, table);
		return entry;
	}
	spin_lock_bh(hashlimit_lock(table, chain));
	entry = hashlimit_find(table, chain, key);
	if (!entry) {
		entry = hashlimit_new(table, key);
		if (entry) {
			hashlimit_refresh(entry, table);
			hlist_add_head_rcu(&entry->node, &table->chains[chain]);
		}
	}
	spin_unlock_bh(hashlimit_lock(table, chain));
	return entry;
}

/* End the entries of a chain whose time is over, or all.  Packets may still read them. */
static void hashlimit_clean(struct xt_hashlimit_htable *table, u32 chain, bool all)
{
	struct hashlimit_entry *entry;
	struct hlist_node *next;

	spin_lock_bh(hashlimit_lock(table, chain));
	hlist_for_each_entry_safe(entry, next, &table->chains[chain], node) {
		if (!all && time_before(jiffies, READ_ONCE(entry->expires)))
			continue;
		hlist_del_rcu(&entry->node);
		kfree_rcu(entry, rcu);
		atomic_dec(&table->count);
	}
	spin_unlock_bh(hashlimit_lock(table, chain));
}

static void hashlimit_clean_chains(struct xt_hashlimit_htable *table, bool all)
{
	u32 chain;

	for (chain = 0; chain < table->cfg.size; chain++) {
		if (!hlist_empty(&table->chains[chain]))
			hashlimit_clean(table, chain, all);
		cond_resched();
	}
}

static void hashlimit_gc(struct work_struct *work)
{
	struct xt_hashlimit_htable *table =
		container_of(work, struct xt_hashlimit_htable, gc.work);

	hashlimit_clean_chains(table, false);
	queue_delayed_work(system_power_efficient_wq, &table->gc,
			   msecs_to_jiffies(table->cfg.gc_interval));
}

/* --- a packet's key ----------------------------------------------------------------- */

/* DIFF: hashlimit-fragments: a fragment without ports does not take its data for ports */
static bool hashlimit_ports(const struct sk_buff *skb, u8 protocol, int offset, bool first,
			    u32 mode, struct hashlimit_key *key)
{
	int ports = proto_ports_offset(protocol);
	const __be16 *read;
	__be16 room[2];

	if (!first)
		return false;
	if (ports < 0)
		return true;
	read = skb_header_pointer(skb, offset + ports, sizeof(room), room);
	if (!read)
		return false;
	key->sport = mode & XT_HASHLIMIT_HASH_SPT ? read[0] : 0;
	key->dport = mode & XT_HASHLIMIT_HASH_DPT ? read[1] : 0;
	return true;
}

static __be32 hashlimit_mask4(__be32 addr, u8 bits)
{
	return bits ? addr & htonl(~0U << (32 - bits)) : 0;
}

static bool hashlimit_key4(const struct xt_hashlimit_htable *table, const struct sk_buff *skb,
			   const struct xt_action_param *par, struct hashlimit_key *key)
{
	const struct hashlimit_cfg3 *cfg = &table->cfg;
	const struct iphdr *ip = ip_hdr(skb);

	if (cfg->mode & XT_HASHLIMIT_HASH_SIP)
		key->src.ip = hashlimit_mask4(ip->saddr, cfg->srcmask);
	if (cfg->mode & XT_HASHLIMIT_HASH_DIP)
		key->dst.ip = hashlimit_mask4(ip->daddr, cfg->dstmask);
	return !(cfg->mode & HASHLIMIT_PORTS) ||
	       hashlimit_ports(skb, ip->protocol, par->thoff, !par->fragoff, cfg->mode, key);
}

static bool hashlimit_ports6(const struct sk_buff *skb, u32 mode, struct hashlimit_key *key)
{
	u8 protocol = ipv6_hdr(skb)->nexthdr;
	__be16 fragment = 0;
	int offset;

	offset = ipv6_skip_exthdr(skb, sizeof(struct ipv6hdr), &protocol, &fragment);
	return offset >= 0 && hashlimit_ports(skb, protocol, offset,
					      !(fragment & htons(~0x7)), mode, key);
}

static bool hashlimit_key6(const struct xt_hashlimit_htable *table, const struct sk_buff *skb,
			   struct hashlimit_key *key)
{
	const struct hashlimit_cfg3 *cfg = &table->cfg;
	const struct ipv6hdr *ip = ipv6_hdr(skb);

	if (cfg->mode & XT_HASHLIMIT_HASH_SIP)
		ipv6_addr_prefix(&key->src.in6, &ip->saddr, cfg->srcmask);
	if (cfg->mode & XT_HASHLIMIT_HASH_DIP)
		ipv6_addr_prefix(&key->dst.in6, &ip->daddr, cfg->dstmask);
	return !(cfg->mode & HASHLIMIT_PORTS) || hashlimit_ports6(skb, cfg->mode, key);
}

/* A packet that has no key, or no place in the table, is dropped: it is not counted. */
static bool hashlimit_mt(const struct sk_buff *skb, struct xt_action_param *par,
			 struct xt_hashlimit_htable *table, bool invert)
{
	struct hashlimit_entry *entry = NULL;
	struct hashlimit_key key = {};
	bool keyed;

	keyed = table->named.family == NFPROTO_IPV4 ? hashlimit_key4(table, skb, par, &key) :
						      hashlimit_key6(table, skb, &key);
	if (keyed)
		entry = hashlimit_get(table, &key);
	if (!entry) {
		par->hotdrop = true;
		return false;
	}
	return hashlimit_entry_take(entry, table, skb->len) != invert;
}

/* --- /proc/net/ipt_hashlimit and ip6t_hashlimit --------------------------------------- */

/* Stock shows its own memory: what is left, what was there, what a packet takes. */
static void hashlimit_show_numbers(struct seq_file *seq, struct hashlimit_entry *entry,
				   const struct xt_hashlimit_htable *table)
{
	const struct hashlimit_cfg3 *cfg = &table->cfg;
	u64 left, size, price = table->price;

	spin_lock_bh(&entry->lock);
	if (cfg->mode & XT_HASHLIMIT_RATE_MATCH) {
		hashlimit_window_turn(entry, table);
		left = cfg->interval | (u64)entry->window.over << 32;
		size = entry->window.seen;
	} else if (cfg->mode & XT_HASHLIMIT_BYTES) {
		hashlimit_bytes_fill(entry);
		left = entry->bytes.credit;
		size = entry->bytes.refills;
	} else {
		price = hashlimit_stock(cfg->avg, table->old);
		size = hashlimit_stock(cfg->avg * cfg->burst, table->old);
		left = xt_rate_level(&entry->bucket, &table->rate);
		if (left)
			left = mul_u64_u64_div_u64(left, size, table->rate.size);
	}
	spin_unlock_bh(&entry->lock);
	seq_printf(seq, "%llu %llu %llu\n", left, size, price);
}

static void hashlimit_show_entry(struct seq_file *seq, struct hashlimit_entry *entry,
				 const struct xt_hashlimit_htable *table)
{
	const struct hashlimit_key *key = &entry->key;
	long left = (long)(READ_ONCE(entry->expires) - jiffies) / HZ;

	if (table->named.family == NFPROTO_IPV4)
		seq_printf(seq, "%ld %pI4:%u->%pI4:%u ", left, &key->src.ip, ntohs(key->sport),
			   &key->dst.ip, ntohs(key->dport));
	else
		seq_printf(seq, "%ld %pI6:%u->%pI6:%u ", left, &key->src.in6,
			   ntohs(key->sport), &key->dst.in6, ntohs(key->dport));
	hashlimit_show_numbers(seq, entry, table);
}

static struct hlist_head *hashlimit_seq_chain(struct seq_file *seq, loff_t pos)
{
	struct xt_hashlimit_htable *table = pde_data(file_inode(seq->file));

	return pos < table->cfg.size ? &table->chains[pos] : NULL;
}

static void *hashlimit_seq_start(struct seq_file *seq, loff_t *pos)
	__acquires(RCU)
{
	rcu_read_lock();
	return hashlimit_seq_chain(seq, *pos);
}

static void *hashlimit_seq_next(struct seq_file *seq, void *v, loff_t *pos)
{
	return hashlimit_seq_chain(seq, ++*pos);
}

static void hashlimit_seq_stop(struct seq_file *seq, void *v)
	__releases(RCU)
{
	rcu_read_unlock();
}

static int hashlimit_seq_show(struct seq_file *seq, void *v)
{
	const struct xt_hashlimit_htable *table = pde_data(file_inode(seq->file));
	struct hashlimit_entry *entry;
	struct hlist_head *chain = v;

	hlist_for_each_entry_rcu(entry, chain, node)
		hashlimit_show_entry(seq, entry, table);
	return 0;
}

static const struct seq_operations hashlimit_seq_ops = {
	.start	= hashlimit_seq_start,
	.next	= hashlimit_seq_next,
	.stop	= hashlimit_seq_stop,
	.show	= hashlimit_seq_show,
};

/* --- tables and their rules ----------------------------------------------------------- */

/* Chains, if the rule does not say how many: by the memory of the machine */
static u32 hashlimit_size(u32 wanted)
{
	unsigned long pages = totalram_pages();
	unsigned long size = (pages << PAGE_SHIFT) / 16384 / sizeof(struct hlist_head);

	if (wanted)
		return wanted;
	if (pages > (1UL << 30) >> PAGE_SHIFT)
		return 8192;
	return max(size, 16UL);
}

static void hashlimit_free(struct xt_hashlimit_htable *table)
{
	cancel_delayed_work_sync(&table->gc);
	hashlimit_clean_chains(table, true);
	kvfree(table);
}

static struct xt_hashlimit_htable *hashlimit_alloc(const struct hashlimit_cfg3 *cfg, bool old)
{
	u32 i, size = hashlimit_size(cfg->size);
	struct xt_hashlimit_htable *table;

	table = kvzalloc(struct_size(table, chains, size), GFP_KERNEL_ACCOUNT);
	if (!table)
		return NULL;
	table->cfg = *cfg;
	table->cfg.size = size;
	table->cfg.max = cfg->max ? max(cfg->max, size) : size * 8;
	table->old = old;
	table->seed = get_random_u32();
	for (i = 0; i < HASHLIMIT_LOCKS; i++)
		spin_lock_init(&table->locks[i]);
	INIT_DEFERRABLE_WORK(&table->gc, hashlimit_gc);
	hashlimit_set_rate(table);
	return table;
}

static int hashlimit_create(struct hashlimit_net *hnet, const struct xt_mtchk_param *par,
			    const char *name, const struct hashlimit_cfg3 *cfg,
			    struct xt_hashlimit_htable **result)
{
	bool four = par->family == NFPROTO_IPV4;
	struct xt_hashlimit_htable *table = hashlimit_alloc(cfg, par->match->revision == 1);
	struct proc_dir_entry *file;
	int err;

	if (!table)
		return -ENOMEM;
	file = proc_create_seq_data(name, 0, four ? hnet->dir4 : hnet->dir6,
				    &hashlimit_seq_ops, table);
	err = xt_named_add(&hnet->names, &table->named, name, par->family, file);
	if (err) {
		hashlimit_free(table);
		return err;
	}
	queue_delayed_work(system_power_efficient_wq, &table->gc,
			   msecs_to_jiffies(cfg->gc_interval));
	*result = table;
	return 0;
}

/* The table of this name, if need be a new one.  @cfg says nothing to one that is there. */
static int hashlimit_use(const struct xt_mtchk_param *par, const char *name,
			 const struct hashlimit_cfg3 *cfg, struct xt_hashlimit_htable **table)
{
	struct hashlimit_net *hnet = hashlimit_net(par->net);
	struct xt_named *named;
	int err = 0;

	mutex_lock(&hnet->names.lock);
	named = xt_named_find(&hnet->names, name, par->family);
	if (named) {
		named->users++;
		*table = container_of(named, struct xt_hashlimit_htable, named);
	} else {
		err = hashlimit_create(hnet, par, name, cfg, table);
	}
	mutex_unlock(&hnet->names.lock);
	return err;
}

static int hashlimit_check_rate(const struct hashlimit_cfg3 *cfg, u8 revision)
{
	bool old = revision == 1;

	if (cfg->mode & XT_HASHLIMIT_RATE_MATCH) {
		if (!cfg->avg || cfg->avg > U32_MAX)
			return xt_refuse(-ERANGE, "rate out of range: %llu", cfg->avg);
		if (!cfg->interval)
			return xt_refuse(-EINVAL, "an interval of 0 seconds");
	} else if (cfg->mode & XT_HASHLIMIT_BYTES) {
		if (!hashlimit_bytes_price(cfg->avg))
			return xt_refuse(-EINVAL, "rate of bytes too high: %llu", cfg->avg);
	} else if (!cfg->burst || hashlimit_stock(cfg->avg * cfg->burst, old) <
				  hashlimit_stock(cfg->avg, old)) {
		return xt_refuse(-ERANGE, "rate too low, or burst 0 or too high: %llu, burst %llu",
				 cfg->avg, cfg->burst);
	}
	return 0;
}

static int hashlimit_check_cfg(const struct hashlimit_cfg3 *cfg,
			       const struct xt_mtchk_param *par)
{
	u8 revision = par->match->revision, bits = par->family == NFPROTO_IPV4 ? 32 : 128;

	if (!cfg->gc_interval || !cfg->expire)
		return xt_refuse(-EINVAL, "htable-expire and htable-gcinterval cannot be 0");
	if (cfg->srcmask > bits || cfg->dstmask > bits)
		return xt_refuse(-EINVAL, "addresses have %u bits: srcmask %u, dstmask %u",
				 bits, cfg->srcmask, cfg->dstmask);
	if (cfg->mode & ~HASHLIMIT_MODES ||
	    (revision < 3 && cfg->mode & XT_HASHLIMIT_RATE_MATCH))
		return xt_refuse(-EINVAL, "unknown mode %#x for revision %u", cfg->mode, revision);
	return hashlimit_check_rate(cfg, revision);
}

static u32 hashlimit_capped(u32 value, const char *what)
{
	if (value <= HASHLIMIT_SIZE_MAX)
		return value;
	pr_info_ratelimited("%s %u is too high, %u is used\n", what, value, HASHLIMIT_SIZE_MAX);
	return HASHLIMIT_SIZE_MAX;
}

static int hashlimit_mt_check(const struct xt_mtchk_param *par, const char *name,
			      size_t name_size, struct hashlimit_cfg3 cfg,
			      struct xt_hashlimit_htable **table)
{
	int err = xt_check_proc_name(name, name_size);

	if (err)
		return xt_refuse(err, "the table's name is no name for a file");
	err = hashlimit_check_cfg(&cfg, par);
	if (err)
		return err;
	cfg.size = hashlimit_capped(cfg.size, "htable-size");
	cfg.max = hashlimit_capped(cfg.max, "htable-max");
	return hashlimit_use(par, name, &cfg, table);
}

static void hashlimit_mt_destroy(const struct xt_mtdtor_param *par,
				 struct xt_hashlimit_htable *table)
{
	if (xt_named_put(&hashlimit_net(par->net)->names, &table->named))
		hashlimit_free(table);
}

/* Revisions differ in the types of the same members, and in the interval. */
#define HASHLIMIT_CFG(from)						\
	{								\
		.avg = (from).avg, .burst = (from).burst, .mode = (from).mode,	\
		.size = (from).size, .max = (from).max,			\
		.gc_interval = (from).gc_interval, .expire = (from).expire,	\
		.srcmask = (from).srcmask, .dstmask = (from).dstmask,	\
	}

#define HASHLIMIT_REVISION(n, cfg_interval)				\
static bool hashlimit_mt##n(const struct sk_buff *skb, struct xt_action_param *par)	\
{									\
	const struct xt_hashlimit_mtinfo##n *info = par->matchinfo;	\
									\
	return hashlimit_mt(skb, par, info->hinfo,			\
			    info->cfg.mode & XT_HASHLIMIT_INVERT);	\
}									\
static int hashlimit_mt##n##_check(const struct xt_mtchk_param *par)	\
{									\
	struct xt_hashlimit_mtinfo##n *info = par->matchinfo;		\
	struct hashlimit_cfg3 cfg = HASHLIMIT_CFG(info->cfg);		\
									\
	cfg.interval = (cfg_interval);					\
	return hashlimit_mt_check(par, info->name, sizeof(info->name), cfg, &info->hinfo); \
}									\
static void hashlimit_mt##n##_destroy(const struct xt_mtdtor_param *par)	\
{									\
	const struct xt_hashlimit_mtinfo##n *info = par->matchinfo;	\
									\
	hashlimit_mt_destroy(par, info->hinfo);				\
}

HASHLIMIT_REVISION(1, 0)
HASHLIMIT_REVISION(2, 0)
HASHLIMIT_REVISION(3, info->cfg.interval)

#define HASHLIMIT_MT(n)							\
	XT_BOTH(.name = "hashlimit", .revision = (n), .match = hashlimit_mt##n,	\
		.checkentry = hashlimit_mt##n##_check,			\
		.destroy = hashlimit_mt##n##_destroy,			\
		.matchsize = sizeof(struct xt_hashlimit_mtinfo##n),	\
		.usersize = offsetof(struct xt_hashlimit_mtinfo##n, hinfo))

static struct xt_match hashlimit_mts[] __read_mostly = {
	HASHLIMIT_MT(1),
	HASHLIMIT_MT(2),
	HASHLIMIT_MT(3),
};

/* --- the module ------------------------------------------------------------------------- */

static int __net_init hashlimit_net_init(struct net *net)
{
	struct hashlimit_net *hnet = hashlimit_net(net);

	xt_named_net_init(&hnet->names);
	hnet->dir4 = proc_mkdir("ipt_hashlimit", net->proc_net);
	hnet->dir6 = proc_mkdir("ip6t_hashlimit", net->proc_net);
	if (IS_ENABLED(CONFIG_PROC_FS) && (!hnet->dir4 || !hnet->dir6)) {
		proc_remove(hnet->dir4);
		proc_remove(hnet->dir6);
		return -ENOMEM;
	}
	return 0;
}

static void __net_exit hashlimit_net_exit(struct net *net)
{
	struct hashlimit_net *hnet = hashlimit_net(net);

	xt_named_net_exit(&hnet->names);
	proc_remove(hnet->dir4);
	proc_remove(hnet->dir6);
}

static struct pernet_operations hashlimit_net_ops = {
	.init = hashlimit_net_init,
	.exit = hashlimit_net_exit,
	.id = &hashlimit_net_id,
	.size = sizeof(struct hashlimit_net),
};

XT_MODULE_NET(hashlimit_net_ops, matches, hashlimit_mts);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: rate for each address or port (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_hashlimit");
MODULE_ALIAS("ip6t_hashlimit");
