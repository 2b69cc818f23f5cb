// SPDX-License-Identifier: GPL-2.0
/*
 * The types of H.225.0 (2009), H.245 (2006) and H.235.0 (2005) that stand before or around
 * an address that we look for, each as in the Recommendation.  Of what is added behind a
 * mark of extension (MORE) only the wanted are described: each has its length, and SKIP
 * stands for it.  REST is where nothing wanted follows.  Constants only.
 */
#include "h323_per.h"

/* Simple types, then those with parts */
enum {
	T_NULL = NF_CT_H323_NAMED_TYPES,
	T_BOOL, T_BITS2, T_BITS4, T_BITS5, T_BITS7, T_BITS8, T_BITS11, T_BITS16, T_BITS19,
	T_BITS20,
	T_BYTE, T_WORD, T_BYTES4, T_BYTES6, T_BYTES8, T_BYTES16, T_LONG,
	T_OCTETS, T_OCTETS20, T_OCTETS255, T_OCTETS256, T_CHALLENGE, T_BITSTRING, T_DH_NUMBER,
	T_DIGITS, T_NUMERIC, T_BMP128, T_BMP256,
	T_ENUM1, T_ENUM2, T_ENUM3, T_ENUM4, T_ENUM12,
	T_ADDRESS4, T_ADDRESS6, T_REST,
	/* H.225.0 */
	T_H221, T_IDENTIFIER, T_NONSTANDARD, T_ALIAS, T_ALIASES, T_WORDS, T_ROUTE,
	T_SOURCE_ROUTE, T_IPX, T_IP6, T_TRANSPORT, T_TRANSPORTS, T_INFO, T_PROTOCOLS,
	T_PROTOCOL_LIST, T_GATEWAY, T_VENDOR, T_ENDPOINT, T_Q954, T_QSERIES, T_CALL_ID,
	T_MODE, T_CAPABILITIES, T_SECURITY, T_FAST_START, T_FAST_STARTS, T_TUNNEL, T_TUNNELS,
	T_SETUP, T_PROCEEDING, T_CONNECT, T_INFORMATION, T_RELEASE, T_FACILITY, T_PROGRESS,
	T_BODY, T_UU_PDU,
	T_GRQ, T_GCF, T_RRQ, T_RCF, T_URQ, T_ARQ, T_ACF, T_LRQ, T_LCF, T_IRR,
	/* H.235.0 */
	T_DH_SET, T_CERTIFICATE, T_H235_NONSTANDARD, T_CLEAR_TOKEN, T_CLEAR_TOKENS, T_PARAMS,
	T_HASHED, T_ENCRYPTED, T_SIGNED, T_EP_HASH, T_GK_HASH, T_ENCRYPTED_TOKEN,
	T_SIGNED_TOKEN, T_HASHED_TOKEN, T_CRYPTO_TOKEN, T_H323_TOKEN, T_H323_TOKENS,
	/* H.245 */
	T_M_H221, T_M_IDENTIFIER, T_M_NONSTANDARD, T_M_NONSTANDARDS, T_M_IP, T_M_IPX,
	T_M_SOURCE_ROUTE, T_M_GROUP, T_M_GROUP6, T_UNICAST, T_MULTICAST, T_M_TRANSPORT,
	T_Q2931_NUMBER, T_Q2931, T_NETWORK, T_ACCESS, T_H261, T_H262, T_H263, T_MPEG_VIDEO,
	T_VIDEO, T_G7231, T_MPEG_AUDIO, T_MPEG2_AUDIO, T_AUDIO, T_PROTOCOL, T_T84_PARTS,
	T_T84_PROFILE, T_T84, T_NLPID, T_APPLICATION, T_DATA, T_ENCRYPTION, T_DATA_TYPE,
	T_H222_CHANNEL, T_AL3, T_ADAPTATION, T_H223_CHANNEL, T_HDLC, T_ERM, T_V76_MODE, T_V75,
	T_V76_CHANNEL, T_LABEL, T_H2250_CHANNEL, T_FORWARD_MUX, T_FORWARD, T_REVERSE_MUX,
	T_REVERSE, T_OPEN_CHANNEL, T_ACK_MUX, T_ACK_REVERSE, T_H2250_ACK, T_FORWARD_ACK,
	T_OPEN_ACK, T_REQUEST, T_RESPONSE,
};

