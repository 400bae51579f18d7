/* Actions as pasearch lists them: what is coded, and what holds if it is not.
 */
#include <stdio.h>
#include <string.h>

#include "ttls/effective.h"
#include "ttls/show_priv.h"
#include "ttls/stmt.h"

#define GSK_COLUMN 48u

static void
show_codes(struct buf *out, unsigned indent, const struct ttls_row *row,
           const struct ttls_codes *list)
{
    bool is_group = row->kind == TTLS_K_GROUPS;
    const char *name =
        strncmp(row->name, "V3Cipher", 8) == 0 ? "v3CipherSuites" : row->name;

    if (list->n == 0) { /* one column further than other values, it is */
        show_line(out, indent, name, SHOW_ACTION_COLUMN + 1, STR("Any"));
        return;
    }
    buf_printf(out, "%*s%s:\n", (int)indent, "", name);
    for (size_t i = 0; i < list->n; i++) {
        uint16_t code = list->v[i];
        const char *text = is_group ? ttls_group_name(code)
                           : row->kind == TTLS_K_PAIRS
                               ? ttls_signature_name(code)
                               : ttls_cipher_name(code);

        buf_printf(out, is_group ? "%*s%04u  %s\n" : "%*s%04X  %s\n",
                   (int)indent + 1, "", code, text == NULL ? "" : text);
    }
}

static void show_object(struct buf *, unsigned indent, enum ttls_stmt,
                        const struct ttls_obj *, enum show_defaults);

static void
show_number(struct buf *out, unsigned indent, const struct ttls_row *row,
            unsigned column, uint32_t value)
{
    char number[16];

    (void)snprintf(number, sizeof number, "%u", value);
    show_line(out, indent, row->name, column, str_of(number));
}

static void
show_texts(struct buf *out, unsigned indent, const struct ttls_row *row,
           unsigned column, const struct ttls_texts *list)
{
    for (size_t i = 0; i < list->n; i++)
        show_line(out, indent, row->name, column, list->v[i]);
}

static void
show_coded(struct buf *out, unsigned indent, const struct ttls_row *row,
           const void *at, enum show_defaults with_defaults)
{
    unsigned column =
        strncmp(row->name, "GSK_", 4) == 0 ? GSK_COLUMN : SHOW_ACTION_COLUMN;

    switch (row->kind) {
    case TTLS_K_WORD:
        show_line(out, indent, row->name, column,
                  str_of(ttls_word_of(row, *(const uint32_t *)at)));
        return;
    case TTLS_K_NUMBER:
        show_number(out, indent, row, column, *(const uint32_t *)at);
        return;
    case TTLS_K_TEXT:
    case TTLS_K_LABEL:
        show_line(out, indent, row->name, column, *(const struct str *)at);
        return;
    case TTLS_K_SECRET:
        show_line(out, indent, row->name, column, STR("********"));
        return;
    case TTLS_K_TEXTS:
        show_texts(out, indent, row, column, at);
        return;
    case TTLS_K_CIPHER1:
    case TTLS_K_CIPHER2:
    case TTLS_K_CIPHER4:
    case TTLS_K_PAIRS:
    case TTLS_K_GROUPS:
        show_codes(out, indent, row, at);
        return;
    case TTLS_K_OBJECT:
        show_object(out, indent, row->target,
                    *(const struct ttls_obj *const *)at, with_defaults);
        return;
    case TTLS_K_REF:
    case TTLS_K_ADDR:
    case TTLS_K_PORT:
    case TTLS_K_JOB:
    case TTLS_K_ONE_ADDR:
    case TTLS_K_PREFIX:
    case TTLS_K_RANGE:
    case TTLS_K_ONE_PORT:
    case TTLS_K_MEMBER:
    case TTLS_K_PERIOD:
    case TTLS_K_MASK:
    case TTLS_K_DAY_MASK:
    case TTLS_K_OF_DAY:
        return; /* rules only */
    }
}

size_t
show_default_codes(const struct ttls_row *row, enum show_defaults dflts,
                   uint16_t out[SHOW_CODES_MAX])
{
    static const uint16_t pairs_13[] = { 0x0806, 0x0805, 0x0804 };
    size_t n = 0;

    for (const char *p = row->dflt; *p != '\0' && n < SHOW_CODES_MAX - 4;
         p += 4) {
        unsigned code = 0;

        IGNORE(sscanf(p, row->kind == TTLS_K_GROUPS ? "%4u" : "%4x", &code));
        out[n++] = (uint16_t)code;
    }
    if (dflts == DFLT_TLS13 && strcmp(row->name, "ClientECurves") == 0)
        out[n++] = 29;
    for (size_t i = 0; dflts == DFLT_TLS13 && i < ARRAY_LEN(pairs_13) &&
                       strcmp(row->name, "SignaturePairs") == 0;
         i++)
        out[n++] = pairs_13[i];
    return n;
}

