/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of nf_conntrack_netlink.ko share: one section for each file, in
 * the order of Kbuild, so a file uses its own section and those before it.
 * decode.c turns attributes into values, tuple.c and encode.c turn entries into them;
 * the other files are named after what they do for a request or an event.
 */
#ifndef _NETLINK_CTNETLINK_H
#define _NETLINK_CTNETLINK_H

#include <linux/hrtimer.h>
#include <linux/netlink.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <net/netlink.h>
#include <net/sock.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_zones.h>

#include "nf_conntrack_events.h"
#include "nf_conntrack_listener.h"
#include "nf_ct_expect.h"
#include "nf_ct_expect_life.h"
#include "nf_ct_tuple_members.h"

struct nf_conntrack_helper;

/* Serves a request: the tables of nf_conntrack_netlink.c have all of them */
typedef int ctnetlink_request_fn(struct sk_buff *skb,
				 const struct nfnl_info *info,
				 const struct nlattr *const cda[]);

/* send.c */
struct sk_buff *ctnetlink_send_alloc(size_t size);
int ctnetlink_send_datagram(struct net *net, struct sk_buff *skb, u32 portid,
			    unsigned int group, enum nf_ct_event_report report);
void ctnetlink_send_fini(void);

/* listeners.c */

/* Listeners that get one event at once; more get it in another round */
#define CTNETLINK_AUDIENCE_MAX	24

/**
 * struct ctnetlink_seat - a listener that is to get an event
 * @sk:       its socket, referenced
 * @listener: its slot, or NULL: a plain listener
 * @portid:   its port
 * @filtered: its socket has a filter, which sees the first message of a datagram only
 */
struct ctnetlink_seat {
	struct sock			*sk;
	struct nf_conntrack_listener	*listener;
	u32				portid;
	bool				filtered;
};

/**
 * struct ctnetlink_audience - the listeners of an event that are to get it now
 * @net:      namespace of the event
 * @delivery: what the core asks, and learns
 * @known:    the listeners can be told apart on this kernel
 * @heard:    there is a listener, also if it does not get the event now
 * @reliable: there is a reliable one among them
 * @filtered: one of them has a filter
 * @lapsed:   one of them asks for every event, but has been given up for a while
 * @more:     there are more plain ones: begin the next round at @passed
 * @plain:    plain listeners seen in this round
 * @passed:   plain listeners that have had a seat
 * @requester: slot of the port that gets an echo instead, or NULL
 * @n:        members of @seat
 * @seat:     who gets it
 */
struct ctnetlink_audience {
	struct net		*net;
	struct nf_ct_delivery	*delivery;
	bool			known;
	bool			heard;
	bool			reliable;
	bool			filtered;
	bool			lapsed;
	bool			more;
	unsigned int		plain;
	unsigned int		passed;
	struct nf_conntrack_listener *requester;
	unsigned int		n;
	struct ctnetlink_seat	seat[CTNETLINK_AUDIENCE_MAX];
};

void ctnetlink_audience_gather(struct ctnetlink_audience *a, struct net *net,
			       unsigned int group, unsigned int from,
			       struct nf_ct_delivery *d);
bool ctnetlink_audience_send(struct ctnetlink_audience *a, struct sk_buff *skb,
			     unsigned int group, u32 exclude);
void ctnetlink_audience_end(struct ctnetlink_audience *a);
int ctnetlink_listeners_init(void);
void ctnetlink_listeners_fini(void);

/* deliver.c */

/**
 * struct ctnetlink_delivery - one event on its way out
 * @net:      its namespace
 * @group:    multicast group
 * @portid:   port that caused it, or 0
 * @report:   whether that port gets a copy
 * @delivery: what the core asks, and learns
 * @build:    makes the datagram, once, if somebody is to get it
 * @arg:      for @build
 * @filtered: result: a listener has a socket filter
 */
struct ctnetlink_delivery {
	struct net		*net;
	unsigned int		group;
	u32			portid;
	enum nf_ct_event_report	report;
	struct nf_ct_delivery	*delivery;
	struct sk_buff		*(*build)(const void *arg);
	const void		*arg;
	bool			filtered;
};

int ctnetlink_deliver(struct ctnetlink_delivery *d);

/* decode.c */

/**
 * struct ctnetlink_error - what an error means to the user
 * @err:  negative errno
 * @text: error message
 */
struct ctnetlink_error {
	int		err;
	const char	*text;
};

extern const struct nla_policy ctnetlink_policy[CTA_MAX + 1];

int ctnetlink_require(const struct nlattr *attr, const struct nlattr *nest,
		      const char *text, struct netlink_ext_ack *extack);
void ctnetlink_explain(int err, const struct ctnetlink_error *row,
		       struct netlink_ext_ack *extack);
