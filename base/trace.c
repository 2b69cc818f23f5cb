// SPDX-License-Identifier: GPL-2.0
/* The bodies of the tracepoints in include/nf_conntrack_trace.h; no state. */
#include <net/netfilter/nf_conntrack.h>

#define CREATE_TRACE_POINTS
#include "nf_conntrack_trace.h"