#define P(t)		{ .type = T_##t }
#define O(t)		{ .type = T_##t, .optional = 1 }
#define M(t, m)		{ .type = T_##t, .mark = NF_CT_H323_##m }
#define OM(t, m)	{ .type = T_##t, .optional = 1, .mark = NF_CT_H323_##m }
#define MORE		{ .type = NF_CT_H323_MORE }
#define SKIP		MORE

#define PARTS(name)	static const struct nf_ct_per_part name[]

/* --- H.225.0: common elements -------------------------------------------------- */

PARTS(h221) = { P(BYTE), P(BYTE), P(WORD), MORE };
PARTS(identifier) = { P(OCTETS), P(H221), MORE };
PARTS(nonstandard) = { P(IDENTIFIER), P(OCTETS) };
PARTS(alias) = { P(DIGITS), P(BMP256), MORE };
PARTS(aliases) = { P(ALIAS) };
PARTS(words) = { P(WORD) };
PARTS(route) = { P(BYTES4) };
PARTS(source_route) = { P(BYTES4), P(WORD), P(ROUTE), P(ENUM2), MORE };
PARTS(ipx) = { P(BYTES6), P(BYTES4), P(BITS16) };
PARTS(ip6) = { P(ADDRESS6), MORE };
PARTS(transport) = {
	P(ADDRESS4), P(SOURCE_ROUTE), P(IPX), P(IP6), P(BYTES16), P(OCTETS20),
	P(NONSTANDARD), MORE,
};

PARTS(transports) = { P(TRANSPORT) };
/* TerminalInfo, GatekeeperInfo, McuInfo, and the capabilities of each protocol */
PARTS(info) = { O(NONSTANDARD), MORE };
PARTS(protocols) = {
	P(NONSTANDARD), P(INFO), P(INFO), P(INFO), P(INFO), P(INFO), P(INFO), P(INFO),
	P(INFO), MORE,
};

PARTS(protocol_list) = { P(PROTOCOLS) };
PARTS(gateway) = { O(PROTOCOL_LIST), O(NONSTANDARD), MORE };
PARTS(vendor) = { P(H221), O(OCTETS256), O(OCTETS256), MORE };
PARTS(endpoint) = {
	O(NONSTANDARD), O(VENDOR), O(INFO), O(GATEWAY), O(INFO), O(INFO), P(BOOL),
	P(BOOL), MORE,
};

PARTS(q954) = { P(BITS2), MORE };
PARTS(qseries) = { P(BITS7), P(Q954), MORE };
PARTS(call_id) = { P(BYTES16), MORE };
PARTS(mode) = { P(NONSTANDARD), P(NULL), P(NULL), MORE };
PARTS(capabilities) = { O(NONSTANDARD), P(MODE), P(MODE), P(MODE), MORE };
PARTS(security) = { P(NONSTANDARD), P(NULL), P(CAPABILITIES), P(CAPABILITIES), MORE };

/* --- H.235.0 ------------------------------------------------------------------- */

PARTS(dh_set) = { P(DH_NUMBER), P(DH_NUMBER), P(DH_NUMBER), MORE };
PARTS(certificate) = { P(OCTETS), P(OCTETS), MORE };
PARTS(h235_nonstandard) = { P(OCTETS), P(OCTETS) };
PARTS(clear_token) = {
	P(OCTETS), O(LONG), O(BMP128), O(DH_SET), O(CHALLENGE), O(OCTETS),
	O(CERTIFICATE), O(BMP128), O(H235_NONSTANDARD), MORE,
};

PARTS(clear_tokens) = { P(CLEAR_TOKEN) };
PARTS(params) = { O(OCTETS), O(BYTES8), MORE };
PARTS(hashed) = { P(OCTETS), P(PARAMS), P(BITSTRING) };
PARTS(encrypted) = { P(OCTETS), P(PARAMS), P(OCTETS) };
PARTS(signed_type) = { P(OCTETS), P(OCTETS), P(PARAMS), P(BITSTRING) };
PARTS(ep_hash) = { P(ALIAS), P(LONG), P(HASHED) };
PARTS(gk_hash) = { P(BMP128), P(LONG), P(HASHED) };
PARTS(encrypted_token) = { P(OCTETS), P(ENCRYPTED) };
PARTS(signed_token) = { P(OCTETS), P(SIGNED) };
PARTS(hashed_token) = { P(OCTETS), P(CLEAR_TOKEN), P(HASHED) };
PARTS(crypto_token) = {
	P(ENCRYPTED_TOKEN), P(SIGNED_TOKEN), P(HASHED_TOKEN), P(ENCRYPTED), MORE,
};

