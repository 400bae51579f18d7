#include "toolkit/shape.h"

#include <math.h>
#include <string.h>

bool
shape_get_integer(const json_t *schema, const char *key, json_int_t *out)
{
    const json_t *value = json_object_get(schema, key);

    if (json_is_integer(value))
        *out = json_integer_value(value);
    else if (json_is_real(value) && fabs(json_real_value(value)) < 1e15)
        *out = (json_int_t)json_real_value(value);
    else
        return false;
    return true;
}

const char *
shape_type(const json_t *schema)
{
    const char *type = json_string_value(json_object_get(schema, "type"));

    if (type != NULL)
        return type;
    if (json_is_object(json_object_get(schema, "properties")) ||
        json_is_array(json_object_get(schema, "allOf")))
        return "object";
    return json_is_array(json_object_get(schema, "enum")) ? "string" : NULL;
}

static uint32_t
digits_of(json_int_t value)
{
    uint32_t n = 1;

    for (value = value < 0 ? -(value + 1) : value; value > 9; value /= 10)
        n++;
    return n;
}

/* Integers: bounds give zoned digits, else binary by format. */
void
shape_integer(const json_t *schema, struct field *f)
{
    const char *format = json_string_value(json_object_get(schema, "format"));
    json_int_t min, max;

    if (shape_get_integer(schema, "maximum", &max) &&
        shape_get_integer(schema, "minimum", &min)) {
        uint32_t low = min < 0 ? digits_of(min) : 1;

        f->kind = FIELD_ZONED;
        f->is_signed = min < 0;
        f->digits = digits_of(max) > low ? digits_of(max) : low;
        if (f->digits <= 18)
            return;
    }
    f->kind = FIELD_BINARY;
    f->digits = format != NULL && strcmp(format, "int32") == 0 ? 9 : 18;
    f->is_signed = true;
    f->is_native = true;
    f->is_synced = true;
}

/* Decimals between 0 and 1 that multipleOf names: 0.01 has 2. */
static uint32_t
fraction_digits(const json_t *schema, uint32_t missing)
{
    double step = json_number_value(json_object_get(schema, "multipleOf"));
    uint32_t n = 0;

    if (step <= 0)
        return missing;
    while (n < 9 && fabs(step - round(step)) > 1e-9) {
        step *= 10;
        n++;
    }
    return n;
}

void
shape_number(const json_t *schema, bool is_wide, struct field *f)
{
    const char *format = json_string_value(json_object_get(schema, "format"));

    if (format != NULL && strcmp(format, "decimal") == 0) {
        uint32_t scale = fraction_digits(schema, 3);

        f->kind = FIELD_PACKED;
        f->digits = is_wide ? 31 : 18;
        f->scale = (int32_t)scale;
        f->is_signed =
            json_object_get(schema, "minimum") == NULL ||
            json_number_value(json_object_get(schema, "minimum")) < 0;
        return;
    }
    f->kind = format != NULL && strcmp(format, "float") == 0 ? FIELD_FLOAT4
                                                             : FIELD_FLOAT8;
    f->is_synced = true;
}
