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
#include <stdlib.h>
#include <string.h>

static struct {
	unsigned int tests;
	unsigned int failed;
	unsigned int bad_checks;	/* of the test that runs */
	void *exact;
} unit;

/* A copy in memory of exactly its size, so that the address checker sees each byte too
 * much; until the next call.
 */
static inline void *unit_exact(const void *data, size_t len)
{
	free(unit.exact);
	unit.exact = malloc(len);
	if (len)
		memcpy(unit.exact, data, len);
	return unit.exact;
}

/* Fewer than @most random ones of @count pieces, behind each other; its length */
static inline unsigned int unit_pieces(char *text, const char *const *pieces,
				       unsigned int count, unsigned int most)
{
	unsigned int len = 0, n;

	for (n = rand() % most; n; n--)
		len += sprintf(text + len, "%s", pieces[rand() % count]);
	return len;
}

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
	free(unit.exact);
	unit.exact = NULL;
	return unit.failed != 0;
}

#endif /* _UNIT_H */
