/*
 * Laws that hold for any input, tried with made-up ones: what was written by a
 * rule is read by the same rule. Each has a second, slower way to the answer.
 */
#include "base/test.h"
#include "config/properties.h"
#include "config/raw.h"
#include "parse/textout.h"
#include "parse/xml.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS 3000

static uint64_t seed = 1;

static unsigned
pick(unsigned n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((seed >> 33) % n);
}

static void
add(char *text, size_t cap, const char *more)
{
    size_t n = strlen(text);

    assert_true(n + strlen(more) < cap);
    memcpy(text + n, more, strlen(more) + 1);
}

/* ---- durations: the sum of the parts, each cut to the unit ---- */

static void
durations_add_up(void **state)
{
    static const struct {
        const char *word;
        int64_t ms;
    } parts[] = { { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 },
                  { "s", 1000 },     { "ms", 1 },      { "H ", 3600000 },
                  { " M", 60000 },   { "MIN", 60000 } };
    static const int64_t units[] = { CFG_MS, CFG_S, CFG_M, CFG_H };

    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        int64_t unit = units[pick(4)], want = 0, got = -1;
        char text[256] = "";
        struct err_info why;

        for (unsigned n = 1 + pick(5); n > 0; n--) {
            unsigned part = pick(ARRAY_LEN(parts)), amount = pick(100000);
            char one[32];

            snprintf(one, sizeof one, "%u%s", amount, parts[part].word);
            add(text, sizeof text, one);
            want += (int64_t)amount * parts[part].ms / unit;
        }
        if (value_duration(str_of(text), unit, &got, &why) != ERR_OK)
            fail_msg("%s: %s", text, why.text);
        if (got != want * unit)
            fail_msg("%s in %lld: %lld, want %lld", text, (long long)unit,
                     (long long)got, (long long)(want * unit));
    }
}

/* ---- lists: what is escaped comes back ---- */

static void
random_item(char *item, size_t cap)
{
    static const char signs[] = "ab ,\\\t\nz{}$";
    size_t n = pick((unsigned)cap - 1);

    for (size_t i = 0; i < n; i++)
        item[i] = signs[pick(sizeof signs - 1)];
    item[n] = '\0';
}

static void
lists_come_back(void **state)
{
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        char items[6][12], text[256] = "";
        unsigned n = 2 + pick(5); /* one empty item looks like none */
        struct cfg_list list;
        struct err_info why;
        struct arena arena;

        for (unsigned i = 0; i < n; i++) {
            random_item(items[i], sizeof items[i]);
            add(text, sizeof text, i > 0 ? " , " : "");
            for (const char *p = items[i]; *p != '\0'; p++) {
                char two[3] = { '\\', *p, '\0' };
                bool needs = strchr(" ,\\\t\n", *p) != NULL;

                add(text, sizeof text, needs || pick(4) == 0 ? two : two + 1);
            }
        }
        arena_init(&arena, 1u << 20);
        assert_int_equal(value_list(&arena, str_of(text), &list, &why), ERR_OK);
        if (list.n != n)
            fail_msg("[%s]: %zu items, want %u", text, list.n, n);
        for (unsigned i = 0; i < n; i++)
            if (!str_eq_z(list.v[i], items[i]))
                fail_msg("[%s]: item %u is [" STR_FMT "]", text, i,
                         STR_ARG(list.v[i]));
        arena_fini(&arena);
    }
}

/* ---- expressions: left to right in 64 bits, or not at all ---- */

static bool
calculate(const int64_t *numbers, const char *ops, unsigned n, int64_t *out)
{
    __int128 sum = numbers[0];

    for (unsigned i = 1; i < n; i++) {
        switch (ops[i]) {
        case '+':
            sum += numbers[i];
            break;
        case '-':
            sum -= numbers[i];
            break;
        case '*':
            sum *= numbers[i];
            break;
        default:
            if (numbers[i] == 0)
                return false;
            sum /= numbers[i];
        }
        if (sum > INT64_MAX || sum < INT64_MIN)
            return false;
    }
    *out = (int64_t)sum;
    return true;
}

