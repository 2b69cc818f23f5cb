// SPDX-License-Identifier: GPL-2.0
/*
 * The registry of helpers (modules that read a protocol's payload and announce
 * further connections), of their NAT counterparts, and what attaches a helper
 * to an entry.  Changes to either registry are made under
 * nf_ct_helper_mutex; lookups take RCU.  An entry holds no reference on its
 * helper: unregistering visits all entries and makes unconfirmed ones stale.
 */
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_log.h>

#include "nf_conntrack_internal.h"
#include "nf_ct_rules.h"

static DEFINE_MUTEX(nf_ct_helper_mutex);

struct hlist_head *nf_ct_helper_hash __read_mostly;
unsigned int nf_ct_helper_hsize __read_mostly;

static LIST_HEAD(nf_ct_nat_helpers);

static unsigned int nf_ct_helper_slot(const struct nf_conntrack_helper *helper)
{
	return (nf_ct_helper_l3(helper) * 31 + nf_ct_helper_l4(helper) * 7) %
	       nf_ct_helper_hsize;
}

/* A helper for AF_UNSPEC serves every family */
static bool nf_ct_helper_serves(const struct nf_conntrack_helper *helper,
				const char *name, u16 l3num, u8 protonum)
{
	u16 family = nf_ct_helper_l3(helper);

	return nf_ct_helper_l4(helper) == protonum &&
	       (family == l3num || family == NFPROTO_UNSPEC) &&
	       !strcmp(helper->name, name);
}

/* Helpers in the kernel must differ in family, protocol or port; those in user
 * space differ by name only.
 */
static bool nf_ct_helper_conflicts(const struct nf_conntrack_helper *old,
				   const struct nf_conntrack_helper *new)
{
	u16 family = nf_ct_helper_l3(new);
	u8 protonum = nf_ct_helper_l4(new);

	if (nf_ct_helper_serves(old, new->name, family, protonum))
		return true;

	return !(new->flags & NF_CT_HELPER_F_USERSPACE) &&
	       nf_ct_helper_l3(old) == family &&
	       nf_ct_helper_l4(old) == protonum &&
	       nf_ct_helper_same_port(old, new);
}

static bool nf_ct_helper_sane(const struct nf_conntrack_helper *helper)
{
	unsigned int i;

	if (WARN_ON_ONCE(!nf_ct_helper_has_policy(helper) ||
			 helper->expect_class_max >= NF_CT_MAX_EXPECT_CLASSES ||
			 strnlen(helper->name, sizeof(helper->name)) == sizeof(helper->name)))
		return false;

	for (i = 0; i <= helper->expect_class_max; i++) {
		if (helper->expect_policy[i].max_expected > NF_CT_EXPECT_MAX_CNT)
			return false;
	}

	return true;
}

/* Both references that make a helper stay: its own count and its module's */
static struct nf_conntrack_helper *
nf_ct_helper_hold(struct nf_conntrack_helper *helper)
{
	if (!helper || !try_module_get(helper->me))
		return NULL;

	if (refcount_inc_not_zero(&nf_ct_helper_refs(helper)))
		return helper;

	module_put(helper->me);
	return NULL;
}

/* Does @exp refer to helper @data: made by it, or to be given to it? */
static bool nf_ct_helper_expects(struct nf_conntrack_expect *exp, void *data)
{
	return nf_ct_exp_creator(exp) == data ||
	       rcu_access_pointer(nf_ct_exp_assigned(exp)) == data;
}

/* NAT counterpart called @mod_name; RCU, or the mutex held */
static struct nf_conntrack_nat_helper *nf_ct_nat_helper_find(const char *mod_name)
{
	struct nf_conntrack_nat_helper *nat;

	list_for_each_entry_rcu(nat, &nf_ct_nat_helpers, list,
				lockdep_is_held(&nf_ct_helper_mutex)) {
		if (!strcmp(nat->mod_name, mod_name))
			return nat;
	}

	return NULL;
}

/* Take a reference on the module of NAT counterpart @mod_name */
static bool nf_ct_nat_helper_hold(const char *mod_name)
{
	struct nf_conntrack_nat_helper *nat;
	bool held;

	rcu_read_lock();
	nat = nf_ct_nat_helper_find(mod_name);
	held = nat && try_module_get(nat->module);
	rcu_read_unlock();

	return held;
}

