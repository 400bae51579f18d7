/* Service, API and requester archives to images, and damaged images. */
#include "artefact/cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "artefact/requester.h"
#include "base/file.h"
#include "base/test.h"
#include "parse/zip.h"

#define SI_FIELD(name, start, bytes, type)                                     \
    "<field name='" name "'><startPos>" start "</startPos><bytes>" bytes       \
    "</bytes>" type "</field>"
#define SI(fields)                                                             \
    "<ns2:message xmlns:ns2='http://www.ibm.com/ims/Transaction' "             \
    "serviceType='CICS_CHANNEL'><message id='1' name='CH'><segment "           \
    "originalName='C1' containerType='BIT' required='Y'><field name='R'>"      \
    "<startPos>1</startPos><bytes>11</bytes><applicationDatatype "             \
    "datatype='STRUCT'/>" fields "</field></segment></message></ns2:message>"

static const char interface[] =
    SI(SI_FIELD("KEY", "1", "6", "<applicationDatatype datatype='CHAR'/>")
           SI_FIELD("RC", "7", "4",
                    "<marshaller isNativeInteger='N'/><applicationDatatype "
                    "datatype='INT' precision='8'/>")
               SI_FIELD("OP", "11", "1",
                        "<applicationDatatype datatype='CHAR'/>"));

#define PROPERTY(name, value, type)                                            \
    "- propertyName: '" name "'\n  value: '" value "'\n  type: " type "\n"
#define MANIFEST(extra)                                                        \
    "name: svc\nprovider: CICS-1.0\nfactoryPid: "                              \
    "cics\nproviderProperties:\n" PROPERTY("program", "PROG", "STRING")        \
        PROPERTY("connectionRef", "conn", "STRING") PROPERTY("ccsid", "1208",  \
                                                             "STRING")         \
            PROPERTY("dataXformType", "WALKER_VISITOR", "STRING")              \
                PROPERTY("wvRequestInterfaceFile", "files\\i.si", "FILE")      \
                    PROPERTY("wvResponseInterfaceFile", "files\\i.si", "FILE") \
                        extra "version: 1.0.0\n"

#define PACKAGE                                                                \
    "<zosConnectApi id='api1'><apiSpec title='T' basePath='/b' "               \
    "version='1.0'><path relativePath='/k/{key}'><method type='GET' "          \
    "zosConnectServiceRef='svc' httpXformFile='m.xml' operationId='getIt'/>"   \
    "</path></apiSpec></zosConnectApi>"
#define MAPPING(responses)                                                     \
    "<ZosConnectServiceMapping><mappingContext basePath='/b' "                 \
    "relativePath='/k/{key}' method='GET' serviceName='svc'/>"                 \
    "<requestMessage><mappingRootModel type='MSL' location='r.map'/>"          \
    "</requestMessage>" responses "</ZosConnectServiceMapping>"
#define RULE(field, op)                                                        \
    "<responseMessages code='404' description='none'><responseRule "           \
    "name='Rule1' field='" field "' operator='" op "' value='13'/>"            \
    "</responseMessages>"
#define REQUEST_MAP(updates)                                                   \
    "<mappingRoot><mappingDeclaration><input path='$rootInput/HTTPRequest'/>"  \
    "<output path='$rootOutput/svcOperation'/><passthrough><input "            \
    "path='Body/svcOperation'/><output path='.'/><updates>" updates            \
    "</updates></passthrough></mappingDeclaration></mappingRoot>"
#define MOVE(from, to)                                                         \
    "<move><input path='" from "'/><output path='" to "'/></move>"

static struct buf
zip(const struct zip_item *items, size_t n)
{
    struct err_info why;
    struct buf out;

    buf_init(&out, ZIP_BYTES_MAX);
    assert_int_equal(zip_write(items, n, &out, &why), ERR_OK);
    return out;
}

static struct buf
make_sar(const char *manifest)
{
    const struct zip_item items[] = {
        { STR("manifest.yml"), str_of(manifest) },
        { STR("files/i.si"), str_of(interface) },
    };

    return zip(items, 2);
}

