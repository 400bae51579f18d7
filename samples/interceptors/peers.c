/*
 * A sample interceptor: only these clients may use what it guards, and each
 * request is noted in a file.
 *
 *     cc -shared -fPIC -I <sallyport>/include -o peers.so peers.c
 *
 *     <usr_peers id="peers" sequence="1" library="/opt/site/peers.so"
 *         allow="127.0.0.1, 10.7." log="/var/log/site/peers.log"/>
 *     <zosconnect_zosConnectInterceptors id="list" interceptorRef="peers"/>
 *
 * allow: addresses, or beginnings of addresses that end in a period or colon.
 */
#include <sallyport/interceptor.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct peers {
    char *allow;
    int log; /* -1: none */
};

static const char *
attribute(const struct sallyport_attribute *v, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(v[i].name, name) == 0)
            return v[i].value;
    }
    return NULL;
}

static void
peers_close(void *self)
{
    struct peers *p = self;

    if (p->log >= 0)
        close(p->log);
    free(p->allow);
    free(p);
}

/* Called once for each configuration that uses the element. */
static void *
peers_open(const struct sallyport_host *host,
           const struct sallyport_attribute *v, size_t n, char *why,
           size_t why_bytes)
{
    const char *allow = attribute(v, n, "allow");
    const char *log = attribute(v, n, "log");
    struct peers *p;

    (void)host;
    if (allow == NULL || allow[0] == '\0') {
        snprintf(why, why_bytes, "attribute allow is missing");
        return NULL;
    }
    p = calloc(1, sizeof *p);
    if (p == NULL || (p->allow = strdup(allow)) == NULL) {
        snprintf(why, why_bytes, "no storage");
        free(p);
        return NULL;
    }
    p->log = log == NULL
                 ? -1
                 : open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (log != NULL && p->log < 0) {
        snprintf(why, why_bytes, "%s cannot be written", log);
        peers_close(p);
        return NULL;
    }
    return p;
}

static int
matches(const char *entry, size_t n, struct sallyport_text peer)
{
    char last = n > 0 ? entry[n - 1] : '\0';

    if (n == 0 || peer.n < n || memcmp(peer.p, entry, n) != 0)
        return 0;
    return peer.n == n || last == '.' || last == ':';
}

static int
is_allowed(const char *allow, struct sallyport_text peer)
{
    while (*allow != '\0') {
        size_t n;

        allow += strspn(allow, ", ");
        n = strcspn(allow, ", ");
        if (matches(allow, n, peer))
            return 1;
        allow += n;
    }
    return 0;
}

static enum sallyport_verdict
peers_pre(void *self, const struct sallyport_request *r,
          struct sallyport_refusal *refusal)
{
    const struct peers *p = self;

    if (is_allowed(p->allow, r->peer))
        return SALLYPORT_GO_ON;
    refusal->status = 403;
    snprintf(refusal->message, sizeof refusal->message,
             "Requests from %.*s are not accepted.", (int)r->peer.n, r->peer.p);
    return SALLYPORT_REFUSE;
}

/* One write a line: several loops write at the same time. */
static void
peers_post(void *self, const struct sallyport_request *r)
{
    const struct peers *p = self;
    char line[512];
    int n;

    if (p->log < 0)
        return;
    n = snprintf(line, sizeof line, "%.*s %.*s %.*s %u\n",
                 (int)(r->peer.n < 64 ? r->peer.n : 64), r->peer.p,
                 (int)(r->user_name.n < 8 ? r->user_name.n : 8), r->user_name.p,
                 (int)(r->url.n < 300 ? r->url.n : 300), r->url.p, r->status);
    if (n > 0 && write(p->log, line, (size_t)n) < 0)
        return; /* a full disk stops no request */
}

static const struct sallyport_interceptor peers = {
    .abi = SALLYPORT_INTERCEPTOR_ABI,
    .name = "peers",
    .open = peers_open,
    .pre = peers_pre,
    .post = peers_post,
    .close = peers_close,
};

const struct sallyport_interceptor *
sallyport_interceptor(void)
{
    return &peers;
}
