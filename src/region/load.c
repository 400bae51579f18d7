#include "region/load.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/reader.h"
#include "region/store.h"

#define FIELDS_MAX 128u
#define COLUMNS_MAX 128u
#define OPS_MAX (32u * 1024u * 1024u)

struct field {
    struct str name, def;
    uint32_t at, n;
};

struct layout {
    struct field v[FIELDS_MAX];
    size_t n;
};

/* name ":" decimal [ "=" default ] *( "," … ) */
static enum err
read_layout(const struct file_def *file, struct layout *out,
            struct err_info *why)
{
    struct str rest = file->fields, item;
    uint64_t at = 0, n;

    out->n = 0;
    while (str_token(&rest, ',', &item)) {
        size_t colon, equals;
        struct field *f;

        item = str_trim(item);
        colon = str_find_char(item, ':');
        equals = str_find_char(item, '=');
        if (out->n == FIELDS_MAX || colon == STR_NPOS ||
            !str_to_u64(str_sub(item, colon + 1, equals), &n) || n == 0 ||
            n > file->record_size - at)
            return err_set(why, ERR_SYNTAX,
                           "FIELDS of FILE(" STR_FMT "): \"" STR_FMT
                           "\", expected NAME:bytes inside RECORDSIZE",
                           STR_ARG(file->head.name),
                           STR_ARG(str_sub(item, 0, 32)));
        f = &out->v[out->n++];
        f->name = str_sub(item, 0, colon);
        f->def =
            equals == STR_NPOS ? STR("") : str_sub(item, equals + 1, item.n);
        f->at = (uint32_t)at;
        f->n = (uint32_t)n;
        at += n;
    }
    return ERR_OK;
}

/* One cell: bare, or in double quotes that are doubled inside. */
static bool
read_cell(struct reader *in, struct buf *cell)
{
    buf_clear(cell);
    if (!reader_accept(in, '"')) {
        while (!reader_at_end(in) && reader_peek(in) != ',')
            buf_add_char(cell, in->in.p[in->pos++]);
        return !cell->failed;
    }
    for (;;) {
        if (reader_at_end(in))
            return false;
        if (reader_accept(in, '"')) {
            if (!reader_accept(in, '"'))
                break;
            buf_add_char(cell, '"');
            continue;
        }
        buf_add_char(cell, in->in.p[in->pos++]);
    }
    return !cell->failed && (reader_at_end(in) || reader_peek(in) == ',');
}

struct csv {
    const struct file_def *file;
    const char *name;
    struct load_options *options;
    uint32_t line;
    struct layout layout;
    const struct field *columns[COLUMNS_MAX];
    size_t n_columns;
    char record[DEFS_RECORD_MAX];
};

static enum err
fail(const struct csv *csv, struct err_info *why, enum err e, const char *what,
     struct str found)
{
    return err_pos(why, e, csv->line, 0, "%s:%u: %s \"" STR_FMT "\"", csv->name,
                   csv->line, what, STR_ARG(str_sub(found, 0, 40)));
}

static enum err
read_header(struct csv *csv, struct str line, struct buf *cell,
            struct err_info *why)
{
    struct reader in = reader_of(line);

    do {
        const struct field *found = NULL;

        if (!read_cell(&in, cell))
            return fail(csv, why, ERR_SYNTAX, "bad cell in the first line",
                        buf_view(cell));
        for (size_t i = 0; i < csv->layout.n; i++)
            if (str_eq_nocase(csv->layout.v[i].name, buf_view(cell)))
                found = &csv->layout.v[i];
        if (found == NULL || csv->n_columns == COLUMNS_MAX)
            return fail(csv, why, ERR_SYNTAX, "no field of FIELDS is named",
                        buf_view(cell));
        csv->columns[csv->n_columns++] = found;
    } while (reader_accept(&in, ','));
    return ERR_OK;
}

static enum err
read_record(struct csv *csv, struct str line, struct buf *cell,
            struct err_info *why)
{
    struct reader in = reader_of(line);
    size_t i = 0;

    memset(csv->record, ' ', csv->file->record_size);
    for (size_t k = 0; k < csv->layout.n; k++) {
        const struct field *f = &csv->layout.v[k];

        memcpy(csv->record + f->at, f->def.p == NULL ? "" : f->def.p,
               f->def.n < f->n ? f->def.n : f->n);
    }
    do {
        const struct field *f;

        if (i == csv->n_columns || !read_cell(&in, cell))
            return fail(csv, why, ERR_SYNTAX,
                        i == csv->n_columns ? "more cells than columns"
                                            : "bad cell",
                        buf_view(cell));
        f = csv->columns[i++];
        if (cell->n > f->n && !csv->options->cut)
            return fail(csv, why, ERR_RANGE,
                        "too long for its field:", buf_view(cell));
        csv->options->n_cut += cell->n > f->n;
        memset(csv->record + f->at, ' ', f->n);
        memcpy(csv->record + f->at, cell->n == 0 ? "" : cell->p,
               cell->n < f->n ? cell->n : f->n);
    } while (reader_accept(&in, ','));
    if (i != csv->n_columns)
        return fail(csv, why, ERR_SYNTAX, "fewer cells than columns", line);
    return ERR_OK;
}

