// SPDX-License-Identifier: GPL-2.0
/*
 * Who listens to a multicast group: the sockets, whether they insist on every event
 * (NETLINK_BROADCAST_ERROR), and whether they have room now.  The kernel tells a
 * module none of this: what it declares for modules is struct sock.  So when the
 * module is loaded it makes a socket of its own, sets one option after the other,
 * and finds where in the socket that shows.  If anything is not as expected, events
 * go to whole groups as on the stock kernel, and listeners that refuse share a slot.
 *
 * nl_table_lock guards the list of sockets and which groups they have joined.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/net.h>
#include <linux/net_namespace.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/unaligned.h>
#include <net/sock.h>

#include "ctnetlink.h"
#include "nf_conntrack_internal.h"
#include "nf_conntrack_listener.h"

/* Of the kernel's image, exported, declared in a header of its own only */
struct netlink_table;
extern struct netlink_table *nl_table;
extern rwlock_t nl_table_lock;

/* Two groups that every netlink family has and nfnetlink does not use */
#define CTNETLINK_PROBE_GROUP	32
#define CTNETLINK_PROBE_GROUP2	31

/* Lists in a netlink socket that may be that of a wait queue, at most */
#define CTNETLINK_PROBE_LISTS	8

/* Bytes of a netlink socket behind struct sock that are looked at, at most */
#define CTNETLINK_PROBE_MAX	512

/* One flag of a socket: which bit of which byte */
struct ctnetlink_flag {
	unsigned int	byte;
	u8		bit;
};

/**
 * struct ctnetlink_layout - where things are in a netlink socket
 * @known:    the rest is right
 * @sockets:  list of all sockets that have joined a group of NETLINK_NETFILTER
 * @portid:   offset of the port, u32
 * @groups:   offset of the pointer to the bits of the groups
 * @reliable: NETLINK_BROADCAST_ERROR
 * @quiet:    NETLINK_NO_ENOBUFS
 * @all_nsid: NETLINK_LISTEN_ALL_NSID
 * @reads:    offset of the wait queue that is woken when a message has been read;
 *            0: not found, what a listener has read is noticed later then
 */
struct ctnetlink_layout {
	bool			known;
	struct hlist_head	*sockets;
	unsigned int		portid;
	unsigned int		groups;
	struct ctnetlink_flag	reliable;
	struct ctnetlink_flag	quiet;
	struct ctnetlink_flag	all_nsid;
	unsigned int		reads;
};

static struct ctnetlink_layout ctnetlink_layout __read_mostly;

/* ---- finding the layout ---- */

/**
 * struct ctnetlink_probe - our own socket, while the layout is being found
 * @sock:   the socket; nobody else uses it
 * @len:    bytes behind struct sock
 * @before: a copy of them
 * @portid: its port, a number that stands nowhere else
 */
struct ctnetlink_probe {
	struct socket	*sock;
	unsigned int	len;
	u8		before[CTNETLINK_PROBE_MAX];
	u32		portid;
};

static const u8 *ctnetlink_probe_bytes(const struct ctnetlink_probe *p)
{
	return (const u8 *)p->sock->sk + sizeof(struct sock);
}

static int ctnetlink_probe_set(const struct ctnetlink_probe *p, int option, int value)
{
	return p->sock->ops->setsockopt(p->sock, SOL_NETLINK, option,
					KERNEL_SOCKPTR(&value), sizeof(value));
}

/* Exactly one bit must follow the option, forth and back. */
static int ctnetlink_probe_flag(struct ctnetlink_probe *p, int option,
				struct ctnetlink_flag *flag)
{
	const u8 *now = ctnetlink_probe_bytes(p);
	unsigned int i, found = 0;
	int err;

