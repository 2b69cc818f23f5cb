// SPDX-License-Identifier: GPL-2.0
/*
 * Several events in one datagram (sysctl nf_conntrack_events_batch).  Each
 * namespace fills one datagram at a time, for one group, and sends it when the
 * next event does not fit, goes to another group, or a millisecond is over.
 * Sending happens under the lock of the batch, so datagrams leave in the order
 * of their events.  What became of each event is told to the core afterwards,
 * without the lock, since the core may hand over the entry's next event.
 */
#include <linux/slab.h>
#include <net/netns/generic.h>

#include "ctnetlink.h"
#include "nf_conntrack_internal.h"

/* The shortest message is about 100 bytes */
#define BATCH_EVENTS	36
#define BATCH_DELAY	ms_to_ktime(1)

struct ctnetlink_held_event {
	struct nf_conn	*ct;
	unsigned int	events;
};

/**
 * struct ctnetlink_datagram - messages that travel together, and whose they are
 * @next:  on the list of datagrams to settle
 * @skb:   the messages, NULL once sent
 * @net:   namespace
 * @group: multicast group
 * @err:   result of sending
 * @count: how many of @held are used
 * @held:  one entry per message, with a reference on it
 */
struct ctnetlink_datagram {
	struct ctnetlink_datagram	*next;
	struct sk_buff			*skb;
	struct net			*net;
	unsigned int			group;
	int				err;
	unsigned int			count;
	struct ctnetlink_held_event	held[BATCH_EVENTS];
};

/**
 * struct ctnetlink_batch_results - datagrams whose results the core must be told
 * @first: oldest
 * @last:  where the next one goes
 * @busy:  somebody up the stack is working on the list
 *
 * A result can bring on an event, which can send a datagram, which has
 * results: they queue up here instead of on the stack.  BH off.
 */
struct ctnetlink_batch_results {
	struct ctnetlink_datagram	*first;
	struct ctnetlink_datagram	*last;
	bool				busy;
};

unsigned int ctnetlink_batch_net_id __read_mostly;

static DEFINE_PER_CPU(struct ctnetlink_batch_results, ctnetlink_batch_results);

static struct ctnetlink_batch *ctnetlink_batch_of(const struct net *net)
{
	return net_generic(net, ctnetlink_batch_net_id);
}

static void ctnetlink_batch_complete_events(struct ctnetlink_datagram *d)
{
	unsigned int i;

	for (i = 0; i < d->count; i++)
		nf_ct_event_complete(d->held[i].ct, d->held[i].events, d->err);
	kfree(d);
}

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

/* Send what is open; the caller settles it after unlocking */
static struct ctnetlink_datagram *
ctnetlink_batch_close(struct ctnetlink_batch *b)
{
	struct ctnetlink_datagram *d = b->open;

	lockdep_assert_held(&b->lock);

	if (!d)
		return NULL;

	b->open = NULL;
	if (!d->count) {
		/* the first message did not fit after all */
		kfree_skb(d->skb);
		kfree(d);
		return NULL;
	}
	d->err = ctnetlink_send_datagram(d->net, d->skb, 0, d->group,
					 NF_CT_REPORT_NO);
	d->skb = NULL;
	/* nobody is there any more: nothing is owed to anybody */
	if (d->err > 0)
		d->err = 0;
	if (!d->err && d->count > 1)
		nf_conntrack_events_count_batch(d->net);
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

static int ctnetlink_batch_hold(struct ctnetlink_datagram *d,
				struct ctnetlink_msg *m)
{
	int err = ctnetlink_msg_put(d->skb, m);

	if (err)
		return err;

	nf_conntrack_get(&m->ct->ct_general);
	d->held[d->count].ct = m->ct;
	d->held[d->count].events = m->events;
	d->count++;
	return NF_CT_EVENT_HELD;
}

/**
 * ctnetlink_batch_add - let an event wait for company
 * @net: namespace
 * @m: the message
 * @group: multicast group
 * @limit: bytes in one datagram at most
 *
 * Context: Any up to softirq.
 * Return: NF_CT_EVENT_HELD, -ENOBUFS when a listener refuses just now, or another
 * negative errno: it has to be sent alone.
 */
int ctnetlink_batch_add(struct net *net, struct ctnetlink_msg *m,
			unsigned int group, unsigned int limit)
{
	struct ctnetlink_datagram *full = NULL;
	struct ctnetlink_batch *b = ctnetlink_batch_of(net);
	size_t size = ctnetlink_msg_size(m);
	int err = -ENOMEM;

	limit = min_t(unsigned int, limit, NF_CT_EVENTS_BATCH_MAX);
	if (size > limit)
		return -EMSGSIZE;

	spin_lock_bh(&b->lock);
	if (b->open && !ctnetlink_batch_has_room(b->open, group, size, limit))
		full = ctnetlink_batch_close(b);
	/* the listener is full: whoever tries again shall know, and wait */
	if (full && full->err) {
		err = -ENOBUFS;
		goto unlock;
	}
	if (!b->open) {
		b->open = ctnetlink_batch_new(net, group, limit);
		if (b->open)
			hrtimer_start(&b->timer, BATCH_DELAY,
				      HRTIMER_MODE_REL_SOFT);
	}
	if (b->open)
		err = ctnetlink_batch_hold(b->open, m);
unlock:
	spin_unlock_bh(&b->lock);

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
 * ctnetlink_batch_flush - send what waits
 * @net: namespace
 *
 * Context: Any up to softirq; the core may be called back.
 */
void ctnetlink_batch_flush(struct net *net)
{
	struct ctnetlink_batch *b = ctnetlink_batch_of(net);

	/* an event that is being added right now may leave after us */
	if (READ_ONCE(b->open))
		ctnetlink_batch_send(b);
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
	hrtimer_init(&b->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
	b->timer.function = ctnetlink_batch_timeout;
	return 0;
}

/**
 * ctnetlink_batch_net_fini - send the rest
 * @net: namespace, in which no event can be added any more
 *
 * Context: May sleep.
 */
void ctnetlink_batch_net_fini(struct net *net)
{
	ctnetlink_batch_flush(net);
	hrtimer_cancel(&ctnetlink_batch_of(net)->timer);
}