bool
show_has_defaults(enum ttls_stmt stmt)
{
    return stmt == TTLS_ENV_ADV || stmt == TTLS_GROUP_ADV ||
           stmt == TTLS_SIGNATURE || stmt == TTLS_GSK_ADV ||
           stmt == TTLS_GSK_OCSP || stmt == TTLS_GSK_CDP;
}

/* With any curve there is no default for what a client offers a share of. */
bool
show_is_open(enum ttls_stmt stmt, const struct ttls_row *row,
             const struct ttls_obj *obj)
{
    return stmt == TTLS_SIGNATURE && obj != NULL &&
           strcmp(row->name, "ClientKeyShareGroups") == 0 &&
           ttls_is_coded(obj, "ClientECurves") &&
           ((const struct ttls_signature *)(const void *)obj)
                   ->client_curves.n == 0;
}

static void
show_default(struct buf *out, unsigned indent, const struct ttls_row *row,
             enum show_defaults dflts)
{
    unsigned column =
        strncmp(row->name, "GSK_", 4) == 0 ? GSK_COLUMN : SHOW_ACTION_COLUMN;

    if (row->kind == TTLS_K_OBJECT) {
        if (show_has_defaults(row->target))
            show_object(out, indent, row->target, NULL, dflts);
    } else if (row->dflt == NULL) {
        return;
    } else if (row->kind == TTLS_K_GROUPS || row->kind == TTLS_K_PAIRS) {
        uint16_t v[SHOW_CODES_MAX];
        struct ttls_codes list = { v, show_default_codes(row, dflts, v) };

        show_codes(out, indent, row, &list);
    } else {
        show_line(out, indent, row->name, column, str_of(row->dflt));
    }
}

static void
show_rows(struct buf *out, unsigned indent, enum ttls_stmt stmt,
          const struct ttls_obj *obj, enum show_defaults with_defaults)
{
    const struct ttls_type *type = ttls_type_of(stmt);

    for (size_t i = 0; i < type->n_rows; i++) {
        const struct ttls_row *row = &type->rows[i];

        if (obj != NULL && (obj->coded & ((uint64_t)1 << i)) != 0)
            show_coded(out, indent, row, ttls_field(obj, row), with_defaults);
        else if (with_defaults != DFLT_NO && !show_is_open(stmt, row, obj))
            show_default(out, indent, row, with_defaults);
    }
}

static void
show_object(struct buf *out, unsigned indent, enum ttls_stmt stmt,
            const struct ttls_obj *obj, enum show_defaults with_defaults)
{
    buf_printf(out, "%*s%s:\n", (int)indent, "", ttls_type_of(stmt)->keyword);
    show_rows(out, indent + 1, stmt, obj, with_defaults);
}

enum show_defaults
show_defaults_of(const struct ttls_obj *action)
{
    const struct ttls_adv *adv;

    if (action->stmt == TTLS_CONN_ACTION)
        return DFLT_NO;
    if (action->stmt != TTLS_ENV_ACTION)
        return DFLT_YES;
    adv = ((const struct ttls_env_action *)action)->adv;
    return adv != NULL && adv->tlsv13 == TTLS_ON ? DFLT_TLS13 : DFLT_YES;
}

void
ttls_show_action(const struct ttls_obj *action, struct buf *out)
{
    show_rows(out, 4, action->stmt, action, show_defaults_of(action));
}

void
show_action(struct buf *out, const struct ttls_obj *action,
            const struct show_options *o)
{
    show_line(out, 2, "TTLS Action", SHOW_ACTION_COLUMN, action->name);
    if (o->names_only)
        return;
    show_line(out, 4, "Version", SHOW_ACTION_COLUMN, STR("3"));
    show_line(out, 4, "Status", SHOW_ACTION_COLUMN, STR("Active"));
    show_line(out, 4, "Scope", SHOW_ACTION_COLUMN,
              str_of(show_scope_name(action->stmt)));
    ttls_show_action(action, out);
    show_dates(out, 4, action);
}
