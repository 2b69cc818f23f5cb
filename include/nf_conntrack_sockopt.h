/* SPDX-License-Identifier: GPL-2.0 */
/* SO_ORIGINAL_DST, a part of nf_conntrack_proto_init(). */
#ifndef _NF_CONNTRACK_SOCKOPT_H
#define _NF_CONNTRACK_SOCKOPT_H

int nf_conntrack_sockopt_init(void);
void nf_conntrack_sockopt_fini(void);

#endif /* _NF_CONNTRACK_SOCKOPT_H */
