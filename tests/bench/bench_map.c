/*
 * Copybook mapping, one core: our compiled programs beside a jansson tree, in
 * interleaved rounds. Prints MB/s of record bytes, medians, and the ratio.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cobol/copybook.h"
#include "cobol/map.h"
#include "tests/bench/tree_map.h"

#define ROUNDS 7
#define ROUND_NS 60000000

struct job {
    const struct layout *layout;
    struct map in, out;
    struct buf json;
    uint8_t *record;
    struct buf scratch;
};

static int64_t
now_ns(void)
{
    struct timespec t;

    /* CPU time: neighbours on the machine do not count. */
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void
must(bool ok, const char *what, const struct err_info *why)
{
    if (ok)
        return;
    fprintf(stderr, "bench_map: %s: %s\n", what, why->text);
    exit(1);
}

static void
ours_in(struct job *j)
{
    struct map_record r = { j->record, j->layout->size, 0 };
    struct err_info why = { { 0 } };

    must(map_run_in(&j->in, buf_view(&j->json), NULL, 0, &r, &why) == ERR_OK,
         "in", &why);
}

static void
ours_out(struct job *j)
{
    struct str record = str_n(j->record, j->layout->size);
    struct map_out out = { .json = &j->scratch };
    struct err_info why = { { 0 } };

    buf_clear(&j->scratch);
    must(map_run_out(&j->out, &record, &out, &why) == ERR_OK, "out", &why);
}

static void
theirs_in(struct job *j)
{
    struct err_info why = { { 0 } };

    must(tree_in(j->layout, buf_view(&j->json), j->record), "tree in", &why);
}

static void
theirs_out(struct job *j)
{
    free(tree_out(j->layout, j->record));
}

