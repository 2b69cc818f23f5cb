// SPDX-License-Identifier: GPL-2.0
/*
 * The match "recent": addresses that packets came from, or went to, lately; rules put them
 * on a list of some name, look there, or take them off.  For all hooks.  A namespace has
 * the lists, IPv4 and IPv6 together; the list without rules is freed.
 *
 * A list's lock guards its entries.  A packet looks for an entry under RCU first: most
 * addresses are on no list, and need no lock.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitops.h>
#include <linux/inet.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/jhash.h>
#include <linux/log2.h>
#include <linux/netfilter/xt_recent.h>
#include <linux/random.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>
#include <net/netns/generic.h>
#include <net/sock.h>

#include "xt_extension.h"
#include "xt_named.h"

/* DIFF: recent-hitcount: as kernels since 6.7 have it */
#define RECENT_HITS_MAX		65536
#define RECENT_STAMPS_DEFAULT	32

#define RECENT_ACTIONS							\
	(XT_RECENT_CHECK | XT_RECENT_SET | XT_RECENT_UPDATE | XT_RECENT_REMOVE)

static unsigned int ip_list_tot __read_mostly = 100;
static unsigned int ip_list_hash_size __read_mostly;
static unsigned int ip_list_perms __read_mostly = 0644;
static unsigned int ip_list_uid __read_mostly;
static unsigned int ip_list_gid __read_mostly;
static unsigned int ip_pkt_list_tot __read_mostly;
module_param(ip_list_tot, uint, 0400);
module_param(ip_list_hash_size, uint, 0400);
module_param(ip_list_perms, uint, 0400);
module_param(ip_list_uid, uint, 0644);
module_param(ip_list_gid, uint, 0644);
module_param(ip_pkt_list_tot, uint, 0400);
MODULE_PARM_DESC(ip_list_tot, "addresses that a list remembers");
MODULE_PARM_DESC(ip_list_hash_size, "not used: follows from ip_list_tot");
MODULE_PARM_DESC(ip_list_perms, "permissions of /proc/net/xt_recent/*");
MODULE_PARM_DESC(ip_list_uid, "owner of /proc/net/xt_recent/*");
MODULE_PARM_DESC(ip_list_gid, "group of /proc/net/xt_recent/*");
MODULE_PARM_DESC(ip_pkt_list_tot, "packets of an address that a list remembers at least");

static unsigned int recent_net_id __read_mostly;
static u32 recent_seed __read_mostly;

struct recent_net {
	struct xt_named_net	names;
	struct proc_dir_entry	*dir;
};

struct recent_addr {
	union nf_inet_addr	ip;
	u8			family;
	/* 0: any, for look-ups; not known, in an entry */
	u8			ttl;
};

/**
 * struct recent_entry - an address
 * @node:   in a chain of the list
 * @age:    in the list's order of last changes
 * @addr:   the address, and the TTL of its last packet
 * @rcu:    frees it
 * @next:   where the next time goes in @stamps
 * @filled: how many of them are there
 * @stamps: when its packets came, in jiffies: a ring as large as the list says
 */
struct recent_entry {
	struct hlist_node	node;
	struct list_head	age;
	struct recent_addr	addr;
	struct rcu_head		rcu;
	u32			next;
	u32			filled;
	unsigned long		stamps[];
};

/**
 * struct recent_list - a list
 * @named:  its name; first
 * @lock:   guards all that follows
 * @ring:   times that an entry has room for, a power of two
 * @count:  entries
 * @ages:   all of them, the one that has not changed for longest first
 * @chains: ip_list_hash_size of them
 */
struct recent_list {
	struct xt_named		named;
	spinlock_t		lock;
	u32			ring;
	u32			count;
	struct list_head	ages;
	struct hlist_head	chains[];
};

static struct recent_net *recent_net(struct net *net)
{
	return net_generic(net, recent_net_id);
}

/* --- entries ---------------------------------------------------------------------------- */

static struct hlist_head *recent_chain(struct recent_list *list, const struct recent_addr *addr)
{
	u32 hash = addr->family == NFPROTO_IPV4 ?
		   jhash_1word((__force u32)addr->ip.ip, recent_seed) :
		   jhash2(addr->ip.all, ARRAY_SIZE(addr->ip.all), recent_seed);

