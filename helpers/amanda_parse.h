/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The reply of an Amanda client, which names the TCP ports where its data can be fetched.
 * No kernel types: selftests/unit and selftests/fuzz compile the same source in user space.
 * No state, no locks.
 */
#ifndef _NF_CT_AMANDA_PARSE_H
#define _NF_CT_AMANDA_PARSE_H

#include "nf_ct_cursor.h"

/* So many bytes of a reply are read: ports stand on one of its first lines */
#define NF_CT_AMANDA_READ_MAX	1024

/* Connections that a reply can announce, one of each kind */
#define NF_CT_AMANDA_STREAMS	4

/**
 * enum nf_ct_amanda_verdict - what a datagram is
 * @NF_CT_AMANDA_NOTHING: it announces no connection
 * @NF_CT_AMANDA_FOUND:   a reply that announces connections, perhaps none that is used
 * @NF_CT_AMANDA_BAD:     a reply that breaks a rule
 */
enum nf_ct_amanda_verdict {
	NF_CT_AMANDA_NOTHING,
	NF_CT_AMANDA_FOUND,
	NF_CT_AMANDA_BAD,
};

/**
 * struct nf_ct_amanda_stream - a connection that is announced
 * @begin: offset of the number
 * @len:   its length in bytes
 * @port:  the port, in host byte order; 0 if there is no such connection
 */
struct nf_ct_amanda_stream {
	u32	begin;
	u16	len;
	u16	port;
};

/**
 * struct nf_ct_amanda_said - what a reply says
 * @streams: the connections by kind, not by their order in the reply
 * @rule:    of a bad reply the rule that it breaks, else NULL
 */
struct nf_ct_amanda_said {
	struct nf_ct_amanda_stream	streams[NF_CT_AMANDA_STREAMS];
	const char			*rule;
};

enum nf_ct_amanda_verdict nf_ct_amanda_read(struct nf_ct_cursor *c,
					    struct nf_ct_amanda_said *said);

#endif /* _NF_CT_AMANDA_PARSE_H */