/**
 * __nf_conntrack_helper_find - find a helper by name
 * @name:     its name
 * @l3num:    address family
 * @protonum: protocol
 *
 * Context: RCU, which bounds the use of the answer.
 * Return: the helper or NULL.
 */
struct nf_conntrack_helper *
__nf_conntrack_helper_find(const char *name, u16 l3num, u8 protonum)
{
	struct nf_conntrack_helper *helper;
	unsigned int i;

	for (i = 0; i < nf_ct_helper_hsize; i++) {
		hlist_for_each_entry_rcu(helper, &nf_ct_helper_hash[i], hnode) {
			if (nf_ct_helper_serves(helper, name, l3num, protonum))
				return helper;
		}
	}

	return NULL;
}

static struct nf_conntrack_helper *
nf_ct_helper_find_hold(const char *name, u16 l3num, u8 protonum)
{
	struct nf_conntrack_helper *helper;

	rcu_read_lock();
	helper = nf_ct_helper_hold(__nf_conntrack_helper_find(name, l3num, protonum));
	rcu_read_unlock();

	return helper;
}

/**
 * nf_conntrack_helper_try_module_get - find a helper and hold it
 * @name:     its name
 * @l3num:    address family
 * @protonum: protocol
 *
 * Loads the module nfct-helper-NAME when the helper is not there.
 *
 * Context: process, sleeps.
 * Return: a helper to give to nf_conntrack_helper_put(), or NULL.
 */
struct nf_conntrack_helper *
nf_conntrack_helper_try_module_get(const char *name, u16 l3num, u8 protonum)
{
	struct nf_conntrack_helper *helper;

	helper = nf_ct_helper_find_hold(name, l3num, protonum);
	if (helper || request_module("nfct-helper-%s", name))
		return helper;

	return nf_ct_helper_find_hold(name, l3num, protonum);
}

/**
 * nf_ct_helper_is_known - is this a registered helper?
 * @helper: an address, perhaps of one that has been freed
 *
 * Context: RCU; the answer holds until the read side section ends.
 * Return: whether it is.
 */
bool nf_ct_helper_is_known(const struct nf_conntrack_helper *helper)
{
	const struct nf_conntrack_helper *h;
	unsigned int i;

	for (i = 0; i < nf_ct_helper_hsize; i++) {
		hlist_for_each_entry_rcu(h, &nf_ct_helper_hash[i], hnode) {
			if (h == helper)
				return true;
		}
	}
	return false;
}

NF_CT_EXPORT_PRIVATE(nf_ct_helper_is_known);

/**
 * nf_conntrack_helper_put - undo nf_conntrack_helper_try_module_get()
 * @helper: helper
 *
 * Context: any.
 */
void nf_conntrack_helper_put(struct nf_conntrack_helper *helper)
{
	struct module *me = helper->me;

	/* the last one may free it at once */
	nf_ct_helper_unref(helper);
	module_put(me);
}

/**
 * nf_ct_helper_ext_add - give an unconfirmed entry room for a helper
 * @ct:  entry or template
 * @gfp: how to allocate
 *
 * IPS_HELPER, which user space sees, tells that somebody has decided about the helper
 * of the entry: no later rule attaches another.
 *
 * Context: sleeps only if @gfp allows it.
 * Return: the extension, no helper in it yet, or NULL.
 */
struct nf_conn_help *nf_ct_helper_ext_add(struct nf_conn *ct, gfp_t gfp)
{
	struct nf_conn_help *help;

	help = nf_ct_ext_add(ct, NF_CT_EXT_HELPER, gfp);
	if (!help)
		return NULL;

	INIT_HLIST_HEAD(&help->expectations);
	set_bit(IPS_HELPER_BIT, &ct->status);
	return help;
}

/**
 * __nf_ct_try_assign_helper - give a new entry the helper of its template
 * @ct:    entry, unconfirmed
 * @tmpl:  template of the packet
 * @flags: how to allocate
 *
 * A helper that a rule has attached explicitly stays.
 *
 * Context: RCU; sleeps only if @flags allows it.
 * Return: 0 or -ENOMEM.
 */