static struct buf
make_aar(const char *mapping, const char *map)
{
    const struct zip_item items[] = {
        { STR("package.xml"), STR(PACKAGE) },
        { STR("m.xml"), str_of(mapping) },
        { STR("r.map"), str_of(map) },
    };

    return zip(items, 3);
}

static const char good_mapping[] =
    MAPPING(RULE("svcOperationResponse/C1/R/RC", "eq"));
static const char good_map[] =
    REQUEST_MAP("<assign value='S'><output path='C1/R/OP'/></assign>" MOVE(
        "PathParameters/key", "C1/R/KEY"));

static struct buf
compile_good(void)
{
    struct buf sar = make_sar(MANIFEST(""));
    struct buf aar = make_aar(good_mapping, good_map), image;
    struct compile_service service = { .name = STR("svc"),
                                       .sar = buf_view(&sar) };
    struct compile_options options = { .services = &service, .n_services = 1 };
    struct err_info why = { 0 };
    enum err e;

    buf_init(&image, IMAGE_BYTES_MAX);
    e = artefact_compile_api(buf_view(&aar), &options, &image, &why);
    if (e != ERR_OK)
        fail_msg("%s", why.text);
    buf_fini(&sar);
    buf_fini(&aar);
    return image;
}

static void
image_runs_an_operation(void **state)
{
    struct buf bytes = compile_good(), json;
    struct map_param param = { MAP_PATH, STR("key"), STR("000042") };
    const struct image_response *response;
    const struct image_op *op;
    struct image *image = NULL;
    struct err_info why;
    uint8_t record[11];
    struct map_record in = { .p = record, .cap = sizeof record };
    struct str out = str_n("000042\0\0\0\x0dS", 11);
    struct map_out result = { .json = &json };

    (void)state;
    assert_int_equal(image_open(buf_view(&bytes), &image, &why), ERR_OK);
    assert_int_equal(image_info(image)->kind, IMAGE_API);
    assert_int_equal(image_info(image)->n_ops, 1);
    assert_true(str_eq_z(image_service(image, STR("svc"))->program, "PROG"));
    op = &image_info(image)->ops[0];
    assert_true(str_eq_z(op->path, "/k/{key}"));
    assert_int_equal(op->n_params, 1);
    assert_int_equal(op->n_responses, 2);
    assert_int_equal(op->responses[1].code, 200);
    assert_int_equal(map_record_bytes(&op->request, 0), 11);
    assert_int_equal(
        map_run_in(&op->request, (struct str){ 0 }, &param, 1, &in, &why),
        ERR_OK);
    assert_memory_equal(record, "000042\0\0\0\0S", 11);
    buf_init(&json, 65536);
    assert_int_equal(image_choose(op, &out, &response, &why), ERR_OK);
    assert_int_equal(response->code, 404);
    assert_int_equal(map_run_out(&response->map, &out, &result, &why), ERR_OK);
    assert_string_equal(buf_z(&json),
                        "{\"svcOperationResponse\":{\"C1\":{\"R\":{\"KEY\":"
                        "\"000042\",\"RC\":13,\"OP\":\"S\"}}}}");
    out = str_n("000042\0\0\0\0S", 11);
    assert_int_equal(image_choose(op, &out, &response, &why), ERR_OK);
    assert_int_equal(response->code, 200);
    buf_fini(&json);
    image_free(&image);
    image_free(&image);
    buf_fini(&bytes);
}

static void
image_survives_damage(void **state)
{
    struct buf bytes = compile_good();

    (void)state;
    for (size_t i = 0; i < 2 * bytes.n; i++) {
        struct str copy = exact_copy_n(bytes.p, i < bytes.n ? i : bytes.n);
        struct image *image = NULL;
        struct err_info why = { 0 };

        if (i >= bytes.n)
            ((char *)(uintptr_t)copy.p)[i - bytes.n] ^= 0x41;
        if (image_open(copy, &image, &why) != ERR_OK)
            assert_true(strlen(why.text) > 0);
        else
            assert_true(i >= bytes.n); /* a cut image is never one */
        image_free(&image);
        exact_free(copy);
    }
    buf_fini(&bytes);
}

