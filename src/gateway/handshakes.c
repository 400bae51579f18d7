#include "gateway/handshakes.h"

#include <stdio.h>
#include <string.h>

void
handshakes_init(struct handshakes *h)
{
    pthread_mutex_init(&h->lock, NULL);
    h->n = 0;
}

void
handshakes_fini(struct handshakes *h)
{
    pthread_mutex_destroy(&h->lock);
}

static struct handshakes_channel *
find(struct handshakes *h, const char *name, uint64_t now_ms)
{
    struct handshakes_channel *oldest = h->channels;

    for (size_t i = 0; i < h->n; i++) {
        if (strcmp(h->channels[i].name, name) == 0)
            return &h->channels[i];
        if (h->channels[i].since_ms < oldest->since_ms)
            oldest = &h->channels[i];
    }
    if (h->n < HANDSHAKES_CHANNELS_MAX)
        oldest = &h->channels[h->n++];
    *oldest = (struct handshakes_channel){ .since_ms = now_ms };
    snprintf(oldest->name, sizeof oldest->name, "%s", name);
    return oldest;
}

enum handshakes_say
handshakes_failed(struct handshakes *h, const char *channel, uint64_t now_ms)
{
    enum handshakes_say say = HANDSHAKES_QUIET;
    struct handshakes_channel *c;

    pthread_mutex_lock(&h->lock);
    c = find(h, channel, now_ms);
    if (now_ms >= c->since_ms + HANDSHAKES_AGAIN_MS) {
        c->since_ms = now_ms;
        c->n_said = 0;
    }
    if (c->n_said <= HANDSHAKES_SAID_MAX)
        say = c->n_said++ < HANDSHAKES_SAID_MAX ? HANDSHAKES_SAY
                                                : HANDSHAKES_SAY_LAST;
    pthread_mutex_unlock(&h->lock);
    return say;
}
