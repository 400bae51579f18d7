#include "ttls/conf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/codepage.h"
#include "ttls/lines.h"

#define INTERVAL_MAX 2147483647u
#define LOG_LEVEL_MAX 511u

struct parse {
    struct str file;
    uint32_t line;
    uint32_t ttls_line; /* of TTLSConfig in the main file; 0: none */
    uint32_t told;      /* of others[]: each is told once */
    pagent_diag on_diag;
    void *arg;
};

static void PRINTF_LIKE(3, 4)
    tell(struct parse *p, bool is_error, const char *fmt, ...)
{
    char text[256];
    struct ttls_diag diag = {
        .is_error = is_error, .file = p->file, .line = p->line, .text = text
    };
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (p->on_diag != NULL)
        p->on_diag(p->arg, &diag);
}

/* The next word of a value. */
static bool
word(struct str *rest, struct str *out)
{
    size_t from = 0, to;

    while (from < rest->n && (rest->p[from] == ' ' || rest->p[from] == '\t'))
        from++;
    to = from;
    while (to < rest->n && rest->p[to] != ' ' && rest->p[to] != '\t')
        to++;
    *out = str_sub(*rest, from, to);
    *rest = str_sub(*rest, to, rest->n);
    return out->n > 0;
}

static bool
is_option(struct str w, bool *flush, bool *purge)
{
    if (str_eq_nocase_z(w, "FLUSH") || str_eq_nocase_z(w, "NOFLUSH"))
        *flush = w.n == 5;
    else if (str_eq_nocase_z(w, "PURGE") || str_eq_nocase_z(w, "NOPURGE"))
        *purge = w.n == 5;
    else
        return false;
    return true;
}

static bool
is_path(struct str w)
{
    return w.n > 0 && w.n <= 1023 && w.p[0] == '/';
}

/* name [path] [FLUSH|NOFLUSH] [PURGE|NOPURGE] [interval] */
static bool
take_image(struct parse *p, struct str rest, struct pagent_image *image)
{
    struct str w;
    uint64_t number;

    if (!word(&rest, &image->name) || image->name.n > 8) {
        tell(p, true,
             "TcpImage: expected the name of a stack, 1 to 8 characters");
        return false;
    }
    for (size_t i = 0; i < image->name.n; i++) {
        char c = image->name.p[i];

        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '$' ||
              c == '#' || c == '@')) {
            tell(p, true,
                 "TcpImage: \"%.*s\": expected upper-case letters, digits, $, "
                 "# or @",
                 STR_ARG(image->name));
            return false;
        }
    }
    while (word(&rest, &w)) {
        if (is_option(w, &image->flush, &image->purge))
            continue;
        if (is_path(w) && image->path.n == 0) {
            image->path = w;
        } else if (str_to_u64(w, &number) && number <= INTERVAL_MAX) {
            image->interval_s = (uint32_t)number;
        } else {
            tell(p, true,
                 "TcpImage %.*s: found \"%.*s\", expected a path, FLUSH, "
                 "NOFLUSH, PURGE, NOPURGE or an interval of 0 to %u seconds",
                 STR_ARG(image->name), w.n > 60 ? 60 : (int)w.n, w.p,
                 INTERVAL_MAX);
            return false;
        }
    }
    return true;
}

static void
add_image(struct parse *p, struct str value, struct pagent_conf *out)
{
    struct pagent_image image = { .flush = true,
                                  .interval_s = PAGENT_INTERVAL_S,
                                  .line = p->line };

    if (!take_image(p, value, &image)) {
        out->has_bad_image = true;
        return;
    }
    for (size_t i = 0; i < out->n_images; i++) {
        if (!str_eq(out->images[i].name, image.name))
            continue;
        tell(p, false, "TcpImage %.*s is coded again; the last one counts",
             STR_ARG(image.name));
        out->images[i] = image;
        return;
    }
    if (out->n_images == PAGENT_IMAGES_MAX) {
        tell(p, true, "more than %u TcpImage statements", PAGENT_IMAGES_MAX);
        out->has_bad_image = true;
        return;
    }
    out->images[out->n_images++] = image;
}

/* [path] [FLUSH|NOFLUSH] [PURGE|NOPURGE]; the last statement counts */
static void
take_ttls(struct parse *p, struct str rest, struct ttls_conf *out)
{
    struct ttls_conf conf = { .is_coded = true, .flush = true };
    struct str w;

    conf.flush = out->flush;
    conf.purge = out->purge;
    while (word(&rest, &w)) {
        if (is_option(w, &conf.flush, &conf.purge)) {
            bool is_purge = (w.p[w.n - 5] & ~0x20) == 'P';

            *(is_purge ? &conf.has_purge : &conf.has_flush) = true;
            continue;
        }
        if (!is_path(w) || conf.path.n > 0) {
            tell(p, true,
                 "TTLSConfig: found \"%.*s\", expected a path, FLUSH, "
                 "NOFLUSH, PURGE or NOPURGE",
                 w.n > 60 ? 60 : (int)w.n, w.p);
            out->is_coded = out->is_bad = true;
            return;
        }
        conf.path = w;
    }
    *out = conf;
}

static void
take_level(struct parse *p, struct str value, struct pagent_conf *out)
{
    uint64_t level;

    if (str_to_u64(value, &level) && level <= LOG_LEVEL_MAX)
        out->log_level = (uint32_t)level;
    else
        tell(p, true, "LogLevel: found \"%.*s\", expected 0 to %u",
             value.n > 60 ? 60 : (int)value.n, value.p, LOG_LEVEL_MAX);
}