static void
service_refuses(void **state)
{
    static const struct {
        const char *manifest;
        enum err want;
        const char *text;
    } rows[] = {
        { "", ERR_SYNTAX, "manifest.yml" },
        { "[1]", ERR_SYNTAX, "not a mapping" },
        { "name: svc\n", ERR_SYNTAX, "factoryPid" },
        { "name: 'a/b'\nfactoryPid: cics\n", ERR_SYNTAX, "no service name" },
        { "name: svc\nfactoryPid: cics\n", ERR_SYNTAX, "providerProperties" },
        { MANIFEST(PROPERTY("x", "y", "FUNNY")), ERR_UNSUPPORTED, "FUNNY" },
        { MANIFEST(PROPERTY("bindfile", "a.wsbind", "FILE")), ERR_UNSUPPORTED,
          "a.wsbind" },
        { MANIFEST(PROPERTY("transid", "TOOLONG", "STRING")), ERR_RANGE,
          "TOOLONG" },
        { MANIFEST(PROPERTY("omitOutputEmptyTags", "yes", "BOOLEAN")),
          ERR_SYNTAX, "omitOutputEmptyTags" },
        { MANIFEST(PROPERTY("omitOutputFieldsByValueByte", "64", "STRING")),
          ERR_SYNTAX, "0xNN" },
        { MANIFEST("requestSchema: {value: 'file:///none.json'}\n"),
          ERR_NOT_FOUND, "none.json" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf sar = make_sar(rows[i].manifest), image;
        struct err_info why = { 0 };
        enum err e;

        buf_init(&image, IMAGE_BYTES_MAX);
        e = artefact_compile_service(buf_view(&sar), NULL, &image, &why);
        if (e != rows[i].want || strstr(why.text, rows[i].text) == NULL)
            fail_msg("row %zu: %s \"%s\"", i, err_name(e), why.text);
        assert_int_equal(image.n, 0);
        buf_fini(&image);
        buf_fini(&sar);
    }
}

static void
api_refuses(void **state)
{
    static const struct {
        const char *mapping, *map;
        enum err want;
        const char *text;
    } rows[] = {
        { "<x/>", good_map, ERR_SYNTAX, "expected ZosConnectServiceMapping" },
        { "<x", good_map, ERR_SYNTAX, "m.xml" },
        { MAPPING(RULE("svcOperationResponse/C1/R/NONE", "eq")), good_map,
          ERR_NOT_FOUND, "NONE" },
        { MAPPING(RULE("svcOperationResponse/C1/R/RC", "like")), good_map,
          ERR_SYNTAX, "operator \"like\"" },
        { MAPPING("<responseMessages code='99'/>"), good_map, ERR_RANGE,
          "\"99\"" },
        { MAPPING("<responseMessages code='404'/>"), good_map, ERR_SYNTAX,
          "no responseRule" },
        { MAPPING("<responseMessages code='200'/><responseMessages "
                  "code='200'/>"),
          good_map, ERR_EXISTS, "twice" },
        { good_mapping, "<a/>", ERR_SYNTAX, "expected mappingRoot" },
        { good_mapping, REQUEST_MAP(MOVE("Cookies/x", "C1/R/KEY")),
          ERR_UNSUPPORTED, "Cookies/x" },
        { good_mapping, REQUEST_MAP(MOVE("PathParameters/key", "C1/R/NOPE")),
          ERR_NOT_FOUND, "r.map" },
        { good_mapping, REQUEST_MAP("<convert/>"), ERR_UNSUPPORTED, "convert" },
        { good_mapping, REQUEST_MAP(MOVE("PathParameters/k2", "C1/R/KEY")),
          ERR_NOT_FOUND, "no parameter {k2}" },
        { good_mapping, REQUEST_MAP("<move/>"), ERR_SYNTAX, "without input" },
    };
    struct buf sar = make_sar(MANIFEST(""));
    struct compile_service service = { .name = STR("svc"),
                                       .sar = buf_view(&sar) };
    struct compile_options options = { .services = &service, .n_services = 1 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf aar = make_aar(rows[i].mapping, rows[i].map), image;
        struct err_info why = { 0 };
        enum err e;

        buf_init(&image, IMAGE_BYTES_MAX);
        e = artefact_compile_api(buf_view(&aar), &options, &image, &why);
        if (e != rows[i].want || strstr(why.text, rows[i].text) == NULL)
            fail_msg("row %zu: %s \"%s\"", i, err_name(e), why.text);
        buf_fini(&image);
        buf_fini(&aar);
    }
    buf_fini(&sar);
}

static void
api_needs_its_service(void **state)
{
    struct buf aar = make_aar(good_mapping, good_map), image;
    struct err_info why = { 0 };

    (void)state;
    buf_init(&image, IMAGE_BYTES_MAX);
    assert_int_equal(artefact_compile_api(buf_view(&aar), NULL, &image, &why),
                     ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "service \"svc\" is not deployed"));
    buf_fini(&image);
    buf_fini(&aar);
}

