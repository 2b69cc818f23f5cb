// SPDX-License-Identifier: GPL-2.0
/*
 * Calls the functions that nf_conntrack offers to BPF programs: loads an XDP program
 * that consists of such calls, runs it once, and prints what it returns. Written
 * instruction by instruction, so that no compiler for BPF is needed.
 *
 * Usage: bpfct lookup|mark|insert [OPTION=VALUE]...
 *	lookup	finds a connection, prints its mark
 *	mark	the same, and writes the mark value=
 *	insert	makes a connection that lives for value= milliseconds, with mark= if that
 *		is given; prints its mark
 *	name	prints whether the function func= is there
 *
 * Options: proto=6 src=IPv4 sport=N dst=IPv4 dport=N value=N mark=N func=NAME, and for what a
 * wrong call gets: netns=-1 reserved=0 opts=16 tuple=12. Prints "error N" (negative)
 * when the program got no connection.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MODULE "nf_conntrack"
#define MARK_OFFSET 168

/* where the program keeps its variables, below the frame pointer */
#define TUPLE (-16)
#define OPTS (-32)

static struct bpf_insn code[64];
static unsigned int codes;

static struct options {
	const char *func;
	unsigned int proto, sport, dport, value, mark, reserved, opts, tuple;
	int netns;
	struct in_addr src, dst;
} o = { .func = "", .proto = 6, .opts = 16, .tuple = 12, .netns = -1 };

static void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "bpfct: ");
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(2);
}

static long sys_bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* --- types of the module ------------------------------------------------- */

struct blob {
	char *data;
	struct btf_header *head;
};

static struct blob read_types(const char *name)
{
	struct blob b = { 0 };
	size_t size = 0, room = 0, n;
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/btf/%s", name);
	f = fopen(path, "r");
	if (!f)
		die("no %s", path);
	do {
		if (size == room) {
			room = room ? 2 * room : 1 << 20;
			b.data = realloc(b.data, room);
			if (!b.data)
				die("no memory");
		}
		n = fread(b.data + size, 1, room - size, f);
		size += n;
	} while (n);
	fclose(f);
	b.head = (struct btf_header *)b.data;
	if (size < sizeof(*b.head) || b.head->magic != BTF_MAGIC)
		die("%s has no types", path);
	return b;
}

static size_t type_size(const struct btf_type *t)
{
	unsigned int n = BTF_INFO_VLEN(t->info);

	switch (BTF_INFO_KIND(t->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return sizeof(*t) + 4;
	case BTF_KIND_ARRAY:
		return sizeof(*t) + sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return sizeof(*t) + n * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return sizeof(*t) + n * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return sizeof(*t) + n * 12;
	case BTF_KIND_FUNC_PROTO:
		return sizeof(*t) + n * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return sizeof(*t) + n * sizeof(struct btf_var_secinfo);
	default:
		return sizeof(*t);
	}
}

/* Number of function @name; with @name NULL how many types there are. */
static unsigned int walk_types(const struct blob *b, unsigned int id,
			       unsigned int strings_before, const char *name)
{
	const char *types = b->data + b->head->hdr_len + b->head->type_off;
	const char *strings = b->data + b->head->hdr_len + b->head->str_off;
	const char *end = types + b->head->type_len;

	for (; types < end; id++) {
		const struct btf_type *t = (const void *)types;
		unsigned int off = t->name_off - strings_before;

		if (name && BTF_INFO_KIND(t->info) == BTF_KIND_FUNC &&
		    t->name_off >= strings_before && off < b->head->str_len &&
		    !strcmp(strings + off, name))
			return id;
		types += type_size(t);
	}
	return name ? 0 : id;
}

static unsigned int find_function(const char *name)
{
	static struct blob image, module;
	static unsigned int first;

	if (!image.data) {
		image = read_types("vmlinux");
		module = read_types(MODULE);
		first = walk_types(&image, 1, 0, NULL);
	}
	return walk_types(&module, first, image.head->str_len, name);
}

static int module_types_fd(void)
{
	union bpf_attr attr = { 0 };
	struct bpf_btf_info info;
	char name[64];
	int fd;

	while (!sys_bpf(BPF_BTF_GET_NEXT_ID, &attr)) {
		union bpf_attr get = { .btf_id = attr.next_id };

		attr.start_id = attr.next_id;
		fd = sys_bpf(BPF_BTF_GET_FD_BY_ID, &get);
		if (fd < 0)
			continue;
		memset(&info, 0, sizeof(info));
		memset(name, 0, sizeof(name));
		info.name = (unsigned long)name;
		info.name_len = sizeof(name);
		memset(&get, 0, sizeof(get));
		get.info.bpf_fd = fd;
		get.info.info_len = sizeof(info);
		get.info.info = (unsigned long)&info;
		if (!sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &get) && !strcmp(name, MODULE))
			return fd;
		close(fd);
	}
	die("the kernel has no types of " MODULE);
	return -1;
}

/* --- the program --------------------------------------------------------- */

static void insn(unsigned int op, unsigned int dst, unsigned int src, int off, int imm)
{
	code[codes++] = (struct bpf_insn){ op, dst, src, off, imm };
}