	return &list->chains[hash & (ip_list_hash_size - 1)];
}

static bool recent_is(const struct recent_entry *entry, const struct recent_addr *addr)
{
	u8 ttl = READ_ONCE(entry->addr.ttl);

	return entry->addr.family == addr->family &&
	       nf_inet_addr_cmp(&entry->addr.ip, &addr->ip) &&
	       (!ttl || !addr->ttl || ttl == addr->ttl);
}

/* Under RCU or the list's lock.  After RCU alone the entry may be off the list already. */
static struct recent_entry *recent_find(struct recent_list *list, const struct recent_addr *addr)
{
	struct recent_entry *entry;

	hlist_for_each_entry_rcu(entry, recent_chain(list, addr), node,
				 lockdep_is_held(&list->lock)) {
		if (recent_is(entry, addr))
			return entry;
	}
	return NULL;
}

static bool recent_on_list(const struct recent_entry *entry)
{
	return !hlist_unhashed(&entry->node);
}

static void recent_remove(struct recent_list *list, struct recent_entry *entry)
{
	lockdep_assert_held(&list->lock);
	hlist_del_init_rcu(&entry->node);
	list_del(&entry->age);
	list->count--;
	kfree_rcu(entry, rcu);
}

static void recent_flush(struct recent_list *list)
{
	struct recent_entry *entry, *next;

	list_for_each_entry_safe(entry, next, &list->ages, age)
		recent_remove(list, entry);
}

static struct recent_entry *recent_oldest(struct recent_list *list)
{
	return list_first_entry_or_null(&list->ages, struct recent_entry, age);
}

/* A packet came: its time goes where the oldest is.  @next may point behind the ring. */
static void recent_stamp(struct recent_list *list, struct recent_entry *entry)
{
	lockdep_assert_held(&list->lock);
	entry->next &= list->ring - 1;
	entry->stamps[entry->next++] = jiffies;
	entry->filled = max(entry->filled, entry->next);
	list_move_tail(&entry->age, &list->ages);
}

/* A new address takes the place of the oldest, if there is no other. */
static struct recent_entry *recent_add(struct recent_list *list, const struct recent_addr *addr)
{
	struct recent_entry *entry;

	lockdep_assert_held(&list->lock);
	if (list->count >= ip_list_tot)
		recent_remove(list, recent_oldest(list));
	entry = kmalloc(struct_size(entry, stamps, list->ring), GFP_ATOMIC | __GFP_NOWARN);
	if (!entry)
		return NULL;
	entry->addr = *addr;
	entry->next = 0;
	entry->filled = 0;
	INIT_LIST_HEAD(&entry->age);
	recent_stamp(list, entry);
	hlist_add_head_rcu(&entry->node, recent_chain(list, addr));
	list->count++;
	return entry;
}

static unsigned long recent_newest(const struct recent_entry *entry)
{
	return entry->stamps[entry->next - 1];
}

/* --- packets ---------------------------------------------------------------------------- */

/* The TTL as the sender's packet had it when it came here, also after routing */
static u8 recent_mt_ttl(const struct sk_buff *skb, const struct xt_action_param *par, u8 ttl)
{
	bool own = skb->sk && net_eq(xt_net(par), sock_net(skb->sk));

	return xt_out(par) && !own ? ttl + 1 : ttl;
}

static void recent_mt_addr(const struct sk_buff *skb, const struct xt_action_param *par,
			   const struct xt_recent_mtinfo_v1 *info, struct recent_addr *addr)
{
	bool dst = info->side == XT_RECENT_DEST;
	u8 ttl;

	addr->family = xt_family(par);
	if (addr->family == NFPROTO_IPV4) {
		const struct iphdr *ip = ip_hdr(skb);

		addr->ip.ip = dst ? ip->daddr : ip->saddr;
		ttl = ip->ttl;
	} else {
		const struct ipv6hdr *ip = ipv6_hdr(skb);

		addr->ip.in6 = dst ? ip->daddr : ip->saddr;
		ttl = ip->hop_limit;
	}
	nf_inet_addr_mask(&addr->ip, &addr->ip, &info->mask);
	addr->ttl = recent_mt_ttl(skb, par, ttl);
}