static void
binds_refuse(void **state)
{
    static const struct {
        const char *bytes;
        enum err want;
    } rows[] = {
        { "", ERR_SYNTAX },
        { ">WSBIND<xxxx", ERR_UNSUPPORTED },
        { "\x6e\xe6\xe2\xc2\xc9\xd5\xc4\x4cxxxx", ERR_UNSUPPORTED },
        { ">ZCBIND<\n", ERR_SYNTAX },
        { ">ZCBIND<\n{\"version\":2}", ERR_UNSUPPORTED },
        { ">ZCBIND<\n{\"version\":1}", ERR_SYNTAX },
        { ">ZCBIND<\n{\"version\":1,\"operationId\":\"a\",\"method\":\"GET\","
          "\"path\":\"/\",\"request\":[]}",
          ERR_SYNTAX },
        { ">ZCBIND<\n{\"version\":1,\"operationId\":\"a\",\"method\":\"GET\","
          "\"path\":\"/\",\"request\":[{\"name\":\"x\",\"json\":\"x\","
          "\"kind\":\"text\"}]}",
          ERR_SYNTAX },
        { ">ZCBIND<\n{\"version\":1,\"operationId\":\"a\",\"method\":\"GET\","
          "\"path\":\"/\",\"request\":[{\"name\":\"x\",\"json\":\"x\","
          "\"kind\":\"text\",\"size\":4,\"count\":\"x-num\"}]}",
          ERR_SYNTAX },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str bytes = exact_copy(rows[i].bytes);
        struct requester_operation op;
        struct err_info why = { 0 };
        struct arena arena;

        arena_init(&arena, 1u << 20);
        assert_int_equal(
            bind_read(&arena, bytes, abi_default(ABI_GNUCOBOL), &op, &why),
            rows[i].want);
        assert_true(strlen(why.text) > 0);
        arena_fini(&arena);
        exact_free(bytes);
    }
}

static enum err
obtain(const char *folder, enum image_kind kind, struct str archive,
       const struct compile_options *options, struct image **image,
       bool *is_made, struct err_info *why)
{
    struct image_source source = { .kind = kind, .options = options };
    enum err e;

    archive_digest(archive, source.digest);
    e = image_find(folder, &source, true, image, why);
    *is_made = e == ERR_NOT_FOUND;
    return *is_made ? image_make(folder, &source, archive, image, why) : e;
}

