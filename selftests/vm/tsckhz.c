// SPDX-License-Identifier: GPL-2.0
/*
 * Prints the rate of the host's time stamp counter in kHz. A guest in software
 * reads this very counter; on a busy host its own calibration goes wrong by
 * any factor, and all its timeouts with it.
 */
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

int main(void)
{
	double t0 = seconds(), t1;
	unsigned long long c0 = __rdtsc();

	while ((t1 = seconds()) - t0 < 0.5)
		;
	printf("%.0f\n", (__rdtsc() - c0) / (t1 - t0) / 1000);
	return 0;
}