PARTS(h323_token) = {
	P(EP_HASH), P(GK_HASH), P(ENCRYPTED), P(ENCRYPTED), P(SIGNED), P(SIGNED),
	P(SIGNED), P(CRYPTO_TOKEN), MORE,
};

PARTS(h323_tokens) = { P(H323_TOKEN) };

/* --- H.225.0: call signalling -------------------------------------------------- */

PARTS(fast_start) = { P(OPEN_CHANNEL) };
PARTS(fast_starts) = { P(FAST_START) };
PARTS(tunnel) = { { .type = NF_CT_H323_CONTROL_MESSAGE } };
PARTS(tunnels) = { P(TUNNEL) };
PARTS(setup) = {
	P(OCTETS), OM(TRANSPORT, H245), O(ALIASES), P(ENDPOINT), O(ALIASES),
	OM(TRANSPORT, DESTINATION), O(ALIASES), O(WORDS), P(BOOL), P(BYTES16), P(ENUM3),
	O(QSERIES), P(ENUM4), MORE, M(TRANSPORT, SOURCE), SKIP, SKIP, SKIP, SKIP, SKIP,
	P(FAST_STARTS),
};

/* CallProceeding and Alerting */
PARTS(proceeding) = {
	P(OCTETS), P(ENDPOINT), OM(TRANSPORT, H245), MORE, SKIP, SKIP, SKIP, SKIP,
	P(FAST_STARTS),
};

PARTS(connect) = {
	P(OCTETS), OM(TRANSPORT, H245), P(ENDPOINT), P(BYTES16), MORE, SKIP, SKIP, SKIP,
	SKIP, P(FAST_STARTS),
};

/* DIFF: h323-information */
PARTS(information) = { P(OCTETS), MORE, SKIP, SKIP, SKIP, P(FAST_STARTS) };
PARTS(release) = { P(OCTETS), O(ENUM12), MORE };
PARTS(facility) = {
	P(OCTETS), OM(TRANSPORT, FORWARD), O(ALIASES), O(BYTES16), M(ENUM4, REASON),
	MORE, SKIP, SKIP, SKIP, SKIP, SKIP, SKIP, M(TRANSPORT, H245), P(FAST_STARTS),
};

PARTS(progress) = {
	P(OCTETS), P(ENDPOINT), OM(TRANSPORT, H245), P(CALL_ID), O(SECURITY),
	O(CLEAR_TOKENS), O(H323_TOKENS), O(FAST_STARTS), MORE,
};

PARTS(body) = {
	P(SETUP), P(PROCEEDING), P(CONNECT), P(PROCEEDING), P(INFORMATION), P(RELEASE),
	P(FACILITY), MORE, P(PROGRESS),
};

PARTS(uu_pdu) = { P(BODY), O(NONSTANDARD), MORE, SKIP, SKIP, P(TUNNELS) };
PARTS(user_information) = { P(UU_PDU), P(REST), O(NULL), MORE };

/* --- H.225.0: RAS -------------------------------------------------------------- */

PARTS(grq) = {
	P(WORD), P(OCTETS), O(NONSTANDARD), M(TRANSPORT, RAS), P(REST), O(BMP128),
	O(QSERIES), O(ALIASES), MORE,
};

PARTS(gcf) = { P(WORD), P(OCTETS), O(NONSTANDARD), O(BMP128), M(TRANSPORT, RAS), MORE };
PARTS(rrq) = {
	P(WORD), P(OCTETS), O(NONSTANDARD), P(BOOL), M(TRANSPORTS, SIGNAL),
	M(TRANSPORTS, RAS), P(ENDPOINT), O(ALIASES), O(BMP128), P(VENDOR), MORE, SKIP,
	M(LONG, TTL),
};

