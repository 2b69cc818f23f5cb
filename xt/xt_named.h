/* SPDX-License-Identifier: GPL-2.0 */
/*
 * State that rules share by its name, in one namespace, with a file in /proc: the lists of
 * recent, the tables of hashlimit.  The first rule that says the name makes it, the last
 * that is destroyed ends it.
 *
 * The mutex of struct xt_named_net guards the list of names and the counts of rules, which
 * only checks and destructions change.  Packets may look names up under RCU.
 *
 * A namespace that ends may lose its /proc folders before its rules: xt_named_net_exit()
 * takes the files away, and the rules take the rest with them, later.
 */
#ifndef _XT_NAMED_H
#define _XT_NAMED_H

#include <linux/limits.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/rculist.h>
#include <net/net_namespace.h>

/**
 * struct xt_named - what all such state begins with
 * @list:   in struct xt_named_net
 * @rcu:    for who frees it
 * @users:  rules that use it
 * @file:   its file in /proc, or NULL
 * @family: NFPROTO_*; names of different families are different
 * @name:   its name
 */
struct xt_named {
	struct list_head	list;
	struct rcu_head		rcu;
	unsigned int		users;
	struct proc_dir_entry	*file;
	u8			family;
	char			name[NAME_MAX];
};

/**
 * struct xt_named_net - the names of a namespace
 * @lock: guards what is said above
 * @all:  struct xt_named
 */
struct xt_named_net {
	struct mutex		lock;
	struct list_head	all;
};

static inline void xt_named_net_init(struct xt_named_net *names)
{
	mutex_init(&names->lock);
	INIT_LIST_HEAD(&names->all);
}

/**
 * xt_named_net_exit - the folders of this namespace are about to go
 * @names: its names; rules may still use them
 */
static inline void xt_named_net_exit(struct xt_named_net *names)
{
	struct xt_named *named;

	mutex_lock(&names->lock);
	list_for_each_entry(named, &names->all, list) {
		proc_remove(named->file);
		named->file = NULL;
	}
	mutex_unlock(&names->lock);
}

/**
 * xt_named_find - look a name up
 * @names:  of the namespace
 * @name:   the name
 * @family: its family
 *
 * Context: under RCU or the lock of @names.
 * Return: what has the name, or NULL
 */
static inline struct xt_named *xt_named_find(struct xt_named_net *names, const char *name,
					     u8 family)
{
	struct xt_named *named;

	list_for_each_entry_rcu(named, &names->all, list, lockdep_is_held(&names->lock)) {
		if (named->family == family && !strcmp(named->name, name))
			return named;
	}
	return NULL;
}

/**
 * xt_named_add - give a name to new state, for its first rule
 * @names:  of the namespace; locked
 * @named:  all else of the state is ready for use
 * @name:   the name, checked by xt_check_proc_name()
 * @family: its family
 * @file:   the file that shows it; NULL is a failure if the kernel has /proc
 *
 * Return: 0, or -ENOMEM
 */
static inline int xt_named_add(struct xt_named_net *names, struct xt_named *named,
			       const char *name, u8 family, struct proc_dir_entry *file)
{
	if (!file && IS_ENABLED(CONFIG_PROC_FS))
		return -ENOMEM;
	strscpy(named->name, name, sizeof(named->name));
	named->users = 1;
	named->file = file;
	named->family = family;
	list_add_tail_rcu(&named->list, &names->all);
	return 0;
}

/**
 * xt_named_put - a rule does not use it any more
 * @names: of the namespace
 * @named: what the rule used
 *
 * Context: sleeps; waits for readers of the file.
 * Return: true if it was the last one.  Then nobody finds the name any more, but packets
 * of other rules may be reading it under RCU: the caller frees @named after that
 */
static inline bool xt_named_put(struct xt_named_net *names, struct xt_named *named)
{
	struct proc_dir_entry *file = NULL;
	bool last;

	mutex_lock(&names->lock);
	last = !--named->users;
	if (last) {
		list_del_rcu(&named->list);
		file = named->file;
	}
	/* under the lock, so that the next one of the name can have a file */
	proc_remove(file);
	mutex_unlock(&names->lock);
	return last;
}

/* The beginning and end of a module with state of namespaces: @kind is matches or targets */
#define XT_MODULE_NET(ops, kind, table)					\
static int __init xt_module_start(void)					\
{									\
	int err = register_pernet_subsys(&(ops));			\
									\
	if (err)							\
		return err;						\
	err = xt_register_##kind(table, ARRAY_SIZE(table));		\
	if (err)							\
		unregister_pernet_subsys(&(ops));			\
	return err;							\
}									\
static void __exit xt_module_end(void)					\
{									\
	xt_unregister_##kind(table, ARRAY_SIZE(table));			\
	unregister_pernet_subsys(&(ops));				\
}									\
module_init(xt_module_start);						\
module_exit(xt_module_end)

#endif /* _XT_NAMED_H */