/* Has the address as many packets in the last seconds as the rule says? */
static bool recent_mt_enough(const struct recent_entry *entry,
			     const struct xt_recent_mtinfo_v1 *info, unsigned long since)
{
	u32 i, hits = 0;

	for (i = 0; i < entry->filled; i++) {
		if (info->seconds && time_before(entry->stamps[i], since))
			continue;
		if (++hits >= info->hit_count)
			return true;
	}
	return false;
}

/* --reap: the oldest address goes if its last packet is too long ago. */
static void recent_mt_reap(struct recent_list *list, unsigned long since,
			   const struct recent_entry *keep)
{
	struct recent_entry *oldest = recent_oldest(list);

	if (oldest && oldest != keep && time_before(recent_newest(oldest), since))
		recent_remove(list, oldest);
}

static void recent_mt_seen(struct recent_list *list, struct recent_entry *entry, u8 ttl)
{
	WRITE_ONCE(entry->addr.ttl, ttl);
	recent_stamp(list, entry);
}

/* --rcheck and --update.  The latter counts a packet that the whole match, inverted as it
 * may be, says yes to.
 */
static bool recent_mt_look(struct recent_list *list, struct recent_entry *entry,
			   const struct xt_recent_mtinfo_v1 *info, u8 ttl)
{
	unsigned long since = jiffies - (unsigned long)info->seconds * HZ;
	bool hit = recent_mt_enough(entry, info, since);
	bool seen = info->check_set & XT_RECENT_UPDATE && hit != !!info->invert;

	if (info->check_set & XT_RECENT_REAP)
		recent_mt_reap(list, since, seen ? entry : NULL);
	if (seen)
		recent_mt_seen(list, entry, ttl);
	return hit;
}

/* The actions that need an address which is on the list */
static bool recent_mt_known(struct recent_list *list, const struct xt_recent_mtinfo_v1 *info,
			    const struct recent_addr *addr, u8 ttl)
{
	struct recent_entry *entry = recent_find(list, addr);
	bool hit = true;

	if (!entry)
		return false;
	spin_lock_bh(&list->lock);
	if (!recent_on_list(entry))
		hit = false;
	else if (info->check_set & XT_RECENT_REMOVE)
		recent_remove(list, entry);
	else
		hit = recent_mt_look(list, entry, info, ttl);
	spin_unlock_bh(&list->lock);
	return hit;
}

static bool recent_mt_set(struct recent_list *list, const struct recent_addr *addr)
{
	const struct recent_addr any = { .ip = addr->ip, .family = addr->family };
	struct recent_entry *entry;

	spin_lock_bh(&list->lock);
	entry = recent_find(list, &any);
	if (entry)
		recent_mt_seen(list, entry, addr->ttl);
	else
		entry = recent_add(list, addr);
	spin_unlock_bh(&list->lock);
	return entry;
}

static bool recent_mt_with(const struct sk_buff *skb, struct xt_action_param *par,
			   const struct xt_recent_mtinfo_v1 *info)
{
	struct recent_net *rnet = recent_net(xt_net(par));
	struct recent_addr addr = {};
	struct recent_list *list;
	struct xt_named *named;
	u8 ttl;

	/* the rule holds its list */
	named = xt_named_find(&rnet->names, info->name, NFPROTO_UNSPEC);
	list = container_of(named, struct recent_list, named);
	recent_mt_addr(skb, par, info, &addr);

	if (info->check_set & XT_RECENT_SET) {
		par->hotdrop = !recent_mt_set(list, &addr);
		return !info->invert;
	}
	ttl = addr.ttl;
	if (!(info->check_set & XT_RECENT_TTL))
		addr.ttl = 0;
	return recent_mt_known(list, info, &addr, ttl) != !!info->invert;
}

static bool recent_mt1(const struct sk_buff *skb, struct xt_action_param *par)
{
	return recent_mt_with(skb, par, par->matchinfo);
}

/* Revision 0 is the beginning of revision 1, and looks at whole addresses. */
static void recent_mt0_as_1(struct xt_recent_mtinfo_v1 *info, const void *info0)
{
	memcpy(info, info0, offsetof(struct xt_recent_mtinfo_v1, mask));
	memset(&info->mask, 0xff, sizeof(info->mask));
}

static bool recent_mt0(const struct sk_buff *skb, struct xt_action_param *par)
{
	struct xt_recent_mtinfo_v1 info;

	recent_mt0_as_1(&info, par->matchinfo);
	return recent_mt_with(skb, par, &info);
}

