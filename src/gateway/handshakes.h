/*
 * How often failed handshakes are said: so many for each endpoint, whichever
 * loop they came to, then that no more will be; after an hour anew.
 * Source: Liberty, CWWKO0801E and CWWKO0804I.
 */
#ifndef SALLYPORT_GATEWAY_HANDSHAKES_H
#define SALLYPORT_GATEWAY_HANDSHAKES_H

#include <pthread.h>

#include "base/str.h"

#define HANDSHAKES_SAID_MAX 100u
#define HANDSHAKES_AGAIN_MS 3600000u
#define HANDSHAKES_CHANNEL_BYTES 128u
#define HANDSHAKES_CHANNELS_MAX 128u

enum handshakes_say { HANDSHAKES_SAY, HANDSHAKES_SAY_LAST, HANDSHAKES_QUIET };

struct handshakes {
    pthread_mutex_t lock; /* taken by failures alone */
    struct handshakes_channel {
        char name[HANDSHAKES_CHANNEL_BYTES];
        uint64_t since_ms; /* of the hour that is counted */
        unsigned n_said;
    } channels[HANDSHAKES_CHANNELS_MAX];
    size_t n;
};

void handshakes_init(struct handshakes *);
void handshakes_fini(struct handshakes *);
/* One has failed on that channel: what is to be said. When there are more
 * channels than fit, the one whose hour began first is forgotten. */
enum handshakes_say handshakes_failed(struct handshakes *, const char *channel,
                                      uint64_t now_ms);

#endif