int ctnetlink_decode_zone(const struct nlattr *attr,
			  struct nf_conntrack_zone *zone,
			  struct netlink_ext_ack *extack);
u8 ctnetlink_family(const struct nfnl_info *info, const struct nlattr *tuple);
int ctnetlink_decode_tuple(const struct nlattr *attr,
			   enum ip_conntrack_dir dir, u8 l3num, u32 members,
			   struct nf_conntrack_zone *zone,
			   struct nf_conntrack_tuple *tuple,
			   struct netlink_ext_ack *extack);
int ctnetlink_decode_words(const struct nlattr *attr, int max, u32 *words,
			   struct netlink_ext_ack *extack);
int ctnetlink_decode_help(const struct nlattr *attr, const char **name,
			  struct nlattr **info, struct netlink_ext_ack *extack);

/* tuple.c */

/* Room for @size bytes at the end of a message that has all of them in one piece, or
 * NULL.  @size is a multiple of NLA_ALIGNTO, and the caller writes all of it.
 */
static inline void *ctnetlink_room(struct sk_buff *skb, unsigned int size)
{
	if (unlikely(skb_tailroom(skb) < size))
		return NULL;
	return __skb_put(skb, size);
}

size_t ctnetlink_tuple_size(const struct nf_conntrack_tuple *tuple);
int ctnetlink_tuple_members_put(struct sk_buff *skb,
				const struct nf_conntrack_tuple *tuple);
int ctnetlink_tuple_put(struct sk_buff *skb, int type,
			const struct nf_conntrack_tuple *tuple);

/* encode.c */

/**
 * enum ctnetlink_kind - the four kinds of messages about an entry
 * @CTNETLINK_DUMP:    an answer to a request
 * @CTNETLINK_EVENT:   an event: the entry is new or has changed
 * @CTNETLINK_DESTROY: an event: the entry has ended
 * @CTNETLINK_QUEUE:   a nest in a message of nfnetlink_queue or nfnetlink_log
 * @CTNETLINK_KINDS:   how many there are
 */
enum ctnetlink_kind {
	CTNETLINK_DUMP,
	CTNETLINK_EVENT,
	CTNETLINK_DESTROY,
	CTNETLINK_QUEUE,
	CTNETLINK_KINDS
};

/* Counters of one direction */
struct ctnetlink_count {
	u64	packets;
	u64	bytes;
};

/**
 * struct ctnetlink_msg - one message about one entry, before it is encoded
 * @ct:       the entry, referenced by the caller
 * @kind:     which attributes, in which order
 * @type:     message number within the subsystem
 * @flags:    nlmsg_flags; NLM_F_MULTI is added to answers
 * @portid:   nlmsg_pid
 * @seq:      nlmsg_seq
 * @events:   for @CTNETLINK_EVENT and @CTNETLINK_DESTROY: bits of IPCT_*
 * @borrowed: references held only for this message, not shown in CTA_USE
 * @bound:    only measured: include what packets may add before it is written
 * @zero:     read the counters and set them to zero
 * @taken:    what @zero has read, given back when the message does not fit
 */
struct ctnetlink_msg {
	struct nf_conn		*ct;
	enum ctnetlink_kind	kind;
	u8			type;
	u16			flags;
	u32			portid;
	u32			seq;
	unsigned int		events;
	unsigned int		borrowed;
	bool			bound;
	bool			zero;
	struct ctnetlink_count	taken[IP_CT_DIR_MAX];
};

size_t ctnetlink_attrs_size(const struct ctnetlink_msg *m);
int ctnetlink_attrs_put(struct sk_buff *skb, struct ctnetlink_msg *m);
void ctnetlink_counters_return(struct ctnetlink_msg *m);
size_t ctnetlink_msg_size(const struct ctnetlink_msg *m);
int ctnetlink_msg_put(struct sk_buff *skb, struct ctnetlink_msg *m);

/* expect_encode.c */

/**
 * struct ctnetlink_expect_msg - one message about one expectation
 * @life:   the expectation, referenced by the caller
 * @type:   message number within the subsystem
 * @flags:  nlmsg_flags
 * @portid: nlmsg_pid
 * @seq:    nlmsg_seq
 */
struct ctnetlink_expect_msg {
	const struct nf_ct_expect_life	*life;
	u8				type;
	u16				flags;
	u32				portid;
	u32				seq;
};

size_t ctnetlink_expect_size(const struct ctnetlink_expect_msg *m);
int ctnetlink_expect_put(struct sk_buff *skb,
			 const struct ctnetlink_expect_msg *m);

/* batch.c */
struct ctnetlink_datagram;