	/* once without looking: the kernel's checkers note the first use of a lock */
	err = ctnetlink_probe_set(p, option, 1) ?: ctnetlink_probe_set(p, option, 0);
	if (err)
		return err;
	memcpy(p->before, now, p->len);
	err = ctnetlink_probe_set(p, option, 1);
	if (err)
		return err;
	for (i = 0; i < p->len; i++) {
		u8 diff = p->before[i] ^ now[i];

		if (!diff)
			continue;
		found += hweight8(diff);
		flag->byte = sizeof(struct sock) + i;
		flag->bit = now[i] & diff;
	}
	err = ctnetlink_probe_set(p, option, 0);
	if (err)
		return err;
	if (found != 1 || !flag->bit || memcmp(p->before, now, p->len))
		return -ENOENT;
	return 0;
}

static int ctnetlink_probe_portid(const struct ctnetlink_probe *p, unsigned int *offset)
{
	const u8 *now = ctnetlink_probe_bytes(p);
	unsigned int i, found = 0;

	for (i = 0; i + sizeof(u32) <= p->len; i += sizeof(u32)) {
		if (get_unaligned((const u32 *)(now + i)) != p->portid)
			continue;
		*offset = sizeof(struct sock) + i;
		found++;
	}
	return found == 1 ? 0 : -ENOENT;
}

/* Does the pointer at offset @i lead to exactly the groups @bits? */
static bool ctnetlink_probe_leads_to(const struct ctnetlink_probe *p, unsigned int i,
				     unsigned long bits)
{
	const unsigned long *groups;
	unsigned long word;

	memcpy(&groups, ctnetlink_probe_bytes(p) + i, sizeof(groups));
	/* user-mode Linux catches no fault */
	if (!IS_ALIGNED((unsigned long)groups, sizeof(word)) || !virt_addr_valid(groups))
		return false;
	return !copy_from_kernel_nofault(&word, groups, sizeof(word)) && word == bits;
}

static int ctnetlink_probe_groups(const struct ctnetlink_probe *p, unsigned int *offset)
{
	const unsigned long one = BIT(CTNETLINK_PROBE_GROUP - 1);
	const unsigned long two = one | BIT(CTNETLINK_PROBE_GROUP2 - 1);
	unsigned long candidates[BITS_TO_LONGS(CTNETLINK_PROBE_MAX)] = {};
	unsigned int i, found = 0;
	int err;

	for (i = 0; i + sizeof(void *) <= p->len; i += sizeof(void *)) {
		if (ctnetlink_probe_leads_to(p, i, one))
			__set_bit(i, candidates);
	}
	err = ctnetlink_probe_set(p, NETLINK_ADD_MEMBERSHIP, CTNETLINK_PROBE_GROUP2);
	if (err)
		return err;
	for_each_set_bit(i, candidates, p->len) {
		if (!ctnetlink_probe_leads_to(p, i, two))
			continue;
		*offset = sizeof(struct sock) + i;
		found++;
	}
	return found == 1 ? 0 : -ENOENT;
}

/*
 * A socket that joins its first group becomes the first of the list, so that its
 * link leads back to the head, which lies in nl_table.  Another socket may join at
 * the same time: leave the groups and join again.
 */
static int ctnetlink_probe_sockets(const struct ctnetlink_probe *p,
				   struct hlist_head **sockets)
{
	const char *table = (const char *)nl_table, *back;
	unsigned int tries;

	for (tries = 0; tries < 10; tries++) {
		read_lock_bh(&nl_table_lock);
		back = (const char *)p->sock->sk->sk_bind_node.pprev;
		read_unlock_bh(&nl_table_lock);
		if (back >= table && back < table + ksize(nl_table)) {
			*sockets = container_of((struct hlist_node **)back,
						struct hlist_head, first);
			return 0;
		}
		ctnetlink_probe_set(p, NETLINK_DROP_MEMBERSHIP, CTNETLINK_PROBE_GROUP);
		ctnetlink_probe_set(p, NETLINK_DROP_MEMBERSHIP, CTNETLINK_PROBE_GROUP2);
		ctnetlink_probe_set(p, NETLINK_ADD_MEMBERSHIP, CTNETLINK_PROBE_GROUP);
	}
	return -ENOENT;
}