static void
take_codepage(struct parse *p, struct str name, struct pagent_conf *out)
{
    uint32_t ccsid;

    if (codepage_parse(name, &ccsid, NULL) == ERR_OK &&
        codepage_find(ccsid) != NULL)
        out->codepage = name;
    else
        tell(p, true, "Codepage: \"%.*s\" is no code page that is known here",
             name.n > 60 ? 60 : (int)name.n, name.p);
}

/* Statements of what Sallyport does not do. */
static const char *const others[] = {
    "AutoMonitorApps",
    "AutoMonitorParms",
    "ClientConnection",
    "CommonIDSConfig",
    "CommonIPSecConfig",
    "CommonRoutingConfig",
    "DynamicConfigPolicyLoad",
    "IDSConfig",
    "IPSecConfig",
    "PolicyAction",
    "PolicyPerfMonitorForSDR",
    "PolicyPerformanceCollection",
    "PolicyRule",
    "PolicyServer",
    "QosConfig",
    "ReadFromDirectory",
    "RoutingConfig",
    "ServerConnection",
    "ServicesConnection",
    "SetSubnetPrioTosMask",
};

_Static_assert(ARRAY_LEN(others) <= 32, "a bit for each");

/* Told once, however often it is there. */
static bool
is_other(struct parse *p, struct str keyword)
{
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (!str_eq_nocase_z(keyword, others[i]))
            continue;
        if ((p->told & 1u << i) == 0)
            tell(p, false, "%s is for other policies and ignored", others[i]);
        p->told |= 1u << i;
        return true;
    }
    return false;
}

static void
pass_over(struct parse *p, struct lines *in, const struct line *line)
{
    if (!is_other(p, line->word))
        tell(p, true, "\"%.*s\" is not a statement of this file and ignored",
             line->word.n > 60 ? 60 : (int)line->word.n, line->word.p);
    if (lines_peek(in).kind != LINE_OPEN)
        return;
    (void)lines_next(in);
    if (!lines_skip_block(in))
        tell(p, true, "expected } for the { of %.*s",
             line->word.n > 60 ? 60 : (int)line->word.n, line->word.p);
}

static void
main_statement(struct parse *p, struct lines *in, const struct line *line,
               struct pagent_conf *out)
{
    if (str_eq_nocase_z(line->word, "TcpImage") ||
        str_eq_nocase_z(line->word, "PEPInstance")) {
        add_image(p, line->value, out);
    } else if (str_eq_nocase_z(line->word, "LogLevel")) {
        take_level(p, line->value, out);
    } else if (str_eq_nocase_z(line->word, "Codepage")) {
        take_codepage(p, line->value, out);
    } else if (str_eq_nocase_z(line->word, "CommonTTLSConfig")) {
        out->is_common_bad = !is_path(line->value);
        if (out->is_common_bad)
            tell(p, true, "CommonTTLSConfig: found \"%.*s\", expected a path",
                 line->value.n > 60 ? 60 : (int)line->value.n, line->value.p);
        else
            out->common = line->value;
    } else if (str_eq_nocase_z(line->word, "TTLSConfig")) {
        p->ttls_line = line->number;
        take_ttls(p, line->value, &out->ttls);
    } else {
        pass_over(p, in, line);
    }
}

/* TTLSConfig of the main file is for images that have no file of their own. */
static void
check_ttls(struct parse *p, const struct pagent_conf *conf)
{
    for (size_t i = 0; i < conf->n_images; i++) {
        if (conf->images[i].path.n == 0)
            return;
    }
    if (p->ttls_line == 0 || conf->n_images == 0)
        return;
    p->line = p->ttls_line;
    tell(p, false,
         "TTLSConfig is ignored here: every TcpImage names a file of its own, "
         "where it belongs");
}

void
pagent_conf_parse(struct str file, struct str text, struct str dflt,
                  pagent_diag on_diag, void *arg, struct pagent_conf *out)
{
    struct parse p = { .file = file, .on_diag = on_diag, .arg = arg };
    struct lines in = lines_of(text);
    struct line line;

    *out = (struct pagent_conf){ .log_level = PAGENT_LOG_LEVEL,
                                 .ttls = { .flush = true } };
    while ((line = lines_next(&in)).kind != LINE_END) {
        p.line = line.number;
        if (line.kind == LINE_STMT)
            main_statement(&p, &in, &line, out);
        else
            tell(&p, true, "found a brace without a statement before it");
    }
    if (out->n_images == 0 && !out->has_bad_image)
        out->images[out->n_images++] = (struct pagent_image){
            .name = dflt, .flush = true, .interval_s = PAGENT_INTERVAL_S
        };
    check_ttls(&p, out);
}

void
pagent_image_parse(struct str file, struct str text,
                   const struct pagent_image *image, pagent_diag on_diag,
                   void *arg, struct ttls_conf *out)
{
    struct parse p = { .file = file, .on_diag = on_diag, .arg = arg };
    struct lines in = lines_of(text);
    struct line line;

    *out = (struct ttls_conf){ .flush = image->flush, .purge = image->purge };
    while ((line = lines_next(&in)).kind != LINE_END) {
        p.line = line.number;
        if (line.kind == LINE_STMT && str_eq_nocase_z(line.word, "TTLSConfig"))
            take_ttls(&p, line.value, out);
        else if (line.kind == LINE_STMT)
            pass_over(&p, &in, &line);
        else
            tell(&p, true, "found a brace without a statement before it");
    }
}