PARTS(rcf) = {
	P(WORD), P(OCTETS), O(NONSTANDARD), M(TRANSPORTS, SIGNAL), O(ALIASES),
	O(BMP128), P(BMP128), MORE, SKIP, M(LONG, TTL),
};

PARTS(urq) = {
	P(WORD), M(TRANSPORTS, SIGNAL), P(REST), O(ALIASES), O(NONSTANDARD), O(BMP128),
	MORE,
};

PARTS(arq) = {
	P(WORD), P(ENUM4), O(ENUM2), P(BMP128), O(ALIASES), OM(TRANSPORT, DESTINATION),
	O(ALIASES), P(ALIASES), OM(TRANSPORT, SOURCE), P(REST), O(NONSTANDARD),
	O(QSERIES), MORE,
};

PARTS(acf) = {
	P(WORD), P(LONG), P(ENUM2), M(TRANSPORT, DESTINATION), P(REST), O(WORD),
	O(NONSTANDARD), MORE,
};

PARTS(lrq) = { P(WORD), O(BMP128), P(ALIASES), O(NONSTANDARD), M(TRANSPORT, RAS), MORE };
PARTS(lcf) = {
	P(WORD), M(TRANSPORT, SIGNAL), M(TRANSPORT, RAS), P(REST), O(NONSTANDARD), MORE,
};

PARTS(irr) = {
	O(NONSTANDARD), P(WORD), P(ENDPOINT), P(BMP128), M(TRANSPORT, RAS),
	M(TRANSPORTS, SIGNAL), P(REST), O(NULL), O(NULL), MORE,
};

PARTS(ras_message) = {
	P(GRQ), P(GCF), P(REST), P(RRQ), P(RCF), P(REST), P(URQ), P(REST), P(REST),
	P(ARQ), P(ACF), P(REST), P(REST), P(REST), P(REST), P(REST), P(REST), P(REST),
	P(LRQ), P(LCF), P(REST), P(REST), P(IRR), P(REST), P(REST), MORE,
};

/* --- H.245: addresses ---------------------------------------------------------- */

PARTS(m_h221) = { P(BYTE), P(BYTE), P(WORD) };
PARTS(m_identifier) = { P(OCTETS), P(M_H221) };
PARTS(m_nonstandard) = { P(M_IDENTIFIER), P(OCTETS) };
PARTS(m_nonstandards) = { P(M_NONSTANDARD) };
PARTS(m_ip) = { P(ADDRESS4), MORE };
PARTS(m_ipx) = { P(BYTES6), P(BYTES4), P(BITS16), MORE };
PARTS(m_source_route) = { P(BOOL), P(BYTES4), P(WORD), P(ROUTE), MORE };
PARTS(m_group) = { P(BYTES4), P(WORD), MORE };
PARTS(m_group6) = { P(BYTES16), P(WORD), MORE };
PARTS(unicast) = { P(M_IP), P(M_IPX), P(IP6), P(BYTES16), P(M_SOURCE_ROUTE), MORE };
PARTS(multicast) = { P(M_GROUP), P(M_GROUP6), MORE };
PARTS(m_transport) = { P(UNICAST), P(MULTICAST), MORE };
PARTS(q2931_number) = { P(NUMERIC), P(OCTETS20), MORE };
PARTS(q2931) = { P(Q2931_NUMBER), O(OCTETS20), MORE };
PARTS(network) = { P(Q2931), P(DIGITS), P(M_TRANSPORT), MORE };
PARTS(access) = { O(ENUM2), P(NETWORK), P(BOOL), O(OCTETS255), MORE };

/* --- H.245: kinds of data ------------------------------------------------------ */

PARTS(h261) = { O(BITS2), O(BITS2), P(BOOL), P(WORD), P(BOOL), MORE };
PARTS(h262) = { P(BITS11), O(LONG), O(LONG), O(WORD), O(WORD), O(BITS4), O(LONG), MORE };
PARTS(h263) = {
	O(BITS5), O(BITS5), O(BITS5), O(BITS5), O(BITS5), P(LONG), P(BITS5), O(LONG),
	O(WORD), MORE,
};

PARTS(mpeg_video) = {
	P(BOOL), O(LONG), O(LONG), O(WORD), O(WORD), O(BITS4), O(LONG), MORE,
};

