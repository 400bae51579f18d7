/* Virtual hosts. Our APIs belong to default_host, as the original's do. */
#include <arpa/inet.h>

#include "gateway/web.h"

/* host and port of a Host field; the port's default is the protocol's. */
static struct str
split_host(struct str host, bool is_tls, unsigned *port)
{
    size_t colon = str_rfind_char(host, ':');
    uint64_t number;

    *port = is_tls ? 443 : 80;
    if (colon == STR_NPOS ||
        str_find_char(str_sub(host, colon, host.n), ']') != STR_NPOS)
        return host;
    if (str_to_u64(str_sub(host, colon + 1, host.n), &number) &&
        number <= 65535)
        *port = (unsigned)number;
    return str_sub(host, 0, colon);
}

static bool
is_host_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_'))
            return false;
    }
    return name.n > 0;
}

static bool
is_ipv6(struct str name)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;

    return name.n > 2 && name.p[0] == '[' && name.p[name.n - 1] == ']' &&
           str_copy_z(str_sub(name, 1, name.n - 1), text, sizeof text) &&
           inet_pton(AF_INET6, text, &address) == 1;
}

/* alias = host [ ":" port ]; * is any; an address of IPv6 stands in [] */
bool
web_alias_is_valid(struct str alias)
{
    size_t colon = str_rfind_char(alias, ':');
    struct str name = alias, port;
    uint64_t number;

    if (colon != STR_NPOS &&
        str_find_char(str_sub(alias, colon, alias.n), ']') == STR_NPOS) {
        name = str_sub(alias, 0, colon);
        port = str_sub(alias, colon + 1, alias.n);
        if (!str_eq_z(port, "*") &&
            (!str_to_u64(port, &number) || number > 65535))
            return false;
    }
    return str_eq_z(name, "*") || is_host_name(name) || is_ipv6(name);
}

/* The port's default is 80. */
static bool
is_alias(struct str alias, struct str host, unsigned port)
{
    size_t colon = str_rfind_char(alias, ':');
    struct str name = alias;
    uint64_t number = 80;

    if (colon != STR_NPOS &&
        str_find_char(str_sub(alias, colon, alias.n), ']') == STR_NPOS) {
        struct str text = str_sub(alias, colon + 1, alias.n);

        name = str_sub(alias, 0, colon);
        if (str_eq_z(text, "*"))
            number = port;
        else if (!str_to_u64(text, &number))
            return false;
    }
    return number == port && (str_eq_z(name, "*") || str_eq_nocase(name, host));
}

static bool
lists_alias(const struct cfg_virtual_host *v, struct str host, unsigned port)
{
    for (size_t i = 0; i < v->host_aliases.n; i++)
        if (is_alias(v->host_aliases.v[i], host, port))
            return true;
    return false;
}

static bool
takes_endpoint(const struct cfg_virtual_host *v, struct str id)
{
    for (size_t i = 0; i < v->allow_from_endpoints.n; i++)
        if (str_eq(v->allow_from_endpoints.v[i], id))
            return true;
    return v->allow_from_endpoints.n == 0;
}

bool
web_takes_endpoint(const struct cfg_tree *tree, struct str id)
{
    const struct cfg_virtual_host *own =
        CFG_GET(tree, virtual_host, "default_host");

    return own == NULL || (own->enabled && takes_endpoint(own, id));
}

bool
web_host_is_ours(const struct cfg_tree *tree, struct str endpoint_id,
                 struct str host, bool is_tls)
{
    const struct cfg_virtual_host *v, *own = NULL;
    unsigned port;
    struct str name = split_host(host, is_tls, &port);

    CFG_EACH(tree, virtual_host, v)
    {
        if (str_eq_z(v->node.id, "default_host"))
            own = v;
        else if (v->enabled && lists_alias(v, name, port))
            return false; /* a host with nothing on it */
    }
    return own == NULL ||
           (own->enabled && takes_endpoint(own, endpoint_id) &&
            (own->host_aliases.n == 0 || lists_alias(own, name, port)));
}
