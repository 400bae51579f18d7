/*
 * Records of an unload that say again what another one says: whoever cut,
 * merged or edited the file has most likely lost one of the two.
 */
#include "saf/load_private.h"
#include "saf/unload_private.h"

#include <string.h>

#define COLUMNS_MAX 3u

struct told {
    const char *type;  /* of the record */
    const char *first; /* the type that says it first */
    const char *columns[COLUMNS_MAX];
};

static const struct told firsts[] = {
    { "0560", "0560", { "NAME" } },
    { "0562", "0562", { "NAME", "CERT_NAME" } },
    { "0508", "0508", { "NAME", "LABEL" } },
    { "0509", "0509", { "NAME", "LABEL", "USER" } },
};
static const struct told repeats[] = {
    { "0207", "0560", { "CERT_NAME" } },
    { "0561", "0562", { "RING_NAME", "NAME" } },
    { "0208", "0508", { "MAP_NAME", "LABEL" } },
    { "0209", "0509", { "MAP_NAME", "LABEL", "NAME" } },
};

static const struct told *
row_of(const struct loader *l, const struct told *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(l->r.line, rows[i].type, 4) == 0)
            return &rows[i];
    return NULL;
}

static struct str
key_of(struct loader *l, const struct told *t)
{
    struct str key = str_of(t->first);

    for (size_t i = 0; i < COLUMNS_MAX && t->columns[i] != NULL; i++)
        key = str_fmt(&l->a, STR_FMT "\n" STR_FMT, STR_ARG(key),
                      STR_ARG(unload_get(&l->r, t->columns[i])));
    return key;
}

void
load_note(struct loader *l)
{
    const struct told *t = row_of(l, firsts, ARRAY_LEN(firsts));

    if (t != NULL)
        saf_db_run(l->db, "INSERT OR IGNORE INTO temp.told VALUES(?1)", "b",
                   key_of(l, t));
}

/* 0101 names a subgroup, whose own record names this group. */
static enum err
check_subgroup(struct loader *l, struct err_info *why)
{
    struct str name = unload_get(&l->r, "NAME");
    struct str sub = unload_get(&l->r, "SUBGRP_ID");
    struct saf_group g;

    if (saf_group_get(l->db, &l->a, sub, &g) && str_eq(g.superior, name))
        return ERR_OK;
    return err_set(why, ERR_SYNTAX,
                   "no record 0100 defines group \"" STR_FMT
                   "\" with the superior group \"" STR_FMT
                   "\": is the unload cut?",
                   STR_ARG(sub), STR_ARG(name));
}

enum err
load_check_derived(struct loader *l, struct err_info *why)
{
    const struct told *t = row_of(l, repeats, ARRAY_LEN(repeats));
    struct saf_query q;
    bool is_told;

    if (memcmp(l->r.line, "0101", 4) == 0)
        return check_subgroup(l, why);
    if (t == NULL)
        return ERR_OK;
    q = saf_db_query(l->db, "SELECT 1 FROM temp.told WHERE key=?1", "b",
                     key_of(l, t));
    is_told = saf_query_next(&q);
    saf_query_close(&q);
    if (is_told)
        return ERR_OK;
    return err_set(why, ERR_SYNTAX,
                   "there is no record %s that says the same of \"" STR_FMT
                   "\": is the unload cut?",
                   t->first, STR_ARG(unload_get(&l->r, t->columns[0])));
}
