/* One value as a policy of three lines: what holds for policies holds here. */
#include "assist/param.h"

#include <stdio.h>
#include <string.h>

#include "ttls/build.h"
#include "ttls/stmt.h"

#define VALUE_LINE 3u

struct verdict {
    bool is_whole; /* the block is complete: its own errors count, too */
    char *why;
};

static void
on_diag(void *arg, const struct ttls_diag *d)
{
    struct verdict *v = arg;

    if (d->is_error && v->why[0] == '\0' &&
        (v->is_whole || d->line == VALUE_LINE))
        (void)snprintf(v->why, PARAM_WHY_MAX, "%s", d->text);
}

/* Nothing that could end the line, open a block or begin a comment. */
bool
param_is_plain(struct str text, char *why)
{
    const char *bad = NULL;

    if (text.n == 0 || text.n > STORE_VALUE_MAX)
        bad = "is not 1 to 1023 characters long";
    else if (text.p[0] == ' ' || text.p[text.n - 1] == ' ')
        bad = "begins or ends with a blank";
    for (size_t i = 0; bad == NULL && i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];

        if (c < ' ' || c >= 0x7f)
            bad = "holds a byte that is no printable ASCII character";
        else if (c == '{' || c == '}')
            bad = "holds a brace";
        else if (c == '#' && (i == 0 || text.p[i - 1] == ' '))
            bad = "holds #, which begins a comment";
    }
    if (bad != NULL)
        (void)snprintf(why, PARAM_WHY_MAX,
                       "found a value that %s; expected "
                       "one that can stand on a line of a policy",
                       bad);
    return bad == NULL;
}

/* The policy of a text, or NULL. */
static struct ttls_policy *
policy_of(struct buf *text, struct verdict *verdict)
{
    struct ttls_build_options options = { .on_diag = on_diag, .arg = verdict };
    struct ttls_build *b = ttls_build_new(&options);
    struct ttls_policy *policy = NULL;

    if (b == NULL || buf_check(text, NULL) != ERR_OK) {
        (void)snprintf(verdict->why, PARAM_WHY_MAX, "no storage to check it");
    } else {
        ttls_build_file(b, STR("value"), buf_view(text));
        IGNORE(ttls_build_finish(&b, &policy, NULL)); /* said to on_diag */
    }
    buf_fini(text);
    return policy;
}

bool
param_check(enum ttls_stmt stmt, const char *keyword, struct str value,
            char *why)
{
    bool is_ring = strcmp(keyword, "Keyring") == 0;
    struct verdict verdict = { is_ring, why };
    struct ttls_policy *policy;
    struct buf text;

    why[0] = '\0';
    if (!param_is_plain(value, why))
        return false;
    buf_init(&text, 2 * STORE_VALUE_MAX);
    buf_printf(&text, "%s x\n{\n%s " STR_FMT "\n", ttls_type_of(stmt)->keyword,
               keyword, STR_ARG(value));
    if (is_ring && value.p[0] == '/')
        buf_add_z(&text, "KeyringStashFile x\n"); /* the model asks for it */
    buf_add_z(&text, "}\n");
    policy = policy_of(&text, &verdict);
    ttls_policy_unref(&policy);
    return why[0] == '\0';
}

bool
param_check_all(const struct store_params *params, char *why)
{
    /* Those that are complete with what a level says of them. */
    static const enum ttls_stmt stmts[] = {
        TTLS_CONN_ADV, TTLS_ENV_ADV, TTLS_SIGNATURE, TTLS_GSK_ADV,
        TTLS_GSK_LDAP, TTLS_GSK_CDP, TTLS_GSK_OCSP,
    };
    struct verdict verdict = { true, why };
    struct ttls_policy *policy;
    struct buf text;

    why[0] = '\0';
    buf_init(&text, STORE_FILE_MAX);
    for (size_t i = 0; i < ARRAY_LEN(stmts); i++) {
        buf_printf(&text, "%s x\n{\n", ttls_type_of(stmts[i])->keyword);
        for (size_t k = 0; k < params->n; k++)
            if (params->v[k].stmt == stmts[i])
                buf_printf(&text, "%s " STR_FMT "\n", params->v[k].keyword,
                           STR_ARG(params->v[k].text));
        buf_add_z(&text, "}\n");
    }
    policy = policy_of(&text, &verdict);
    ttls_policy_unref(&policy);
    return why[0] == '\0';
}

size_t
param_ciphers(struct str value, uint16_t *codes, size_t n)
{
    char why[PARAM_WHY_MAX] = "";
    struct verdict verdict = { true, why };
    const struct ttls_obj *const *objs;
    const struct ttls_cipher *cipher;
    struct ttls_policy *policy;
    struct buf text;

    buf_init(&text, 2 * STORE_VALUE_MAX);
    buf_printf(&text,
               "TTLSCipherParms x\n{\nV3CipherSuites4Char " STR_FMT "\n}\n",
               STR_ARG(value));
    policy = policy_of(&text, &verdict);
    if (policy == NULL)
        return 0;
    IGNORE(ttls_policy_objects(policy, &objs));
    cipher = (const struct ttls_cipher *)objs[0];
    n = cipher->v3_4.n < n ? cipher->v3_4.n : n;
    memcpy(codes, cipher->v3_4.v, n * sizeof *codes);
    ttls_policy_unref(&policy);
    return n;
}

enum ttls_stmt
param_of_address(struct str text, const char **keyword)
{
    bool is_prefix = str_find_char(text, '/') != STR_NPOS;
    bool is_range = str_find_char(text, '-') != STR_NPOS;

    *keyword = is_prefix ? "Prefix" : is_range ? "Range" : "Addr";
    return is_prefix || is_range ? TTLS_IPADDR_SET : TTLS_IPADDR;
}
