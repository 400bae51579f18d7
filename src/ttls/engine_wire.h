/*
 * Between the stack process, its engines and their broker: chan.h messages on
 * socket pairs that the stack makes. An engine trusts the stack; the broker,
 * which is root and talks to the angel, takes an engine for somebody who may
 * be in an attacker's hands and answers only what is listed here.
 */
#ifndef SALLYPORT_TTLS_ENGINE_WIRE_H
#define SALLYPORT_TTLS_ENGINE_WIRE_H

#include <string.h>

#include "base/reader.h"
#include "ttls/capture_map.h"

#define ENGINE_SECRET_BYTES 64u /* shared by the engines: ticket keys */
#define ENGINE_LINE_MAX 1000u
#define ENGINE_DER_MAX (16u * 1024u)

enum engine_message {
    /* Stack to engine. */
    /* str stack, u32 number, u32 of how many, u8 is_bpf, u8 has_v6, u8 is_wide,
     * str secret;
     * descriptors: listener 4 [, listener 6] [, by_source, in_peer, counts,
     * hints, the primary connections] */
    ENGINE_SETUP = 0x5401,
    /* descriptors: the broker for the loop, and for the thread that waits */
    ENGINE_BROKER,
    /* u8 is_enabled, u8 is_denied (the policy is purged, what it means to
     * encrypt is refused), u8 has_policy, u8 has_files, u32 number;
     * descriptors: the policy, its key databases (enforce_files.c) */
    ENGINE_POLICY,
    /* str request -> ENGINE_ROWS str */
    ENGINE_QUERY,
    ENGINE_ROWS,
    /* u64 socket cookie, u32 uid of who asks, u32 request bits -> ENGINE_TOLD
     * (control.c) */
    ENGINE_CONTROL,
    ENGINE_TOLD,

    /* Engine to broker. */
    /* u64 cgroup, u32 uid, u32 tgid, u64 when connect() was called, str comm ->
     * BROKER_IS */
    BROKER_WHO = 0x5421,
    /* Who listens at this local address? 16 bytes, u16 port, u32 how many
     * milliseconds old the answer may be (kept.h) -> BROKER_IS */
    BROKER_OWNER,
    /* Whose connection is it? (nftables: no record) local 16, u16, remote 16,
     * u16 -> BROKER_IS */
    BROKER_SOCKET,
    /* str certificate -> BROKER_IS: user "" when it maps to none */
    BROKER_CERTIFICATE,
    /* u8 priority (syslogd.h), str line, EZD... or what goes on with one; no
     * answer */
    BROKER_LINE,
    /* str user, u32 uid, str owner, str ring -> BROKER_RING_IS */
    BROKER_RING,

    /* Broker to engine. */
    /* u32 milliseconds since it was found, u8 n, n x { u8 is_job, u8 is_ours,
     * str job, str user, u32 uid, u32 tgid (0: not known), u8 whether its
     * lineage is known, u8 n, n x { u32 process, u64 when it was started (0:
     * not known) } (lineage.h) }: a socket may have several, who has made it
     * first; none: nobody is known */
    BROKER_IS = 0x5441,
    /* u8 err, str why [, u32 n, n x { str label, str owner, str der,
     * u8 has_key, u8 is_default, u8 usage }; descriptor: key channel
     * (ipc/keywire.h)] */
    BROKER_RING_IS,
};

/* 16 bytes, u16 port. */
MUST_CHECK static inline bool
engine_wire_addr(struct reader *in, struct capture_addr *a)
{
    struct str ip;

    memset(a, 0, sizeof *a);
    if (!reader_take(in, sizeof a->ip, &ip) || !reader_u16(in, &a->port))
        return false;
    memcpy(a->ip, ip.p, sizeof a->ip);
    return true;
}

#endif
