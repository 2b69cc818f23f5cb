/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a unit test needs: checks inside a test, a verdict for each test.
 *
 *	static void sums(void)
 *	{
 *		CHECK(1 + 1 == 2);
 *	}
 *
 *	int main(void)
 *	{
 *		unit_test("sums", sums);
 *		return unit_finish();
 *	}
 *
 * Prints "ok N name" or "not ok N name" as KTAP does, after a line for each check
 * that failed. run.sh compiles every *.c file of this folder by itself.
 */
#ifndef _UNIT_H
#define _UNIT_H

#include <stdbool.h>
#include <stdio.h>

static struct {
	unsigned int tests;
	unsigned int failed;
	unsigned int bad_checks;	/* of the test that runs */
} unit;

/* Says where, at the most ten times in a test. */
#define CHECK(condition)						\
	unit_check(condition, __FILE__, __LINE__, #condition)

static inline bool unit_check(bool good, const char *file, int line,
			      const char *what)
{
	if (good)
		return true;
	if (unit.bad_checks++ < 10)
		printf("# %s:%d: %s\n", file, line, what);
	return false;
}

static inline void unit_test(const char *name, void (*test)(void))
{
	unit.bad_checks = 0;
	test();
	unit.tests++;
	unit.failed += unit.bad_checks != 0;
	printf("%sok %u %s\n", unit.bad_checks ? "not " : "", unit.tests, name);
	fflush(stdout);
}

/* The plan, at the end as KTAP allows; the program's exit status. */
static inline int unit_finish(void)
{
	printf("1..%u\n", unit.tests);
	return unit.failed != 0;
}

#endif /* _UNIT_H */
