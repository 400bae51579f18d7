#include "ttls/envfile.h"

#include "ttls/stmt.h"

/* A number in its range, or one of the words in any case; "1" and "0" are what
 * GSK_ variables also call On and Off. */
static bool
value_of(const struct ttls_row *row, struct str text, uint32_t *out)
{
    uint64_t n;

    if (row->kind == TTLS_K_NUMBER) {
        if (!str_to_u64(text, &n) || n < row->min || n > row->max)
            return false;
        *out = (uint32_t)n;
        return true;
    }
    for (const struct ttls_word *w = row->words; w != NULL && w->word != NULL;
         w++) {
        if (str_eq_nocase_z(text, w->word)) {
            *out = w->value;
            return true;
        }
    }
    return false;
}

static bool
apply(const struct ttls_type *type, struct str name, struct str value,
      struct ttls_gsk_adv *gsk)
{
    bool is_ref = false;
    const struct ttls_row *row = ttls_row_find(type, name, &is_ref);
    uint32_t number;

    if (row == NULL || is_ref || !str_starts(name, STR("GSK_")) ||
        (row->kind != TTLS_K_NUMBER && row->kind != TTLS_K_WORD) ||
        (gsk->obj.coded & ttls_row_bit(type, row)) != 0 ||
        !value_of(row, value, &number))
        return false;
    *(uint32_t *)(void *)((char *)gsk + row->offset) = number;
    gsk->obj.coded |= ttls_row_bit(type, row);
    return true;
}

size_t
ttls_envfile_apply(struct str text, struct ttls_gsk_adv *gsk)
{
    const struct ttls_type *type = ttls_type_of(TTLS_GSK_ADV);
    struct ttls_gsk_adv before = *gsk;
    size_t n = 0;
    struct str line;

    while (str_line(&text, &line)) {
        uint64_t coded = gsk->obj.coded;
        size_t at = str_find_char(line, '=');

        if (at == STR_NPOS)
            continue;
        /* The last line of a name counts: what a line has set may be set
         * again, what the policy has set may not. */
        gsk->obj.coded = before.obj.coded;
        n += apply(type, str_trim(str_sub(line, 0, at)),
                   str_trim(str_sub(line, at + 1, line.n)), gsk);
        gsk->obj.coded |= coded;
    }
    return n;
}
