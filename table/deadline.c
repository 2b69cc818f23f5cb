// SPDX-License-Identifier: GPL-2.0
/*
 * Deadlines of confirmed entries: one hierarchical timing wheel per CPU, each
 * with its own lock.  An entry stays with the wheel of the CPU that made it.  It
 * hangs in a slot that fires at its deadline or before; when the slot fires
 * it is removed or armed again, so nothing is ever moved between levels.
 * Lock order: table locks, then one wheel's lock; see nf_conntrack_table.h.
 *
 * DIFF: timeout-punctual: stock scans the table now and then.
 */
#include <linux/bitops.h>
#include <linux/percpu.h>
#include <linux/list_nulls.h>
#include <linux/workqueue.h>

#include "nf_conntrack_deadline.h"
#include "nf_conntrack_internal.h"
#include "nf_conntrack_setup.h"

/*
 * Four levels of 64 slots.  The first has a grain of about 32 ms, each next
 * one is 64 times coarser: 2 s, 2 minutes, 2.3 hours and 6 days in all.  What
 * lies further ahead waits in the last slot and is armed again from there.
 */
#define NF_CT_WHEEL_LEVELS	4
#define NF_CT_WHEEL_SLOT_BITS	6	/* log2 of the next */
#define NF_CT_WHEEL_SLOTS	64
#define NF_CT_WHEEL_GRAIN	(HZ >= 1000 ? 5 : HZ >= 250 ? 3 : HZ >= 100 ? 2 : 0)

/* How often an entry in a flow table is looked at: the flow table writes its timeout */
#define NF_CT_OFFLOAD_PERIOD	(8 * HZ)

/* Entries that one pass takes from a slot before it lets others run */
#define NF_CT_EXPIRE_BATCH	64

/**
 * struct nf_ct_wheel - the entries of one CPU
 * @lock:    guards everything here, and armed of its entries
 * @now:     tick (jiffies >> NF_CT_WHEEL_GRAIN) before which no slot is used
 * @next:    tick at which @work is due, when it is @pending
 * @pending: @work has been queued and has not begun its last look
 * @used:    one bit per slot that is not empty, by level
 * @slot:    entries by level and slot; each list's end has the number of its slot
 * @work:    fires due slots
 */
struct nf_ct_wheel {
	spinlock_t		lock; /* innermost but for the event lists */
	u64			now;
	u64			next;
	bool			pending;
	u64			used[NF_CT_WHEEL_LEVELS];
	struct hlist_nulls_head	slot[NF_CT_WHEEL_LEVELS * NF_CT_WHEEL_SLOTS];
	struct delayed_work	work;
};

static struct nf_ct_wheel __percpu *nf_ct_wheels;

static struct nf_ct_wheel *nf_ct_wheel_of(const struct nf_ct_entry *entry)
{
	return per_cpu_ptr(nf_ct_wheels, nf_ct_entry_cpu(entry));
}

static unsigned int nf_ct_level_shift(unsigned int level)
{
	return level * NF_CT_WHEEL_SLOT_BITS;
}

/* ---- slots ---- */

/*
 * The slot for a deadline at tick @due.  Its firing tick is returned by
 * @fires: @due on the first level, else the beginning of the slot that
 * contains it, which a lower level takes over from.
 */
static unsigned int nf_ct_wheel_place(const struct nf_ct_wheel *w, u64 due,
				      u64 *fires)
{
	unsigned int level, shift;

	due = max(due, w->now);
	for (level = 0; level < NF_CT_WHEEL_LEVELS - 1; level++) {
		shift = nf_ct_level_shift(level);
		if ((due >> shift) - (w->now >> shift) < NF_CT_WHEEL_SLOTS)
			break;
	}
	shift = nf_ct_level_shift(level);
	if ((due >> shift) - (w->now >> shift) >= NF_CT_WHEEL_SLOTS)
		due = ((w->now >> shift) + NF_CT_WHEEL_SLOTS - 1) << shift;

	*fires = (due >> shift) << shift;
	return level * NF_CT_WHEEL_SLOTS +
	       ((due >> shift) & (NF_CT_WHEEL_SLOTS - 1));
}

/* Take the entry out of its slot, to be hung up again under the same hold of the lock. */
static void nf_ct_wheel_detach(struct nf_ct_wheel *w, struct nf_ct_entry *entry)
{
	struct hlist_nulls_node *node = nf_ct_entry_wheel_node(&entry->ct);
	struct hlist_nulls_node *next = node->next;
	unsigned long n;

	/* pprev does not become NULL */
	hlist_nulls_del(node);
	if (!is_a_nulls(next))
		return;
	/* it was the last of its list; the list may be empty now */
	n = get_nulls_value(next);
	if (hlist_nulls_empty(&w->slot[n]))
		w->used[n / NF_CT_WHEEL_SLOTS] &=
			~BIT_ULL(n % NF_CT_WHEEL_SLOTS);
}