/* The work area: made once, made again when a service changes. */
static void
images_are_kept(void **state)
{
    char folder[] = "/tmp/sallyport-image-XXXXXX";
    struct buf sar = make_sar(MANIFEST(""));
    struct buf aar = make_aar(good_mapping, good_map);
    struct compile_service service = { .name = STR("svc"),
                                       .sar = buf_view(&sar) };
    struct compile_options options = { .services = &service, .n_services = 1 };
    struct image *image = NULL;
    struct err_info why = { 0 };
    bool is_made;

    (void)state;
    assert_non_null(mkdtemp(folder));
    compile_service_digest(service.sar, 0, service.digest);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(obtain(folder, IMAGE_API, buf_view(&aar), &options,
                                &image, &is_made, &why),
                         ERR_OK);
        assert_int_equal(is_made, i == 0);
        assert_memory_equal(image_info(image)->services[0].digest,
                            service.digest, sizeof service.digest);
        image_free(&image);
    }
    buf_fini(&sar);
    sar = make_sar(MANIFEST(PROPERTY("transid", "ABCD", "STRING")));
    service.sar = buf_view(&sar);
    compile_service_digest(service.sar, 0, service.digest);
    assert_int_equal(obtain(folder, IMAGE_API, buf_view(&aar), &options, &image,
                            &is_made, &why),
                     ERR_OK);
    assert_true(is_made);
    assert_true(str_eq_z(image_info(image)->services[0].transid, "ABCD"));
    /* Another code page is another service. */
    compile_service_digest(service.sar, 37, service.digest);
    assert_false(image_is_joined(image, &options));
    options.n_services = 0;
    assert_false(image_is_joined(image, &options));
    image_free(&image);
    /* Refusals come out of the confined child with their text. */
    assert_int_equal(obtain(folder, IMAGE_SERVICE, buf_view(&aar), &options,
                            &image, &is_made, &why),
                     ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "manifest.yml"));
    buf_fini(&sar);
    buf_fini(&aar);
    assert_int_equal(tree_remove(folder, &why), ERR_OK);
}

