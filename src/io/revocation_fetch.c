/* One HTTP exchange with a responder or for a list, blocking, within limits. */
#include <openssl/err.h>
#include <openssl/http.h>
#include <string.h>

#include "io/revocation_priv.h"

#define PROXY_MAX 270u /* a host name, its port and brackets */

static struct str
library_text(void)
{
    unsigned long code = ERR_peek_last_error();
    const char *text = ERR_reason_error_string(code);

    return str_of(text == NULL ? "no answer" : text);
}

/* From the path on, without a fragment. */
static void
put_path(struct buf *out, const char *url)
{
    struct str rest = str_of(url + strlen("http://"));
    size_t slash = 0;

    while (slash < rest.n && rest.p[slash] != '/' && rest.p[slash] != '?')
        slash++;
    rest = str_sub(rest, slash, rest.n);
    if (rest.n == 0 || rest.p[0] == '?')
        buf_add_char(out, '/');
    buf_add(out, str_sub(rest, 0, str_find_char(rest, '#')));
}

/* The library has read it whole, within the limit, into memory. */
static enum err
take(BIO *answer, size_t max_bytes, struct buf *out, struct err_info *why)
{
    char *p = NULL;
    long n = BIO_get_mem_data(answer, &p);

    if (n <= 0 || (size_t)n > max_bytes)
        return err_set(why, ERR_LIMIT, "an answer of %ld bytes", n);
    buf_init(out, (size_t)n);
    buf_add(out, str_n(p, (size_t)n));
    return buf_check(out, why);
}

enum err
fetch_http(const char *url, struct str proxy, const char *content_type,
           struct str body, const char *answer_type, size_t max_bytes,
           uint32_t timeout_ms, struct buf *out, struct err_info *why)
{
    char *host = NULL, *port = NULL;
    char proxy_z[PROXY_MAX];
    BIO *request = NULL, *answer = NULL;
    int is_tls = 0, seconds = (int)((timeout_ms + 999) / 1000);
    enum err e = ERR_OK;
    struct buf path;

    buf_init(out, 0);
    buf_init(&path, REVOCATION_URL_MAX + 1);
    ERR_clear_error();
    put_path(&path, url);
    if (OSSL_HTTP_parse_url(url, &is_tls, NULL, &host, &port, NULL, NULL, NULL,
                            NULL) != 1 ||
        is_tls || path.failed || !str_copy_z(proxy, proxy_z, sizeof proxy_z)) {
        e = err_set(why, ERR_SYNTAX, "%s is not an http: address", url);
        goto out;
    }
    if (body.n > 0)
        request = BIO_new_mem_buf(body.p, (int)body.n);
    /* An empty proxy: none, whatever the environment names. */
    answer =
        OSSL_HTTP_transfer(NULL, host, port, buf_z(&path), 0, proxy_z, NULL,
                           NULL, NULL, NULL, NULL, 0, NULL, content_type,
                           request, answer_type, 1, max_bytes, seconds, 0);
    if (answer == NULL)
        e = err_set(why, ERR_PEER, "%s: " STR_FMT, url,
                    STR_ARG(library_text()));
    else
        e = take(answer, max_bytes, out, why);
out:
    BIO_free(request);
    BIO_free_all(answer);
    OPENSSL_free(host);
    OPENSSL_free(port);
    buf_fini(&path);
    ERR_clear_error();
    return e;
}
