/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a test program reports its cases: one line each, "ok NAME" or
 * "not ok NAME # WHY".  verdicts() of lib.sh makes a subtest of each line and a
 * note of any other line.  The exit status is 0 when the program has come to
 * its end, also if cases failed; what cannot go on ends by err(1, ...).
 */
#ifndef NFCT_CASES_H
#define NFCT_CASES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* @fmt and what follows say why, if the case is not @good. */
static inline void __attribute__((format(printf, 3, 4)))
case_result(bool good, const char *name, const char *fmt, ...)
{
	va_list args;

	if (good) {
		printf("ok %s\n", name);
		return;
	}
	printf("not ok %s # ", name);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

static inline void case_number(const char *name, long have, long want)
{
	case_result(have == want, name, "got %ld, expected %ld", have, want);
}

static inline void case_between(const char *name, long have, long low, long high)
{
	case_result(have >= low && have <= high, name,
		    "got %ld, expected %ld to %ld", have, low, high);
}

static inline void case_text(const char *name, const char *have, const char *want)
{
	case_result(!strcmp(have, want), name, "got '%s', expected '%s'", have,
		    want);
}

#endif