/*
 * Take it out for longer.  nf_ct_deadline_disarm() looks at pprev without the lock: then
 * its CPU may drop the table's reference at once.  So a CPU that goes on with the entry
 * has a reference before.
 */
static void nf_ct_wheel_unlink(struct nf_ct_wheel *w, struct nf_ct_entry *entry)
{
	nf_ct_wheel_detach(w, entry);
	smp_store_release(&nf_ct_entry_wheel_node(&entry->ct)->pprev, NULL);
}

/* First tick at which a slot of @level is due, or false: the level is empty */
static bool nf_ct_level_next(const struct nf_ct_wheel *w, unsigned int level,
			     u64 *tick)
{
	unsigned int shift = nf_ct_level_shift(level);
	u64 cur = w->now >> shift;
	unsigned int ahead;

	if (!w->used[level])
		return false;
	ahead = __ffs64(ror64(w->used[level], cur & (NF_CT_WHEEL_SLOTS - 1)));
	*tick = (cur + ahead) << shift;
	return true;
}

/* The slot that fires first, or -1; its tick in @fires */
static int nf_ct_wheel_first(const struct nf_ct_wheel *w, u64 *fires)
{
	unsigned int level;
	int found = -1;
	u64 tick;

	for (level = 0; level < NF_CT_WHEEL_LEVELS; level++) {
		if (!nf_ct_level_next(w, level, &tick))
			continue;
		if (found >= 0 && tick >= *fires)
			continue;
		*fires = tick;
		found = level * NF_CT_WHEEL_SLOTS +
			((tick >> nf_ct_level_shift(level)) &
			 (NF_CT_WHEEL_SLOTS - 1));
	}
	return found;
}

static u64 nf_ct_tick_now(void)
{
	return get_jiffies_64() >> NF_CT_WHEEL_GRAIN;
}

/* The tick at which a deadline in jiffies32 has passed: rounded up */
static u64 nf_ct_tick_of(u32 deadline)
{
	u64 now = get_jiffies_64();

	now += (s32)(deadline - (u32)now);
	return (now + BIT(NF_CT_WHEEL_GRAIN) - 1) >> NF_CT_WHEEL_GRAIN;
}

/* See that the work runs at @fires or before. */
static void nf_ct_wheel_wake(struct nf_ct_wheel *w, u64 fires)
{
	u64 due = fires << NF_CT_WHEEL_GRAIN;
	u64 now = get_jiffies_64();

	lockdep_assert_held(&w->lock);
	if (w->pending && fires >= w->next)
		return;
	w->pending = true;
	w->next = fires;
	mod_delayed_work(nf_conntrack_wq, &w->work,
			 time_after64(due, now) ? due - now : 0);
}

static void nf_ct_wheel_link(struct nf_ct_wheel *w, struct nf_ct_entry *entry,
			     u32 deadline)
{
	u64 fires, now = nf_ct_tick_now();
	unsigned int n;

	lockdep_assert_held(&w->lock);
	/* advance to the clock, unless that would skip a slot that is due */
	if (!w->pending || w->next > now)
		w->now = now;

	n = nf_ct_wheel_place(w, nf_ct_tick_of(deadline), &fires);
	WRITE_ONCE(entry->armed, (u32)(fires << NF_CT_WHEEL_GRAIN));
	hlist_nulls_add_head(nf_ct_entry_wheel_node(&entry->ct), &w->slot[n]);
	w->used[n / NF_CT_WHEEL_SLOTS] |= BIT_ULL(n % NF_CT_WHEEL_SLOTS);
	nf_ct_wheel_wake(w, fires);
}

static u32 nf_ct_deadline_of(const struct nf_conn *ct)
{
	u32 soon = nfct_time_stamp + NF_CT_OFFLOAD_PERIOD;
	u32 timeout = READ_ONCE(ct->timeout);

	if (test_bit(IPS_OFFLOAD_BIT, &ct->status) && (s32)(timeout - soon) > 0)
		return soon;
	return timeout;
}

/*
 * The same for arming.  A flow table that gives the entry back clears the bit
 * first and writes the short timeout afterwards, without a call to us: so look once
 * more, soon after the bit is gone.
 */
