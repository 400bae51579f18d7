/*
 * Forwarded and X-Forwarded-*: believed only when the connection comes from a
 * proxy (remoteIp's expression), and then only as far back as proxies we know
 * have passed it on.
 */
#include "gateway/serve.h"
#include "gateway/web.h"

#define HOPS_MAX 32u
#define ADDRESS_MAX 64u

static bool
is_proxy(const struct web *w, struct str address)
{
    char text[ADDRESS_MAX];
    regmatch_t all;

    return str_copy_z(address, text, sizeof text) &&
           regexec(&w->proxies, text, 1, &all, 0) == 0 && all.rm_so == 0 &&
           (size_t)all.rm_eo == address.n;
}

/* "1.2.3.4", "1.2.3.4:80", "[::1]:80", quoted or not, to the address; "" when
 * it is none (unknown, _hidden). */
static struct str
address_of(struct str node)
{
    size_t end;

    node = str_trim(node);
    if (node.n >= 2 && node.p[0] == '"' && node.p[node.n - 1] == '"')
        node = str_sub(node, 1, node.n - 1);
    if (node.n > 0 && node.p[0] == '[') {
        end = str_find_char(node, ']');
        return end == STR_NPOS ? STR("") : str_sub(node, 1, end);
    }
    end = str_find_char(node, ':');
    if (end != STR_NPOS && str_rfind_char(node, ':') == end)
        node = str_sub(node, 0, end); /* one colon: a port follows */
    for (size_t i = 0; i < node.n; i++) {
        char c = node.p[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
              (c >= 'A' && c <= 'F') || c == '.' || c == ':'))
            return STR("");
    }
    return node.n < ADDRESS_MAX ? node : STR("");
}

/* One hop: what a proxy says of whom it heard from. */
struct hop {
    struct str address, proto, host;
};

/* forwarded-element = pair *( ";" pair ), pair = token "=" value */
static void
read_forwarded(struct str element, struct hop *hop)
{
    struct str pair;

    while (str_token(&element, ';', &pair)) {
        size_t equal = str_find_char(pair, '=');
        struct str name, value;

        if (equal == STR_NPOS)
            continue;
        name = str_trim(str_sub(pair, 0, equal));
        value = str_trim(str_sub(pair, equal + 1, pair.n));
        if (str_eq_nocase_z(name, "for"))
            hop->address = address_of(value);
        if (value.n >= 2 && value.p[0] == '"')
            value = str_sub(value, 1, value.n - 1);
        if (str_eq_nocase_z(name, "proto"))
            hop->proto = value;
        else if (str_eq_nocase_z(name, "host"))
            hop->host = value;
    }
}

/* All hops of all fields of that name, oldest first. */
static size_t
read_hops(const struct http_request *http, const char *name, bool is_standard,
          struct hop *hops)
{
    size_t n = 0;

    for (size_t i = 0; i < http->n_headers; i++) {
        struct str list = http->headers[i].value, element;

        if (!str_eq_nocase_z(http->headers[i].name, name))
            continue;
        while (n < HOPS_MAX && str_token(&list, ',', &element)) {
            hops[n] = (struct hop){ 0 };
            if (is_standard)
                read_forwarded(element, &hops[n]);
            else
                hops[n].address = address_of(element);
            n++;
        }
    }
    return n;
}

void
web_proxy_read(struct request *r)
{
    const struct web *w = r->entry->web;
    struct hop hops[HOPS_MAX], found = { 0 };
    size_t n = read_hops(r->http, "Forwarded", true, hops);
    bool is_standard = n > 0;

    if (!is_proxy(w, r->peer))
        return;
    if (!is_standard)
        n = read_hops(r->http, "X-Forwarded-For", false, hops);
    while (n > 0 && hops[n - 1].address.n > 0) {
        found = hops[--n];
        if (!is_proxy(w, found.address))
            break;
    }
    if (!is_standard) {
        (void)http_header_get(r->http, "X-Forwarded-Proto", &found.proto);
        (void)http_header_get(r->http, "X-Forwarded-Host", &found.host);
    }
    if (found.address.n > 0)
        r->peer = found.address;
    if (found.proto.n > 0)
        r->is_secure = str_eq_nocase_z(found.proto, "https");
    if (found.host.n > 0)
        r->host = found.host;
}
