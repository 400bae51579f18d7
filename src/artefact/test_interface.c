/* Service interfaces: what the toolkit writes is what we read, and refusals. */
#include "artefact/service.h"
#include "base/test.h"
#include "cobol/copybook.h"

static const char every_kind[] =
    "01 REC-1.\n"
    "   05 A-TEXT PIC X(10).\n"
    "   05 ZONED PIC S9(5)V99 SIGN LEADING SEPARATE.\n"
    "   05 PLAIN PIC 9(4).\n"
    "   05 PACKED PIC S9(7)V9(2) COMP-3.\n"
    "   05 HALF PIC S9(4) COMP.\n"
    "   05 FULL PIC 9(9) COMP.\n"
    "   05 DBL PIC S9(18) COMP-5.\n"
    "   05 FL4 COMP-1.\n"
    "   05 FL8 COMP-2.\n"
    "   05 NAT PIC N(4).\n"
    "   05 FILLER PIC X(3).\n"
    "   05 DAY-OF PIC X(8).\n"
    "   05 DAY-PARTS REDEFINES DAY-OF.\n"
    "      10 Y PIC 9(4).\n"
    "      10 MD PIC 9(4).\n"
    "   05 NAMES PIC X(6) OCCURS 4.\n"
    "   05 GRID OCCURS 3.\n"
    "      10 G1 PIC X.\n"
    "      10 G2 PIC 9(2) OCCURS 2.\n"
    "   05 CNT PIC 9(4) COMP.\n"
    "   05 LINES-T OCCURS 1 TO 20 DEPENDING ON CNT.\n"
    "      10 L1 PIC X(5).\n"
    "      10 L2 PIC S9(3) COMP-3.\n";

static void
same_fields(const struct field *a, const struct field *b)
{
    assert_true(str_eq(a->name, b->name));
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->offset, b->offset);
    assert_int_equal(a->size, b->size);
    assert_int_equal(a->stride, b->stride);
    assert_int_equal(a->digits, b->digits);
    assert_int_equal(a->scale, b->scale);
    assert_int_equal(a->is_signed, b->is_signed);
    assert_int_equal(a->sign_leads, b->sign_leads);
    assert_int_equal(a->sign_separate, b->sign_separate);
    assert_int_equal(a->is_native, b->is_native);
    assert_int_equal(a->is_array, b->is_array);
    assert_int_equal(a->occurs_min, b->occurs_min);
    assert_int_equal(a->occurs_max, b->occurs_max);
    assert_int_equal(a->depends_on != NULL, b->depends_on != NULL);
    assert_int_equal(a->redefines != NULL, b->redefines != NULL);
    a = a->first;
    b = b->first;
    for (; a != NULL && b != NULL; a = a->next, b = b->next)
        same_fields(a, b);
    assert_true(a == NULL && b == NULL);
}

static void
interface_round_trip(void **state)
{
    struct copybook_options options = { .abi = abi_default(ABI_ZOS),
                                        .file_name = STR("rec.cpy") };
    struct service_segment segment = { .container = STR("Container1"),
                                       .is_required = true };
    struct service_message message = { .channel = STR("CHAN"),
                                       .segments = &segment,
                                       .n_segments = 1 };
    struct service_message back;
    struct err_info why = { 0 };
    struct copybook book;
    struct arena arena;
    struct str xml;
    struct buf out;
    bool is_channel;

    (void)state;
    arena_init(&arena, 16u << 20);
    assert_int_equal(
        copybook_parse(&arena, STR(every_kind), &options, &book, &why), ERR_OK);
    segment.layout = &book.layouts[0];
    buf_init(&out, 1u << 20);
    interface_write(&out, &message, STR("rec"), true);
    xml = exact_copy_n(out.p, out.n);
    assert_int_equal(interface_read(&arena, xml, STR("rec.si"),
                                    abi_default(ABI_ZOS), &is_channel, &back,
                                    &why),
                     ERR_OK);
    assert_true(is_channel);
    assert_true(str_eq_z(back.channel, "CHAN"));
    assert_int_equal(back.n_segments, 1);
    assert_true(str_eq_z(back.segments[0].container, "Container1"));
    assert_int_equal(back.segments[0].layout->size, segment.layout->size);
    same_fields(segment.layout->root, back.segments[0].layout->root);
    exact_free(xml);
    buf_fini(&out);
    arena_fini(&arena);
}

#define HEAD                                                                   \
    "<ns2:message xmlns:ns2='http://www.ibm.com/ims/Transaction' "             \
    "serviceType='CICS_COMM_AREA'><message id='1' name='M'><segment "          \
    "originalName='COMMAREA'>"
#define TAIL "</segment></message></ns2:message>"
#define CHAR(name, attrs, bytes)                                               \
    "<field name='" name "' " attrs "><bytes>" bytes                           \
    "</bytes><applicationDatatype datatype='CHAR'/></field>"

