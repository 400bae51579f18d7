/*
 * basicRegistry: what of the configuration counts, whose password is right, and
 * an attempt from the header to the identity, on a loop.
 */
#include "base/test.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "auth/authenticate.h"
#include "config/config.h"

/* "secret", 8 bytes of salt, 6384 rounds of HMAC-SHA1. */
#define HASH_OF_SECRET                                                         \
    "{hash}ATAAAAAIAQIDBAUGBwhAAAAAIPHVeFRtLy5hscRjdCTlH7+"                    \
    "BjYCmazmW3AI1qZcytvRj"

struct world {
    const char *xml;
    struct cfg_tree *tree;
    struct basic *basic;
    char said[4096];
};

static enum err
read_memory(void *arg, const char *path, struct buf *out, struct err_info *why)
{
    const struct world *w = arg;

    if (strcmp(path, "/u/servers/test/server.xml") != 0)
        return err_set(why, ERR_NOT_FOUND, "%s: no such file", path);
    buf_add_z(out, w->xml);
    return ERR_OK;
}

static void
say(void *arg, const char *id, const struct str *inserts, size_t n)
{
    struct world *w = arg;
    size_t at = strlen(w->said);

    at += (size_t)snprintf(w->said + at, sizeof w->said - at, "%s", id);
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(w->said + at, sizeof w->said - at,
                               " [" STR_FMT "]", STR_ARG(inserts[i]));
    snprintf(w->said + at, sizeof w->said - at, "\n");
}

static void
begin(struct world *w, const char *xml)
{
    struct cfg_options options = { .server_name = STR("test"),
                                   .server_dir = STR("/u/servers/test"),
                                   .user_dir = STR("/u"),
                                   .install_dir = STR("/opt/sp"),
                                   .read_file = read_memory,
                                   .arg = w };

    memset(w, 0, sizeof *w);
    w->xml = xml;
    assert_int_equal(cfg_load(&options, &w->tree, NULL), ERR_OK);
    assert_int_equal(basic_new(cfg_at(w->tree, &cfg_type_basic_registry, 0),
                               say, w, &w->basic, NULL),
                     ERR_OK);
}

static void
end(struct world *w)
{
    basic_free(&w->basic);
    cfg_unref(&w->tree);
}

static const char people[] =
    "<server><basicRegistry id='basic' realm='Office'>"
    "<user name=' Ann ' password='apple'/>"
    "<user name='Bob' password='{xor}Lz4sLCgwLTs='/>" /* password */
    "<user name='Carl' password='" HASH_OF_SECRET "'/>"
    "<user name='two words' password=' inner blank '/>"
    "<group name='STAFF'><member name='Ann'/><member name='Bob'/></group>"
    "<group name='a long group name'><member name='Ann'/></group>"
    "</basicRegistry></server>";

static void
passwords(void **state)
{
    static const struct {
        const char *name, *password, *want;
    } rows[] = {
        { "Ann", "apple", "Ann" },
        { "Bob", "password", "Bob" },
        { "Carl", "secret", "Carl" },
        { "two words", "inner blank", "two words" },
        { "Ann", "Apple", NULL },
        { "Ann", "appl", NULL },
        { "Ann", "apple ", NULL },
        { "Ann", "", NULL },
        { "ann", "apple", NULL },
        { " Ann ", "apple", NULL },
        { "Bob", "{xor}Lz4sLCgwLTs=", NULL },
        { "Carl", "Secret", NULL },
        { "Carl", HASH_OF_SECRET, NULL },
        { "Dora", "apple", NULL },
        { "", "", NULL },
    };
    struct world w;

    (void)state;
    begin(&w, people);
    assert_string_equal(w.said, "");
    assert_true(basic_is_slow(w.basic));
    assert_true(str_eq_z(basic_realm(w.basic), "Office"));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str name = exact_copy(rows[i].name);
        struct str password = exact_copy(rows[i].password);
        const struct basic_user *user = basic_check(w.basic, name, password);

        if (rows[i].want == NULL)
            assert_null(user);
        else
            assert_true(str_eq_z(user->name, rows[i].want));
        exact_free(name);
        exact_free(password);
    }
    assert_int_equal(basic_find(w.basic, STR("Ann"))->n_groups, 2);
    assert_true(str_eq_z(basic_find(w.basic, STR("Ann"))->groups[1],
                         "a long group name"));
    assert_int_equal(basic_find(w.basic, STR("Carl"))->n_groups, 0);
    end(&w);
}

