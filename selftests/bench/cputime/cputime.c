// SPDX-License-Identifier: GPL-2.0
/*
 * For user-mode Linux only: /proc/nfct_cputime tells how many nanoseconds of
 * host processor time this kernel itself has used. A guest's own clock also
 * runs while the host does something else; this one does not, so timings stay
 * right on a busy machine. The kernel is a single host thread here, and a
 * system call instruction in it goes to the host.
 */
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#ifndef CONFIG_UML_X86
#error "only for user-mode Linux on x86"
#endif

#define HOST_CLOCK_GETTIME	228
#define HOST_CLOCK_THREAD_CPU	3

static s64 host_cpu_ns(void)
{
	struct { s64 sec, nsec; } ts = {};
	long rc = HOST_CLOCK_GETTIME;

	asm volatile("syscall"
		     : "+a" (rc)
		     : "D" (HOST_CLOCK_THREAD_CPU), "S" (&ts)
		     : "rcx", "r11", "memory");
	return rc ? 0 : ts.sec * NSEC_PER_SEC + ts.nsec;
}

static int cputime_show(struct seq_file *s, void *v)
{
	seq_printf(s, "%lld\n", host_cpu_ns());
	return 0;
}

static int __init cputime_init(void)
{
	if (!proc_create_single("nfct_cputime", 0444, NULL, cputime_show))
		return -ENOMEM;
	return 0;
}

static void __exit cputime_exit(void)
{
	remove_proc_entry("nfct_cputime", NULL);
}

module_init(cputime_init);
module_exit(cputime_exit);
MODULE_DESCRIPTION("Host processor time used by a user-mode Linux kernel");
MODULE_LICENSE("GPL");
