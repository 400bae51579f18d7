/*
 * The web application "z/OS Connect" as the original's web container tells of
 * it: loaded once, available under the address of a port that is open, removed
 * when no port is left.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/gateway_priv.h"
#include "gateway/web.h"

#define CONTAINER_LOGGER "com.ibm.ws.webcontainer.osgi.WebContainer"
#define MODULE_LOGGER "com.ibm.ws.webcontainer"
#define SERVLET_LOGGER "com.ibm.ws.webcontainer.servlet"
#define HOST_LOGGER "com.ibm.ws.http.internal.VirtualHostImpl"
#define SECURITY_LOGGER "com.ibm.ws.webcontainer.security.metadata"

#define APPLICATION STR("com.ibm.zosconnect")
#define MODULE STR("z/OS Connect")
#define HOST STR("default_host")

/* Of the first clear port that is open, or else of the first TLS port. */
static const struct port_entry *
best_port(const struct gateway *g)
{
    const struct port_entry *best = NULL;

    for (size_t i = 0; g->snapshot != NULL && i < g->snapshot->n_ports; i++) {
        const struct port_entry *p = &g->snapshot->ports[i];

        if ((best == NULL || (best->is_tls && !p->is_tls)) &&
            ports_is_open(g, p) &&
            web_takes_endpoint(g->snapshot->tree, p->endpoint_id))
            best = p;
    }
    return best;
}

/* "http://host:9080/"; "" without a port. */
static void
address_of(const struct port_entry *p, char *out, size_t size)
{
    char host[256] = "localhost";

    out[0] = '\0';
    if (p == NULL)
        return;
    if (!str_eq_z(p->host, "*"))
        snprintf(host, sizeof host, STR_FMT, STR_ARG(p->host));
    else if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0')
        snprintf(host, sizeof host, "localhost");
    snprintf(out, size,
             strchr(host, ':') == NULL ? "%s://%s:%u/" : "%s://[%s]:%u/",
             p->is_tls ? "https" : "http", host, (unsigned)p->port);
}

static void
say_removed(struct gateway *g)
{
    if (g->web_address[0] != '\0')
        MESSAGES_LOG(g->o.log, HOST_LOGGER, "CWWKT0017I", HOST,
                     str_of(g->web_address));
    g->web_address[0] = '\0';
}

void
web_app_loading(struct gateway *g)
{
    MESSAGES_LOG(g->o.log, CONTAINER_LOGGER, "SRVE0169I", MODULE);
}

void
web_app_bound(struct gateway *g)
{
    MESSAGES_LOG(g->o.log, MODULE_LOGGER, "SRVE0250I", MODULE, HOST);
    MESSAGES_LOG(g->o.log, SECURITY_LOGGER, "CWWKS9122I", STR("/*"),
                 APPLICATION, STR("OPTIONS"));
    MESSAGES_LOG(g->o.log, SERVLET_LOGGER, "SRVE0242I", APPLICATION, STR("/"),
                 MODULE);
}

void
web_app_changed(struct gateway *g)
{
    char address[sizeof g->web_address];

    address_of(best_port(g), address, sizeof address);
    if (strcmp(address, g->web_address) == 0)
        return;
    say_removed(g);
    memcpy(g->web_address, address, sizeof address);
    if (address[0] != '\0')
        MESSAGES_LOG(g->o.log, HOST_LOGGER, "CWWKT0016I", HOST,
                     str_of(address));
}

void
web_app_removed(struct gateway *g)
{
    say_removed(g);
}
