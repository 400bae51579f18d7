/* Shared by the fuzz targets of the mapping: one rich service, compiled. */
#ifndef SALLYPORT_COBOL_FUZZ_MAP_H
#define SALLYPORT_COBOL_FUZZ_MAP_H

#include <stdlib.h>
#include <string.h>

#include "cobol/copybook.h"
#include "cobol/map.h"

static const char fuzz_book[] =
    "01 REC. 05 A PIC X(8). 05 Z PIC S9(5)V99. 05 P PIC S9(7)V99 COMP-3.\n"
    "05 B PIC S9(8) COMP. 05 C PIC S9(4) COMP-5. 05 F COMP-1. 05 D COMP-2.\n"
    "05 W PIC N(4). 05 L PIC S9(3) SIGN LEADING SEPARATE. 05 Q PIC 9PP.\n"
    "05 G. 10 H PIC X(3). 10 I REDEFINES H PIC 9(3). 10 J PIC X.\n"
    "05 T OCCURS 3. 10 U PIC X(2). 10 V PIC 9 OCCURS 2.\n"
    "05 N PIC 99. 05 O OCCURS 0 TO 5 DEPENDING ON N. 10 K PIC X(3).\n"
    "05 E PIC X(2).\n";

struct fuzz_service {
    struct arena arena;
    struct buf in, out;
};

static inline void
fuzz_compile(struct fuzz_service *s, enum abi_kind kind)
{
    struct copybook_options o = { .abi = abi_default(kind) };
    struct copybook book;
    struct map_segment segment = { .container = STR("Container1"),
                                   .is_required = true };
    struct map_spec spec = { .root = STR("op"),
                             .segments = &segment,
                             .n_segments = 1,
                             .options = map_options_default() };
    struct map_update update = { .kind = MAP_MOVE,
                                 .where = MAP_HEADER,
                                 .name = STR("X"),
                                 .target = STR("op/Container1/REC/A") };

    arena_init(&s->arena, 1 << 22);
    buf_init(&s->in, MAP_BLOB_MAX);
    buf_init(&s->out, MAP_BLOB_MAX);
    if (copybook_parse(&s->arena, str_of(fuzz_book), &o, &book, NULL) != ERR_OK)
        abort();
    segment.layout = book.layouts;
    spec.updates = &update;
    spec.n_updates = 1;
    if (map_compile_in(&spec, &s->in, NULL) != ERR_OK ||
        map_compile_out(&spec, &s->out, NULL) != ERR_OK)
        abort();
}

static inline void
fuzz_free(struct fuzz_service *s)
{
    buf_fini(&s->in);
    buf_fini(&s->out);
    arena_fini(&s->arena);
}

/* JSON through an opened in program; the record (exact heap block). */
static inline enum err
fuzz_run_in(const struct map *map, struct str json, struct map_record *record)
{
    struct map_param param = { MAP_HEADER, STR("x"), json };
    struct map_record records[MAP_SEGMENTS_MAX] = { { 0 } };
    struct err_info why;
    size_t n = map_n_segments(map);
    enum err e = ERR_LIMIT;

    for (size_t i = 0; i < n; i++) {
        records[i].cap = map_record_bytes(map, i);
        if (records[i].cap > 1 << 20)
            goto out;
        records[i].p = malloc(records[i].cap);
        if (records[i].p == NULL)
            abort();
        memset(records[i].p, 0, records[i].cap);
    }
    e = map_run_in(map, json, &param, json.n < 8, records, &why);
out:
    *record = records[0];
    for (size_t i = 1; i < n; i++)
        free(records[i].p);
    return e;
}

static inline enum err
fuzz_run_out(const struct map *map, struct str record, struct buf *json)
{
    struct str records[MAP_SEGMENTS_MAX];
    struct map_value values[8];
    struct err_info why;
    struct buf text;
    struct map_out out = {
        .json = json, .text = &text, .values = values, .n_values = 8
    };
    enum err e;

    for (size_t i = 0; i < MAP_SEGMENTS_MAX; i++)
        records[i] = record;
    buf_init(&text, 1 << 16);
    e = map_run_out(map, records, &out, &why);
    buf_clear(&text);
    if (map_field_get(map, records, STR("op/Container1/REC/P"), &text, &why) ==
            ERR_OK &&
        text.n > text.cap)
        abort();
    buf_fini(&text);
    return e;
}

#endif
