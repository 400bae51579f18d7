/*
 * The gateway's interface with nothing behind it but open ports: each
 * connection is closed at once. For building the server's life cycle before
 * everything the gateway needs is there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/elements.h"
#include "gateway/gateway.h"

#define LOGGER "com.ibm.ws.tcpchannel.internal.TCPPort"

struct open_port {
    char channel[300];
    char host[256];
    uint16_t port;
    int fd;
    bool is_wanted;
};

struct gateway {
    struct gateway_options o;
    struct open_port ports[64];
    size_t n;
};

enum err
gateway_new(const struct gateway_options *o, struct gateway **out,
            struct err_info *why)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    (*out)->o = *o;
    return ERR_OK;
}

static void
say(struct gateway *g, const char *id, const struct open_port *p,
    struct str detail)
{
    char number[8];

    snprintf(number, sizeof number, "%u", p->port);
    MESSAGES_LOG(g->o.log, LOGGER, id, str_of(p->channel), str_of(p->host),
                 str_of(number), detail);
}

static void
want(struct gateway *g, const struct cfg_http_endpoint *e, bool is_tls,
     int64_t port)
{
    struct open_port *p = &g->ports[g->n];
    struct err_info why;

    if (!e->enabled || port <= 0)
        return;
    for (size_t i = 0; i < g->n; i++)
        if (g->ports[i].port == port && str_eq_z(e->host, g->ports[i].host)) {
            g->ports[i].is_wanted = true;
            return;
        }
    if (g->n == 64 || !str_copy_z(e->host, p->host, sizeof p->host))
        return;
    snprintf(p->channel, sizeof p->channel, STR_FMT "%s", STR_ARG(e->node.id),
             is_tls ? "-ssl" : "");
    p->port = (uint16_t)port;
    p->is_wanted = true;
    if (parent_listen(g->o.parent, p->host, p->port, &p->fd, &why) == ERR_OK) {
        say(g, "CWWKO0219I", p, STR(""));
        g->n++;
    } else {
        say(g, "CWWKO0221E", p, str_of(why.text));
    }
}

static void
close_unwanted(struct gateway *g)
{
    for (size_t i = g->n; i-- > 0;) {
        struct open_port p = g->ports[i];

        if (p.is_wanted)
            continue;
        close(p.fd);
        parent_release(g->o.parent, p.host, p.port);
        say(g, "CWWKO0220I", &p, STR(""));
        g->ports[i] = g->ports[--g->n];
    }
}

enum err
gateway_apply(struct gateway *g, struct cfg_tree *tree, bool reload_archives,
              struct err_info *why)
{
    const struct cfg_http_endpoint *e;

    (void)reload_archives;
    (void)why;
    for (size_t i = 0; i < g->n; i++)
        g->ports[i].is_wanted = false;
    CFG_EACH(tree, http_endpoint, e)
    {
        want(g, e, false, e->http_port);
        want(g, e, true, e->https_port);
    }
    close_unwanted(g);
    return ERR_OK;
}

void
gateway_clear_auth_cache(struct gateway *g)
{
    (void)g;
}

enum err
gateway_reload_keys(struct gateway *g, struct err_info *why)
{
    (void)g;
    (void)why;
    return ERR_OK;
}

void
gateway_stop(struct gateway *g, uint32_t wait_ms)
{
    (void)wait_ms;
    for (size_t i = 0; i < g->n; i++)
        g->ports[i].is_wanted = false;
    close_unwanted(g);
}

void
gateway_free(struct gateway **g)
{
    free(*g);
    *g = NULL;
}