int __nf_ct_try_assign_helper(struct nf_conn *ct, struct nf_conn *tmpl,
			      gfp_t flags)
{
	struct nf_conntrack_helper *wanted = NULL, *present;
	struct nf_conn_help *help;

	if (!tmpl || test_bit(IPS_HELPER_BIT, &ct->status))
		return 0;

	help = nfct_help(tmpl);
	if (help) {
		wanted = rcu_dereference(help->helper);
		set_bit(IPS_HELPER_BIT, &ct->status);
	}

	help = nfct_help(ct);
	if (!help) {
		if (!wanted)
			return 0;
		help = nf_ct_helper_ext_add(ct, flags);
		if (!help)
			return -ENOMEM;
	}

	/* The private data cannot change its owner: another sort of helper than
	 * the one that is there leaves the entry without any.
	 */
	present = rcu_dereference(help->helper);
	if (wanted && present &&
	    nf_ct_helper_inspects(present) != nf_ct_helper_inspects(wanted))
		wanted = NULL;
	nf_ct_helper_assign(help, wanted);

	return 0;
}

/**
 * nf_ct_helper_destroy - call the helper's destructor for an entry that ends
 * @ct: entry
 *
 * Context: any but hard interrupt.
 */
void nf_ct_helper_destroy(struct nf_conn *ct)
{
	struct nf_conn_help *help = nfct_help(ct);
	struct nf_conntrack_helper *helper;

	if (!help)
		return;

	rcu_read_lock();
	helper = rcu_dereference(help->helper);
	if (helper && helper->destroy)
		helper->destroy(ct);
	rcu_read_unlock();
}

/**
 * nf_ct_helper_log - log that a helper drops a packet
 * @skb: packet
 * @ct:  its entry
 * @fmt: why
 *
 * Context: RCU.
 */
void nf_ct_helper_log(struct sk_buff *skb, const struct nf_conn *ct,
		      const char *fmt, ...)
{
	const struct nf_conn_help *help = nfct_help(ct);
	const struct nf_conntrack_helper *helper;
	struct va_format why = { .fmt = fmt };
	va_list args;

	helper = help ? rcu_dereference(help->helper) : NULL;

	va_start(args, fmt);
	why.va = &args;
	nf_log_packet(nf_ct_net(ct), nf_ct_l3num(ct), 0, skb, NULL, NULL, NULL,
		      NF_CT_HELPER_DROPS,
		      helper ? helper->name : "unknown", &why);
	va_end(args);
}

/* What both forms of nf_ct_helper_init() have in common */
static void nf_ct_helper_fill(struct nf_conntrack_helper *helper, const char *base,
			      u32 classes,
			      int (*restore)(struct nlattr *data, struct nf_conn *entry),
			      struct module *owner)
{
	snprintf(helper->nat_mod_name, sizeof(helper->nat_mod_name),
		 NF_NAT_HELPER_PREFIX "%s", base);
	helper->me = owner;
	helper->from_nlattr = restore;
	helper->expect_class_max = classes;
}

static int nf_ct_helper_insert(struct nf_conntrack_helper *me)
{
	struct nf_conntrack_helper *old;
	unsigned int i;
	int err = 0;

	if (!nf_ct_helper_sane(me))
		return -EINVAL;
	if (!nf_ct_helper_hash)
		return -ENOENT;

	mutex_lock(&nf_ct_helper_mutex);
	for (i = 0; i < nf_ct_helper_hsize; i++) {
		hlist_for_each_entry(old, &nf_ct_helper_hash[i], hnode) {
			if (nf_ct_helper_conflicts(old, me))
				err = -EBUSY;
		}
	}
	if (!err) {
		refcount_set(&nf_ct_helper_refs(me), 1);
		hlist_add_head_rcu(&me->hnode, &nf_ct_helper_hash[nf_ct_helper_slot(me)]);
	}
	mutex_unlock(&nf_ct_helper_mutex);

	return err;
}