/* --- /proc/net/xt_recent ---------------------------------------------------------------- */

static void recent_show_entry(struct seq_file *seq, const struct recent_entry *entry)
{
	u32 i;

	if (entry->addr.family == NFPROTO_IPV4)
		seq_printf(seq, "src=%pI4", &entry->addr.ip.ip);
	else
		seq_printf(seq, "src=%pI6", &entry->addr.ip.in6);
	seq_printf(seq, " ttl: %u last_seen: %lu oldest_pkt: %u", entry->addr.ttl,
		   recent_newest(entry), entry->next);
	for (i = 0; i < entry->filled; i++)
		seq_printf(seq, "%s %lu", i ? "," : "", entry->stamps[i]);
	seq_putc(seq, '\n');
}

static struct hlist_head *recent_seq_chain(struct seq_file *seq, loff_t pos)
{
	struct recent_list *list = seq->private;

	return pos < ip_list_hash_size ? &list->chains[pos] : NULL;
}

static void *recent_seq_start(struct seq_file *seq, loff_t *pos)
{
	return recent_seq_chain(seq, *pos);
}

static void *recent_seq_next(struct seq_file *seq, void *v, loff_t *pos)
{
	return recent_seq_chain(seq, ++*pos);
}

static void recent_seq_stop(struct seq_file *seq, void *v)
{
}

static int recent_seq_show(struct seq_file *seq, void *v)
{
	struct recent_list *list = seq->private;
	const struct recent_entry *entry;
	struct hlist_head *chain = v;

	if (hlist_empty(chain))
		return 0;
	spin_lock_bh(&list->lock);
	hlist_for_each_entry(entry, chain, node)
		recent_show_entry(seq, entry);
	spin_unlock_bh(&list->lock);
	return 0;
}

static const struct seq_operations recent_seq_ops = {
	.start	= recent_seq_start,
	.next	= recent_seq_next,
	.stop	= recent_seq_stop,
	.show	= recent_seq_show,
};

static int recent_file_open(struct inode *inode, struct file *file)
{
	int err = seq_open(file, &recent_seq_ops);

	if (!err)
		((struct seq_file *)file->private_data)->private = pde_data(inode);
	return err;
}

/* The address of a command; it ends at the end of the line or of the text. */
static bool recent_file_addr(const char *text, size_t len, struct recent_addr *addr)
{
	u8 *bytes = (u8 *)&addr->ip;

	if (strnchr(text, len, ':')) {
		addr->family = NFPROTO_IPV6;
		return in6_pton(text, len, bytes, '\n', NULL);
	}
	addr->family = NFPROTO_IPV4;
	return in4_pton(text, len, bytes, '\n', NULL);
}

static int recent_file_change(struct recent_list *list, const struct recent_addr *addr, bool add)
{
	struct recent_entry *entry;
	int err = 0;

	spin_lock_bh(&list->lock);
	entry = recent_find(list, addr);
	if (entry && add)
		recent_stamp(list, entry);
	else if (entry)
		recent_remove(list, entry);
	else if (add && !recent_add(list, addr))
		err = -ENOMEM;
	spin_unlock_bh(&list->lock);
	return err;
}

static int recent_file_command(struct recent_list *list, const char *text, size_t len)
{
	struct recent_addr addr = {};

	switch (len ? text[0] : 0) {
	case '/':
		spin_lock_bh(&list->lock);
		recent_flush(list);
		spin_unlock_bh(&list->lock);
		return 0;
	case '+':
	case '-':
		if (!recent_file_addr(text + 1, len - 1, &addr))
			return xt_refuse(-EINVAL, "no address was written to list %s",
					 list->named.name);
		return recent_file_change(list, &addr, text[0] == '+');
	default:
		return xt_refuse(-EINVAL, "write \"+address\", \"-address\" or \"/\" to list %s",
				 list->named.name);
	}
}

static ssize_t recent_file_write(struct file *file, const char __user *from, size_t len,
				 loff_t *pos)
{
	struct recent_list *list = pde_data(file_inode(file));
	char text[sizeof("+0000:0000:0000:0000:0000:0000:255.255.255.255")];
	int err;

	if (*pos)
		return -ESPIPE;
	len = min(len, sizeof(text));
	if (copy_from_user(text, from, len))
		return -EFAULT;
	err = recent_file_command(list, text, len);
	if (err)
		return err;
	*pos += len;
	return len;
}

