/*
 * The other way to capture: nftables turns connections to the ports that rules
 * name over to the engines. For kernels and containers that take no BPF
 * programs. Who a program is must then be looked up (sock_diag), and an
 * inbound connection comes from 127.0.0.1 as far as the program can see.
 */
#ifndef SALLYPORT_TTLS_NFT_H
#define SALLYPORT_TTLS_NFT_H

#include "base/err.h"

struct nft_options {
    const char *name;  /* of the table: image and stack */
    const char *image; /* its cgroup, as nft names it: below /sys/fs/cgroup */
    unsigned level;    /* how deep it lies below the v2 mount */
    const char *stack; /* the stack's own cgroup in it: whose sockets listen */
    bool is_wide;      /* every program, not the image's only */
    uint32_t engine_uid;
    uint16_t port4, port6; /* the engines'; 0: none */
};

/* ERR_UNSUPPORTED: no nft command, or the kernel refuses. */
MUST_CHECK enum err nft_try(const struct nft_options *, struct err_info *why);
/* Atomic. out, in: a bit a port (CAPTURE_PORT_BYTES); NULL: none. */
MUST_CHECK enum err nft_policy(const struct nft_options *, const uint8_t *out,
                               const uint8_t *in, struct err_info *why);
void nft_remove(const struct nft_options *);

#endif