#ifdef NF_CT_HAVE_HELPER_REFS
/**
 * nf_ct_helper_init - fill in a helper before it is registered
 * @helper:   helper
 * @l3num:    address family, NFPROTO_UNSPEC for all
 * @protonum: protocol
 * @base:     its name
 * @policy:   limits of its expectations, one per class; they are copied
 * @classes:  highest class
 * @inspect:  called for each packet
 * @restore:  reads private data that user space sends, or NULL
 * @owner:    module
 *
 * Context: any.
 */
void nf_ct_helper_init(struct nf_conntrack_helper *helper, u8 l3num, u16 protonum,
		       const char *base,
		       const struct nf_conntrack_expect_policy *policy, u32 classes,
		       int (*inspect)(struct sk_buff *packet, unsigned int offset,
				      struct nf_conn *entry,
				      enum ip_conntrack_info info),
		       int (*restore)(struct nlattr *data, struct nf_conn *entry),
		       struct module *owner)
{
	memset(helper, 0, sizeof(*helper));
	strscpy(helper->name, base, sizeof(helper->name));
	nf_ct_helper_fill(helper, base, classes, restore, owner);
	RCU_INIT_POINTER(helper->help, inspect);
	helper->nfproto = l3num;
	helper->l4proto = protonum;
	/* a class too many is refused when it is registered */
	memcpy(helper->expect_policy, policy,
	       min_t(u32, classes + 1, NF_CT_MAX_EXPECT_CLASSES) * sizeof(*policy));
}

/**
 * __nf_conntrack_helper_register - make a helper known that is on the heap
 * @me: helper: the registry's, on success
 *
 * Context: process, sleeps.
 * Return: as nf_conntrack_helper_register().
 */
int __nf_conntrack_helper_register(struct nf_conntrack_helper *me)
{
	return nf_ct_helper_insert(me);
}

/**
 * nf_conntrack_helper_register - make a copy of a helper known
 * @me:     helper
 * @known:  result: the copy, for nf_conntrack_helper_unregister()
 *
 * Context: process, sleeps.
 * Return: 0; -EBUSY when one of that name is there, -EINVAL when its limits are out of
 *	   range, -ENOENT when conntrack is not ready, -ENOMEM.
 */
int nf_conntrack_helper_register(struct nf_conntrack_helper *me,
				 struct nf_conntrack_helper **known)
{
	struct nf_conntrack_helper *copy = kmemdup(me, sizeof(*me), GFP_KERNEL);
	int err;

	if (!copy)
		return -ENOMEM;
	err = nf_ct_helper_insert(copy);
	if (err) {
		kfree(copy);
		return err;
	}
	*known = copy;
	return 0;
}

/**
 * nf_conntrack_helper_release - a helper that no new entry gets any more
 * @me: helper, whose function pointer is NULL
 *
 * Entries keep it, and its name, as long as they live.
 *
 * Context: process, sleeps until no CPU runs its code.
 */
void nf_conntrack_helper_release(struct nf_conntrack_helper *me)
{
	nf_ct_expect_iterate_destroy(nf_ct_helper_expects, me);
	synchronize_rcu();
	nf_ct_helper_unref(me);
}

/**
 * nf_conntrack_helper_unregister - make a helper unknown
 * @me: as nf_conntrack_helper_register() has given it
 *
 * On return nothing runs its code, and no expectation refers to it.
 *
 * Context: process, sleeps.
 */
void nf_conntrack_helper_unregister(struct nf_conntrack_helper *me)
{
	mutex_lock(&nf_ct_helper_mutex);
	hlist_del_rcu(&me->hnode);
	mutex_unlock(&nf_ct_helper_mutex);

	/* From here on it gets no new expectation: nf_ct_expect_helper_alive() */
	spin_lock_bh(&nf_conntrack_expect_lock);
	RCU_INIT_POINTER(me->help, NULL);
	spin_unlock_bh(&nf_conntrack_expect_lock);

	nf_conntrack_helper_release(me);
}

/**
 * nf_conntrack_helpers_unregister - make several helpers unknown, last one first
 * @known: as nf_conntrack_helpers_register() has given them
 * @n:     how many
 *
 * Context: process, sleeps.
 */