static int64_t
random_number(void)
{
    static const int64_t odd[] = { 0, 1, 2, 10, INT64_MAX, INT64_MAX - 1 };

    return pick(3) == 0 ? odd[pick(ARRAY_LEN(odd))] : (int64_t)pick(100000);
}

static void
expressions_are_sums(void **state)
{
    static const struct cfg_var no_env = { { "X", 1 }, { "y", 1 } };

    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct cfg_var vars[6];
        char names[6][8], values[6][32], text[512] = "${", want[512], ops[6];
        struct cfg_options options = { .environment = { &no_env, 1 } };
        struct loading l = { .options = &options };
        int64_t numbers[6], result;
        unsigned n = 2 + pick(5);
        struct err_info why;
        struct arena arena;
        struct str got;

        for (unsigned i = 0; i < n; i++) {
            numbers[i] = random_number();
            if (pick(4) == 0)
                numbers[i] = -numbers[i]; /* only as a variable */
            ops[i] = "+-*/"[pick(4)];
            snprintf(names[i], sizeof names[i], "v%u.x", i);
            snprintf(values[i], sizeof values[i], " %lld ",
                     (long long)numbers[i]);
            vars[i] = (struct cfg_var){ str_of(names[i]), str_of(values[i]) };
            if (i > 0) {
                char op[4] = { ' ', ops[i], ' ', '\0' };

                add(text, sizeof text, op + pick(2));
            }
            add(text, sizeof text,
                numbers[i] < 0 || pick(2) == 0 ? names[i]
                                               : values[i] + pick(2));
        }
        add(text, sizeof text, "}");
        if (calculate(numbers, ops, n, &result))
            snprintf(want, sizeof want, "%lld", (long long)result);
        else
            snprintf(want, sizeof want, "%s", text);
        options.bootstrap = (struct cfg_vars){ vars, n };
        arena_init(&arena, 1u << 20);
        l.arena = &arena;
        l.limits.max_value_bytes = 4096;
        assert_int_equal(vars_expand(&l, NULL, str_of(text), &got, &why),
                         ERR_OK);
        if (!str_eq_z(got, want))
            fail_msg("%s is " STR_FMT ", want %s", text, STR_ARG(got), want);
        arena_fini(&arena);
    }
}

/* ---- properties: written by Java's rules ---- */

static void
write_escaped(struct buf *out, const char *text, bool is_key)
{
    for (const char *p = text; *p != '\0'; p++) {
        bool needs =
            *p == '\\' || (is_key ? strchr(" :=\t#!", *p) != NULL
                                  : p == text && strchr(" \t=:", *p) != NULL);

        if (*p == '\n')
            buf_add_z(out, "\\n");
        else if (pick(9) == 0)
            buf_printf(out, "\\u%04x", (unsigned)(unsigned char)*p);
        else
            buf_printf(out, "%s%c", needs ? "\\" : "", *p);
        if (pick(20) == 0 && p[1] != '\0' && p[1] != ' ' && p[1] != '\t')
            buf_add_z(out, "\\\n  "); /* goes on in the next line */
    }
}

static void
random_word(char *word, size_t cap, size_t least)
{
    static const char signs[] = "abcXYZ019.:=#! \\\t\n{}$";
    size_t n = least + pick((unsigned)(cap - least - 1));

    for (size_t i = 0; i < n; i++)
        word[i] = signs[pick(sizeof signs - 1)];
    word[n] = '\0';
}