PARTS(video) = { P(M_NONSTANDARD), P(H261), P(H262), P(H263), P(MPEG_VIDEO), MORE };
PARTS(g7231) = { P(BYTE), P(BOOL) };
PARTS(mpeg_audio) = { P(BITS8), P(WORD), MORE };
PARTS(mpeg2_audio) = { P(BITS20), P(WORD), MORE };
PARTS(audio) = {
	P(M_NONSTANDARD), P(BYTE), P(BYTE), P(BYTE), P(BYTE), P(BYTE), P(BYTE), P(BYTE),
	P(G7231), P(BYTE), P(BYTE), P(BYTE), P(MPEG_AUDIO), P(MPEG2_AUDIO), MORE,
};

PARTS(protocol) = {
	P(M_NONSTANDARD), P(NULL), P(NULL), P(NULL), P(NULL), P(NULL), P(NULL), MORE,
};

PARTS(t84_parts) = { P(BITS19), MORE };
PARTS(t84_profile) = { P(NULL), P(T84_PARTS) };
PARTS(t84) = { P(PROTOCOL), P(T84_PROFILE) };
PARTS(nlpid) = { P(PROTOCOL), P(OCTETS) };
PARTS(application) = {
	P(M_NONSTANDARD), M(PROTOCOL, PROTOCOL), P(PROTOCOL), P(PROTOCOL), P(T84),
	P(PROTOCOL), P(PROTOCOL), P(NLPID), P(NULL), P(PROTOCOL), MORE,
};

PARTS(data) = { P(APPLICATION), P(LONG), MORE };
PARTS(encryption) = { P(M_NONSTANDARD), P(NULL), MORE };
PARTS(data_type) = {
	P(M_NONSTANDARD), P(NULL), P(VIDEO), P(AUDIO), P(DATA), P(ENCRYPTION), MORE,
};

/* --- H.245: logical channels --------------------------------------------------- */

PARTS(h222_channel) = { P(WORD), P(WORD), O(WORD), O(OCTETS), O(OCTETS), MORE };
PARTS(al3) = { P(BITS2), P(LONG) };
PARTS(adaptation) = {
	P(M_NONSTANDARD), P(NULL), P(NULL), P(NULL), P(NULL), P(AL3), MORE,
};

PARTS(h223_channel) = { P(ADAPTATION), P(BOOL), MORE };
PARTS(hdlc) = { P(ENUM3), P(WORD), P(BOOL), MORE };
PARTS(erm) = { P(BITS7), P(ENUM3), MORE };
PARTS(v76_mode) = { P(ERM), P(NULL), MORE };
PARTS(v75) = { P(BOOL), MORE };
PARTS(v76_channel) = { P(HDLC), P(ENUM3), P(BOOL), P(V76_MODE), P(V75), MORE };
PARTS(label) = { P(BITS8), P(BITS8), MORE };
PARTS(h2250_channel) = {
	O(M_NONSTANDARDS), P(BYTE), O(BITS8), OM(M_TRANSPORT, MEDIA), O(BOOL),
	OM(M_TRANSPORT, CONTROL), O(BOOL), O(BOOL), O(LABEL), O(BITS5), O(ENUM1), MORE,
};

PARTS(forward_mux) = {
	P(H222_CHANNEL), P(H223_CHANNEL), P(V76_CHANNEL), MORE, P(H2250_CHANNEL),
};

PARTS(forward) = { O(WORD), P(DATA_TYPE), P(FORWARD_MUX), MORE };
PARTS(reverse_mux) = { P(H223_CHANNEL), P(V76_CHANNEL), MORE, P(H2250_CHANNEL) };
PARTS(reverse) = { P(DATA_TYPE), O(REVERSE_MUX), MORE };
PARTS(open_channel) = {
	M(WORD, CHANNEL), P(FORWARD), O(REVERSE), MORE, M(ACCESS, STACK),
};

PARTS(ack_mux) = { P(H222_CHANNEL), MORE, P(H2250_CHANNEL) };
PARTS(ack_reverse) = { P(WORD), O(WORD), O(ACK_MUX), MORE };
PARTS(h2250_ack) = {
	O(M_NONSTANDARDS), O(BITS8), OM(M_TRANSPORT, MEDIA), OM(M_TRANSPORT, CONTROL),
	O(BITS5), MORE,
};

