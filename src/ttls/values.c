/* Values of parameters, by the kind of their row. */
#include <stdio.h>
#include <string.h>

#include "ttls/build_priv.h"

static void *
field(struct ttls_obj *obj, const struct ttls_row *row)
{
    return (char *)obj + row->offset;
}

/* --- words, numbers, texts ---------------------------------------------- */

static void
set_word(struct ttls_build *b, struct ttls_obj *obj, const struct ttls_row *row,
         struct str value)
{
    struct buf list;

    for (const struct ttls_word *w = row->words; w->word != NULL; w++) {
        if (str_eq_nocase_z(value, w->word)) {
            *(uint32_t *)field(obj, row) = w->value;
            return;
        }
    }
    buf_init(&list, 200);
    for (const struct ttls_word *w = row->words; w->word != NULL; w++) {
        if (w != row->words)
            buf_add_z(&list, w[1].word == NULL ? " or " : ", ");
        buf_add_z(&list, w->word);
    }
    build_error(b, "%s: found \"%.*s\", expected %s", row->name, QUOTE(value),
                buf_z(&list));
    buf_fini(&list);
}

static void
set_number(struct ttls_build *b, struct ttls_obj *obj,
           const struct ttls_row *row, struct str value)
{
    uint64_t number;

    if (!str_to_u64(value, &number) || number < row->min || number > row->max) {
        build_error(b, "%s: found \"%.*s\", expected a number from %u to %u",
                    row->name, QUOTE(value), row->min, row->max);
        return;
    }
    *(uint32_t *)field(obj, row) = (uint32_t)number;
}

static void
set_text(struct ttls_build *b, struct ttls_obj *obj, const struct ttls_row *row,
         struct str value)
{
    if ((value.n == 0 && row->kind != TTLS_K_LABEL) || value.n > row->max) {
        build_error(b, "%s: found %zu characters, expected %u to %u", row->name,
                    value.n, row->kind == TTLS_K_LABEL ? 0u : 1u, row->max);
        return;
    }
    *(struct str *)field(obj, row) = value;
}

static bool
is_host_and_label(struct str value)
{
    size_t slash = str_find_char(value, '/');

    return slash != STR_NPOS && slash > 0 && slash + 1 < value.n;
}

static void
add_text(struct ttls_build *b, struct ttls_obj *obj, const struct ttls_row *row,
         struct str value)
{
    struct ttls_texts *list = field(obj, row);
    struct str *v = (struct str *)(uintptr_t)list->v;

    if (value.n == 0 || value.n > row->max) {
        build_error(b, "%s: found %zu characters, expected 1 to %u", row->name,
                    value.n, row->max);
        return;
    }
    if ((row->flags & TTLS_F_HOST) != 0 && !is_host_and_label(value)) {
        build_error(b, "%s: found \"%.*s\", expected hostname/label", row->name,
                    QUOTE(value));
        return;
    }
    if ((list->n & (list->n - 1)) == 0) {
        v = build_alloc(b, (list->n == 0 ? 1 : 2 * list->n) * sizeof *v);
        if (v == NULL)
            return;
        if (list->n > 0)
            memcpy(v, list->v, list->n * sizeof *v);
    }
    v[list->n++] = value;
    list->v = v;
}

/* Job names and user IDs; '*' only at the end [unverified]. */
static void
set_job(struct ttls_build *b, struct ttls_obj *obj, const struct ttls_row *row,
        struct str value)
{
    struct str upper = str_upper(&b->policy->arena, value);

    for (size_t i = 0; i < value.n; i++) {
        char c = upper.p == NULL ? '?' : upper.p[i];

        if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '$' ||
            c == '#' || c == '@' || (c == '*' && i + 1 == value.n))
            continue;
        value.n = 0; /* refused below */
    }
    if (value.n == 0 || value.n > 8) {
        build_error(b,
                    "%s: found \"%.*s\", expected 1 to 8 letters, digits, $, "
                    "#, @, and * only as the last",
                    row->name, QUOTE(upper));
        return;
    }
    *(struct str *)field(obj, row) = upper;
}

/* --- all ---------------------------------------------------------------- */

void
build_value(struct ttls_build *b, struct ttls_obj *obj,
            const struct ttls_type *type, const struct ttls_row *row,
            struct str value)
{
    (void)type;
    switch (row->kind) {
    case TTLS_K_WORD:
        set_word(b, obj, row, value);
        return;
    case TTLS_K_NUMBER:
        set_number(b, obj, row, value);
        return;
    case TTLS_K_TEXT:
    case TTLS_K_LABEL:
    case TTLS_K_SECRET:
        set_text(b, obj, row, value);
        return;
    case TTLS_K_TEXTS:
        add_text(b, obj, row, value);
        return;
    case TTLS_K_CIPHER1:
        value_ciphers_v2(b, obj, row, value);
        return;
    case TTLS_K_CIPHER2:
    case TTLS_K_CIPHER4:
        value_ciphers(b, obj, row, value);
        return;
    case TTLS_K_PAIRS:
        value_pairs(b, obj, row, value);
        return;
    case TTLS_K_GROUPS:
        value_groups(b, obj, row, value);
        return;
    case TTLS_K_ADDR:
        value_rule_address(b, obj, row, value);
        return;
    case TTLS_K_PORT:
    case TTLS_K_ONE_PORT:
        value_ports(b, obj, row, value);
        return;
    case TTLS_K_JOB:
        set_job(b, obj, row, value);
        return;
    case TTLS_K_ONE_ADDR:
    case TTLS_K_PREFIX:
    case TTLS_K_RANGE:
        value_address(b, obj, row, value);
        return;
    case TTLS_K_PERIOD:
        value_period(b, (struct ttls_time *)obj, value);
        return;
    case TTLS_K_MASK:
        value_mask(b, obj, row, value);
        return;
    case TTLS_K_DAY_MASK:
        value_day_mask(b, (struct ttls_time *)obj, value);
        return;
    case TTLS_K_OF_DAY:
        value_of_day(b, (struct ttls_time *)obj, value);
        return;
    case TTLS_K_OBJECT:
    case TTLS_K_REF:
    case TTLS_K_MEMBER:
        break; /* not values */
    }
    REQUIRE(false);
}