static void
properties_come_back(void **state)
{
    static const char *const between[] = { "=", ":", " = ", "\t:  ", " " };

    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        char keys[5][10], values[5][16];
        unsigned n = 1 + pick(5);
        struct pairs pairs = { 0 };
        struct err_info why = { 0 };
        struct arena arena;
        struct buf text;

        buf_init(&text, 1u << 16);
        for (unsigned i = 0; i < n; i++) {
            random_word(keys[i], sizeof keys[i], 1);
            random_word(values[i], sizeof values[i], 0);
            if (pick(3) == 0)
                buf_add_z(&text, " # a comment \\\n\n");
            write_escaped(&text, keys[i], true);
            buf_add_z(&text, between[pick(ARRAY_LEN(between))]);
            write_escaped(&text, values[i], false);
            buf_add_z(&text, pick(2) == 0 ? "\n" : "\r\n");
        }
        arena_init(&arena, 1u << 20);
        if (properties_parse(&arena, buf_view(&text), &pairs, &why) != ERR_OK ||
            pairs.n != n)
            fail_msg("%zu pairs, want %u: %s\n%s", pairs.n, n, why.text,
                     buf_z(&text));
        for (unsigned i = 0; i < n; i++)
            if (!str_eq_z(pairs.v[i].name, keys[i]) ||
                !str_eq_z(pairs.v[i].value, values[i]))
                fail_msg("[%s]=[%s] became [" STR_FMT "]=[" STR_FMT "]\n%s",
                         keys[i], values[i], STR_ARG(pairs.v[i].name),
                         STR_ARG(pairs.v[i].value), buf_z(&text));
        pairs_fini(&pairs);
        arena_fini(&arena);
        buf_fini(&text);
    }
}

/* ---- XML: a tree written is a tree read ---- */

static void
write_node(struct buf *out, unsigned depth)
{
    unsigned n_attrs = pick(3), n_children = depth < 4 ? pick(4) : 0;
    const char *prefix = pick(4) == 0 ? "p:" : "";
    char name = (char)('a' + pick(5)), value[16];

    buf_printf(out, "<%s%c", prefix, name);
    for (unsigned i = 0; i < n_attrs; i++) {
        char attr[3] = { 'x', (char)('0' + i), '\0' };

        random_word(value, sizeof value, 0);
        xmlout_attr(out, attr, str_of(value));
    }
    if (n_children == 0 && pick(2) == 0) {
        buf_add_z(out, "/>");
        return;
    }
    buf_add_char(out, '>');
    random_word(value, sizeof value, 0);
    xmlout_escape(out, str_of(value));
    if (pick(4) == 0)
        buf_add_z(out, "<!-- - no - text <x> -->");
    for (unsigned i = 0; i < n_children; i++)
        write_node(out, depth + 1);
    buf_printf(out, "</%s%c>", prefix, name);
}

/* The tree in a form without choices: prefixes and comments gone. */
static void
canonical(struct buf *out, const struct xml_node *node)
{
    buf_printf(out, "<" STR_FMT, STR_ARG(node->name));
    for (size_t i = 0; i < node->n_attrs; i++)
        xmlout_attr(out, node->attrs[i].name.p, node->attrs[i].value);
    buf_add_char(out, '>');
    xmlout_escape(out, node->text);
    for (const struct xml_node *c = node->child; c != NULL; c = c->next)
        canonical(out, c);
    buf_printf(out, "</" STR_FMT ">", STR_ARG(node->name));
}

static void
xml_comes_back(void **state)
{
    (void)state;
    for (unsigned round = 0; round < ROUNDS / 3; round++) {
        struct xml_node *first, *second;
        struct err_info why = { 0 };
        struct arena arena;
        struct buf text, one, two;

        buf_init(&text, 1u << 20);
        buf_init(&one, 1u << 20);
        buf_init(&two, 1u << 20);
        arena_init(&arena, 16u << 20);
        buf_add_z(&text, "<r xmlns:p='urn:p'>");
        write_node(&text, 0);
        buf_add_z(&text, "</r>");
        if (xml_parse(&arena, buf_view(&text), NULL, &first, &why) != ERR_OK)
            fail_msg("%s\n%s", why.text, buf_z(&text));
        canonical(&one, first);
        assert_int_equal(xml_parse(&arena, buf_view(&one), NULL, &second, &why),
                         ERR_OK);
        canonical(&two, second);
        if (!str_eq(buf_view(&one), buf_view(&two)))
            fail_msg("%s\n%s\n%s", buf_z(&text), buf_z(&one), buf_z(&two));
        buf_fini(&text);
        buf_fini(&one);
        buf_fini(&two);
        arena_fini(&arena);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_add_up),
        cmocka_unit_test(lists_come_back),
        cmocka_unit_test(expressions_are_sums),
        cmocka_unit_test(properties_come_back),
        cmocka_unit_test(xml_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