static u32 nf_ct_deadline_first(struct nf_conn *ct)
{
	u32 soon = nfct_time_stamp + NF_CT_OFFLOAD_PERIOD;
	u32 deadline = nf_ct_deadline_of(ct);

	if (unlikely(test_bit(IPS_OFFLOAD_BIT, &ct->status))) {
		set_bit(NF_CT_STATUS_OFFLOADED, &ct->status);
	} else if (unlikely(test_bit(NF_CT_STATUS_OFFLOADED, &ct->status))) {
		clear_bit(NF_CT_STATUS_OFFLOADED, &ct->status);
		if ((s32)(deadline - soon) > 0)
			deadline = soon;
	}
	return deadline;
}

static void nf_ct_wheel_arm(struct nf_ct_wheel *w, struct nf_ct_entry *entry)
{
	struct nf_conn *ct = &entry->ct;
	u32 deadline;

	if (nf_ct_is_dying(ct) || nf_ct_entry_wheel_node(ct)->pprev)
		return;

	nf_ct_wheel_link(w, entry, nf_ct_deadline_first(ct));
	/* pairs with nf_ct_deadline_shrunk(), which compares with the old value of
	 * armed unless we see the new timeout here; and with nf_ct_deadline_disarm(),
	 * which sees that the entry hangs unless we see IPS_DYING here
	 */
	smp_mb();
	if (unlikely(nf_ct_is_dying(ct))) {
		nf_ct_wheel_unlink(w, entry);
		return;
	}
	deadline = nf_ct_deadline_of(ct);
	if ((s32)(deadline - entry->armed) < 0) {
		nf_ct_wheel_detach(w, entry);
		nf_ct_wheel_link(w, entry, deadline);
	}
}

/* ---- firing ---- */

/* Take up to a batch of entries out of slot @n, with references */
static unsigned int nf_ct_wheel_take(struct nf_ct_wheel *w, int n,
				     struct nf_ct_entry **batch)
{
	struct hlist_nulls_node *node;
	unsigned int i = 0;

	while (i < NF_CT_EXPIRE_BATCH) {
		node = w->slot[n].first;
		if (is_a_nulls(node))
			break;
		batch[i] = nf_ct_entry_of_wheel_node(node);
		/* while it hangs here, the table's reference is there */
		refcount_inc(&batch[i]->ct.ct_general.use);
		nf_ct_wheel_unlink(w, batch[i]);
		i++;
	}
	return i;
}

/* False: @entry lives on. */
static bool nf_ct_wheel_fire(struct nf_ct_entry *entry)
{
	struct nf_conn *ct = &entry->ct;

	if (nf_ct_offload_renew(ct) || !nf_ct_should_gc(ct))
		return false;
	nf_ct_kill(ct);
	nf_ct_put(ct);
	return true;
}

/* Fire entries that were taken out of their slot, with references. */
static void nf_ct_wheel_fire_all(struct nf_ct_wheel *w, struct nf_ct_entry **batch,
				 unsigned int taken)
{
	unsigned int i, alive = 0;

	for (i = 0; i < taken; i++) {
		if (!nf_ct_wheel_fire(batch[i]))
			batch[alive++] = batch[i];
	}
	if (!alive)
		return;

	spin_lock_bh(&w->lock);
	for (i = 0; i < alive; i++)
		nf_ct_wheel_arm(w, batch[i]);
	spin_unlock_bh(&w->lock);
	for (i = 0; i < alive; i++)
		nf_ct_put(&batch[i]->ct);
}

static void nf_ct_wheel_worker(struct work_struct *work)
{
	struct nf_ct_wheel *w = container_of(to_delayed_work(work),
					     struct nf_ct_wheel, work);
	struct nf_ct_entry *batch[NF_CT_EXPIRE_BATCH];
	unsigned int taken;
	u64 fires, now;
	int n;

	for (;;) {
		spin_lock_bh(&w->lock);
		now = nf_ct_tick_now();
		n = nf_ct_wheel_first(w, &fires);
		if (n < 0 || fires > now) {
			/* all that was due is done; sleep until the next one */
			w->now = now;
			w->pending = false;
			if (n >= 0)
				nf_ct_wheel_wake(w, fires);
			spin_unlock_bh(&w->lock);
			return;
		}
		w->now = max(w->now, fires);
		taken = nf_ct_wheel_take(w, n, batch);
		spin_unlock_bh(&w->lock);

		nf_ct_wheel_fire_all(w, batch, taken);
		cond_resched();
	}
}

/* ---- for the rest of the core ---- */

/**
 * nf_ct_deadline_arm - hang a confirmed entry into a slot
 * @ct: entry, armed for the first time
 *
 * Context: BH disabled or process, table locks may be held.
 */