static double
round_ns(struct job *j, void (*run)(struct job *))
{
    int64_t start = now_ns(), n = 0, spent;

    do {
        for (int i = 0; i < 64; i++)
            run(j);
        n += 64;
        spent = now_ns() - start;
    } while (spent < ROUND_NS);
    return (double)spent / (double)n;
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void
compare(struct job *j, const char *name, void (*ours)(struct job *),
        void (*theirs)(struct job *))
{
    double a[ROUNDS], b[ROUNDS];

    for (int i = 0; i < ROUNDS; i++) {
        a[i] = round_ns(j, ours);
        b[i] = theirs == NULL ? 0 : round_ns(j, theirs);
    }
    qsort(a, ROUNDS, sizeof *a, by_value);
    printf("%-30s %8.0f ns %8.0f MB/s", name, a[ROUNDS / 2],
           j->layout->size * 1000.0 / a[ROUNDS / 2]);
    if (theirs == NULL) {
        printf("\n");
        return;
    }
    qsort(b, ROUNDS, sizeof *b, by_value);
    printf("   tree %8.0f ns %6.0f MB/s   %5.1f x\n", b[ROUNDS / 2],
           j->layout->size * 1000.0 / b[ROUNDS / 2],
           b[ROUNDS / 2] / a[ROUNDS / 2]);
}

static void
job_init(struct job *j, struct arena *a, const char *book_text,
         enum abi_kind kind)
{
    struct copybook_options o = { .abi = abi_default(kind) };
    struct map_segment segment = { .is_required = true };
    struct map_spec spec = { .segments = &segment,
                             .n_segments = 1,
                             .options = map_options_default() };
    struct err_info why = { { 0 } };
    struct copybook book;
    struct buf *in = malloc(sizeof *in), *out = malloc(sizeof *out);

    must(in != NULL && out != NULL, "storage", &why);
    must(copybook_parse(a, str_of(book_text), &o, &book, &why) == ERR_OK,
         "copybook", &why);
    j->layout = segment.layout = book.layouts;
    buf_init(in, MAP_BLOB_MAX);
    buf_init(out, MAP_BLOB_MAX);
    buf_init(&j->scratch, 1 << 20);
    must(map_compile_in(&spec, in, &why) == ERR_OK &&
             map_compile_out(&spec, out, &why) == ERR_OK &&
             map_open(buf_view(in), &j->in, &why) == ERR_OK &&
             map_open(buf_view(out), &j->out, &why) == ERR_OK,
         "compile", &why);
    j->record = calloc(1, j->layout->size);
    must(j->record != NULL, "storage", &why);
}

/* 1 KB: 20 customers' worth of text and zoned numbers */
static void
display_heavy(struct buf *book, struct buf *json)
{
    static const char *const names[] = { "SURNAME", "FIRST-NAME", "CITY",
                                         "STREET" };
    unsigned n = 0;

    buf_add_z(book, "01 CUSTOMER.\n");
    buf_add_z(json, "{\"CUSTOMER\":{");
    for (unsigned k = 0; k < 10; k++) {
        for (unsigned i = 0; i < 4; i++, n++) {
            buf_printf(book, "05 %s-%u PIC X(20).\n", names[i], k);
            buf_printf(json, "\"%s_%u\":\"Value %u of it\",",
                       i == 1 ? "FIRST_NAME" : names[i], k, n);
        }
        buf_printf(book,
                   "05 ACCOUNT-%u PIC 9(10). 05 BALANCE-%u PIC "
                   "S9(9)V99.\n",
                   k, k);
        buf_printf(json, "\"ACCOUNT_%u\":%u,\"BALANCE_%u\":%s%u.%02u,", k,
                   400012345 + k, k, k % 2 ? "-" : "", 1234 * k + 7,
                   25 + 3 * k);
    }
    json->n--;
    buf_add_z(json, "}}");
}

/* 1 KB: 170 amounts of 6 bytes */
static void
packed_heavy(struct buf *book, struct buf *json)
{
    buf_add_z(book, "01 LEDGER.\n");
    buf_add_z(json, "{\"LEDGER\":{");
    for (unsigned k = 0; k < 170; k++) {
        buf_printf(book, "05 AMOUNT-%u PIC S9(9)V99 COMP-3.\n", k);
        buf_printf(json, "\"AMOUNT_%u\":%s%u.%02u,", k, k % 3 ? "" : "-",
                   k * 54321 + 17, k % 89 + 11);
    }
    json->n--;
    buf_add_z(json, "}}");
}

static void
run_pair(const char *name, void (*make)(struct buf *, struct buf *),
         enum abi_kind kind, bool has_tree)
{
    struct arena arena;
    struct job j = { 0 };
    struct buf book;
    char text[80];

    arena_init(&arena, 1 << 24);
    buf_init(&book, 1 << 20);
    buf_init(&j.json, 1 << 20);
    make(&book, &j.json);
    job_init(&j, &arena, buf_z(&book), kind);
    ours_in(&j);
    ours_out(&j);
    snprintf(text, sizeof text, "%s JSON -> record", name);
    compare(&j, text, ours_in, has_tree ? theirs_in : NULL);
    ours_in(&j);
    snprintf(text, sizeof text, "%s record -> JSON", name);
    compare(&j, text, ours_out, has_tree ? theirs_out : NULL);
    buf_fini(&book);
    arena_fini(&arena);
}

static void
cscvinc(struct buf *book, struct buf *json)
{
    buf_add_z(book,
              "01 REQUEST-CONTAINER. 03 ACTION PIC X. 03 USERID PIC X(8).\n"
              "03 FILEA-AREA. 05 STAT PIC X. 05 NUMB PIC X(6).\n"
              "05 NAME PIC X(20). 05 ADDRX PIC X(20). 05 PHONE PIC X(8).\n"
              "05 DATEX PIC X(8). 05 AMOUNT PIC X(8). 05 COMMENT PIC X(9).\n");
    buf_add_z(json, "{\"REQUEST_CONTAINER\":{\"ACTION\":\"S\",\"USERID\":"
                    "\"LIBSERV\",\"FILEA_AREA\":{\"STAT\":\"Y\",\"NUMB\":"
                    "\"111111\",\"NAME\":\"C. BAKER\",\"ADDRX\":"
                    "\"OTTAWA, ONTARIO\",\"PHONE\":\"51212003\",\"DATEX\":"
                    "\"26 11 81\",\"AMOUNT\":\"$0011.00\",\"COMMENT\":"
                    "\"*********\"}}}");
}

int
main(void)
{
    printf("mapping, record bytes per second on one core (tree: jansson)\n");
    run_pair("DISPLAY", display_heavy, ABI_GNUCOBOL, true);
    run_pair("COMP-3", packed_heavy, ABI_GNUCOBOL, true);
    run_pair("CSCVINC", cscvinc, ABI_GNUCOBOL, true);
    run_pair("DISPLAY EBCDIC", display_heavy, ABI_ZOS, false);
    return 0;
}
