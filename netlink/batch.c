// SPDX-License-Identifier: GPL-2.0
/*
 * Several events in one datagram (sysctl nf_conntrack_events_batch).  Each
 * namespace fills one datagram at a time, for one multicast group.  It is sent
 * when the next event does not fit or goes to another group, and after 1 ms.
 * A CPU encodes its event first, into a buffer of its own, and copies it under
 * ctnetlink_batch.lock.  Datagrams are sent under that lock, so they leave in the
 * order of their events.  The core is told the result of each event after the lock is
 * released, because it may send the next event of the same entry at once.
 */
#include <linux/slab.h>
#include <net/netns/generic.h>

#include "ctnetlink.h"
#include "nf_conntrack_internal.h"

/* More do not fit in one datagram: the shortest message has 108 bytes */
#define BATCH_EVENTS	36
#define BATCH_DELAY	ms_to_ktime(1)

struct ctnetlink_held_event {
	struct nf_conn	*ct;
	unsigned int	events;
};

/**
 * struct ctnetlink_datagram - messages that are sent together, and their entries
 * @next:  next datagram in struct ctnetlink_batch_results
 * @skb:   the messages; NULL: they are sent
 * @net:   namespace
 * @group: multicast group
 * @lack:  slots of the reliable listeners that have not got it
 * @count: how many of @held are used
 * @held:  one for each message, with a reference on the entry
 */
struct ctnetlink_datagram {
	struct ctnetlink_datagram	*next;
	struct sk_buff			*skb;
	struct net			*net;
	unsigned int			group;
	u16				lack;
	unsigned int			count;
	struct ctnetlink_held_event	held[BATCH_EVENTS];
};

/**
 * struct ctnetlink_batch_results - datagrams whose results the core must be told
 * @first: oldest, or NULL
 * @last:  newest, if there is one
 * @busy:  a caller further up the stack works on the list
 *
 * Telling the core a result can cause an event, which can send a datagram, which
 * has results.  They wait here, so that the stack does not grow.  One for each CPU,
 * used with BH off.
 */
struct ctnetlink_batch_results {
	struct ctnetlink_datagram	*first;
	struct ctnetlink_datagram	*last;
	bool				busy;
};

unsigned int ctnetlink_batch_net_id __read_mostly;

static DEFINE_PER_CPU(struct ctnetlink_batch_results, ctnetlink_batch_results);

/* One message, before the CPU takes the lock; allocated for the first one, used with BH
 * off
 */
static DEFINE_PER_CPU(struct sk_buff *, ctnetlink_batch_buffer);

static struct ctnetlink_batch *ctnetlink_batch_of(const struct net *net)
{
	return net_generic(net, ctnetlink_batch_net_id);
}

static void ctnetlink_batch_complete_events(struct ctnetlink_datagram *d)
{
	unsigned int i;

	for (i = 0; i < d->count; i++)
		nf_ct_event_complete(d->held[i].ct, d->held[i].events, d->lack);
	kfree(d);
}

/* Tell the core the results, or let a caller further up the stack do it */
static void ctnetlink_batch_complete(struct ctnetlink_datagram *d)
{
	struct ctnetlink_batch_results *s;

	if (!d)
		return;

	local_bh_disable();
	s = this_cpu_ptr(&ctnetlink_batch_results);
	d->next = NULL;
	if (s->first)
		s->last->next = d;
	else
		s->first = d;
	s->last = d;

	if (!s->busy) {
		s->busy = true;
		while ((d = s->first)) {
			s->first = d->next;
			ctnetlink_batch_complete_events(d);
		}
		s->busy = false;
	}
	local_bh_enable();
}

static struct sk_buff *ctnetlink_batch_skb(const void *skb)
{
	return skb_get((struct sk_buff *)skb);
}