static void
case_of_names(void **state)
{
    struct world w;

    (void)state;
    begin(&w, "<server><basicRegistry ignoreCaseForAuthentication='true'>"
              "<user name='Ann' password='apple'/>"
              "<user name='BOB' password='b'/><user name='bob' password='b'/>"
              "</basicRegistry></server>");
    assert_true(str_eq_z(basic_realm(w.basic), "BasicRegistry"));
    assert_false(basic_is_slow(w.basic));
    /* The name is the configured one, not what was typed. */
    assert_true(
        str_eq_z(basic_check(w.basic, STR("aNN"), STR("apple"))->name, "Ann"));
    assert_null(basic_check(w.basic, STR("aNN"), STR("APPLE")));
    /* Two who differ in case only: nobody can tell who was meant. */
    assert_null(basic_check(w.basic, STR("bob"), STR("b")));
    assert_null(basic_check(w.basic, STR("BOB"), STR("b")));
    assert_non_null(strstr(w.said, "CWWKS3104E ["));
    end(&w);
}

static void
entries_that_cannot_be_used(void **state)
{
    struct world w;

    (void)state;
    begin(&w,
          "<server><basicRegistry id='basic'>"
          "<user name='twice' password='a'/><user name='twice' password='a'/>"
          "<user name='twice' password='b'/>"
          "<user name=' ' password='a'/><user name='none' password=' '/>"
          "<user name='Ann' password='apple'/>"
          "<user name='bad' password='{hash}AAAA'/>"
          "<group name='G'><member name='Ann'/><member name=' Ann '/>"
          "<member name='ghost'/><member name=' '/></group>"
          "<group name='D'><member name='Ann'/></group>"
          "<group name='D'><member name='Ann'/></group>"
          "<group name=' '><member name='Ann'/></group>"
          "</basicRegistry></server>");
    assert_string_equal(
        w.said, "CWWKS3104E [twice]\n"
                "CWWKS3100E [A user element must define a name.]\n"
                "CWWKS3100E [The user element with name 'none' must define a "
                "password.]\n"
                "CWWKS3105E [D]\n"
                "CWWKS3106W [Ann] [G]\n"
                "CWWKS3107W [ghost] [G]\n"
                "CWWKS3102E [A member element must define a name.]\n"
                "CWWKS3101E [A group element must define a name.]\n");
    assert_null(basic_check(w.basic, STR("twice"), STR("a")));
    assert_null(basic_check(w.basic, STR("twice"), STR("b")));
    assert_null(basic_check(w.basic, STR("none"), STR("")));
    assert_null(basic_check(w.basic, STR("bad"), STR("")));
    assert_int_equal(basic_find(w.basic, STR("Ann"))->n_groups, 1);
    end(&w);

    begin(&w, "<server><basicRegistry id='empty' "
              "certificateMapMode='CUSTOM'/></server>");
    assert_string_equal(w.said, "CWWKS3103W [empty]\nCWWKS3108W\n");
    assert_null(basic_check(w.basic, STR("a"), STR("a")));
    end(&w);
}

/* --- certificates ----------------------------------------------------------
 */

/* A certificate whose subject has these CNs, in the order of the encoding. */
static struct str
certificate(const char *const *names)
{
    X509 *x = X509_new();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509_NAME *subject = X509_NAME_new();
    unsigned char *der = NULL;
    struct str copy;
    int n;

    X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8,
                               (const unsigned char *)"Office", -1, -1, 0);
    for (size_t i = 0; names[i] != NULL; i++)
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                   (const unsigned char *)names[i], -1, -1, 0);
    X509_set_subject_name(x, subject);
    X509_set_issuer_name(x, subject);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 60);
    X509_set_pubkey(x, key);
    X509_sign(x, key, EVP_sha256());
    n = i2d_X509(x, &der);
    copy = exact_copy_n(der, (size_t)n);
    OPENSSL_free(der);
    X509_NAME_free(subject);
    X509_free(x);
    EVP_PKEY_free(key);
    return copy;
}