void nf_conntrack_helpers_unregister(struct nf_conntrack_helper **known,
				     unsigned int n)
{
	while (n)
		nf_conntrack_helper_unregister(known[--n]);
}

/**
 * nf_conntrack_helpers_register - make copies of several helpers known, or none
 * @helper: array
 * @n:      its length
 * @known:  result: as many copies
 *
 * Context: process, sleeps.
 * Return: 0 or the error of the first that failed.
 */
int nf_conntrack_helpers_register(struct nf_conntrack_helper *helper, unsigned int n,
				  struct nf_conntrack_helper **known)
{
	unsigned int done;
	int err;

	for (done = 0; done < n; done++) {
		err = nf_conntrack_helper_register(&helper[done], &known[done]);
		if (err) {
			nf_conntrack_helpers_unregister(known, done);
			return err;
		}
	}

	return 0;
}
#else
/**
 * nf_ct_helper_init - fill in a helper before it is registered
 * @helper:   helper
 * @l3num:    address family
 * @protonum: protocol
 * @base:     name of the protocol that it helps
 * @usual:    the protocol's usual port
 * @port:     the port of this one
 * @suffix:   appended to the name when the port is not the usual one
 * @policy:   limits of its expectations, one per class
 * @classes:  highest class
 * @inspect:  called for each packet
 * @restore:  reads private data that user space sends, or NULL
 * @owner:    module
 *
 * Context: any.
 */
void nf_ct_helper_init(struct nf_conntrack_helper *helper, u16 l3num, u16 protonum,
		       const char *base, u16 usual, u16 port, u32 suffix,
		       const struct nf_conntrack_expect_policy *policy, u32 classes,
		       int (*inspect)(struct sk_buff *packet, unsigned int offset,
				      struct nf_conn *entry,
				      enum ip_conntrack_info info),
		       int (*restore)(struct nlattr *data, struct nf_conn *entry),
		       struct module *owner)
{
	if (port != usual)
		snprintf(helper->name, sizeof(helper->name), "%s-%u", base, suffix);
	else
		strscpy(helper->name, base, sizeof(helper->name));
	nf_ct_helper_fill(helper, base, classes, restore, owner);
	helper->help = inspect;
	helper->expect_policy = policy;
	helper->tuple.src.l3num = l3num;
	helper->tuple.src.u.all = htons(port);
	helper->tuple.dst.protonum = protonum;
}

/**
 * nf_conntrack_helper_register - make a helper known
 * @me: helper
 *
 * Context: process, sleeps.
 * Return: 0; -EBUSY when one of that name or port is there (modprobe would take
 *	   -EEXIST for "loaded already" and be silent), -EINVAL when its limits are
 *	   out of range, -ENOENT when conntrack is not ready.
 */
int nf_conntrack_helper_register(struct nf_conntrack_helper *me)
{
	return nf_ct_helper_insert(me);
}

/* Table visitor: take helper @data away from an entry, which lives on.
 * DIFF: helper-event: the event shows the entry without its helper.
 */
static int nf_ct_helper_detach(struct nf_conn *ct, void *data)
{
	struct nf_conn_help *help = nfct_help(ct);

	if (help && rcu_access_pointer(help->helper) == data) {
		RCU_INIT_POINTER(help->helper, NULL);
		nf_conntrack_event(IPCT_HELPER, ct);
	}

	return 0;
}

/**
 * nf_conntrack_helper_unregister - make a helper unknown
 * @me: helper without references
 *
 * On return nothing refers to @me or runs its code.
 *
 * Context: process, sleeps.
 */
void nf_conntrack_helper_unregister(struct nf_conntrack_helper *me)
{
	mutex_lock(&nf_ct_helper_mutex);
	hlist_del_rcu(&me->hnode);
	mutex_unlock(&nf_ct_helper_mutex);

	/* From here on it gets no new expectation: nf_ct_expect_helper_alive() */
	spin_lock_bh(&nf_conntrack_expect_lock);
	refcount_set(&me->refcnt, 0);
	spin_unlock_bh(&nf_conntrack_expect_lock);

	/* A CPU that has found it by name has attached it by now, to an
	 * unconfirmed entry; the next generation makes that entry stale.
	 */
	synchronize_rcu();

	nf_ct_expect_iterate_destroy(nf_ct_helper_expects, me);
	nf_ct_iterate_destroy(nf_ct_helper_detach, me);
	synchronize_rcu();
}