#define MOV(dst, src)	insn(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define MOVI(dst, imm)	insn(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm)
#define FRAME(dst, off)	(MOV(dst, 10), insn(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, off))
#define PUT(off, imm)	insn(BPF_ST | BPF_MEM | BPF_W, 10, 0, off, imm)
#define LOAD(dst, src, off) insn(BPF_LDX | BPF_MEM | BPF_W, dst, src, off, 0)
#define STORE(dst, off, src) insn(BPF_STX | BPF_MEM | BPF_W, dst, src, off, 0)
#define CALL(name)	insn(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 1, \
			     find_function(name))
#define EXIT()		insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

/* r0: a connection, which is not NULL from the next instruction on, or the end */
static void unless_null(void)
{
	insn(BPF_JMP | BPF_JNE | BPF_K, 0, 0, 2, 0);
	LOAD(0, 10, OPTS + 4);
	EXIT();
}

static void call_with_tuple(const char *name)
{
	unsigned char opts[16] = { 0 };
	unsigned int i, word;

	MOV(6, 1);
	PUT(TUPLE, o.src.s_addr);
	PUT(TUPLE + 4, o.dst.s_addr);
	PUT(TUPLE + 8, htons(o.sport) | htons(o.dport) << 16);
	memcpy(opts, &o.netns, 4);
	opts[8] = o.proto;
	opts[15] = o.reserved;
	for (i = 0; i < sizeof(opts); i += 4) {
		memcpy(&word, opts + i, 4);
		PUT(OPTS + (int)i, word);
	}
	MOV(1, 6);
	FRAME(2, TUPLE);
	MOVI(3, o.tuple);
	FRAME(4, OPTS);
	MOVI(5, o.opts);
	CALL(name);
	unless_null();
	MOV(7, 0);
}

/* The mark of the connection in r7 is the result. */
static void finish_with_mark(void)
{
	LOAD(8, 7, MARK_OFFSET);
	MOV(1, 7);
	CALL("bpf_ct_release");
	MOV(0, 8);
	EXIT();
}

static void write_program(const char *what)
{
	if (!strcmp(what, "insert")) {
		call_with_tuple("bpf_xdp_ct_alloc");
		if (o.mark) {
			MOVI(8, o.mark);
			STORE(7, MARK_OFFSET, 8);
		}
		MOV(1, 7);
		MOVI(2, o.value);
		CALL("bpf_ct_set_timeout");
		MOV(1, 7);
		CALL("bpf_ct_insert_entry");
		PUT(OPTS + 4, -EEXIST);
		unless_null();
		MOV(7, 0);
	} else {
		call_with_tuple("bpf_xdp_ct_lookup");
		if (!strcmp(what, "mark")) {
			MOVI(8, o.value);
			STORE(7, MARK_OFFSET, 8);
		}
	}
	finish_with_mark();
}

static int load_program(void)
{
	static char log[1 << 16];
	int fds[2] = { 0, module_types_fd() };
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insns = (unsigned long)code,
		.insn_cnt = codes,
		.license = (unsigned long)"GPL",
		.log_buf = (unsigned long)log,
		.log_size = sizeof(log),
		.log_level = 1,
		.fd_array = (unsigned long)fds,
	};
	int fd = sys_bpf(BPF_PROG_LOAD, &attr);

	if (fd < 0)
		die("the kernel refuses the program: %s\n%s", strerror(errno), log);
	return fd;
}

static void run_program(int fd)
{
	static char packet[64];
	union bpf_attr attr = { 0 };
	int answer;

	attr.test.prog_fd = fd;
	attr.test.data_in = (unsigned long)packet;
	attr.test.data_size_in = sizeof(packet);
	attr.test.repeat = 1;
	if (sys_bpf(BPF_PROG_TEST_RUN, &attr))
		die("cannot run the program: %s", strerror(errno));
	answer = attr.test.retval;
	if (answer < 0)
		printf("error %d\n", answer);
	else
		printf("mark %d\n", answer);
}

static void option(const char *arg)
{
	const char *value = strchr(arg, '=');
	size_t len = value ? (size_t)(value++ - arg) : 0;

#define IS(name) (len == strlen(name) && !strncmp(arg, name, len))
	if (IS("src") || IS("dst")) {
		if (!inet_aton(value, IS("src") ? &o.src : &o.dst))
			die("no address: %s", arg);
	} else if (IS("func")) {
		o.func = value;
	} else if (IS("proto")) {
		o.proto = atoi(value);
	} else if (IS("sport")) {
		o.sport = atoi(value);
	} else if (IS("dport")) {
		o.dport = atoi(value);
	} else if (IS("value")) {
		o.value = atoi(value);
	} else if (IS("mark")) {
		o.mark = atoi(value);
	} else if (IS("netns")) {
		o.netns = atoi(value);
	} else if (IS("reserved")) {
		o.reserved = atoi(value);
	} else if (IS("opts")) {
		o.opts = atoi(value);
	} else if (IS("tuple")) {
		o.tuple = atoi(value);
	} else {
		die("no option: %s", arg);
	}
#undef IS
}

int main(int argc, char **argv)
{
	int i;

	if (argc < 2)
		die("usage: bpfct lookup|mark|insert|name [OPTION=VALUE]...");
	for (i = 2; i < argc; i++)
		option(argv[i]);
	if (!strcmp(argv[1], "name"))
		return !find_function(o.func);
	write_program(argv[1]);
	run_program(load_program());
	return 0;
}