/* Positions are missing inside variable tables: fields follow each other. */
static void
interface_without_positions(void **state)
{
    static const char text[] =
        HEAD "<field name='R' originalName='R'><startPos>1</startPos>"
             "<bytes>84</bytes><applicationDatatype datatype='STRUCT'/>"
             "<field name='N' included='N' dependedOn='true'><startPos>1"
             "</startPos><bytes>4</bytes><marshaller isNativeInteger='N'/>"
             "<applicationDatatype datatype='INT' precision='8'/></field>"
             "<field name='T' dependsOn='N' minOccurs='1' maxOccurs='20'>"
             "<startPos>5</startPos><bytes>80</bytes><maxBytes>0</maxBytes>"
             "<applicationDatatype datatype='ARRAY'/>" CHAR("A", "", "1")
                 CHAR("B", "", "3") CHAR("C", "redefines='B' included='N'",
                                         "3") "</field></field>" TAIL;
    struct str xml = exact_copy(text);
    struct service_message message;
    const struct field *table;
    struct err_info why = { 0 };
    struct arena arena;
    bool is_channel;

    (void)state;
    arena_init(&arena, 1u << 20);
    assert_int_equal(interface_read(&arena, xml, STR("x.si"),
                                    abi_default(ABI_ZOS), &is_channel, &message,
                                    &why),
                     ERR_OK);
    assert_false(is_channel);
    table = message.segments[0].layout->root->last;
    assert_int_equal(table->stride, 4);
    assert_true(str_eq_z(table->depends_on->name, "N"));
    assert_int_equal(table->first->next->offset, 5);
    assert_int_equal(table->last->offset, 5);
    assert_ptr_equal(table->last->redefines, table->first->next);
    arena_fini(&arena);
    exact_free(xml);
}

static void
interface_refuses(void **state)
{
    static const struct {
        const char *xml, *text;
    } rows[] = {
        { "", "x.si" },
        { "<a/>", "expected message" },
        { "<message serviceType='IMS'/>", "serviceType \"IMS\"" },
        { "<message serviceType='CICS_COMM_AREA'/>", "no message" },
        { HEAD TAIL, "without fields" },
        { HEAD "<field/>" TAIL, "without a name" },
        { HEAD "<field name='A'/>" TAIL, "applicationDatatype" },
        { HEAD
          "<field name='A'><applicationDatatype datatype='X'/></field>" TAIL,
          "datatype \"X\"" },
        { HEAD CHAR("A", "", "-1") TAIL, "bytes \"-1\"" },
        { HEAD CHAR("A", "", "0") TAIL, "0 bytes" },
        { HEAD CHAR("A", "", "99999999999") TAIL, "bytes" },
        { HEAD CHAR("A", "included='maybe'", "1") TAIL, "included" },
        { HEAD CHAR("A", "redefines='B'", "1") TAIL, "redefines \"B\"" },
        { HEAD "<field name='A'><bytes>3</bytes><applicationDatatype "
               "datatype='DECIMAL' precision='5' scale='0'/></field>" TAIL,
          "5 digits need 5 bytes" },
        { HEAD "<field name='A'><bytes>3</bytes><applicationDatatype "
               "datatype='SHORT'/></field>" TAIL,
          "SHORT has 2 bytes" },
        { HEAD "<field name='A' maxOccurs='0'><bytes>3</bytes>"
               "<applicationDatatype datatype='ARRAY'/></field>" TAIL,
          "maxOccurs 0" },
        { HEAD "<field name='A' dependsOn='N' maxOccurs='2'><bytes>2</bytes>"
               "<applicationDatatype datatype='ARRAY'/>" CHAR(
                   "B", "", "1") "</field>" TAIL,
          "depends on \"N\"" },
        { HEAD
          "<field name='R'><startPos>1</startPos><bytes>2</bytes>"
          "<applicationDatatype datatype='STRUCT'/><field name='A' "
          "maxOccurs='134217727'><bytes>1</bytes><applicationDatatype "
          "datatype='ARRAY'/>" CHAR("B", "", "100") "</field></field>" TAIL,
          "too long" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str xml = exact_copy(rows[i].xml);
        struct service_message message;
        struct err_info why = { 0 };
        struct arena arena;
        bool is_channel;

        arena_init(&arena, 1u << 20);
        assert_int_not_equal(interface_read(&arena, xml, STR("x.si"),
                                            abi_default(ABI_ZOS), &is_channel,
                                            &message, &why),
                             ERR_OK);
        if (strstr(why.text, rows[i].text) == NULL)
            fail_msg("row %zu: \"%s\"", i, why.text);
        arena_fini(&arena);
        exact_free(xml);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interface_round_trip),
        cmocka_unit_test(interface_without_positions),
        cmocka_unit_test(interface_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
