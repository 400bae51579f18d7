/* Cross-origin requests of browsers, per path (element cors). */
#include "gateway/serve.h"
#include "gateway/web.h"

static bool
is_below(struct str path, struct str domain)
{
    while (domain.n > 0 && domain.p[domain.n - 1] == '/')
        domain.n--;
    return str_starts(path, domain) &&
           (path.n == domain.n || path.p[domain.n] == '/');
}

static bool
lists(const struct cfg_list *list, struct str what, bool nocase)
{
    for (size_t i = 0; i < list->n; i++)
        if (str_eq_z(list->v[i], "*") ||
            (nocase ? str_eq_nocase(list->v[i], what)
                    : str_eq(list->v[i], what)))
            return true;
    return false;
}

const struct cfg_cors *
web_cors_find(const struct cfg_tree *tree, struct str path, struct str origin)
{
    const struct cfg_cors *c, *best = NULL;

    CFG_EACH(tree, cors, c)
    {
        if (is_below(path, c->domain) &&
            (best == NULL || c->domain.n > best->domain.n))
            best = c;
    }
    return best != NULL && lists(&best->allowed_origins, origin, false) ? best
                                                                        : NULL;
}

static struct str
joined(struct arena *arena, const struct cfg_list *list)
{
    struct str out = STR("");

    for (size_t i = 0; i < list->n; i++)
        out = str_fmt(arena, STR_FMT "%s" STR_FMT, STR_ARG(out),
                      i == 0 ? "" : ", ", STR_ARG(list->v[i]));
    return out;
}

static void
add(struct http_header *headers, size_t *n, const char *name, struct str value)
{
    if (*n < WEB_HEADERS_MAX && value.p != NULL)
        headers[(*n)++] = (struct http_header){ str_of(name), value };
}

static bool
is_named(const struct cfg_list *origins, struct str origin)
{
    for (size_t i = 0; i < origins->n; i++)
        if (str_eq(origins->v[i], origin))
            return true;
    return false;
}

/* Credentials go to origins that are named only: with * any page could act as
 * whoever looks at it (which is why browsers refuse * with credentials). */
static void
add_origin(const struct request *r, struct http_header *headers, size_t *n)
{
    if (!is_named(&r->cors->allowed_origins, r->origin)) {
        add(headers, n, "Access-Control-Allow-Origin", STR("*"));
        return;
    }
    add(headers, n, "Access-Control-Allow-Origin", r->origin);
    add(headers, n, "Vary", STR("Origin"));
    if (r->cors->allow_credentials)
        add(headers, n, "Access-Control-Allow-Credentials", STR("true"));
}

void
web_cors_headers(struct request *r, struct http_header *headers, size_t *n)
{
    add_origin(r, headers, n);
    if (r->cors->expose_headers.n > 0)
        add(headers, n, "Access-Control-Expose-Headers",
            joined(r->http->arena, &r->cors->expose_headers));
}

/* Each header the browser means to send must be allowed. */
static bool
are_headers_allowed(const struct cfg_cors *cors, struct str wanted)
{
    struct str name;

    while (str_token(&wanted, ',', &name))
        if (str_trim(name).n > 0 &&
            !lists(&cors->allowed_headers, str_trim(name), true))
            return false;
    return true;
}

bool
web_cors_preflight(struct request *r)
{
    const struct cfg_cors *cors = r->cors;
    struct http_header headers[WEB_HEADERS_MAX];
    struct str method, wanted = STR("");
    size_t n = 0;

    if (!str_eq_z(r->http->method, "OPTIONS") ||
        !http_header_get(r->http, "Access-Control-Request-Method", &method))
        return false;
    (void)http_header_get(r->http, "Access-Control-Request-Headers", &wanted);
    if (!lists(&cors->allowed_methods, method, false) ||
        !are_headers_allowed(cors, wanted))
        return false;
    add(headers, &n, "Access-Control-Allow-Methods",
        lists(&cors->allowed_methods, STR("*"), false)
            ? method
            : joined(r->http->arena, &cors->allowed_methods));
    if (wanted.n > 0)
        add(headers, &n, "Access-Control-Allow-Headers", wanted);
    if (cors->max_age_s >= 0)
        add(headers, &n, "Access-Control-Max-Age",
            str_fmt(r->http->arena, "%lld", (long long)cors->max_age_s));
    answer(r, 200, (struct str){ 0 }, (struct str){ 0 }, headers, n);
    return true;
}