static void
certificates(void **state)
{
    static const struct {
        const char *names[3];
        enum basic_mapped want;
        const char *text; /* the user, or the subject */
    } rows[] = {
        { { "Ann" }, BASIC_MAPPED, "Ann" },
        { { "Bob", "Ann" }, BASIC_MAPPED, "Ann" },
        { { "Ann", "Zoe" }, BASIC_NO_NAME, "CN=Zoe,CN=Ann,O=Office" },
        { { "ann" }, BASIC_NO_NAME, "CN=ann,O=Office" },
        { { NULL }, BASIC_NO_NAME, "O=Office" },
    };
    static const char *const modes[] = { "NOT_SUPPORTED", "IGNORE" };
    const struct basic_user *user = NULL;
    char subject[512], xml[200];
    struct world w;
    struct str der;

    (void)state;
    begin(&w, people);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        der = certificate(rows[i].names);
        assert_int_equal(basic_map_certificate(w.basic, der, &user, subject),
                         rows[i].want);
        if (rows[i].want == BASIC_MAPPED)
            assert_true(str_eq_z(user->name, rows[i].text));
        else
            assert_string_equal(subject, rows[i].text);
        exact_free(der);
    }
    assert_int_equal(
        basic_map_certificate(w.basic, STR("no DER"), &user, subject),
        BASIC_NO_NAME);
    end(&w);
    der = certificate(rows[0].names);
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        snprintf(xml, sizeof xml,
                 "<server><basicRegistry certificateMapMode='%s'>"
                 "<user name='Ann' password='a'/></basicRegistry></server>",
                 modes[i]);
        begin(&w, xml);
        assert_int_equal(basic_map_certificate(w.basic, der, &user, subject),
                         BASIC_IGNORED);
        end(&w);
    }
    exact_free(der);
}

/* --- attempts --------------------------------------------------------------
 */

struct asked {
    struct auth_attempt a;
    struct decision decision;
    struct str der; /* of the certificate; its digest */
    unsigned char digest[EVP_MAX_MD_SIZE];
    struct loop *loop;
    enum auth_result result;
    struct acee *acee;
    char notes[256];
    unsigned n_done;
    bool is_waiting;
};

static void
on_done(struct auth_attempt *a, const struct auth_outcome *outcome)
{
    struct asked *q = CONTAINER_OF(a, struct asked, a);

    q->result = outcome->result;
    q->acee = outcome->acee;
    q->n_done++;
    if (q->is_waiting)
        loop_stop(q->loop);
}

static void
on_note(struct auth_attempt *a, const char *id, const struct str *inserts,
        size_t n)
{
    struct asked *q = CONTAINER_OF(a, struct asked, a);
    size_t at = strlen(q->notes);

    (void)inserts;
    snprintf(q->notes + at, sizeof q->notes - at, "%s/%zu ", id, n);
}

struct bench {
    struct world w;
    struct loop *loop;
    struct checker *checker;
    struct auth_cache *cache;
    struct auth_policy policy;
};

static void
bench_begin(struct bench *b, const char *xml)
{
    begin(&b->w, xml);
    assert_int_equal(loop_new(&b->loop, NULL), ERR_OK);
    assert_int_equal(checker_new(2, &b->checker, NULL), ERR_OK);
    assert_int_equal(auth_cache_new(100, &b->cache, NULL), ERR_OK);
    b->policy = (struct auth_policy){ .registry = AUTH_REGISTRY_BASIC,
                                      .basic = b->w.basic,
                                      .applid = STR("BBGZDFLT"),
                                      .allow_basic = true,
                                      .cache_ms = 1000,
                                      .caches_passwords = true };
}

static void
bench_end(struct bench *b)
{
    checker_free(&b->checker);
    auth_cache_unref(&b->cache);
    loop_free(&b->loop);
    end(&b->w);
}

static void
get_certificate(struct auth_attempt *a)
{
    a->facts.certificate = CONTAINER_OF(a, struct asked, a)->der;
}

static void
ask(struct bench *b, struct asked *q, const char *header, struct str der,
    uint64_t now_ms)
{
    *q = (struct asked){ .loop = b->loop };
    q->a.cache = b->cache;
    q->a.loop = b->loop;
    q->a.checker = b->checker;
    q->a.policy = &b->policy;
    q->a.decision = &q->decision;
    q->a.facts.authorization = str_of(header);
    q->der = der;
    q->a.get_certificate = get_certificate;
    if (der.n > 0) {
        assert_int_equal(
            EVP_Digest(der.p, der.n, q->digest, NULL, EVP_sha256(), NULL), 1);
        q->a.facts.digest = str_n(q->digest, 32);
    }
    q->a.facts.source = STR("192.0.2.1");
    q->a.now_ms = now_ms;
    q->a.done = on_done;
    q->a.note = on_note;
    auth_start(&q->a);
    if (q->n_done == 0) {
        q->is_waiting = true;
        loop_run(b->loop);
    }
    assert_int_equal(q->n_done, 1);
}

