/* One value as a policy of three lines: what holds for policies holds here. */
#include "assist/param.h"

#include <stdio.h>
#include <string.h>

#include "assist/model.h"
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
static bool
is_plain(struct str text, char *why)
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

bool
param_check(enum ttls_stmt stmt, const char *keyword, struct str value,
            char *why)
{
    bool is_ring = strcmp(keyword, "Keyring") == 0;
    struct verdict verdict = { is_ring, why };
    struct ttls_build_options options = { .on_diag = on_diag, .arg = &verdict };
    struct ttls_build *b;
    struct ttls_policy *policy = NULL;
    struct buf text;

    why[0] = '\0';
    if (!is_plain(value, why))
        return false;
    buf_init(&text, 2 * STORE_VALUE_MAX);
    buf_printf(&text, "%s x\n{\n%s " STR_FMT "\n", ttls_type_of(stmt)->keyword,
               keyword, STR_ARG(value));
    if (is_ring && value.p[0] == '/')
        buf_add_z(&text, "KeyringStashFile x\n"); /* the model asks for it */
    buf_add_z(&text, "}\n");
    b = ttls_build_new(&options);
    if (b == NULL || buf_check(&text, NULL) != ERR_OK) {
        (void)snprintf(why, PARAM_WHY_MAX, "no storage to check it");
    } else {
        ttls_build_file(b, STR("value"), buf_view(&text));
        IGNORE(ttls_build_finish(&b, &policy, NULL)); /* said to on_diag */
        ttls_policy_unref(&policy);
    }
    buf_fini(&text);
    return why[0] == '\0';
}

enum ttls_stmt
param_of_address(struct str text, const char **keyword)
{
    bool is_prefix = str_find_char(text, '/') != STR_NPOS;
    bool is_range = str_find_char(text, '-') != STR_NPOS;

    *keyword = is_prefix ? "Prefix" : is_range ? "Range" : "Addr";
    return is_prefix || is_range ? TTLS_IPADDR_SET : TTLS_IPADDR;
}
