#include "ports.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/vec.h"

#define LOGGER "com.ibm.ws.tcpchannel.internal.TCPPort"

/* defaultHttpEndpoint, or defaultHttpEndpoint-ssl */
static struct str
channel_name(const struct port *p, char *out, size_t cap)
{
    int n = snprintf(out, cap, "%s%s", p->endpoint, p->is_tls ? "-ssl" : "");

    return str_n(out, n < 0 ? 0 : (size_t)n < cap ? (size_t)n : cap - 1);
}

/* "*  (IPv6)" and "localhost  (IPv4: 127.0.0.1)" of the original */
static struct str
host_text(const struct port *p, char *out, size_t cap)
{
    int n = strcmp(p->host, "*") == 0
                ? snprintf(out, cap, "*  (IPv6)")
                : snprintf(out, cap, "%s", p->host);

    return str_n(out, n < 0 ? 0 : (size_t)n < cap ? (size_t)n : cap - 1);
}

static void
say(struct worker *w, const char *id, const struct port *p, struct str detail)
{
    char channel[300], host[300], number[8];

    snprintf(number, sizeof number, "%u", p->port);
    MESSAGES_LOG(w->log, LOGGER, id, channel_name(p, channel, sizeof channel),
                 host_text(p, host, sizeof host), str_of(number), detail);
}

static bool
open_one(struct ports *ports, struct worker *w,
         const struct cfg_http_endpoint *e, const struct port *p)
{
    struct err_info why;
    int fd;
    enum err failed = parent_listen(w->parent, p->host, p->port, &fd, &why);

    if (failed != ERR_OK) {
        say(w, failed == ERR_NOT_FOUND ? "CWWKO0224E" : "CWWKO0221E", p,
            str_of(why.text));
        return e->on_error != CFG_ON_ERROR_FAIL;
    }
    if (!VEC_PUSH(ports, *p)) {
        close(fd);
        return false;
    }
    if (w->service->open_port(w, e, p->is_tls, fd, &why) != ERR_OK) {
        ports->n--;
        parent_release(w->parent, p->host, p->port);
        return e->on_error != CFG_ON_ERROR_FAIL;
    }
    say(w, "CWWKO0219I", p, STR(""));
    return true;
}

static bool
is_same(const struct port *a, const struct port *b)
{
    return a->port == b->port && a->is_tls == b->is_tls &&
           strcmp(a->host, b->host) == 0 &&
           strcmp(a->endpoint, b->endpoint) == 0;
}

static struct port *
find(struct ports *ports, const struct port *p)
{
    for (size_t i = 0; i < ports->n; i++)
        if (is_same(&ports->v[i], p))
            return &ports->v[i];
    return NULL;
}

/* What one endpoint asks for: 0, 1 or 2 ports. */
static size_t
wanted_of(const struct cfg_tree *tree, const struct cfg_http_endpoint *e,
          struct port out[2])
{
    const int64_t numbers[2] = { e->http_port, e->https_port };
    size_t n = 0;

    for (int is_tls = 0; is_tls < 2 && e->enabled; is_tls++) {
        struct port *p = &out[n];

        *p = (struct port){ .is_tls = is_tls == 1, .is_wanted = true };
        if (numbers[is_tls] <= 0 ||
            (p->is_tls && !worker_has_feature(tree, "ssl-1.0")) ||
            !str_copy_z(e->node.id, p->endpoint, sizeof p->endpoint) ||
            !str_copy_z(str_trim(e->host), p->host, sizeof p->host))
            continue;
        p->port = (uint16_t)numbers[is_tls];
        n++;
    }
    return n;
}

static void
close_one(struct ports *ports, struct worker *w, size_t i)
{
    const struct port p = ports->v[i];

    w->service->close_port(w, p.endpoint, p.is_tls);
    parent_release(w->parent, p.host, p.port);
    say(w, "CWWKO0220I", &p, STR(""));
    ports->v[i] = ports->v[--ports->n];
}

bool
ports_apply(struct ports *ports, struct worker *w)
{
    const struct cfg_http_endpoint *e;
    struct port wanted[2];
    bool is_ok = true;

    for (size_t i = 0; i < ports->n; i++)
        ports->v[i].is_wanted = false;
    CFG_EACH (w->tree, http_endpoint, e)
        for (size_t n = wanted_of(w->tree, e, wanted), i = 0; i < n; i++)
            if (find(ports, &wanted[i]) != NULL)
                find(ports, &wanted[i])->is_wanted = true;
    for (size_t i = ports->n; i-- > 0;)
        if (!ports->v[i].is_wanted)
            close_one(ports, w, i);
    CFG_EACH (w->tree, http_endpoint, e)
        for (size_t n = wanted_of(w->tree, e, wanted), i = 0; i < n; i++)
            if (find(ports, &wanted[i]) == NULL)
                is_ok = open_one(ports, w, e, &wanted[i]) && is_ok;
    return is_ok;
}

void
ports_close(struct ports *ports, struct worker *w)
{
    while (ports->n > 0)
        close_one(ports, w, ports->n - 1);
}

void
ports_fini(struct ports *ports)
{
    VEC_FREE(ports);
}