PARTS(forward_ack) = { P(H2250_ACK), MORE };
PARTS(open_ack) = { P(WORD), O(ACK_REVERSE), MORE, M(ACCESS, ACK_STACK), P(FORWARD_ACK) };
PARTS(request) = {
	P(REST), P(REST), P(REST), P(OPEN_CHANNEL), P(REST), P(REST), P(REST), P(REST),
	P(REST), P(REST), P(REST), MORE,
};

PARTS(response) = {
	P(REST), P(REST), P(REST), P(REST), P(REST), P(OPEN_ACK), P(REST), P(REST),
	P(REST), P(REST), P(REST), P(REST), P(REST), P(REST), P(REST), P(REST), P(REST),
	P(REST), P(REST), MORE,
};

PARTS(control_message) = { P(REQUEST), P(RESPONSE), P(REST), P(REST), MORE };

/* --- the types ----------------------------------------------------------------- */

#define BITS(n)		{ .kind = NF_CT_PER_BITS, .size = (n) }
#define BYTES(n)	{ .kind = NF_CT_PER_BYTES, .size = (n) }
#define ENUM(n)		{ .kind = NF_CT_PER_ENUM, .size = (n) }
#define ADDRESS(n)	{ .kind = NF_CT_PER_ADDRESS, .size = (n) }
#define STRING(c, l, bits) \
	{ .kind = NF_CT_PER_STRING, .count = (c), .low = (l), .size = (bits) }
#define WITH(k, p)	{ .kind = NF_CT_PER_##k, .parts = p, .n = ARRAY_SIZE(p) }
#define SEQUENCE(p)	WITH(SEQUENCE, p)
#define CHOICE(p)	WITH(CHOICE, p)
#define LIST(p)		WITH(LIST, p)
#define OPEN(p)		WITH(OPEN, p)

#define ANY		NF_CT_PER_COUNT_ANY
#define BYTE_COUNT	NF_CT_PER_COUNT_BYTE
#define WORD_COUNT	NF_CT_PER_COUNT_WORD