/**
 * nf_conntrack_helpers_register - make several helpers known, or none
 * @helper: array
 * @n:      its length
 *
 * Context: process, sleeps.
 * Return: 0 or the error of the first that failed.
 */
int nf_conntrack_helpers_register(struct nf_conntrack_helper *helper,
				  unsigned int n)
{
	unsigned int done;
	int err;

	for (done = 0; done < n; done++) {
		err = nf_conntrack_helper_register(&helper[done]);
		if (err) {
			nf_conntrack_helpers_unregister(helper, done);
			return err;
		}
	}

	return 0;
}

/**
 * nf_conntrack_helpers_unregister - make several helpers unknown, last one first
 * @helper: array
 * @n:      its length
 *
 * Context: process, sleeps.
 */
void nf_conntrack_helpers_unregister(struct nf_conntrack_helper *helper,
				     unsigned int n)
{
	while (n)
		nf_conntrack_helper_unregister(&helper[--n]);
}
#endif

/**
 * nf_nat_helper_register - make the NAT counterpart of a helper known
 * @nat: counterpart
 *
 * Context: process, sleeps.
 */
void nf_nat_helper_register(struct nf_conntrack_nat_helper *nat)
{
	mutex_lock(&nf_ct_helper_mutex);
	list_add_rcu(&nat->list, &nf_ct_nat_helpers);
	mutex_unlock(&nf_ct_helper_mutex);
}

/**
 * nf_nat_helper_unregister - make the NAT counterpart of a helper unknown
 * @nat: counterpart, not looked at any more on return
 *
 * Context: process, sleeps.
 */
void nf_nat_helper_unregister(struct nf_conntrack_nat_helper *nat)
{
	mutex_lock(&nf_ct_helper_mutex);
	list_del_rcu(&nat->list);
	mutex_unlock(&nf_ct_helper_mutex);
	synchronize_rcu();
}

/**
 * nf_nat_helper_try_module_get - hold the NAT counterpart of a helper
 * @name:     name of the helper
 * @l3num:    address family
 * @protonum: protocol
 *
 * Loads the counterpart's module when it is not there.
 *
 * Context: process, sleeps.
 * Return: 0; -ENOENT when there is no such helper or counterpart.
 */
int nf_nat_helper_try_module_get(const char *name, u16 l3num, u8 protonum)
{
	char mod_name[NF_CT_HELPER_NAME_LEN];
	struct nf_conntrack_helper *helper;

	rcu_read_lock();
	helper = __nf_conntrack_helper_find(name, l3num, protonum);
	if (helper)
		strscpy(mod_name, helper->nat_mod_name, sizeof(mod_name));
	rcu_read_unlock();

	if (!helper)
		return -ENOENT;
	if (nf_ct_nat_helper_hold(mod_name))
		return 0;

	request_module("%s", mod_name);
	return nf_ct_nat_helper_hold(mod_name) ? 0 : -ENOENT;
}

/**
 * nf_nat_helper_put - undo nf_nat_helper_try_module_get()
 * @helper: helper
 *
 * Context: any.
 */
void nf_nat_helper_put(struct nf_conntrack_helper *helper)
{
	struct nf_conntrack_nat_helper *nat;

	rcu_read_lock();
	nat = nf_ct_nat_helper_find(helper->nat_mod_name);
	if (!WARN_ON_ONCE(!nat))
		module_put(nat->module);
	rcu_read_unlock();
}

int nf_conntrack_helper_init(void)
{
	nf_ct_helper_hsize = 1;		/* rounded up to a page */
	nf_ct_helper_hash = nf_ct_alloc_hashtable(&nf_ct_helper_hsize, 0);

	return nf_ct_helper_hash ? 0 : -ENOMEM;
}

void nf_conntrack_helper_fini(void)
{
	kvfree(nf_ct_helper_hash);
	nf_ct_helper_hash = NULL;
}