/**
 * struct ctnetlink_batch - the open datagram of one namespace
 * @lock:  guards @open and orders what is sent
 * @filtered: a listener had a socket filter when it was looked at last: such a
 *         filter sees the first message of a datagram only, so send one by one
 * @open:  the datagram being filled, or NULL
 * @timer: sends @open 1 ms after its first event, if nothing else has
 */
struct ctnetlink_batch {
	spinlock_t			lock; /* netlink's own are taken inside */
	bool				filtered;
	struct ctnetlink_datagram	*open;
	struct hrtimer			timer;
};

extern unsigned int ctnetlink_batch_net_id;

int ctnetlink_batch_add(struct net *net, struct ctnetlink_msg *m,
			unsigned int group, unsigned int limit);
void ctnetlink_batch_flush(struct net *net);
void ctnetlink_batch_note_filter(struct net *net, bool filtered);
int ctnetlink_batch_net_init(struct net *net);
void ctnetlink_batch_net_fini(struct net *net);
void ctnetlink_batch_fini(void);

/* filter.c */
struct ctnetlink_filter;

struct ctnetlink_filter *
ctnetlink_filter_alloc(u8 family, const struct nlattr *const cda[],
		       struct netlink_ext_ack *extack);
bool ctnetlink_filter_match(const struct ctnetlink_filter *filter,
			    const struct nf_conn *ct);

/* find.c */
struct nf_conn *ctnetlink_find_entry(struct net *net,
				     const struct nf_conntrack_zone *zone,
				     const struct nf_conntrack_tuple *tuple);
struct nf_conn *ctnetlink_find(const struct nfnl_info *info,
			       const struct nlattr *const cda[]);
struct nf_conn *ctnetlink_find_master(const struct nfnl_info *info,
				      const struct nlattr *attr, u8 l3num,
				      const struct nf_conntrack_zone *zone,
				      struct nf_conntrack_tuple *tuple);

/* change.c */
void ctnetlink_helper_tell(struct nf_conn *ct,
			   const struct nf_conntrack_helper *helper,
			   struct nlattr *info);
int ctnetlink_change(struct nf_conn *ct, const struct nlattr *const cda[],
		     struct netlink_ext_ack *extack);
int ctnetlink_change_new(struct nf_conn *ct, const struct nlattr *const cda[],
			 struct netlink_ext_ack *extack);
int ctnetlink_change_queued(struct nf_conn *ct,
			    const struct nlattr *const cda[]);
int ctnetlink_set_labels(struct nf_conn *ct, const struct nlattr *const cda[],
			 struct netlink_ext_ack *extack);

/* stats.c */
ctnetlink_request_fn ctnetlink_stats_cpu;
ctnetlink_request_fn ctnetlink_stats_expect_cpu;
ctnetlink_request_fn ctnetlink_stats_global;

/* dump.c */
int ctnetlink_dump_start(struct sk_buff *skb, const struct nfnl_info *info,
			 int (*fill)(struct sk_buff *skb,
				     struct netlink_callback *cb), void *data);
int ctnetlink_dump_full(const struct sk_buff *skb);
ctnetlink_request_fn ctnetlink_dump_table;
ctnetlink_request_fn ctnetlink_dump_dying;
ctnetlink_request_fn ctnetlink_dump_unconfirmed;

/* get.c */
ctnetlink_request_fn ctnetlink_get;
ctnetlink_request_fn ctnetlink_delete;

/* create.c */
ctnetlink_request_fn ctnetlink_new;

/* expect_dump.c */
ctnetlink_request_fn ctnetlink_expect_dump;

/* expect_get.c */
ctnetlink_request_fn ctnetlink_expect_get;
ctnetlink_request_fn ctnetlink_expect_delete;

/* expect_create.c */
extern const struct nla_policy ctnetlink_expect_policy[CTA_EXPECT_MAX + 1];

ctnetlink_request_fn ctnetlink_expect_new;
int ctnetlink_expect_attach(const struct nlattr *attr, struct nf_conn *ct,
			    u32 portid, u32 report);

/* expect_event.c */
#ifdef CONFIG_NF_CONNTRACK_EVENTS
int ctnetlink_expect_event(unsigned int events, const struct nf_exp_event *item);
#endif

/* event.c */
#ifdef CONFIG_NF_CONNTRACK_EVENTS
extern const struct nf_ct_event_notifier ctnetlink_notifier;

int ctnetlink_events_init(void);
void ctnetlink_events_fini(void);
#else
static inline int ctnetlink_events_init(void) { return 0; }
static inline void ctnetlink_events_fini(void) {}
#endif

/* glue.c */
void ctnetlink_glue_register(void);
void ctnetlink_glue_unregister(void);

#endif /* _NETLINK_CTNETLINK_H */