#define ANN "Basic QW5uOmFwcGxl"         /* Ann:apple */
#define CARL "Basic Q2FybDpzZWNyZXQ="    /* Carl:secret */
#define CARL_NO "Basic Q2FybDpTZWNyZXQ=" /* Carl:Secret */
#define NOBODY "Basic Wm9lOmFwcGxl"      /* Zoe:apple */
#define EMPTY "Basic QW5uOg=="           /* Ann: */

static void
attempts(void **state)
{
    static const char *const ann[] = { "Ann", NULL };
    static const char *const zoe[] = { "Zoe", NULL };
    struct str none = STR("");
    struct str der = certificate(ann), other = certificate(zoe);
    struct bench b;
    struct asked q;

    (void)state;
    bench_begin(&b, people);
    ask(&b, &q, ANN, none, 1000);
    assert_int_equal(q.result, AUTH_OK);
    assert_true(str_eq_z(acee_name(q.acee), "Ann"));
    assert_true(str_eq_z(q.acee->registry, "Office"));
    assert_false(acee_is_mapped(q.acee));
    assert_int_equal(q.acee->origin, ACEE_PASSWORD);
    assert_int_equal(q.acee->n_registry_groups, 2);
    assert_int_equal(q.acee->wire.n, 0); /* nobody else may believe it */
    acee_unref(&q.acee);
    ask(&b, &q, CARL, none, 1000);
    assert_int_equal(q.result, AUTH_OK);
    acee_unref(&q.acee);
    ask(&b, &q, CARL_NO, none, 1000);
    assert_int_equal(q.result, AUTH_CHALLENGE);
    assert_null(q.acee);
    ask(&b, &q, NOBODY, none, 1000);
    assert_int_equal(q.result, AUTH_CHALLENGE);
    ask(&b, &q, EMPTY, none, 1000);
    assert_int_equal(q.result, AUTH_CHALLENGE);
    ask(&b, &q, "", none, 1000);
    assert_int_equal(q.result, AUTH_CHALLENGE);
    ask(&b, &q, "Bearer x", none, 1000);
    assert_int_equal(q.result, AUTH_CHALLENGE);

    /* The certificate decides first; who is nobody's may have a password. */
    ask(&b, &q, CARL, der, 1000);
    assert_int_equal(q.result, AUTH_OK);
    assert_true(str_eq_z(acee_name(q.acee), "Ann"));
    assert_int_equal(q.acee->origin, ACEE_CERTIFICATE);
    assert_int_equal(q.acee->certificate.n, 32);
    acee_unref(&q.acee);
    ask(&b, &q, CARL, other, 1000);
    assert_int_equal(q.result, AUTH_OK);
    assert_true(str_eq_z(acee_name(q.acee), "Carl"));
    assert_int_equal(q.acee->origin, ACEE_PASSWORD);
    assert_string_equal(q.notes, "CWWKS3112W/1 ");
    acee_unref(&q.acee);
    ask(&b, &q, "", other, 1000);
    assert_int_equal(q.result, AUTH_CHALLENGE);
    b.policy.ignores_certificates = true;
    ask(&b, &q, CARL, der, 1000);
    assert_int_equal(q.result, AUTH_OK);
    assert_true(str_eq_z(acee_name(q.acee), "Carl"));
    acee_unref(&q.acee);
    ask(&b, &q, "", der, 1000);
    assert_int_equal(q.result, AUTH_CHALLENGE);
    b.policy.ignores_certificates = false;
    b.policy.allow_basic = false;
    ask(&b, &q, CARL, other, 1000);
    assert_int_equal(q.result, AUTH_FORBIDDEN);
    ask(&b, &q, ANN, none, 1000);
    assert_int_equal(q.result, AUTH_FORBIDDEN);
    bench_end(&b);
    exact_free(der);
    exact_free(other);
}

/* From the cache until its time is over, and only where that is allowed. */
static void
the_cache_answers(void **state)
{
    struct bench b;
    struct asked q;
    struct str none = STR("");
    struct acee *first;

    (void)state;
    bench_begin(&b, people);
    ask(&b, &q, CARL, none, 1000);
    assert_true(q.is_waiting); /* a thread had to compute */
    first = q.acee;
    ask(&b, &q, CARL, none, 1999);
    assert_false(q.is_waiting);
    assert_ptr_equal(q.acee, first);
    acee_unref(&q.acee);
    ask(&b, &q, CARL, none, 2000);
    assert_true(q.is_waiting);
    acee_unref(&q.acee);
    ask(&b, &q, CARL_NO, none, 2000);
    assert_int_equal(q.result, AUTH_CHALLENGE);
    auth_cache_clear(b.cache);
    ask(&b, &q, CARL, none, 2000);
    assert_true(q.is_waiting);
    acee_unref(&q.acee);
    b.policy.caches_passwords = false;
    ask(&b, &q, CARL, none, 2000);
    assert_true(q.is_waiting);
    acee_unref(&q.acee);
    acee_unref(&first);
    bench_end(&b);
}