/**
 * struct ctnetlink_read_probe - what may be the wait queue of reads
 * @wait: our entry there
 * @at:   offset of the queue
 * @woken: it was woken
 */
struct ctnetlink_read_probe {
	wait_queue_entry_t	wait;
	unsigned int		at;
	bool			woken;
};

static int ctnetlink_probe_woken(struct wait_queue_entry *wait, unsigned int mode,
				 int flags, void *key)
{
	container_of(wait, struct ctnetlink_read_probe, wait)->woken = true;
	return 0;
}

/* Is there an empty list at @at, which may be that of a wait queue? */
static struct list_head *ctnetlink_probe_list(const struct ctnetlink_probe *p,
					      unsigned int at)
{
	struct list_head *list = (void *)p->sock->sk + at;

	if (list->next != list || list->prev != list ||
	    at < sizeof(struct sock) + offsetof(wait_queue_head_t, head))
		return NULL;
	return list;
}

/* Send the socket a message, and read it. */
static int ctnetlink_probe_read(const struct ctnetlink_probe *p)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT };
	struct nlmsghdr nlh;
	struct kvec vec = { .iov_base = &nlh, .iov_len = sizeof(nlh) };
	struct sk_buff *skb = nlmsg_new(0, GFP_KERNEL);

	if (!skb || !nlmsg_put(skb, 0, 0, NLMSG_NOOP, 0, 0)) {
		kfree_skb(skb);
		return -ENOMEM;
	}
	if (nfnetlink_unicast(skb, &init_net, p->portid) < 0)
		return -ENOENT;
	return kernel_recvmsg(p->sock, &msg, &vec, 1, sizeof(nlh), msg.msg_flags);
}

/* Which of the lists is it that a read wakes?  Nobody else uses the socket. */
static unsigned int ctnetlink_probe_reads(const struct ctnetlink_probe *p)
{
	struct ctnetlink_read_probe maybe[CTNETLINK_PROBE_LISTS] = {};
	unsigned int i, n = 0, at, woken = 0, found = 0;
	struct list_head *list;

	for (i = 0; i + sizeof(*list) <= p->len && n < ARRAY_SIZE(maybe);
	     i += sizeof(void *)) {
		at = sizeof(struct sock) + i;
		list = ctnetlink_probe_list(p, at);
		if (!list)
			continue;
		init_waitqueue_func_entry(&maybe[n].wait, ctnetlink_probe_woken);
		maybe[n].at = at - offsetof(wait_queue_head_t, head);
		list_add(&maybe[n++].wait.entry, list);
	}
	ctnetlink_probe_read(p);
	for (i = 0; i < n; i++) {
		list_del(&maybe[i].wait.entry);
		if (!maybe[i].woken)
			continue;
		found = maybe[i].at;
		woken++;
	}
	return woken == 1 ? found : 0;
}

static int ctnetlink_probe_open(struct ctnetlink_probe *p)
{
	struct sockaddr_nl name = {
		.nl_family	= AF_NETLINK,
		.nl_groups	= BIT(CTNETLINK_PROBE_GROUP - 1),
	};
	unsigned int size;
	int err;

	err = sock_create_kern(&init_net, AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER,
			       &p->sock);
	if (err)
		return err;
	size = p->sock->sk->sk_prot->obj_size;
	if (size <= sizeof(struct sock))
		return -ENOENT;
	p->len = min_t(unsigned int, size - sizeof(struct sock), CTNETLINK_PROBE_MAX);

	do {
		p->portid = get_random_u32();
	} while (p->portid < 1 << 24);
	name.nl_pid = p->portid;
	return kernel_bind(p->sock, (void *)&name, sizeof(name));
}

