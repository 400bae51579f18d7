#include "tests/bench/tree_map.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/codepage.h"

/* ---- JSON -> record ---- */

/* Digits of a JSON number or string, right-aligned on the field's scale. */
static bool
digits_of(const struct field *f, const json_t *value, char *digits,
          bool *is_negative)
{
    char text[80];
    const char *p = text, *point;
    size_t n_int, n_frac;

    if (json_is_integer(value))
        snprintf(text, sizeof text, "%lld",
                 (long long)json_integer_value(value));
    else if (json_is_real(value))
        snprintf(text, sizeof text, "%.*f", f->scale, json_real_value(value));
    else
        return false;
    *is_negative = *p == '-';
    p += *is_negative;
    point = strchr(p, '.');
    n_int = point == NULL ? strlen(p) : (size_t)(point - p);
    n_frac = point == NULL ? 0 : strlen(point + 1);
    if (n_int > f->digits - (uint32_t)f->scale || n_frac > (size_t)f->scale)
        return false;
    memset(digits, '0', f->digits);
    memcpy(digits + f->digits - (size_t)f->scale - n_int, p, n_int);
    if (n_frac > 0)
        memcpy(digits + f->digits - (size_t)f->scale, point + 1, n_frac);
    return true;
}

static bool
number_in(const struct field *f, const json_t *value, uint8_t *at)
{
    char digits[32];
    bool is_negative;

    if (!digits_of(f, value, digits, &is_negative))
        return false;
    if (f->kind == FIELD_PACKED) {
        uint32_t n = 2 * f->size - 1, pad = n - f->digits;

        for (uint32_t i = 0; i < n; i++) {
            int d = i < pad ? 0 : digits[i - pad] - '0';

            at[i / 2] = (uint8_t)(i % 2 == 0 ? d << 4 : at[i / 2] | d);
        }
        at[f->size - 1] |= !f->is_signed ? 0xF : is_negative ? 0xD : 0xC;
        return true;
    }
    if (f->kind == FIELD_ZONED) {
        for (uint32_t i = 0; i < f->digits; i++)
            at[i] = (uint8_t)digits[i];
        if (f->is_signed)
            at[f->digits - 1] = (uint8_t)((
                is_negative ? "}JKLMNOPQR"
                            : "{ABCDEFGHI")[digits[f->digits - 1] - '0']);
        return true;
    }
    return false;
}

static bool
field_in(const struct field *f, const json_t *value, uint8_t *at)
{
    if (f->kind == FIELD_GROUP) {
        for (const struct field *c = f->first; c != NULL; c = c->next) {
            char name[64];
            const json_t *v;

            snprintf(name, sizeof name, STR_FMT, STR_ARG(c->name));
            v = json_object_get(value, name);
            if (v != NULL && !field_in(c, v, at + c->offset - f->offset))
                return false;
        }
        return true;
    }
    if (f->kind == FIELD_TEXT) {
        size_t n = json_string_length(value);

        if (!json_is_string(value) || n > f->size)
            return false;
        memcpy(at, json_string_value(value), n);
        memset(at + n, ' ', f->size - n);
        return true;
    }
    return number_in(f, value, at);
}

bool
tree_in(const struct layout *l, struct str json, uint8_t *record)
{
    json_t *root = json_loadb(json.p, json.n, 0, NULL);
    char name[64];
    bool ok;

    snprintf(name, sizeof name, STR_FMT, STR_ARG(l->root->name));
    memset(record, 0, l->size);
    ok = root != NULL && json_object_get(root, name) != NULL &&
         field_in(l->root, json_object_get(root, name), record);
    json_decref(root);
    return ok;
}

/* ---- record -> JSON ---- */

static json_t *
number_out(const struct field *f, const uint8_t *at)
{
    char text[48];
    size_t n = 0;
    bool is_negative = false;

    text[n++] = '-';
    for (uint32_t i = 0; i < f->digits; i++) {
        int d;

        if (f->kind == FIELD_PACKED) {
            uint32_t k = 2 * f->size - 1 - f->digits + i;

            d = k % 2 == 0 ? at[k / 2] >> 4 : at[k / 2] & 15;
            is_negative = (at[f->size - 1] & 15) == 0xD;
        } else if (i + 1 == f->digits && f->is_signed) {
            const char *plus = "{ABCDEFGHI", *minus = "}JKLMNOPQR";

            is_negative = strchr(minus, at[i]) != NULL;
            d = (int)(is_negative ? strchr(minus, at[i]) - minus
                                  : strchr(plus, at[i]) - plus);
        } else {
            d = at[i] & 15;
        }
        if (i == f->digits - (uint32_t)f->scale)
            text[n++] = '.';
        text[n++] = (char)('0' + d);
    }
    text[n] = '\0';
    return f->scale > 0 ? json_real(strtod(text + !is_negative, NULL))
                        : json_integer(strtoll(text + !is_negative, NULL, 10));
}

static json_t *
field_out(const struct field *f, const uint8_t *at)
{
    json_t *object;

    if (f->kind == FIELD_TEXT) {
        size_t n = f->size;

        while (n > 0 && at[n - 1] == ' ')
            n--;
        return json_stringn((const char *)at, n);
    }
    if (f->kind != FIELD_GROUP)
        return number_out(f, at);
    object = json_object();
    for (const struct field *c = f->first; c != NULL; c = c->next) {
        char name[64];

        snprintf(name, sizeof name, STR_FMT, STR_ARG(c->name));
        json_object_set_new(object, name,
                            field_out(c, at + c->offset - f->offset));
    }
    return object;
}

char *
tree_out(const struct layout *l, const uint8_t *record)
{
    json_t *root = json_object();
    char name[64], *text;

    snprintf(name, sizeof name, STR_FMT, STR_ARG(l->root->name));
    json_object_set_new(root, name, field_out(l->root, record));
    text = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(root);
    return text;
}