static bool
has_file(const char *folder, const char *name)
{
    char path[256];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

static void
make_old_file(const char *folder, const char *name, time_t age_s)
{
    struct timespec times[2] = { { .tv_sec = time(NULL) - age_s },
                                 { .tv_sec = time(NULL) - age_s } };
    char path[256];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    if (!has_file(folder, name))
        assert_int_equal(file_replace(path, STR("x"), 0600, NULL), ERR_OK);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* What no archive uses goes, but not from under whoever has it mapped. */
static void
old_images_go(void **state)
{
#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
    static const struct {
        const char *name;
        time_t age_s;
        bool stays;
    } rows[] = {
        { HEX "0.img", 3600, false },
        { HEX "1.img", 60, true },    /* somebody may be about to map it */
        { HEX "2.img", -3600, true }, /* of tomorrow's clock */
        { HEX "3.img.123.new", 3600, false },
        { HEX "4.img.123.new", 60, true },
        { HEX "5.img.old", 3600, true },
        { HEX ".img", 3600, true }, /* one digit is missing */
        { HEX "G.img", 3600, true },
        { "archives.idx", 3600, true },
        { ".sLock", 3600, true },
        { "x.img", 3600, true },
    };
    char folder[] = "/tmp/sallyport-image-XXXXXX", name[128];
    struct buf sar = make_sar(MANIFEST(""));
    struct compile_options options = { .ccsid = 0 }, other = { .ccsid = 37 };
    struct image_source used = { .kind = IMAGE_SERVICE, .options = &options };
    struct image *image = NULL, *mapped = NULL;
    struct err_info why = { 0 };
    size_t n_images = 0;
    struct dirent *entry;
    bool is_made;
    DIR *dir;

    (void)state;
    assert_non_null(mkdtemp(folder));
    archive_digest(buf_view(&sar), used.digest);
    assert_int_equal(obtain(folder, IMAGE_SERVICE, buf_view(&sar), &options,
                            &image, &is_made, &why),
                     ERR_OK);
    assert_int_equal(obtain(folder, IMAGE_SERVICE, buf_view(&sar), &other,
                            &mapped, &is_made, &why),
                     ERR_OK);
    dir = opendir(folder);
    while ((entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.') {
            assert_true(str_copy_z(str_of(entry->d_name), name, sizeof name));
            make_old_file(folder, name, 3600);
            n_images++;
        }
    closedir(dir);
    assert_int_equal(n_images, 2);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        make_old_file(folder, rows[i].name, rows[i].age_s);
    assert_int_equal(image_sweep(folder, &used, 1, (uint64_t)time(NULL) * 1000),
                     3);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (has_file(folder, rows[i].name) != rows[i].stays)
            fail_msg("%s", rows[i].name);
    assert_true(str_eq_z(image_info(mapped)->services[0].name, "svc"));
    image_free(&mapped);
    image_free(&image);
    assert_int_equal(obtain(folder, IMAGE_SERVICE, buf_view(&sar), &options,
                            &image, &is_made, &why),
                     ERR_OK);
    assert_false(is_made);
    image_free(&image);
    assert_int_equal(image_sweep("/nonexistent", &used, 1, 0), 0);
    buf_fini(&sar);
    assert_int_equal(tree_remove(folder, &why), ERR_OK);
#undef HEX
}

/* An image file that a crash tore is not taken, however well it looks. */
static void
torn_images_are_noticed(void **state)
{
    char path[] = "/tmp/sallyport-image-XXXXXX";
    struct buf bytes = compile_good();
    struct image *image = NULL;
    struct err_info why = { 0 };
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(file_write_atomic(path, buf_view(&bytes), 0600, &why),
                     ERR_OK);
    assert_int_equal(image_load(path, true, &image, &why), ERR_OK);
    image_free(&image);
    for (size_t at = 0; at < bytes.n; at += 1 + bytes.n / 97) {
        bytes.p[at] = (char)(bytes.p[at] ^ 1);
        assert_int_equal(file_write_atomic(path, buf_view(&bytes), 0600, &why),
                         ERR_OK);
        assert_int_equal(image_load(path, true, &image, &why), ERR_SYNTAX);
        bytes.p[at] = (char)(bytes.p[at] ^ 1);
    }
    memset(bytes.p + bytes.n / 2, 0, bytes.n - bytes.n / 2);
    assert_int_equal(file_write_atomic(path, buf_view(&bytes), 0600, &why),
                     ERR_OK);
    assert_int_equal(image_load(path, true, &image, &why), ERR_SYNTAX);
    assert_null(image);
    buf_fini(&bytes);
    unlink(path);
}

/* A service that lies in a file is read only when it is what it was. */
static void
services_are_read_from_files(void **state)
{
    char folder[] = "/tmp/sallyport-image-XXXXXX";
    char path[64];
    struct buf sar = make_sar(MANIFEST(""));
    struct buf aar = make_aar(good_mapping, good_map), image;
    struct compile_service services[] = { { .name = STR("a") },
                                          { .name = STR("svc") },
                                          { .name = STR("svc") },
                                          { .name = STR("z") } };
    struct compile_options options = { .services = services,
                                       .n_services = ARRAY_LEN(services) };
    struct err_info why = { 0 };

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/s.sar", folder);
    services[1].path = path;
    compile_service_digest(buf_view(&sar), 0, services[1].digest);
    assert_ptr_equal(compile_service_find(&options, STR("svc")), &services[1]);
    assert_null(compile_service_find(&options, STR("b")));
    assert_null(compile_service_find(&options, STR("zz")));
    buf_init(&image, IMAGE_BYTES_MAX);
    assert_int_equal(
        artefact_compile_api(buf_view(&aar), &options, &image, &why),
        ERR_NOT_FOUND);
    assert_int_equal(file_write_atomic(path, buf_view(&sar), 0600, &why),
                     ERR_OK);
    assert_int_equal(
        artefact_compile_api(buf_view(&aar), &options, &image, &why), ERR_OK);
    assert_int_equal(
        file_write_atomic(path, str_sub(buf_view(&sar), 0, 100), 0600, &why),
        ERR_OK);
    buf_clear(&image);
    assert_int_equal(
        artefact_compile_api(buf_view(&aar), &options, &image, &why),
        ERR_NOT_NOW);
    assert_non_null(strstr(why.text, "not what is deployed"));
    assert_int_equal(image.n, 0);
    buf_fini(&image);
    buf_fini(&sar);
    buf_fini(&aar);
    assert_int_equal(tree_remove(folder, &why), ERR_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(image_runs_an_operation),
        cmocka_unit_test(image_survives_damage),
        cmocka_unit_test(service_refuses),
        cmocka_unit_test(api_refuses),
        cmocka_unit_test(api_needs_its_service),
        cmocka_unit_test(binds_refuse),
        cmocka_unit_test(old_images_go),
        cmocka_unit_test(images_are_kept),
        cmocka_unit_test(torn_images_are_noticed),
        cmocka_unit_test(services_are_read_from_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
