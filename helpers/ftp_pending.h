/* SPDX-License-Identifier: GPL-2.0 */
/* Lines of FTP that a segment has left unfinished. */
#ifndef _NF_CT_FTP_PENDING_H
#define _NF_CT_FTP_PENDING_H

#include <linux/types.h>

struct nf_conn;

/* The longest beginning of a line that is kept, in bytes */
#define NF_CT_FTP_PENDING_MAX	128

void nf_ct_ftp_pending_init(void);
void nf_ct_ftp_pending_keep(const struct nf_conn *ct, u8 dir, u32 begin,
			    const u8 *text, u32 len);
bool nf_ct_ftp_pending_has(const struct nf_conn *ct, u8 dir);
u32 nf_ct_ftp_pending_take(const struct nf_conn *ct, u8 dir, u32 seq, u32 len,
			   u8 text[NF_CT_FTP_PENDING_MAX], u32 *end);
bool nf_ct_ftp_pending_refuses(const struct nf_conn *ct, u8 dir, u32 begin, u32 end);
bool nf_ct_ftp_pending_blocks(const struct nf_conn *ct, u8 dir, u32 seq);
void nf_ct_ftp_pending_forget(const struct nf_conn *ct, u8 dir);

#endif /* _NF_CT_FTP_PENDING_H */