void nf_ct_deadline_arm(struct nf_conn *ct)
{
	struct nf_ct_entry *entry = nf_ct_entry(ct);
	struct nf_ct_wheel *w = nf_ct_wheel_of(entry);

	spin_lock_bh(&w->lock);
	nf_ct_wheel_arm(w, entry);
	spin_unlock_bh(&w->lock);
}

/**
 * nf_ct_deadline_disarm - take a dying entry out of its wheel
 * @ct: entry with IPS_DYING set
 *
 * Context: softirq safe, table locks may be held. After it no slot fires for
 * @ct again; one that is firing has its own reference.
 */
void nf_ct_deadline_disarm(struct nf_conn *ct)
{
	struct nf_ct_entry *entry = nf_ct_entry(ct);
	struct nf_ct_wheel *w = nf_ct_wheel_of(entry);

	/* Its slot fires, or a CPU is about to arm it.  The CPU that arms it hangs it up
	 * first and then looks for IPS_DYING, which was set by a full barrier: it
	 * takes the entry down again, and has a reference meanwhile.  One that only moves
	 * it from slot to slot does not show NULL here.
	 */
	if (!READ_ONCE(nf_ct_entry_wheel_node(ct)->pprev))
		return;

	spin_lock_bh(&w->lock);
	if (nf_ct_entry_wheel_node(ct)->pprev)
		nf_ct_wheel_unlink(w, entry);
	spin_unlock_bh(&w->lock);
}

/**
 * nf_ct_deadline_shrunk - the deadline of an entry has come nearer
 * @ct: confirmed entry, @ct->timeout already written
 *
 * Context: softirq safe. Cheap when the slot fires early enough anyway.
 */
void nf_ct_deadline_shrunk(struct nf_conn *ct)
{
	struct nf_ct_entry *entry = nf_ct_entry(ct);
	u32 deadline = nf_ct_deadline_of(ct);
	struct nf_ct_wheel *w;

	/* the timeout is written, then armed is read: see nf_ct_deadline_arm() */
	smp_mb();
	if ((s32)(deadline - READ_ONCE(entry->armed)) >= 0)
		return;

	w = nf_ct_wheel_of(entry);
	spin_lock_bh(&w->lock);
	/* not linked: confirm or a firing slot is about to arm it */
	if (nf_ct_entry_wheel_node(ct)->pprev &&
	    (s32)(deadline - entry->armed) < 0) {
		nf_ct_wheel_detach(w, entry);
		nf_ct_wheel_link(w, entry, deadline);
	}
	spin_unlock_bh(&w->lock);
}

/**
 * nf_ct_deadline_set - give a confirmed entry a new deadline
 * @ct:               entry
 * @jiffies_from_now: below 2^31
 *
 * Context: softirq safe.
 */
void nf_ct_deadline_set(struct nf_conn *ct, u32 jiffies_from_now)
{
	u32 deadline = nfct_time_stamp + jiffies_from_now;
	u32 old;

	if (READ_ONCE(ct->timeout) == deadline)
		return;
	/* one operation: were the old value read before, another CPU could write a
	 * later one in between, for which the wheel may have armed the entry, and
	 * nobody would see that it shrinks
	 */
	old = xchg(&ct->timeout, deadline);
	if ((s32)(deadline - old) < 0)
		nf_ct_deadline_shrunk(ct);
}

/**
 * nf_conntrack_deadline_init - empty wheels
 *
 * Context: process, sleeps.
 * Return: 0 or -ENOMEM.
 */
int nf_conntrack_deadline_init(void)
{
	struct nf_ct_wheel *w;
	int cpu, i;

	nf_ct_wheels = alloc_percpu(struct nf_ct_wheel);
	if (!nf_ct_wheels)
		return -ENOMEM;

	for_each_possible_cpu(cpu) {
		w = per_cpu_ptr(nf_ct_wheels, cpu);
		spin_lock_init(&w->lock);
		w->now = nf_ct_tick_now();
		for (i = 0; i < ARRAY_SIZE(w->slot); i++)
			INIT_HLIST_NULLS_HEAD(&w->slot[i], i);
		INIT_DELAYED_WORK(&w->work, nf_ct_wheel_worker);
	}
	return 0;
}

/**
 * nf_conntrack_deadline_fini - no entry is left in the table
 *
 * Context: process, sleeps.
 */
void nf_conntrack_deadline_fini(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		cancel_delayed_work_sync(&per_cpu_ptr(nf_ct_wheels, cpu)->work);
	free_percpu(nf_ct_wheels);
}