static void ctnetlink_batch_deliver(struct ctnetlink_batch *b,
				    struct ctnetlink_datagram *d)
{
	struct nf_ct_delivery to = { .only = -1 };
	struct ctnetlink_delivery out = {
		.net		= d->net,
		.group		= d->group,
		.delivery	= &to,
		.build		= ctnetlink_batch_skb,
		.arg		= d->skb,
	};
	int ret = ctnetlink_deliver(&out);

	consume_skb(d->skb);
	d->skb = NULL;
	d->lack = to.lack;
	if (ret < 0 && !to.lack)
		d->lack = BIT(NF_CT_LISTENER_SHARED);
	b->filtered = out.filtered;
	if (ret == NF_CT_EVENT_DELIVERED && d->count > 1)
		nf_conntrack_events_count_batch(d->net);
}

/* Send the open datagram.  After unlocking the caller tells the core the result. */
static struct ctnetlink_datagram *
ctnetlink_batch_close(struct ctnetlink_batch *b)
{
	struct ctnetlink_datagram *d = b->open;

	lockdep_assert_held(&b->lock);

	if (!d)
		return NULL;

	b->open = NULL;
	ctnetlink_batch_deliver(b, d);
	return d;
}

static struct ctnetlink_datagram *ctnetlink_batch_new(struct net *net,
						      unsigned int group,
						      unsigned int limit)
{
	struct ctnetlink_datagram *d = kmalloc(sizeof(*d), GFP_ATOMIC);

	if (!d)
		return NULL;

	d->skb = ctnetlink_send_alloc(limit);
	if (!d->skb) {
		kfree(d);
		return NULL;
	}
	d->net = net;
	d->group = group;
	d->count = 0;
	return d;
}

static bool ctnetlink_batch_has_room(const struct ctnetlink_datagram *d,
				     unsigned int group, size_t size,
				     unsigned int limit)
{
	return d->group == group && d->count < BATCH_EVENTS &&
	       d->skb->len + size <= limit && size <= skb_tailroom(d->skb);
}

/* The message in this CPU's buffer, or an error: it must be sent alone. */
static struct sk_buff *ctnetlink_batch_encode(struct ctnetlink_msg *m)
{
	struct sk_buff *skb = this_cpu_read(ctnetlink_batch_buffer);
	int err;

	if (unlikely(!skb)) {
		skb = alloc_skb(NF_CT_EVENTS_BATCH_MAX, GFP_ATOMIC);
		if (!skb)
			return ERR_PTR(-ENOMEM);
		this_cpu_write(ctnetlink_batch_buffer, skb);
	}
	skb_trim(skb, 0);
	err = ctnetlink_msg_put(skb, m);
	return err ? ERR_PTR(err) : skb;
}

static void ctnetlink_batch_hold(struct ctnetlink_datagram *d,
				 const struct ctnetlink_msg *m,
				 const struct sk_buff *msg)
{
	skb_put_data(d->skb, msg->data, msg->len);
	nf_conntrack_get(&m->ct->ct_general);
	d->held[d->count].ct = m->ct;
	d->held[d->count].events = m->events;
	d->count++;
}

/* Into the open datagram, or into a new one.  @full: one that had no room, sent now */
static int ctnetlink_batch_put(struct net *net, const struct ctnetlink_msg *m,
			       const struct sk_buff *msg, unsigned int group,
			       unsigned int limit, struct ctnetlink_datagram **full)
{
	struct ctnetlink_batch *b = ctnetlink_batch_of(net);
	int err = -ENOMEM;

	spin_lock_bh(&b->lock);
	if (b->open && !ctnetlink_batch_has_room(b->open, group, msg->len, limit))
		*full = ctnetlink_batch_close(b);
	if (!b->open) {
		b->open = ctnetlink_batch_new(net, group, limit);
		if (b->open)
			hrtimer_start(&b->timer, BATCH_DELAY,
				      HRTIMER_MODE_REL_SOFT);
	}
	if (b->open) {
		ctnetlink_batch_hold(b->open, m, msg);
		err = NF_CT_EVENT_HELD;
	}
	spin_unlock_bh(&b->lock);
	return err;
}

