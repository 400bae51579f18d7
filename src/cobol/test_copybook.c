#include "base/test.h"
#include "cobol/copybook.h"

static enum err
find_member(void *ctx, struct str name, struct str library, struct str *text)
{
    (void)ctx;
    (void)library;
    if (str_eq_nocase_z(name, "FILEA"))
        *text = STR("           05 :P:-NUMB PIC X(6).\n"
                    "           05 :P:-NAME PIC X(20).\n");
    else if (str_eq_nocase_z(name, "LOOP"))
        *text = STR("       COPY LOOP.\n");
    else
        return ERR_NOT_FOUND;
    return ERR_OK;
}

/* "name:offset:size ..." of all fields, separated by blanks; per layout '|'. */
static enum err
parse(struct arena *a, const char *text, enum abi_kind kind, struct buf *got,
      struct err_info *why)
{
    struct copybook_options o = { .abi = abi_default(kind),
                                  .file_name = STR("dir/cust.cpy"),
                                  .find = find_member };
    struct str copy = exact_copy(text);
    struct copybook book = { 0 };
    enum err e = copybook_parse(a, copy, &o, &book, why);

    exact_free(copy);
    if (e != ERR_OK) {
        assert_int_equal(book.n, 0);
        return e;
    }
    for (size_t i = 0; i < book.n; i++) {
        struct field *root = book.layouts[i].root;

        buf_add_z(got, i > 0 ? "|" : "");
        for (struct field *f = root; f != NULL; f = field_next(root, f))
            buf_printf(got, "%s" STR_FMT ":%u:%u%s", f == root ? "" : " ",
                       STR_ARG(f->name), f->offset, f->stride,
                       f->is_included ? "" : "-");
    }
    return ERR_OK;
}

