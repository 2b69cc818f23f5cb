/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints of the life of a connection and of the delivery of its events.
 *
 * DIFF: tracepoints: stock has none.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM nf_conntrack

#if !defined(_NF_CONNTRACK_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _NF_CONNTRACK_TRACE_H

#include <linux/tracepoint.h>
#include <net/netfilter/nf_conntrack.h>

DECLARE_EVENT_CLASS(nf_ct_life,
	TP_PROTO(const struct nf_conn *ct),
	TP_ARGS(ct),
	TP_STRUCT__entry(
		__field(const void *,	ct)
		__field(u8,		l3num)
		__field(u8,		protonum)
		__field(u32,		status)
		__array(u8,		src, 16)
		__array(u8,		dst, 16)
		__field(u16,		sport)
		__field(u16,		dport)
	),
	TP_fast_assign(
		const struct nf_conntrack_tuple *t =
			nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL);

		__entry->ct = ct;
		__entry->l3num = t->src.l3num;
		__entry->protonum = t->dst.protonum;
		__entry->status = ct->status; /* the rest is ours */
		memcpy(__entry->src, &t->src.u3, 16);
		memcpy(__entry->dst, &t->dst.u3, 16);
		__entry->sport = ntohs(t->src.u.all);
		__entry->dport = ntohs(t->dst.u.all);
	),
	TP_printk("ct=%p l3=%u proto=%u status=0x%x src=%pI6c dst=%pI6c sport=%u dport=%u",
		  __entry->ct, __entry->l3num, __entry->protonum,
		  __entry->status, __entry->src, __entry->dst,
		  __entry->sport, __entry->dport)
);

DEFINE_EVENT(nf_ct_life, nf_ct_new,
	     TP_PROTO(const struct nf_conn *ct), TP_ARGS(ct));
DEFINE_EVENT(nf_ct_life, nf_ct_confirm,
	     TP_PROTO(const struct nf_conn *ct), TP_ARGS(ct));
DEFINE_EVENT(nf_ct_life, nf_ct_destroy,
	     TP_PROTO(const struct nf_conn *ct), TP_ARGS(ct));
DEFINE_EVENT(nf_ct_life, nf_ct_clash,
	     TP_PROTO(const struct nf_conn *ct), TP_ARGS(ct));
DEFINE_EVENT(nf_ct_life, nf_ct_early_drop,
	     TP_PROTO(const struct nf_conn *ct), TP_ARGS(ct));

DECLARE_EVENT_CLASS(nf_ct_delivery,
	TP_PROTO(const struct nf_conn *ct, unsigned int events, int err),
	TP_ARGS(ct, events, err),
	TP_STRUCT__entry(
		__field(const void *,	ct)
		__field(unsigned int,	events)
		__field(int,		err)
	),
	TP_fast_assign(
		__entry->ct = ct;
		__entry->events = events;
		__entry->err = err;
	),
	TP_printk("ct=%p events=0x%x err=%d", __entry->ct, __entry->events,
		  __entry->err)
);

DEFINE_EVENT(nf_ct_delivery, nf_ct_event_refused,
	     TP_PROTO(const struct nf_conn *ct, unsigned int events, int err),
	     TP_ARGS(ct, events, err));
DEFINE_EVENT(nf_ct_delivery, nf_ct_event_resent,
	     TP_PROTO(const struct nf_conn *ct, unsigned int events, int err),
	     TP_ARGS(ct, events, err));

#endif /* _NF_CONNTRACK_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE nf_conntrack_trace
#include <trace/define_trace.h>
