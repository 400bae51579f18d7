/*
 * The small languages of the configuration by themselves: the first byte says
 * which. Durations, lists, variable expressions and properties files have
 * rules of their own that must hold for any bytes.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/properties.h"
#include "config/raw.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
try_duration(struct str text)
{
    static const int64_t units[] = { CFG_MS, CFG_S, CFG_M, CFG_H };

    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        struct err_info why = { 0 };
        int64_t ms = -77;
        enum err e = value_duration(text, units[i], &ms, &why);

        if (e != ERR_OK) {
            REQUIRE(ms == -77 && why.text[0] != '\0');
            continue;
        }
        REQUIRE(ms % units[i] == 0); /* cut to whole units */
        if (ms >= 0) {
            char again[64];
            int64_t same;

            snprintf(again, sizeof again, "%lld", (long long)(ms / units[i]));
            REQUIRE(value_duration(str_of(again), units[i], &same, &why) ==
                    ERR_OK);
            REQUIRE(same == ms);
        }
    }
}

static void
try_list(struct str text)
{
    struct cfg_list list = { 0 }, again = { 0 };
    struct err_info why;
    struct arena arena;
    struct buf written;
    size_t n = 0;

    arena_init(&arena, 64u << 20);
    buf_init(&written, 1u << 20);
    REQUIRE(value_list(&arena, text, &list, &why) == ERR_OK);
    for (size_t i = 0; i < list.n; i++) {
        n += list.v[i].n;
        if (i > 0)
            buf_add_char(&written, ',');
        for (size_t j = 0; j < list.v[i].n; j++) { /* all of it escaped */
            buf_add_char(&written, '\\');
            buf_add_char(&written, list.v[i].p[j]);
        }
    }
    REQUIRE(n <= text.n);
    if (list.n > 1 || n > 0) {
        REQUIRE(value_list(&arena, buf_view(&written), &again, &why) == ERR_OK);
        REQUIRE(again.n == list.n);
        for (size_t i = 0; i < list.n; i++)
            REQUIRE(str_eq(again.v[i], list.v[i]));
    }
    buf_fini(&written);
    arena_fini(&arena);
}

/* The first line is the text, the others are variables: name=value. */
static void
try_expression(struct str text)
{
    struct cfg_var vars[16];
    static const struct cfg_var no_env = { { "X", 1 }, { "y", 1 } };
    struct cfg_options options = { .environment = { &no_env, 1 } };
    struct loading l = { .options = &options };
    struct str line, out = { NULL, 0 }, rest = text;
    struct err_info why = { 0 };
    struct arena arena;
    size_t n = 0;

    if (!str_line(&rest, &text))
        return;
    while (n < ARRAY_LEN(vars) && rest.n > 0 && str_line(&rest, &line)) {
        size_t eq = str_find_char(line, '=');

        if (eq == STR_NPOS)
            continue;
        vars[n].name = str_sub(line, 0, eq);
        vars[n++].value = str_sub(line, eq + 1, line.n);
    }
    options.bootstrap = (struct cfg_vars){ vars, n };
    arena_init(&arena, 64u << 20);
    l.arena = &arena;
    l.limits.max_value_bytes = 4096;
    if (vars_expand(&l, NULL, text, &out, &why) != ERR_OK)
        REQUIRE(why.text[0] != '\0');
    else
        REQUIRE(out.n <= 4096 || out.p == text.p);
    arena_fini(&arena);
}

static void
refused(void *arg, uint32_t line, struct str name)
{
    (void)arg;
    REQUIRE(line > 0);
    REQUIRE(name.p != NULL || name.n == 0);
}

static void
try_properties(struct str text)
{
    struct pairs pairs = { 0 };
    struct err_info why = { 0 };
    struct arena arena;

    arena_init(&arena, 64u << 20);
    if (properties_parse(&arena, text, &pairs, &why) == ERR_OK)
        for (size_t i = 0; i < pairs.n; i++)
            REQUIRE(str_find_char(pairs.v[i].name, '\0') != STR_NPOS ||
                    pairs_get(&pairs, pairs.v[i].name.p).p != NULL);
    else
        REQUIRE(why.text[0] != '\0');
    pairs_fini(&pairs);
    if (env_parse(&arena, text, &pairs, refused, NULL, &why) != ERR_OK)
        REQUIRE(why.text[0] != '\0');
    pairs_fini(&pairs);
    if (jvm_options_parse(&arena, text, &pairs, &why) != ERR_OK)
        REQUIRE(why.text[0] != '\0');
    pairs_fini(&pairs);
    arena_fini(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static void (*const all[])(struct str) = {
        ['d' % 4] = try_duration,   /* d: 100 */
        ['e' % 4] = try_list,       /* e: 101 */
        ['f' % 4] = try_expression, /* f: 102 */
        ['g' % 4] = try_properties, /* g: 103 */
    };
    char *exact;

    if (n == 0)
        return 0;
    exact = malloc(n);
    REQUIRE(exact != NULL);
    memcpy(exact, data + 1, n - 1);
    all[data[0] % 4](str_n(exact, n - 1));
    free(exact);
    return 0;
}
