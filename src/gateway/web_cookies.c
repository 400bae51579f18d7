/*
 * Cookies of answers: SameSite where nobody said it, one of each name, and no
 * cache that keeps them.
 * Sources: Liberty, samesite; httpOptions DoNotAllowDuplicateSetCookies and
 * NoCacheCookiesControl; RFC 6265bis.
 */
#include "gateway/web.h"

#define COOKIE_MAX 8192u

static struct str
cookie_name(struct str value)
{
    size_t end = str_find_char(value, '=');
    size_t semicolon = str_find_char(value, ';');

    if (semicolon != STR_NPOS && (end == STR_NPOS || semicolon < end))
        end = semicolon;
    return str_trim(str_sub(value, 0, end));
}

static bool
has_attribute(struct str value, const char *name)
{
    struct str part;

    (void)str_token(&value, ';', &part); /* name=value */
    while (str_token(&value, ';', &part))
        if (str_eq_nocase_z(cookie_name(part), name))
            return true;
    return false;
}

/* 0 does not fit; an exact name most, else the longest pattern. */
static size_t
fits(const struct cfg_list *names, struct str name)
{
    size_t best = 0;

    for (size_t i = 0; i < names->n; i++) {
        struct str pattern = str_trim(names->v[i]);
        struct str start = str_sub(pattern, 0, pattern.n - 1);

        if (str_eq(pattern, name))
            return SIZE_MAX;
        if (str_ends(pattern, STR("*")) && str_starts(name, start) &&
            pattern.n > best)
            best = pattern.n;
    }
    return best;
}

/* What is to be added; "" nothing. Browsers take None with Secure only. */
static void
put_same_site(const struct cfg_same_site *rules, struct str value,
              struct buf *out)
{
    struct str name = cookie_name(value);
    size_t lax = fits(&rules->lax, name), none = fits(&rules->none, name),
           strict = fits(&rules->strict, name);

    buf_add(out, value);
    if (has_attribute(value, "SameSite") || lax + none + strict == 0)
        return;
    /* In several lists: the strictest of those that fit best. */
    if (strict >= lax && strict >= none) {
        buf_add_z(out, "; SameSite=Strict");
    } else if (lax >= none) {
        buf_add_z(out, "; SameSite=Lax");
    } else {
        buf_add_z(out, "; SameSite=None");
        if (!has_attribute(value, "Secure"))
            buf_add_z(out, "; Secure");
        if (fits(&rules->partitioned, name) > 0 &&
            !has_attribute(value, "Partitioned"))
            buf_add_z(out, "; Partitioned");
    }
}

static bool
is_cookie(const struct http_header *h)
{
    return str_eq_nocase_z(h->name, "Set-Cookie");
}

static void
keep_last(struct http_header *headers, size_t *n)
{
    size_t kept = 0;

    for (size_t i = 0; i < *n; i++) {
        bool is_last = true;

        for (size_t k = i + 1; is_cookie(&headers[i]) && k < *n; k++)
            if (is_cookie(&headers[k]) && str_eq(cookie_name(headers[k].value),
                                                 cookie_name(headers[i].value)))
                is_last = false;
        if (is_last)
            headers[kept++] = headers[i];
    }
    *n = kept;
}

static void
forbid_cache(struct http_header *headers, size_t *n)
{
    const struct http_header ours[] = {
        { STR("Expires"), STR("Thu, 01 Dec 1994 16:00:00 GMT") },
        { STR("Cache-Control"), STR("no-cache=\"set-cookie, set-cookie2\"") },
    };

    for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
        bool is_said = false;

        for (size_t k = 0; k < *n; k++)
            is_said = is_said || str_eq_nocase(headers[k].name, ours[i].name);
        if (!is_said && *n < WEB_HEADERS_MAX)
            headers[(*n)++] = ours[i];
    }
}

void
web_cookies(const struct web_cookie_rules *rules, struct arena *arena,
            struct http_header *headers, size_t *n)
{
    bool has_any = false;

    for (size_t i = 0; i < *n; i++) {
        struct buf value;
        struct str copy;

        if (!is_cookie(&headers[i]))
            continue;
        has_any = true;
        if (rules->same_site == NULL)
            continue;
        buf_init(&value, COOKIE_MAX);
        put_same_site(rules->same_site, headers[i].value, &value);
        copy =
            value.failed ? (struct str){ 0 } : str_dup(arena, buf_view(&value));
        if (copy.p != NULL)
            headers[i].value = copy;
        buf_fini(&value);
    }
    if (has_any && rules->sends_last_only)
        keep_last(headers, n);
    if (has_any && rules->forbids_cache)
        forbid_cache(headers, n);
}
