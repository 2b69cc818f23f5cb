/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions for BPF programs, and the hook that says what a program may write.  Their
 * markers have been renamed after 6.1; on 7.x each argument is trusted.
 */
#ifndef _NF_CT_COMPAT_BTF_H
#define _NF_CT_COMPAT_BTF_H

#include_next <linux/btf.h>
#include <linux/btf_ids.h>

/* 6.9: sets of functions have a marker of their own */
#ifndef BTF_KFUNCS_START
#define BTF_KFUNCS_START(name)	BTF_SET8_START(name)
#define BTF_KFUNCS_END(name)	BTF_SET8_END(name)
#endif

/* 6.3, 6.7: such a function says so */
#ifndef __bpf_kfunc
#define __bpf_kfunc		__used noinline
#endif
#ifndef __bpf_kfunc_start_defs
#define __bpf_kfunc_start_defs()					\
	__diag_push();							\
	__diag_ignore_all("-Wmissing-prototypes", "BPF programs call them")
#define __bpf_kfunc_end_defs()	__diag_pop()
#endif

/* sparse would miss a declaration, and knows no function that is called by its number */
#ifdef __CHECKER__
#undef __bpf_kfunc
#define __bpf_kfunc		static __used
#endif

#ifndef KF_TRUSTED_ARGS
#define KF_TRUSTED_ARGS		0
#endif

/*
 * NF_CT_BPF_WRITE_HOOK(name, may) - define the hook "name" for nfct_btf_struct_access
 * @may: int may(log, btf, type, off, size) answers for it
 *
 * Since 6.2 the hook gets the register instead of its type.
 */
#ifdef NF_CT_HAVE_BPF_WRITE_REG
#define NF_CT_BPF_WRITE_HOOK(name, may)					\
static int name(struct bpf_verifier_log *log,				\
		const struct bpf_reg_state *reg, int off, int size)	\
{									\
	return may(log, reg->btf, btf_type_by_id(reg->btf, reg->btf_id), off, size);	\
}
#else
#define NF_CT_BPF_WRITE_HOOK(name, may)					\
static int name(struct bpf_verifier_log *log, const struct btf *btf,	\
		const struct btf_type *t, int off, int size,		\
		enum bpf_access_type atype, u32 *next_btf_id,		\
		enum bpf_type_flag *flag)				\
{									\
	return may(log, btf, t, off, size);				\
}
#endif

#endif /* _NF_CT_COMPAT_BTF_H */
