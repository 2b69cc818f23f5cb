/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a fuzz target needs. A target is a program PARSER.c beside this file, which
 * includes the parser's source and has
 *
 *	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
 *
 * MUST(CONDITION) there is what always holds. libFuzzer calls it with the data in memory
 * of exactly their size. Compiled with -DREPLAY it is a program that reads files instead.
 */
#ifndef _FUZZ_H
#define _FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)								\
do {										\
	if (!(condition)) {							\
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);	\
		abort();							\
	}									\
} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef REPLAY
static void replay(const char *name)
{
	static uint8_t all[1 << 20];
	FILE *file = fopen(name, "rb");
	uint8_t *exact;
	size_t size;

	MUST(file);
	size = fread(all, 1, sizeof(all), file);
	fclose(file);
	exact = malloc(size);
	if (size)
		memcpy(exact, all, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		replay(argv[i]);
	printf("%d inputs\n", argc - 1);
	return 0;
}
#endif

#endif /* _FUZZ_H */