const struct nf_ct_per_type nf_ct_h323_types[] = {
	[T_NULL]		= BITS(0),
	[T_BOOL]		= BITS(1),
	[T_BITS2]		= BITS(2),
	[T_BITS4]		= BITS(4),
	[T_BITS5]		= BITS(5),
	[T_BITS7]		= BITS(7),
	[T_BITS8]		= BITS(8),
	[T_BITS11]		= BITS(11),
	[T_BITS16]		= BITS(16),
	[T_BITS19]		= BITS(19),
	[T_BITS20]		= BITS(20),
	[T_BYTE]		= BYTES(1),
	[T_WORD]		= BYTES(2),
	[T_BYTES4]		= BYTES(4),
	[T_BYTES6]		= BYTES(6),
	[T_BYTES8]		= BYTES(8),
	[T_BYTES16]		= BYTES(16),
	[T_LONG]		= { .kind = NF_CT_PER_LONG },
	[T_OCTETS]		= STRING(ANY, 0, 8),
	[T_OCTETS20]		= STRING(5, 1, 8),
	[T_OCTETS255]		= STRING(8, 1, 8),
	[T_OCTETS256]		= STRING(BYTE_COUNT, 1, 8),
	[T_CHALLENGE]		= STRING(7, 8, 8),
	[T_BITSTRING]		= STRING(ANY, 0, 1),
	[T_DH_NUMBER]		= STRING(WORD_COUNT, 0, 1),
	[T_DIGITS]		= STRING(7, 1, 4),
	[T_NUMERIC]		= STRING(4, 1, 4),
	[T_BMP128]		= STRING(7, 1, 16),
	[T_BMP256]		= STRING(BYTE_COUNT, 1, 16),
	[T_ENUM1]		= ENUM(1),
	[T_ENUM2]		= ENUM(2),
	[T_ENUM3]		= ENUM(3),
	[T_ENUM4]		= ENUM(4),
	[T_ENUM12]		= ENUM(12),
	[T_ADDRESS4]		= ADDRESS(4),
	[T_ADDRESS6]		= ADDRESS(16),
	[T_REST]		= { .kind = NF_CT_PER_REST },

	[T_H221]		= SEQUENCE(h221),
	[T_IDENTIFIER]		= CHOICE(identifier),
	[T_NONSTANDARD]		= SEQUENCE(nonstandard),
	[T_ALIAS]		= CHOICE(alias),
	[T_ALIASES]		= LIST(aliases),
	[T_WORDS]		= LIST(words),
	[T_ROUTE]		= LIST(route),
	[T_SOURCE_ROUTE]	= SEQUENCE(source_route),
	[T_IPX]			= SEQUENCE(ipx),
	[T_IP6]			= SEQUENCE(ip6),
	[T_TRANSPORT]		= CHOICE(transport),
	[T_TRANSPORTS]		= LIST(transports),
	[T_INFO]		= SEQUENCE(info),
	[T_PROTOCOLS]		= CHOICE(protocols),
	[T_PROTOCOL_LIST]	= LIST(protocol_list),
	[T_GATEWAY]		= SEQUENCE(gateway),
	[T_VENDOR]		= SEQUENCE(vendor),
	[T_ENDPOINT]		= SEQUENCE(endpoint),
	[T_Q954]		= SEQUENCE(q954),
	[T_QSERIES]		= SEQUENCE(qseries),
	[T_CALL_ID]		= SEQUENCE(call_id),
	[T_MODE]		= CHOICE(mode),
	[T_CAPABILITIES]	= SEQUENCE(capabilities),
	[T_SECURITY]		= CHOICE(security),
	[T_FAST_START]		= OPEN(fast_start),
	[T_FAST_STARTS]		= LIST(fast_starts),
	[T_TUNNEL]		= OPEN(tunnel),
	[T_TUNNELS]		= LIST(tunnels),
	[T_SETUP]		= SEQUENCE(setup),
	[T_PROCEEDING]		= SEQUENCE(proceeding),
	[T_CONNECT]		= SEQUENCE(connect),
	[T_INFORMATION]		= SEQUENCE(information),
	[T_RELEASE]		= SEQUENCE(release),
	[T_FACILITY]		= SEQUENCE(facility),
	[T_PROGRESS]		= SEQUENCE(progress),
	[T_BODY]		= CHOICE(body),
	[T_UU_PDU]		= SEQUENCE(uu_pdu),
	[T_GRQ]			= SEQUENCE(grq),
	[T_GCF]			= SEQUENCE(gcf),
	[T_RRQ]			= SEQUENCE(rrq),
	[T_RCF]			= SEQUENCE(rcf),
	[T_URQ]			= SEQUENCE(urq),
	[T_ARQ]			= SEQUENCE(arq),
	[T_ACF]			= SEQUENCE(acf),
	[T_LRQ]			= SEQUENCE(lrq),
	[T_LCF]			= SEQUENCE(lcf),
	[T_IRR]			= SEQUENCE(irr),

	[T_DH_SET]		= SEQUENCE(dh_set),
	[T_CERTIFICATE]		= SEQUENCE(certificate),
	[T_H235_NONSTANDARD]	= SEQUENCE(h235_nonstandard),
	[T_CLEAR_TOKEN]		= SEQUENCE(clear_token),
	[T_CLEAR_TOKENS]	= LIST(clear_tokens),
	[T_PARAMS]		= SEQUENCE(params),
	[T_HASHED]		= SEQUENCE(hashed),
	[T_ENCRYPTED]		= SEQUENCE(encrypted),
	[T_SIGNED]		= SEQUENCE(signed_type),
	[T_EP_HASH]		= SEQUENCE(ep_hash),
	[T_GK_HASH]		= SEQUENCE(gk_hash),
	[T_ENCRYPTED_TOKEN]	= SEQUENCE(encrypted_token),
	[T_SIGNED_TOKEN]	= SEQUENCE(signed_token),
	[T_HASHED_TOKEN]	= SEQUENCE(hashed_token),
	[T_CRYPTO_TOKEN]	= CHOICE(crypto_token),
	[T_H323_TOKEN]		= CHOICE(h323_token),
	[T_H323_TOKENS]		= LIST(h323_tokens),

	[T_M_H221]		= SEQUENCE(m_h221),
	[T_M_IDENTIFIER]	= CHOICE(m_identifier),
	[T_M_NONSTANDARD]	= SEQUENCE(m_nonstandard),
	[T_M_NONSTANDARDS]	= LIST(m_nonstandards),
	[T_M_IP]		= SEQUENCE(m_ip),
	[T_M_IPX]		= SEQUENCE(m_ipx),
	[T_M_SOURCE_ROUTE]	= SEQUENCE(m_source_route),
	[T_M_GROUP]		= SEQUENCE(m_group),
	[T_M_GROUP6]		= SEQUENCE(m_group6),
	[T_UNICAST]		= CHOICE(unicast),
	[T_MULTICAST]		= CHOICE(multicast),
	[T_M_TRANSPORT]		= CHOICE(m_transport),
	[T_Q2931_NUMBER]	= CHOICE(q2931_number),
	[T_Q2931]		= SEQUENCE(q2931),
	[T_NETWORK]		= CHOICE(network),
	[T_ACCESS]		= SEQUENCE(access),
	[T_H261]		= SEQUENCE(h261),
	[T_H262]		= SEQUENCE(h262),
	[T_H263]		= SEQUENCE(h263),
	[T_MPEG_VIDEO]		= SEQUENCE(mpeg_video),
	[T_VIDEO]		= CHOICE(video),
	[T_G7231]		= SEQUENCE(g7231),
	[T_MPEG_AUDIO]		= SEQUENCE(mpeg_audio),
	[T_MPEG2_AUDIO]		= SEQUENCE(mpeg2_audio),
	[T_AUDIO]		= CHOICE(audio),
	[T_PROTOCOL]		= CHOICE(protocol),
	[T_T84_PARTS]		= SEQUENCE(t84_parts),
	[T_T84_PROFILE]		= CHOICE(t84_profile),
	[T_T84]			= SEQUENCE(t84),
	[T_NLPID]		= SEQUENCE(nlpid),
	[T_APPLICATION]		= CHOICE(application),
	[T_DATA]		= SEQUENCE(data),
	[T_ENCRYPTION]		= CHOICE(encryption),
	[T_DATA_TYPE]		= CHOICE(data_type),
	[T_H222_CHANNEL]	= SEQUENCE(h222_channel),
	[T_AL3]			= SEQUENCE(al3),
	[T_ADAPTATION]		= CHOICE(adaptation),
	[T_H223_CHANNEL]	= SEQUENCE(h223_channel),
	[T_HDLC]		= SEQUENCE(hdlc),
	[T_ERM]			= SEQUENCE(erm),
	[T_V76_MODE]		= CHOICE(v76_mode),
	[T_V75]			= SEQUENCE(v75),
	[T_V76_CHANNEL]		= SEQUENCE(v76_channel),
	[T_LABEL]		= SEQUENCE(label),
	[T_H2250_CHANNEL]	= SEQUENCE(h2250_channel),
	[T_FORWARD_MUX]		= CHOICE(forward_mux),
	[T_FORWARD]		= SEQUENCE(forward),
	[T_REVERSE_MUX]		= CHOICE(reverse_mux),
	[T_REVERSE]		= SEQUENCE(reverse),
	[T_OPEN_CHANNEL]	= SEQUENCE(open_channel),
	[T_ACK_MUX]		= CHOICE(ack_mux),
	[T_ACK_REVERSE]		= SEQUENCE(ack_reverse),
	[T_H2250_ACK]		= SEQUENCE(h2250_ack),
	[T_FORWARD_ACK]		= CHOICE(forward_ack),
	[T_OPEN_ACK]		= SEQUENCE(open_ack),
	[T_REQUEST]		= CHOICE(request),
	[T_RESPONSE]		= CHOICE(response),

	[NF_CT_H323_USER_INFORMATION]	= SEQUENCE(user_information),
	[NF_CT_H323_CONTROL_MESSAGE]	= CHOICE(control_message),
	[NF_CT_H323_RAS_MESSAGE]	= CHOICE(ras_message),
};

const u32 nf_ct_h323_ntypes = ARRAY_SIZE(nf_ct_h323_types);

_Static_assert(ARRAY_SIZE(nf_ct_h323_types) <= NF_CT_PER_TYPES_MAX, "number of a type is a byte");
