/*
 * The tail of an image: what the variables of class RACFVARS stand for, and the
 * global access table. Both have a REFRESH of their own, which replaces the
 * tail and leaves the compiled profiles as they are.
 */
#include "saf/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "saf/classes.h"
#include "saf/pattern.h"
#include "saf/snapshot_format.h"

struct tail {
    struct buf sections[SNAP_SECTIONS]; /* those from SNAP_VALUES on */
};

static void
tail_put(struct tail *t, enum snap_section which, const void *element)
{
    buf_add(&t->sections[which], str_n(element, snap_element_bytes[which]));
}

static uint32_t
tail_text(struct tail *t, const void *p, size_t n)
{
    uint32_t at = (uint32_t)t->sections[SNAP_TAIL].n;

    buf_add(&t->sections[SNAP_TAIL], str_n(p, n));
    return at;
}

static void
put_values(struct tail *t, struct str name, const struct snapshot_tail *from)
{
    struct snap_values values = {
        .first = (uint32_t)(t->sections[SNAP_TEXTS].n /
                            snap_element_bytes[SNAP_TEXTS]),
    };

    for (size_t i = 0; i < from->n_variables; i++) {
        const struct snapshot_variable *v = &from->variables[i];

        if (!str_eq(v->name, name))
            continue;
        for (size_t j = 0; j < v->n; j++) {
            struct snap_text text = { .n = (uint32_t)v->values[j].n };

            if (text.n == 0)
                continue;
            text.at = tail_text(t, v->values[j].p, text.n);
            tail_put(t, SNAP_TEXTS, &text);
            values.n++;
        }
        break;
    }
    tail_put(t, SNAP_VALUES, &values);
}

static int
global_order(const void *a, const void *b)
{
    return pattern_compare(a, b);
}

struct global { /* the pattern first: see global_order */
    struct pattern pattern;
    enum saf_level level;
};

static enum err
put_globals(struct tail *t, const struct snapshot_tail *from, bool is_dataset,
            struct err_info *why)
{
    struct global *v = calloc(from->n_globals + 1, sizeof *v);
    size_t n = 0;

    if (v == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    for (size_t i = 0; i < from->n_globals; i++) {
        v[n].level = from->globals[i].level;
        /* The first qualifier may be a pattern here: &RACUID.**, *.X. */
        if (pattern_compile(from->globals[i].name, &v[n].pattern, NULL) ==
                ERR_OK &&
            pattern_is_sound(v[n].pattern.tokens, v[n].pattern.n))
            n++;
    }
    for (size_t i = 0; is_dataset && i < n; i++)
        for (size_t j = 0; j < v[i].pattern.n; j++) {
            unsigned char *token = &v[i].pattern.tokens[j];

            *token = *token == PATTERN_REST              ? PATTERN_QUALIFIER_END
                     : *token == PATTERN_REST_QUALIFIERS ? PATTERN_QUALIFIER
                                                         : *token;
        }
    if (n > 1)
        qsort(v, n, sizeof *v, global_order);
    for (size_t i = 0; i < n; i++) {
        struct snap_global g = { .n = (uint32_t)v[i].pattern.n,
                                 .level = v[i].level };

        g.at = tail_text(t, v[i].pattern.tokens, v[i].pattern.n);
        tail_put(t, SNAP_GLOBALS, &g);
    }
    free(v);
    return ERR_OK;
}

/* The image's first part, and the new sections behind it. */
static enum err
replace_tail(struct buf *image, struct tail *t, struct err_info *why)
{
    struct snap_header h;
    size_t at;
    enum err e;

    memcpy(&h, image->p, sizeof h);
    at = (size_t)h.section[SNAP_VALUES].at;
    image->n = at;
    for (size_t i = SNAP_VALUES; i < SNAP_SECTIONS; i++) {
        h.section[i].at = at;
        h.section[i].n = t->sections[i].n / snap_element_bytes[i];
        if ((e = buf_check(&t->sections[i], why)) != ERR_OK)
            return e;
        buf_add(image, buf_view(&t->sections[i]));
        while (image->n % 8 != 0 && !image->failed)
            buf_add_char(image, '\0');
        at = image->n;
    }
    h.size = image->n;
    if ((e = buf_check(image, why)) != ERR_OK)
        return e;
    memcpy(image->p, &h, sizeof h);
    return ERR_OK;
}

enum err
snapshot_attach(struct buf *image, const struct snapshot_tail *from,
                struct err_info *why)
{
    const struct snap_header *h = (const void *)image->p;
    bool is_dataset = (h->class_flags & CLASS_DATASET) != 0;
    struct tail t;
    enum err e;

    for (size_t i = 0; i < SNAP_SECTIONS; i++)
        buf_init(&t.sections[i], SNAPSHOT_MAX);
    for (uint64_t i = 0; i < h->section[SNAP_VARIABLES].n; i++) {
        const struct snap_text *v =
            SNAP(image->p, SNAP_VARIABLES, snap_text, i);

        put_values(
            &t,
            str_n((const char *)snap_section(image->p, SNAP_BYTES) + v->at,
                  v->n),
            from);
    }
    e = put_globals(&t, from, is_dataset, why);
    if (e == ERR_OK)
        e = replace_tail(image, &t, why);
    for (size_t i = 0; i < SNAP_SECTIONS; i++)
        buf_fini(&t.sections[i]);
    return e;
}