static void
accepts(void **state)
{
    static const struct {
        const char *text;
        enum abi_kind kind;
        const char *want;
    } rows[] = {
        { "       01 A.\n           05 B PIC X(6).\n", ABI_ZOS, "A:0:6 B:0:6" },
        { "01 A. 05 B PIC X(6). 05 C-D PIC S9(7)V99 COMP-3.", ABI_ZOS,
          "A:0:11 B:0:6 C_D:6:5" },
        { "06 Q.\n   09 N-length PIC S9999 COMP-5\n   SYNC.\n"
          "   09 N PIC X(255).\n   09 AMT COMP-2 SYNC.\n",
          ABI_GNUCOBOL, "CUST:0:272 Q:0:272 N_length:0:2 N:2:255 AMT:264:8" },
        { "01 A. 03 T OCCURS 3. 05 L PIC S9(4) COMP-5 SYNC. 05 X PIC X(255).",
          ABI_ZOS, "A:0:774 T:0:258 L:0:2 X:2:255" },
        { "01 A. 03 X PIC X. 03 B PIC S9(18) COMP SYNC.", ABI_ZOS,
          "A:0:12 X:0:1 B:4:8" },
        { "01 A. 03 X PIC X. 03 B PIC S9(18) COMP SYNC.", ABI_GNUCOBOL,
          "A:0:16 X:0:1 B:8:8" },
        { "01 A. 03 X PIC X(9). 03 Y REDEFINES X. 05 Z PIC 9(4) OCCURS 3 "
          "TIMES. 03 W PIC X.",
          ABI_ZOS, "A:0:13 X:0:9 Y:0:12- Z:0:4 W:12:1" },
        { "01 A. 03 N PIC 99. 03 T OCCURS 1 TO 5 TIMES DEPENDING ON N "
          "INDEXED BY I. 05 V PIC X(3).",
          ABI_ZOS, "A:0:17 N:0:2- T:2:3 V:2:3" },
        { "000100 01  A.                                                    "
          "       JUNK\n000200*comment\n000300     05  FILLER PIC X(3).\n"
          "000400     05  B PIC 9(4) COMP.\n",
          ABI_ZOS, "A:0:5 FILL_0:0:3- B:3:2" },
        { "01 R. COPY FILEA REPLACING ==:P:== BY ==CU==. 05 E PIC $$,$$9.99.",
          ABI_ZOS, "R:0:35 CU_NUMB:0:6 CU_NAME:6:20 E:26:9" },
        { "01 A PIC X. 88 ON VALUE 'Y' 'y'. 77 B COMP-1. 01 C BINARY-LONG "
          "UNSIGNED.",
          ABI_ZOS, "A:0:1|B:0:4|C:0:4" },
        { "IDENTIFICATION DIVISION. PROGRAM-ID. X. DATA DIVISION.\n"
          "WORKING-STORAGE SECTION. 01 A PIC X VALUE '.'. LINKAGE SECTION. "
          "01 B PIC 9.\nPROCEDURE DIVISION. MOVE 1 TO B.",
          ABI_ZOS, "A:0:1|B:0:1" },
        { "01 A USAGE COMP-3. 05 B PIC 9(3). 05 C PIC S9(4).", ABI_ZOS,
          "A:0:5 B:0:2 C:2:3" },
        { "01 A. 05 X PIC X. 05 X PIC X. 05 P POINTER.", ABI_GNUCOBOL,
          "A:0:10 X:0:1 X1:1:1 P:2:8-" },
        { "REPLACE ==PFX== BY ==ABC==. 01 PFX. 05 D PIC X. REPLACE OFF.",
          ABI_ZOS, "ABC:0:1 D:0:1" },
        { "01 A. 05 S PIC S99 SIGN LEADING SEPARATE. 05 T PIC S9 TRAILING.",
          ABI_ZOS, "A:0:4 S:0:3 T:3:1" },
        { "       01 A.\n           05 B-LONG-\n      -    NAME PIC X(2).\n",
          ABI_ZOS, "A:0:2 B_LONG_NAME:0:2" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err_info why = { 0 };
        struct arena a;
        struct buf got;
        enum err e;

        arena_init(&a, 1 << 22);
        buf_init(&got, 1 << 16);
        e = parse(&a, rows[i].text, rows[i].kind, &got, &why);
        if (e != ERR_OK)
            print_error("row %zu: %s\n", i, why.text);
        assert_int_equal(e, ERR_OK);
        assert_string_equal(buf_z(&got), rows[i].want);
        buf_fini(&got);
        arena_fini(&a);
    }
}

static void
refuses(void **state)
{
    static const struct {
        const char *text;
        enum err want;
        uint32_t line, column;
    } rows[] = {
        { "", ERR_SYNTAX, 1, 1 },
        { "01 A", ERR_SYNTAX, 1, 4 },
        { "01 A.", ERR_SYNTAX, 1, 1 },
        { "01 A PIC Q.", ERR_SYNTAX, 1, 10 },
        { "01 A PIC X PIC X.", ERR_SYNTAX, 1, 1 },
        { "50 A PIC X.", ERR_SYNTAX, 1, 1 },
        { "01 A.\n 05 B PIC X(3) FOO.", ERR_SYNTAX, 2, 16 },
        { "01 A. 05 B REDEFINES C PIC X.", ERR_NOT_FOUND, 1, 22 },
        { "01 A. 05 T PIC X OCCURS 1 TO 3 DEPENDING ON N.", ERR_NOT_FOUND, 1,
          45 },
        { "01 A. 05 T PIC X OCCURS 0.", ERR_RANGE, 1, 7 },
        { "01 A. 05 T PIC X OCCURS 1 TO 3.", ERR_SYNTAX, 1, 31 },
        { "01 A. COPY NONE.", ERR_NOT_FOUND, 1, 7 },
        { "01 A. COPY LOOP.", ERR_LIMIT, 1, 8 },
        { "01 A. 05 B PIC X. 10 C PIC X.", ERR_SYNTAX, 1, 19 },
        { "01 A PIC S9(19) COMP.", ERR_LIMIT, 1, 1 },
        { "01 A PIC X COMP-3.", ERR_SYNTAX, 1, 1 },
        { "01 A PIC 9 COMP-1.", ERR_SYNTAX, 1, 1 },
        { "01 A PIC X VALUE 'abc.", ERR_SYNTAX, 1, 1 },
        { "01 A. 05 T PIC X(9999) OCCURS 99999.", ERR_LIMIT, 0, 0 },
        { "01 A PIC 9(32).", ERR_LIMIT, 1, 15 },
        { "HELLO.", ERR_SYNTAX, 1, 1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err_info why = { 0 };
        struct arena a;
        struct buf got;
        enum err e;

        arena_init(&a, 1 << 22);
        buf_init(&got, 1 << 16);
        e = parse(&a, rows[i].text, ABI_ZOS, &got, &why);
        if (e != rows[i].want || why.line != rows[i].line ||
            why.column != rows[i].column)
            print_error("row %zu \"%s\": %s at %u:%u: %s\n", i, rows[i].text,
                        err_name(e), why.line, why.column, why.text);
        assert_int_equal(e, rows[i].want);
        assert_int_equal(why.line, rows[i].line);
        assert_int_equal(why.column, rows[i].column);
        buf_fini(&got);
        arena_fini(&a);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts),
        cmocka_unit_test(refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
