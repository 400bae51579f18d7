/*
 * What the BPF programs (bpf/capture.bpf.c) and user space share: the maps'
 * keys and values. Addresses are 16 bytes in network order, IPv4 as
 * ::ffff:a.b.c.d; ports are in host order.
 */
#ifndef SALLYPORT_TTLS_CAPTURE_MAP_H
#define SALLYPORT_TTLS_CAPTURE_MAP_H

#include <linux/types.h>

#define CAPTURE_PORT_BYTES 8192     /* one bit a port */
#define CAPTURE_CONNECTIONS 262144u /* at a time, unless told otherwise */
#define CAPTURE_DEPTH_MAX 16        /* of the image's cgroup */
#define CAPTURE_ENGINES_MAX 512     /* listeners of all images of the machine */

/* One socket address. */
struct capture_addr {
    __u8 ip[16];
    __u16 port;
    __u16 zero[3];
};

/* Addresses with these first bits; key of the maps remote_a and remote_b. */
struct capture_prefix {
    __u32 bits; /* of ip; 128: one address */
    __u8 ip[16];
};
#define CAPTURE_PREFIXES_MAX 4096
#define CAPTURE_USERS_MAX 65536 /* of the maps spared_a and spared_b */

/* Key of the map `every_engine`: an engines' listener on the machine. */
struct capture_engine {
    __u64 netns; /* cookie */
    __u32 port;
    __u32 slot; /* 0: 127.0.0.1, 1: ::1 */
};

/*
 * Counters of the map `hints`: how many primary connections of rules with
 * SecondaryMap (primary.h) there are with a peer. Whose they are an engine
 * finds out: a child of their process may be of any cgroup. Different peers may
 * share a counter: then an engine says that it was nothing.
 */
#define CAPTURE_HINTS 65536u
static inline __u32
capture_hint(const __u8 ip[16])
{
    __u32 h = 0x9e3779b1u;

    for (int i = 0; i < 16; i += 4) {
        h ^= (__u32)ip[i] << 24 | (__u32)ip[i + 1] << 16 |
             (__u32)ip[i + 2] << 8 | ip[i + 3];
        h *= 0x85ebca6bu;
        h ^= h >> 15;
    }
    return (h ^ h >> 16) & (CAPTURE_HINTS - 1);
}

/* The policy as far as the kernel looks: one of two, swapped as a whole. */
struct capture_filter {
    __u32 is_enabled;
    __u32 engine_uid;     /* its own connections are left alone */
    __u32 engine_port[2]; /* [0] 127.0.0.1, [1] ::1; 0: there is none */
    __u64 netns;          /* cookie of the stack's network namespace */
    __u32 must_steer;     /* who listens is being found out: steer every one */
    __u32 by_addr; /* 1: remote addresses of outbound rules are in the map */
    __u32 which;   /* remote_a and spared_a, or _b */
    __u32 has_primaries; /* 1: `hints` may say more than the ports do */
    __u32 by_user; /* 1: uids that no outbound rule is for are in the map */
    __u32 is_wide; /* 1: every program; 0: the image's jobs */
    __u32 max_connections; /* captured at a time */
    __u32 zero;
    __u64 image_cgroup;  /* id of the cgroup that jobs are below */
    __u64 images_cgroup; /* of the one that all images' are below */
    __u8 out_ports[CAPTURE_PORT_BYTES]; /* remote ports of outbound rules */
    __u8 in_ports[CAPTURE_PORT_BYTES];  /* local ports of inbound rules */
    __u8 leg_ports[CAPTURE_PORT_BYTES]; /* of this and all former policies:
                                           engines' legs may lead there */
};

enum {
    CAPTURE_TAKEN = 1u << 0,   /* an engine has read it */
    CAPTURE_CLOSED = 1u << 1,  /* the program has closed its side */
    CAPTURE_BOUND = 1u << 2,   /* src is what the program had bound */
    CAPTURE_MAPPED4 = 1u << 3, /* an IPv6 socket to an IPv4 address */
    CAPTURE_STARTED = 1u << 4  /* its SYN has left: by_source has it too */
};

/* An outbound connection as connect() was called. */
struct capture_record {
    struct capture_addr to;   /* where the program wants to go */
    struct capture_addr from; /* what it had bound; zero: nothing. The port may
                                 be bound without an address */
    struct capture_addr seen; /* the engine's own local address towards the
                                 peer, which getsockname answers; port 0: not
                                 known yet */
    __u64 cookie;             /* of the socket: SO_COOKIE */
    __u64 accepted; /* by_source: of the engine's, when it is established */
    __u64 cgroup;
    __u64 when_ns; /* since the machine was started */
    __u32 uid;
    __u32 tgid;
    __u32 device; /* SO_BINDTODEVICE's interface, 0: none */
    __u32 flags;
    char comm[16];
};

/* Listening sockets as the kernel saw them come and go. */
struct capture_listener {
    __u32 n; /* sockets that share the address (SO_REUSEPORT) */
};

/* A listening socket that user space has found (sock_diag), and whether any
 * rule is for who holds it. Holds as long as nobody else has begun to listen on
 * that port: `listens` of the port is what it was before the search; and that
 * it is left alone for a while only, as it may be handed on. */
struct capture_found {
    __u64 until_ns; /* of the clock that stands while the machine sleeps */
    __u64 listens;
    __u32 verdict;
    __u32 search; /* number of the search that found it */
};
enum {
    CAPTURE_STEER = 0, /* also while nobody has decided */
    CAPTURE_LEAVE = 1, /* no rule is for who holds it */
};
#define CAPTURE_LEAVE_MS 2000u

/* What the kernel side counts; index of the map `counts`. */
enum {
    CAPTURE_N_STEERED,   /* outbound connections sent to an engine */
    CAPTURE_N_INBOUND,   /* inbound ones */
    CAPTURE_N_REFUSED,   /* no room, no engine, other namespace, device */
    CAPTURE_N_LISTENERS, /* bumped when a listener came or went */
    CAPTURE_N_UNNOTED,   /* listeners there was no room for: steer all */
    CAPTURE_N_PASSING,   /* asked for a listener that nobody has decided about,
                            or that is left alone for a while */
    CAPTURE_N_OPEN,      /* captured, and not closed by the program */
    CAPTURE_COUNTS
};

#endif
