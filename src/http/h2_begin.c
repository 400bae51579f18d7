/* How a clear-text connection becomes one of HTTP/2. */
#include <string.h>

#include "http/h2_session.h"
#include "parse/base64.h"

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define SETTINGS_MAX 1024u

enum h2_preface
h2_preface(const struct http_conn *conn, struct str in)
{
    struct str preface = STR(PREFACE);

    if (!conn->server->options.http2 || conn->is_tls || conn->n_requests > 0 ||
        in.n == 0)
        return H2_PREFACE_NONE;
    if (in.n >= preface.n)
        return str_starts(in, preface) ? H2_PREFACE_WHOLE : H2_PREFACE_NONE;
    return str_starts(preface, in) ? H2_PREFACE_PART : H2_PREFACE_NONE;
}

static bool
lists(struct str value, const char *token)
{
    struct str item;

    while (str_token(&value, ',', &item))
        if (str_eq_nocase_z(str_trim(item), token))
            return true;
    return false;
}

/* Upgrade names h2c, HTTP2-Settings comes once, Connection names both (RFC
 * 7540, 3.2). The first request of a connection only, and without a body: that
 * would have to be read by the old rules first. */
static bool
asks_for_h2(const struct http_conn *conn, struct str *settings)
{
    const struct http_head *head = &conn->exchange->head;
    bool is_upgrade = false, is_named = false, is_settings_named = false;
    unsigned n = 0;

    if (!conn->server->options.http2 || conn->is_tls || conn->n_requests > 0 ||
        head->body != HTTP_BODY_NONE || head->minor != 1)
        return false;
    for (size_t i = 0; i < head->n_headers; i++) {
        const struct http_header *h = &head->headers[i];

        if (str_eq_nocase_z(h->name, "Upgrade")) {
            is_upgrade |= lists(h->value, "h2c");
        } else if (str_eq_nocase_z(h->name, "Connection")) {
            is_named |= lists(h->value, "Upgrade");
            is_settings_named |= lists(h->value, "HTTP2-Settings");
        } else if (str_eq_nocase_z(h->name, "HTTP2-Settings")) {
            *settings = h->value;
            n++;
        }
    }
    return is_upgrade && is_named && is_settings_named && n == 1 &&
           settings->n <= SETTINGS_MAX;
}

bool
h2_upgrade(struct http_conn *conn)
{
    struct exchange *ex = conn->exchange;
    struct str encoded, settings;

    if (!asks_for_h2(conn, &encoded) ||
        base64_decode_dup(&ex->arena, encoded, BASE64_URL, &settings, NULL) !=
            ERR_OK ||
        !http_input_split(&conn->in, &ex->held))
        return false;
    /* Nothing of HTTP/2 is written before the first step. */
    if (h2_start(conn, ex, settings) != ERR_OK)
        return false;
    if (http_out_add(&conn->out, STR("HTTP/1.1 101 Switching Protocols\r\n"
                                     "Connection: Upgrade\r\n"
                                     "Upgrade: h2c\r\n\r\n")) != ERR_OK)
        conn_close(conn);
    return true;
}