static enum err
read_lines(struct csv *csv, struct str text, load_record put, void *arg,
           struct buf *cell, struct err_info *why)
{
    struct str rest = text, line;
    enum err e;

    while (str_line(&rest, &line)) {
        csv->line++;
        if (line.n == 0)
            continue;
        if (csv->n_columns == 0) {
            if ((e = read_header(csv, line, cell, why)) != ERR_OK)
                return e;
            continue;
        }
        e = read_record(csv, line, cell, why);
        if (e == ERR_OK)
            e = put(arg,
                    str_n(csv->record + csv->file->key_offset,
                          csv->file->key_length),
                    str_n(csv->record, csv->file->record_size), why);
        csv->options->n++;
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

enum err
load_csv(const struct file_def *file, const char *name, struct str text,
         struct load_options *options, load_record put, void *arg,
         struct err_info *why)
{
    struct csv *csv = calloc(1, sizeof *csv);
    struct buf cell;
    enum err e;

    if (csv == NULL)
        return err_set(why, ERR_MEMORY, "no storage for %s", name);
    csv->file = file;
    csv->name = name;
    csv->options = options;
    buf_init(&cell, DEFS_RECORD_MAX);
    e = file->fields.n == 0
            ? err_set(why, ERR_NOT_FOUND,
                      "FILE(" STR_FMT ") has no FIELDS, which a load needs",
                      STR_ARG(file->head.name))
            : read_layout(file, &csv->layout, why);
    if (e == ERR_OK)
        e = read_lines(csv, text, put, arg, &cell, why);
    buf_fini(&cell);
    free(csv);
    return e;
}

struct loading {
    const struct file_def *file;
    struct buf ops;
};

static enum err
add_record(void *arg, struct str key, struct str record, struct err_info *why)
{
    struct loading *loading = arg;

    store_op_put(&loading->ops, loading->file, key, record);
    return buf_check(&loading->ops, why);
}

/* All records in one transaction: a file is loaded or it is not. */
static enum err
load_into(struct store *store, struct loading *loading, const char *csv_path,
          struct load_options *options, struct err_info *why)
{
    struct buf csv;
    uint64_t count = 0;
    enum err e = store_count(store, loading->file, &count, why);

    if (e == ERR_OK && count > 0)
        return err_set(
            why, ERR_EXISTS, "FILE(" STR_FMT ") holds %llu records already",
            STR_ARG(loading->file->head.name), (unsigned long long)count);
    buf_init(&csv, LOAD_CSV_MAX);
    if (e == ERR_OK)
        e = file_read(csv_path, &csv, why);
    if (e == ERR_OK)
        e = load_csv(loading->file, csv_path, buf_view(&csv), options,
                     add_record, loading, why);
    buf_fini(&csv);
    if (e != ERR_OK)
        return e;
    if (store_apply(store, 0, 1, buf_view(&loading->ops), why) != OUTCOME_OK ||
        store_commit(store, why) != OUTCOME_OK)
        return ERR_IO;
    return ERR_OK;
}

enum err
load_file(struct str applid, struct str file, const char *csv_path,
          struct load_options *options, struct err_info *why)
{
    struct loading loading = { 0 };
    struct region_defs defs;
    struct store *store = NULL;
    enum err e = defs_load(&defs, applid, why);

    if (e != ERR_OK)
        return e;
    buf_init(&loading.ops, OPS_MAX);
    loading.file = defs_file(&defs, file);
    if (loading.file == NULL)
        e = err_set(why, ERR_NOT_FOUND,
                    "region " STR_FMT " defines no FILE(" STR_FMT ")",
                    STR_ARG(applid), STR_ARG(str_sub(file, 0, 16)));
    if (e == ERR_OK)
        e = store_open(&defs, true, &store, why);
    if (e == ERR_OK)
        e = load_into(store, &loading, csv_path, options, why);
    store_close(&store);
    buf_fini(&loading.ops);
    defs_fini(&defs);
    return e;
}

static void
load_new(struct store *store, const struct file_def *file, const char *path,
         struct buf *said)
{
    struct load_options options = { .cut = true };
    struct loading loading = { .file = file };
    struct err_info why;

    buf_init(&loading.ops, OPS_MAX);
    if (load_into(store, &loading, path, &options, &why) == ERR_OK)
        buf_printf(said, "%llu records loaded from %s",
                   (unsigned long long)options.n, path);
    else
        buf_add_z(said, why.text);
    buf_fini(&loading.ops);
}

void
load_new_files(struct store *store, const struct region_defs *defs,
               void (*said)(void *arg, struct str file, struct str text),
               void *arg)
{
    for (size_t i = 0; i < defs->n_files; i++) {
        const struct file_def *file = defs->files[i];
        struct arena arena;
        struct buf text;
        char *path;

        if (!store_is_new(store, file) || file->fields.n == 0)
            continue;
        arena_init(&arena, 8192);
        path = root_path(&arena, "regions/" STR_FMT "/" STR_FMT ".csv",
                         STR_ARG(defs->sit.applid),
                         STR_ARG(str_lower(&arena, file->head.name)));
        buf_init(&text, 2048);
        if (path != NULL && access(path, R_OK) == 0) {
            load_new(store, file, path, &text);
            said(arg, file->head.name, buf_view(&text));
        }
        buf_fini(&text);
        arena_fini(&arena);
    }
}