static const struct proc_ops recent_file_ops = {
	.proc_open	= recent_file_open,
	.proc_read	= seq_read,
	.proc_write	= recent_file_write,
	.proc_release	= seq_release,
	.proc_lseek	= seq_lseek,
};

/* The owner is of the first user namespace, as the parameters are.  NULL: *@err says why */
static struct proc_dir_entry *recent_file_new(struct recent_net *rnet, const char *name,
					      struct recent_list *list, int *err)
{
	kuid_t uid = make_kuid(&init_user_ns, ip_list_uid);
	kgid_t gid = make_kgid(&init_user_ns, ip_list_gid);
	struct proc_dir_entry *file;

	*err = -EINVAL;
	if (!uid_valid(uid) || !gid_valid(gid))
		return NULL;
	*err = -ENOMEM;
	file = proc_create_data(name, ip_list_perms, rnet->dir, &recent_file_ops, list);
	if (file)
		proc_set_user(file, uid, gid);
	return file;
}

/* --- lists and their rules -------------------------------------------------------------- */

static void recent_list_free(struct recent_list *list)
{
	spin_lock_bh(&list->lock);
	recent_flush(list);
	spin_unlock_bh(&list->lock);
	/* packets of other rules may read its name, on the way to theirs */
	kvfree_rcu(list, named.rcu);
}

static struct recent_list *recent_list_alloc(u32 ring)
{
	struct recent_list *list;

	/* users may ask for lists, and the parameter for more than there is: no warning */
	list = kvzalloc(struct_size(list, chains, ip_list_hash_size),
			GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!list)
		return NULL;
	spin_lock_init(&list->lock);
	list->ring = ring;
	INIT_LIST_HEAD(&list->ages);
	return list;
}

static int recent_list_create(struct recent_net *rnet, const char *name, u32 ring)
{
	struct recent_list *list = recent_list_alloc(ring);
	struct proc_dir_entry *file;
	int err;

	if (!list)
		return -ENOMEM;
	file = recent_file_new(rnet, name, list, &err);
	if (file || !IS_ENABLED(CONFIG_PROC_FS))
		err = xt_named_add(&rnet->names, &list->named, name, NFPROTO_UNSPEC, file);
	if (err)
		kvfree(list);
	return err;
}

/* A rule that counts further than the others begins the list anew. */
static void recent_list_widen(struct recent_list *list, u32 ring)
{
	spin_lock_bh(&list->lock);
	if (ring > list->ring) {
		recent_flush(list);
		list->ring = ring;
	}
	spin_unlock_bh(&list->lock);
}

static int recent_mt_use(struct net *net, const char *name, u32 ring)
{
	struct recent_net *rnet = recent_net(net);
	struct xt_named *named;
	int err = 0;

	mutex_lock(&rnet->names.lock);
	named = xt_named_find(&rnet->names, name, NFPROTO_UNSPEC);
	if (named) {
		recent_list_widen(container_of(named, struct recent_list, named), ring);
		named->users++;
	} else {
		err = recent_list_create(rnet, name, ring);
	}
	mutex_unlock(&rnet->names.lock);
	return err;
}

static u32 recent_mt_ring(u32 hit_count)
{
	u32 wanted = max(hit_count, ip_pkt_list_tot);

	return wanted ? roundup_pow_of_two(wanted) : RECENT_STAMPS_DEFAULT;
}

static int recent_mt_check_action(const struct xt_recent_mtinfo_v1 *info)
{
	u8 actions = info->check_set & RECENT_ACTIONS;

	if (info->check_set & ~XT_RECENT_VALID_FLAGS)
		return xt_refuse(-EINVAL, "unknown flags %#x", info->check_set);
	if (hweight8(actions) != 1)
		return xt_refuse(-EINVAL, "one of set, rcheck, update and remove is needed, not %u",
				 hweight8(actions));
	if (actions & (XT_RECENT_SET | XT_RECENT_REMOVE) &&
	    (info->seconds || info->hit_count || info->check_set & XT_RECENT_MODIFIERS))
		return xt_refuse(-EINVAL, "seconds, hitcount, rttl and reap need rcheck or update");
	if (info->check_set & XT_RECENT_REAP && !info->seconds)
		return xt_refuse(-EINVAL, "reap needs seconds");
	if (info->hit_count >= RECENT_HITS_MAX)
		return xt_refuse(-EINVAL, "hitcount %u is above %u", info->hit_count,
				 RECENT_HITS_MAX - 1);
	return 0;
}