static void
no_registry_that_works(void **state)
{
    static const char *const ann[] = { "Ann", NULL };
    struct str der = certificate(ann), none = STR("");
    struct bench b;
    struct asked q;

    (void)state;
    bench_begin(&b, people);
    b.policy.registry = AUTH_REGISTRY_NONE;
    b.policy.problem = "CWWKS3006E";
    ask(&b, &q, ANN, none, 1000);
    assert_int_equal(q.result, AUTH_CHALLENGE);
    assert_string_equal(q.notes, "CWWKS3006E/0 ");
    ask(&b, &q, ANN, der, 1000);
    assert_int_equal(q.result, AUTH_CHALLENGE);
    b.policy.allow_basic = false;
    ask(&b, &q, "", der, 1000);
    assert_int_equal(q.result, AUTH_FORBIDDEN);
    bench_end(&b);
    exact_free(der);
}

/* --- checks in threads ------------------------------------------------------
 */

struct crowd {
    struct check checks[CHECKER_WAITING_MAX + 8];
    struct loop *loop;
    unsigned n_started, n_done, n_known;
};
static struct crowd crowd;

static void
crowd_done(struct check *check)
{
    crowd.n_known += check->user != NULL;
    if (++crowd.n_done == crowd.n_started)
        loop_stop(crowd.loop);
}

/* One address cannot fill the queue; what does not fit is refused; the end of
 * the checker answers whoever waits. */
static void
the_queue_is_bounded(void **state)
{
    struct bench b;
    struct checker *checker;
    unsigned from_one = 0;

    (void)state;
    bench_begin(&b, people);
    memset(&crowd, 0, sizeof crowd);
    crowd.loop = b.loop;
    assert_int_equal(checker_new(0, &checker, NULL), ERR_OK);
    for (unsigned i = 0; i < ARRAY_LEN(crowd.checks); i++) {
        bool is_one = i < CHECKER_SOURCE_MAX + 4;

        crowd.checks[i] = (struct check){
            .registry = b.w.basic,
            .name = STR("Carl"),
            .password = STR("secret"),
            .source = is_one ? STR("192.0.2.1") : STR("192.0.2.2"),
            .loop = b.loop,
            .done = crowd_done,
        };
        if (checker_start(checker, &crowd.checks[i], NULL) != ERR_OK)
            continue;
        crowd.n_started++;
        from_one += is_one;
    }
    assert_int_equal(from_one, CHECKER_SOURCE_MAX);
    assert_int_equal(crowd.n_started, CHECKER_WAITING_MAX);
    checker_free(&checker);
    loop_run(b.loop);
    assert_int_equal(crowd.n_done, crowd.n_started);
    assert_int_equal(crowd.n_known, 0);
    bench_end(&b);
}

/* Two threads, many checks: each is answered once. */
static void
threads_answer(void **state)
{
    struct bench b;

    (void)state;
    bench_begin(&b, people);
    memset(&crowd, 0, sizeof crowd);
    crowd.loop = b.loop;
    crowd.n_started = 20;
    for (unsigned i = 0; i < crowd.n_started; i++) {
        crowd.checks[i] = (struct check){
            .registry = b.w.basic,
            .name = STR("Carl"),
            .password = i % 2 == 0 ? STR("secret") : STR("wrong"),
            .loop = b.loop,
            .done = crowd_done,
        };
        assert_int_equal(checker_start(b.checker, &crowd.checks[i], NULL),
                         ERR_OK);
    }
    loop_run(b.loop);
    assert_int_equal(crowd.n_done, crowd.n_started);
    assert_int_equal(crowd.n_known, crowd.n_started / 2);
    bench_end(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords),
        cmocka_unit_test(case_of_names),
        cmocka_unit_test(entries_that_cannot_be_used),
        cmocka_unit_test(certificates),
        cmocka_unit_test(attempts),
        cmocka_unit_test(the_cache_answers),
        cmocka_unit_test(no_registry_that_works),
        cmocka_unit_test(the_queue_is_bounded),
        cmocka_unit_test(threads_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