/**
 * ctnetlink_batch_add - put an event into the open datagram
 * @net: namespace
 * @m: the message
 * @group: multicast group
 * @limit: bytes in one datagram at most
 *
 * Context: Any up to softirq.
 * Return: NF_CT_EVENT_HELD; a negative errno: the event must be sent alone.
 */
int ctnetlink_batch_add(struct net *net, struct ctnetlink_msg *m,
			unsigned int group, unsigned int limit)
{
	struct ctnetlink_datagram *full = NULL;
	const struct sk_buff *msg;
	int err;

	if (READ_ONCE(ctnetlink_batch_of(net)->filtered))
		return -EMSGSIZE;

	limit = min_t(unsigned int, limit, NF_CT_EVENTS_BATCH_MAX);
	local_bh_disable();
	msg = ctnetlink_batch_encode(m);
	if (IS_ERR(msg))
		err = PTR_ERR(msg);
	else if (msg->len > limit)
		err = -EMSGSIZE;
	else
		err = ctnetlink_batch_put(net, m, msg, group, limit, &full);
	local_bh_enable();

	ctnetlink_batch_complete(full);
	return err;
}

static void ctnetlink_batch_send(struct ctnetlink_batch *b)
{
	struct ctnetlink_datagram *d;

	spin_lock_bh(&b->lock);
	d = ctnetlink_batch_close(b);
	spin_unlock_bh(&b->lock);
	ctnetlink_batch_complete(d);
}

/**
 * ctnetlink_batch_flush - send the open datagram, if there is one
 * @net: namespace
 *
 * Context: Any up to softirq; calls nf_ct_event_complete().
 */
void ctnetlink_batch_flush(struct net *net)
{
	struct ctnetlink_batch *b = ctnetlink_batch_of(net);

	/* an event that another CPU adds at this moment may be sent later */
	if (READ_ONCE(b->open))
		ctnetlink_batch_send(b);
}

/**
 * ctnetlink_batch_note_filter - has a listener a socket filter?
 * @net: namespace
 * @filtered: an event that was sent alone has met one
 *
 * DIFF: events-batch-filter: no batches while a listener has one, since it looks at
 * the first message of a datagram only.
 *
 * Context: any.
 */
void ctnetlink_batch_note_filter(struct net *net, bool filtered)
{
	struct ctnetlink_batch *b = ctnetlink_batch_of(net);

	if (READ_ONCE(b->filtered) != filtered)
		WRITE_ONCE(b->filtered, filtered);
}

static enum hrtimer_restart ctnetlink_batch_timeout(struct hrtimer *timer)
{
	ctnetlink_batch_send(container_of(timer, struct ctnetlink_batch, timer));
	return HRTIMER_NORESTART;
}

/**
 * ctnetlink_batch_net_init - prepare a namespace
 * @net: namespace
 *
 * Context: May sleep.
 * Return: 0.
 */
int ctnetlink_batch_net_init(struct net *net)
{
	struct ctnetlink_batch *b = ctnetlink_batch_of(net);

	spin_lock_init(&b->lock);
	hrtimer_setup(&b->timer, ctnetlink_batch_timeout, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_SOFT);
	return 0;
}

/**
 * ctnetlink_batch_net_fini - send the open datagram and stop the timer
 * @net: namespace, in which no event can be added any more
 *
 * Context: May sleep.
 */
void ctnetlink_batch_net_fini(struct net *net)
{
	ctnetlink_batch_flush(net);
	hrtimer_cancel(&ctnetlink_batch_of(net)->timer);
}

/**
 * ctnetlink_batch_fini - free the buffers of the CPUs
 *
 * Context: May sleep. No event can be added any more.
 */
void ctnetlink_batch_fini(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		kfree_skb(per_cpu(ctnetlink_batch_buffer, cpu));
		per_cpu(ctnetlink_batch_buffer, cpu) = NULL;
	}
}