static int recent_mt_check(const struct xt_mtchk_param *par,
			   const struct xt_recent_mtinfo_v1 *info)
{
	int err = recent_mt_check_action(info);

	if (err)
		return err;
	err = xt_check_proc_name(info->name, sizeof(info->name));
	if (err)
		return xt_refuse(err, "the list's name is no name for a file");
	return recent_mt_use(par->net, info->name, recent_mt_ring(info->hit_count));
}

static int recent_mt1_check(const struct xt_mtchk_param *par)
{
	return recent_mt_check(par, par->matchinfo);
}

static int recent_mt0_check(const struct xt_mtchk_param *par)
{
	struct xt_recent_mtinfo_v1 info;

	recent_mt0_as_1(&info, par->matchinfo);
	return recent_mt_check(par, &info);
}

/* The name is at the same place in both revisions. */
static void recent_mt_destroy(const struct xt_mtdtor_param *par)
{
	const struct xt_recent_mtinfo *info = par->matchinfo;
	struct recent_net *rnet = recent_net(par->net);
	struct xt_named *named;

	/* the list stays at least until this rule has put it */
	mutex_lock(&rnet->names.lock);
	named = xt_named_find(&rnet->names, info->name, NFPROTO_UNSPEC);
	mutex_unlock(&rnet->names.lock);
	if (xt_named_put(&rnet->names, named))
		recent_list_free(container_of(named, struct recent_list, named));
}

#define RECENT_MT0							\
	.name = "recent", .revision = 0, .match = recent_mt0,		\
	.checkentry = recent_mt0_check, .destroy = recent_mt_destroy,	\
	.matchsize = sizeof(struct xt_recent_mtinfo)

#define RECENT_MT1							\
	.name = "recent", .revision = 1, .match = recent_mt1,		\
	.checkentry = recent_mt1_check, .destroy = recent_mt_destroy,	\
	.matchsize = sizeof(struct xt_recent_mtinfo_v1)

static struct xt_match recent_mts[] __read_mostly = {
	XT_BOTH(RECENT_MT0),
	XT_BOTH(RECENT_MT1),
};

/* --- the module ------------------------------------------------------------------------- */

static int __net_init recent_net_init(struct net *net)
{
	struct recent_net *rnet = recent_net(net);

	xt_named_net_init(&rnet->names);
	rnet->dir = proc_mkdir("xt_recent", net->proc_net);
	return rnet->dir || !IS_ENABLED(CONFIG_PROC_FS) ? 0 : -ENOMEM;
}

static void __net_exit recent_net_exit(struct net *net)
{
	struct recent_net *rnet = recent_net(net);

	xt_named_net_exit(&rnet->names);
	proc_remove(rnet->dir);
}

static struct pernet_operations recent_net_ops = {
	.init = recent_net_init,
	.exit = recent_net_exit,
	.id = &recent_net_id,
	.size = sizeof(struct recent_net),
};

static int __init recent_start(void)
{
	int err;

	if (!ip_list_tot || ip_pkt_list_tot >= RECENT_HITS_MAX)
		return xt_refuse(-EINVAL, "ip_list_tot is at least 1, ip_pkt_list_tot at most %u",
				 RECENT_HITS_MAX - 1);
	ip_list_hash_size = 1U << min(fls(ip_list_tot), 31);
	recent_seed = get_random_u32();
	err = register_pernet_subsys(&recent_net_ops);
	if (err)
		return err;
	err = xt_register_matches(recent_mts, ARRAY_SIZE(recent_mts));
	if (err)
		unregister_pernet_subsys(&recent_net_ops);
	return err;
}

static void __exit recent_end(void)
{
	xt_unregister_matches(recent_mts, ARRAY_SIZE(recent_mts));
	unregister_pernet_subsys(&recent_net_ops);
}

module_init(recent_start);
module_exit(recent_end);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: addresses seen lately (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_recent");
MODULE_ALIAS("ip6t_recent");