static int ctnetlink_probe(struct ctnetlink_probe *p, struct ctnetlink_layout *found)
{
	int err = ctnetlink_probe_open(p);

	if (!err)
		err = ctnetlink_probe_portid(p, &found->portid);
	if (!err)
		err = ctnetlink_probe_flag(p, NETLINK_BROADCAST_ERROR, &found->reliable);
	if (!err)
		err = ctnetlink_probe_flag(p, NETLINK_NO_ENOBUFS, &found->quiet);
	if (!err)
		err = ctnetlink_probe_flag(p, NETLINK_LISTEN_ALL_NSID, &found->all_nsid);
	if (!err)
		err = ctnetlink_probe_groups(p, &found->groups);
	if (!err)
		err = ctnetlink_probe_sockets(p, &found->sockets);
	if (!err)
		found->reads = ctnetlink_probe_reads(p);
	if (p->sock)
		sock_release(p->sock);
	return err;
}

/**
 * ctnetlink_listeners_init - find out where a netlink socket keeps what we need
 *
 * Context: process, sleeps.
 * Return: 0, also when it could not be found, or -ENOMEM.
 */
int ctnetlink_listeners_init(void)
{
	struct ctnetlink_layout found = {};
	struct ctnetlink_probe *p;
	unsigned int tries = 5;
	int err;

	p = kzalloc(sizeof(*p), GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	/* the kernel may link another socket to ours at the wrong moment: again, then */
	do {
		memset(p, 0, sizeof(*p));
		err = ctnetlink_probe(p, &found);
	} while (err && --tries);
	kfree(p);
	if (err) {
		pr_notice("cannot tell listeners apart on this kernel (error %d): one that refuses makes the others wait\n",
			  err);
		return 0;
	}
	found.known = true;
	ctnetlink_layout = found;
	nf_conntrack_set_subscribers(found.sockets);
	return 0;
}

/**
 * ctnetlink_listeners_fini - nobody is told of listeners any more
 *
 * Context: process, sleeps.
 */
void ctnetlink_listeners_fini(void)
{
	nf_conntrack_set_subscribers(NULL);
}

/* ---- looking at a socket; nl_table_lock held ---- */

static const void *ctnetlink_socket_at(const struct sock *sk, unsigned int offset)
{
	return (const char *)sk + offset;
}

static bool ctnetlink_socket_flag(const struct sock *sk, struct ctnetlink_flag flag)
{
	return READ_ONCE(*(const u8 *)ctnetlink_socket_at(sk, flag.byte)) & flag.bit;
}

static u32 ctnetlink_socket_portid(const struct sock *sk)
{
	return READ_ONCE(*(const u32 *)ctnetlink_socket_at(sk, ctnetlink_layout.portid));
}

static bool ctnetlink_socket_joined(const struct sock *sk, unsigned int group)
{
	const unsigned long *groups;

	groups = READ_ONCE(*(unsigned long *const *)
			   ctnetlink_socket_at(sk, ctnetlink_layout.groups));
	return groups && test_bit(group - 1, groups);
}

/* May a socket of another namespace hear of @net?  The kernel's own three conditions */
static bool ctnetlink_socket_abroad(const struct sock *sk, struct net *net)
{
	return ctnetlink_socket_flag(sk, ctnetlink_layout.all_nsid) &&
	       peernet2id(sock_net(sk), net) != NETNSA_NSID_NOT_ASSIGNED &&
	       sk->sk_socket && sk->sk_socket->file &&
	       file_ns_capable(sk->sk_socket->file, net->user_ns, CAP_NET_BROADCAST);
}

/*
 * Would the socket take a message as large as the last one?  As netlink decides: it
 * takes what fits, and one message when it is empty; a socket that has refused takes
 * nothing until it is empty, unless it has set NETLINK_NO_ENOBUFS.
 *
 * DIFF: events-no-enobufs: a reliable listener without room gets no message, and so no
 * ENOBUFS: it loses nothing.
 */
static bool ctnetlink_socket_room(const struct sock *sk,
				  struct nf_conntrack_listener *l)
{
	unsigned int used = atomic_read(&sk->sk_rmem_alloc);

	if (!used) {
		WRITE_ONCE(l->jammed, false);
		return true;
	}
	if (READ_ONCE(l->jammed) && !ctnetlink_socket_flag(sk, ctnetlink_layout.quiet))
		return false;
	return used + READ_ONCE(l->charge) <= (unsigned int)READ_ONCE(sk->sk_rcvbuf);
}

/* ---- the listeners of one event ---- */

/* Events for this socket are lost: its next read says so, as netlink does it. */
static void ctnetlink_socket_overrun(struct sock *sk)
{
	if (ctnetlink_socket_flag(sk, ctnetlink_layout.quiet))
		return;
	sk->sk_err = ENOBUFS;
	sk_error_report(sk);
}

/* Its slot, or NULL: the listener is a plain one, perhaps for a while (@lapsed) */
static struct nf_conntrack_listener *
ctnetlink_audience_slot(struct net *net, struct sock *sk, bool *lapsed)
{
	struct nf_conntrack_listener *l;

	if (!ctnetlink_socket_flag(sk, ctnetlink_layout.reliable))
		return NULL;
	l = nf_conntrack_listener_of(net, sock_net(sk), ctnetlink_socket_portid(sk));
	if (unlikely(READ_ONCE(l->untold))) {
		WRITE_ONCE(l->untold, false);
		ctnetlink_socket_overrun(sk);
	}
	if (likely(!READ_ONCE(l->given_up)))
		return l;

	*lapsed = true;
	/* it has read all: from now on it can be relied on again */
	if (!atomic_read(&sk->sk_rmem_alloc) && nf_conntrack_listener_idle(l))
		WRITE_ONCE(l->given_up, false);
	return NULL;
}

static bool ctnetlink_audience_full(const struct ctnetlink_audience *a)
{
	return a->n == CTNETLINK_AUDIENCE_MAX;
}

/* Give the socket a seat. */
static void ctnetlink_audience_seat(struct ctnetlink_audience *a, struct sock *sk,
				    struct nf_conntrack_listener *l)
{
	struct ctnetlink_seat *seat = &a->seat[a->n++];

	sock_hold(sk);
	seat->sk = sk;
	seat->listener = l;
	seat->portid = ctnetlink_socket_portid(sk);
	seat->filtered = rcu_access_pointer(sk->sk_filter);
	a->filtered |= seat->filtered;
	a->reliable |= !!l;
}

/* Has the listener to wait?  What came before, of any item, goes first. */
static bool ctnetlink_audience_behind(const struct ctnetlink_audience *a,
				      const struct sock *sk,
				      struct nf_conntrack_listener *l, unsigned int slot)
{
	const struct nf_ct_delivery *d = a->delivery;

	if (d->skip & BIT(slot) || ctnetlink_audience_full(a))
		return true;
	if (d->only < 0 && !nf_conntrack_listener_idle(l))
		return true;
	return !ctnetlink_socket_room(sk, l);
}

/* The listener gets the event later: its next read sets things going. */
static void ctnetlink_audience_watch(struct sock *sk, struct nf_conntrack_listener *l)
{
	if (ctnetlink_layout.reads && l->slot != NF_CT_LISTENER_SHARED)
		nf_conntrack_listener_watch(l, sk, (void *)sk + ctnetlink_layout.reads);
}

/* A reliable listener gets the event now, or lacks it. */
static void ctnetlink_audience_add(struct ctnetlink_audience *a, struct sock *sk,
				   struct nf_conntrack_listener *l)
{
	struct nf_ct_delivery *d = a->delivery;
	unsigned int slot = l->slot;

	if (d->only >= 0 && slot != d->only)
		return;
	a->heard = true;
	if (ctnetlink_audience_behind(a, sk, l, slot)) {
		ctnetlink_audience_watch(sk, l);
		d->lack |= BIT(slot);
		return;
	}
	ctnetlink_audience_seat(a, sk, l);
}

/* A plain listener: now, in another round, or in an earlier one. */
static void ctnetlink_audience_add_plain(struct ctnetlink_audience *a, struct sock *sk,
					 unsigned int from)
{
	if (a->delivery->only >= 0)
		return;
	a->heard = true;
	if (a->plain++ < from)
		return;
	if (ctnetlink_audience_full(a)) {
		a->more = true;
		return;
	}
	ctnetlink_audience_seat(a, sk, NULL);
	a->passed++;
}

/**
 * ctnetlink_audience_gather - who is to get an event now
 * @a:     result; for ctnetlink_audience_end()
 * @net:   namespace of the event
 * @group: multicast group
 * @from:  plain listeners to pass over, those of earlier rounds; the first round
 *         has all reliable ones
 * @d:     to whom the event may go; @d->lack gets the reliable listeners that have
 *         no room, and those that must not get it yet
 *
 * Context: softirq safe.
 */
void ctnetlink_audience_gather(struct ctnetlink_audience *a, struct net *net,
			       unsigned int group, unsigned int from,
			       struct nf_ct_delivery *d)
{
	struct nf_conntrack_listener *l;
	struct sock *sk;

	a->net = net;
	a->delivery = d;
	a->known = ctnetlink_layout.known;
	a->heard = false;
	a->reliable = false;
	a->filtered = false;
	a->lapsed = false;
	a->more = false;
	a->plain = 0;
	a->passed = from;
	a->n = 0;
	if (!from)
		a->requester = NULL;
	if (!a->known)
		return;

	read_lock_bh(&nl_table_lock);
	sk_for_each_bound(sk, ctnetlink_layout.sockets) {
		/* one that has joined and is not bound yet has no port: as on stock it
		 * hears nothing.  A message to port 0 would go to the kernel itself.
		 */
		if (!ctnetlink_socket_joined(sk, group) || !ctnetlink_socket_portid(sk))
			continue;
		if (!net_eq(sock_net(sk), net) && !ctnetlink_socket_abroad(sk, net))
			continue;
		l = ctnetlink_audience_slot(net, sk, &a->lapsed);
		if (!l)
			ctnetlink_audience_add_plain(a, sk, from);
		else if (!from)
			ctnetlink_audience_add(a, sk, l);
	}
	read_unlock_bh(&nl_table_lock);
}

/* The message for a socket of another namespace says where it comes from. */
static void ctnetlink_audience_stamp(const struct ctnetlink_audience *a,
				     const struct sock *sk, struct sk_buff *skb)
{
	int nsid;

	NETLINK_CB(skb).nsid_is_set = false;
	if (net_eq(sock_net(sk), a->net))
		return;
	nsid = peernet2id(sock_net(sk), a->net);
	NETLINK_CB(skb).nsid = nsid;
	NETLINK_CB(skb).nsid_is_set = nsid != NETNSA_NSID_NOT_ASSIGNED;
}

/* One datagram to one listener; consumes it.  0 or a negative errno */
static int ctnetlink_audience_unicast(struct ctnetlink_audience *a,
				      const struct ctnetlink_seat *seat,
				      struct sk_buff *skb)
{
	int err;

	if (!skb)
		return -ENOBUFS;
	ctnetlink_audience_stamp(a, seat->sk, skb);
	if (seat->listener)
		WRITE_ONCE(seat->listener->charge, skb->truesize);
	err = nfnetlink_unicast(skb, sock_net(seat->sk), seat->portid);
	return min(err, 0);
}

/* Message by message, because the socket's filter looks at the first one only */
static int ctnetlink_audience_split(struct ctnetlink_audience *a,
				    const struct ctnetlink_seat *seat,
				    const struct sk_buff *skb)
{
	const struct nlmsghdr *nlh = (const void *)skb->data;
	int left = skb->len, err = 0;
	struct sk_buff *one;

	for (; !err && nlmsg_ok(nlh, left); nlh = nlmsg_next(nlh, &left)) {
		one = ctnetlink_send_alloc(NLMSG_ALIGN(nlh->nlmsg_len));
		if (one) {
			skb_put_data(one, nlh, NLMSG_ALIGN(nlh->nlmsg_len));
			NETLINK_CB(one).dst_group = NETLINK_CB(skb).dst_group;
		}
		err = ctnetlink_audience_unicast(a, seat, one);
	}
	return err;
}

static bool ctnetlink_is_batch(const struct sk_buff *skb)
{
	const struct nlmsghdr *nlh = (const void *)skb->data;

	return NLMSG_ALIGN(nlh->nlmsg_len) < skb->len;
}

/* True when the listener has got it */
static bool ctnetlink_audience_tell(struct ctnetlink_audience *a, unsigned int i,
				    struct sk_buff *skb)
{
	const struct ctnetlink_seat *seat = &a->seat[i];
	struct nf_conntrack_listener *l = seat->listener;
	int err;

	/* a reliable one gets each event of a batch alone, later, and none twice */
	if (seat->filtered && ctnetlink_is_batch(skb) && l)
		err = -EAGAIN;
	else if (seat->filtered && ctnetlink_is_batch(skb))
		err = ctnetlink_audience_split(a, seat, skb);
	else
		err = ctnetlink_audience_unicast(a, seat, skb_clone(skb, GFP_ATOMIC));
	if (!err) {
		if (l)
			/* two CPUs may count as one: a figure for /proc, roughly right */
			WRITE_ONCE(l->delivered, data_race(l->delivered) + 1);
		return true;
	}
	/* a socket that has been closed wants nothing */
	if (err != -ENOBUFS && err != -EAGAIN)
		return false;
	if (!l) {
		nf_conntrack_count_lost(a->net);
		return false;
	}
	if (err == -ENOBUFS) {
		WRITE_ONCE(l->jammed, true);
		nf_conntrack_count_refused(a->net, l);
	}
	a->delivery->lack |= BIT(l->slot);
	return false;
}

/* There was no memory for the message: reliable listeners get it later. */
static void ctnetlink_audience_fail(struct ctnetlink_audience *a)
{
	struct nf_conntrack_listener *l;
	unsigned int i;

	for (i = 0; i < a->n; i++) {
		l = a->seat[i].listener;
		if (l) {
			a->delivery->lack |= BIT(l->slot);
			continue;
		}
		nf_conntrack_count_lost(a->net);
		ctnetlink_socket_overrun(a->seat[i].sk);
	}
}

/**
 * ctnetlink_audience_send - give a datagram to each listener that was gathered
 * @a:       listeners
 * @skb:     datagram, stays the caller's; NULL: there was no memory for it
 * @group:   multicast group, which listeners see in nl_groups
 * @exclude: port that gets its copy as the answer to a request, or 0
 *
 * Context: softirq safe.
 * Return: whether any listener has got it.
 */
bool ctnetlink_audience_send(struct ctnetlink_audience *a, struct sk_buff *skb,
			     unsigned int group, u32 exclude)
{
	bool got = false;
	unsigned int i;

	if (!skb) {
		ctnetlink_audience_fail(a);
		return false;
	}
	NETLINK_CB(skb).dst_group = group;
	for (i = 0; i < a->n; i++) {
		if (exclude && a->seat[i].portid == exclude &&
		    net_eq(sock_net(a->seat[i].sk), a->net))
			a->requester = a->seat[i].listener;
		else
			got |= ctnetlink_audience_tell(a, i, skb);
	}
	return got;
}

/**
 * ctnetlink_audience_end - let go of the listeners
 * @a: listeners
 *
 * Context: softirq safe.
 */
void ctnetlink_audience_end(struct ctnetlink_audience *a)
{
	while (a->n)
		sock_put(a->seat[--a->n].sk);
}
