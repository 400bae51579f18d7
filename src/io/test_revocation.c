#include "base/test.h"

#include <fcntl.h>

#include "base/buf.h"
#include "io/revocation.h"
#include "io/test_responder.h"

static struct loop *loop;
static struct test_cert ca, other, signer;
static struct test_responder responder;
static struct revocation_result got;
static bool is_done;

enum leaf { BY_OCSP, BY_CRL, BY_BOTH, BY_NOBODY, BY_CLOSED, N_LEAVES };
static struct test_cert leaves[N_LEAVES];

static void
on_done(void *arg, const struct revocation_result *result)
{
    (void)arg;
    got = *result;
    is_done = true;
    loop_stop(loop);
}

static STACK_OF(X509) * chain_of(const struct test_cert *leaf)
{
    STACK_OF(X509) *chain = sk_X509_new_null();

    sk_X509_push(chain, leaf->x509);
    sk_X509_push(chain, ca.x509);
    return chain;
}

/* The verdict, after waiting for it; whether anybody had to be asked. */
static bool
look(struct revocation *by, const struct test_cert *leaf, struct str stapled)
{
    STACK_OF(X509) *chain = chain_of(leaf);
    struct revocation_check *check;
    struct err_info why = { 0 };
    enum err e;

    is_done = false;
    e = revocation_start(by, loop, chain, stapled, on_done, NULL, &check, &got,
                         &why);
    sk_X509_free(chain);
    if (e == ERR_OK) {
        assert_null(check);
        return false;
    }
    assert_int_equal(e, ERR_AGAIN);
    assert_false(is_done);
    loop_run(loop);
    assert_true(is_done);
    return true;
}

static struct revocation *
rules_with(struct revocation_cache *cache, struct revocation_rules rules)
{
    struct revocation *by = NULL;
    struct err_info why = { 0 };

    if (revocation_new(cache, &rules, &by, &why) != ERR_OK)
        fail_msg("%s", why.text);
    return by;
}

static void
say(const char *what)
{
    responder.is_revoked = strchr(what, 'r') != NULL;
    responder.is_old = strchr(what, 'o') != NULL;
    responder.is_unknown = strchr(what, 'u') != NULL;
    responder.is_garbage = strchr(what, 'g') != NULL;
    responder.is_silent = strchr(what, 's') != NULL;
    responder.is_huge = strchr(what, 'h') != NULL;
    responder.signer = strchr(what, 'd') != NULL   ? &signer
                       : strchr(what, 'x') != NULL ? &other
                                                   : &ca;
    responder.ca = strchr(what, 'x') != NULL ? &other : &ca;
    responder.n_ocsp = responder.n_crl = responder.n_get = 0;
}

static void
verdicts(void **state)
{
    static const struct {
        enum leaf leaf;
        const char *says; /* r revoked, o old, u unknown, g garbage, s silent,
                             h huge, d by a delegate, x by somebody else */
        enum revocation_level level;
        bool no_ocsp, no_crls;
        enum revocation_verdict want;
        bool is_refused;
        unsigned n_ocsp, n_crl; /* asked */
    } rows[] = {
        { BY_OCSP, "", REVOCATION_HIGH, 0, 0, REVOCATION_GOOD, 0, 1, 0 },
        { BY_OCSP, "d", REVOCATION_HIGH, 0, 0, REVOCATION_GOOD, 0, 1, 0 },
        { BY_CRL, "", REVOCATION_HIGH, 0, 0, REVOCATION_GOOD, 0, 0, 1 },
        { BY_BOTH, "", REVOCATION_HIGH, 0, 0, REVOCATION_GOOD, 0, 1, 0 },
        { BY_BOTH, "", REVOCATION_HIGH, 1, 0, REVOCATION_GOOD, 0, 0, 1 },
        /* revoked is refused on each level */
        { BY_OCSP, "r", REVOCATION_LOW, 0, 0, REVOCATION_REVOKED, 1, 1, 0 },
        { BY_CRL, "r", REVOCATION_LOW, 0, 0, REVOCATION_REVOKED, 1, 0, 1 },
        { BY_OCSP, "rd", REVOCATION_MEDIUM, 0, 0, REVOCATION_REVOKED, 1, 1, 0 },
        { BY_BOTH, "r", REVOCATION_HIGH, 0, 1, REVOCATION_REVOKED, 1, 1, 0 },
        /* what is no answer */
        { BY_OCSP, "o", REVOCATION_HIGH, 0, 0, REVOCATION_UNUSABLE, 1, 1, 0 },
        { BY_CRL, "o", REVOCATION_HIGH, 0, 0, REVOCATION_UNUSABLE, 1, 0, 1 },
        { BY_OCSP, "u", REVOCATION_HIGH, 0, 0, REVOCATION_UNUSABLE, 1, 1, 0 },
        { BY_OCSP, "g", REVOCATION_MEDIUM, 0, 0, REVOCATION_UNUSABLE, 1, 1, 0 },
        { BY_CRL, "g", REVOCATION_MEDIUM, 0, 0, REVOCATION_UNUSABLE, 1, 0, 1 },
        { BY_OCSP, "x", REVOCATION_HIGH, 0, 0, REVOCATION_UNUSABLE, 1, 1, 0 },
        { BY_CRL, "x", REVOCATION_HIGH, 0, 0, REVOCATION_UNUSABLE, 1, 0, 1 },
        { BY_OCSP, "o", REVOCATION_LOW, 0, 0, REVOCATION_UNUSABLE, 0, 1, 0 },
        { BY_CRL, "x", REVOCATION_LOW, 0, 0, REVOCATION_UNUSABLE, 0, 0, 1 },
        /* the next source counts when the first does not tell */
        { BY_BOTH, "u", REVOCATION_HIGH, 0, 0, REVOCATION_GOOD, 0, 1, 1 },
        /* nobody answers */
        { BY_CLOSED, "", REVOCATION_LOW, 0, 0, REVOCATION_UNREACHABLE, 0, 0,
          0 },
        { BY_CLOSED, "", REVOCATION_MEDIUM, 0, 0, REVOCATION_UNREACHABLE, 1, 0,
          0 },
        { BY_CLOSED, "", REVOCATION_HIGH, 0, 0, REVOCATION_UNREACHABLE, 1, 0,
          0 },
        { BY_OCSP, "s", REVOCATION_HIGH, 0, 0, REVOCATION_UNREACHABLE, 1, 0,
          0 },
        { BY_OCSP, "s", REVOCATION_LOW, 0, 0, REVOCATION_UNREACHABLE, 0, 0, 0 },
        { BY_CRL, "h", REVOCATION_HIGH, 0, 0, REVOCATION_UNREACHABLE, 1, 0, 1 },
        /* nobody to ask */
        { BY_NOBODY, "", REVOCATION_LOW, 0, 0, REVOCATION_NO_SOURCE, 0, 0, 0 },
        { BY_NOBODY, "", REVOCATION_MEDIUM, 0, 0, REVOCATION_NO_SOURCE, 0, 0,
          0 },
        { BY_NOBODY, "", REVOCATION_HIGH, 0, 0, REVOCATION_NO_SOURCE, 1, 0, 0 },
        { BY_OCSP, "", REVOCATION_HIGH, 1, 0, REVOCATION_NO_SOURCE, 1, 0, 0 },
        { BY_CRL, "r", REVOCATION_MEDIUM, 0, 1, REVOCATION_NO_SOURCE, 0, 0, 0 },
        { BY_OCSP, "r", REVOCATION_OFF, 0, 0, REVOCATION_GOOD, 0, 0, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct revocation_cache *cache;
        struct revocation *by;

        say(rows[i].says);
        responder.victim = &leaves[rows[i].leaf];
        assert_int_equal(revocation_cache_new(&cache, NULL), ERR_OK);
        by = rules_with(cache, (struct revocation_rules){
                                   .level = rows[i].level,
                                   .use_ocsp = !rows[i].no_ocsp,
                                   .use_http_crls = !rows[i].no_crls,
                                   .ocsp_timeout_ms = 1000,
                               });
        look(by, &leaves[rows[i].leaf], STR(""));
        if (got.verdict != rows[i].want ||
            got.is_refused != rows[i].is_refused ||
            responder.n_ocsp != rows[i].n_ocsp ||
            responder.n_crl != rows[i].n_crl)
            fail_msg("row %zu: verdict %d, refused %d, asked %u and %u: %s", i,
                     got.verdict, got.is_refused, responder.n_ocsp,
                     responder.n_crl, got.text);
        assert_true((got.verdict == REVOCATION_GOOD) == (got.text[0] == '\0'));
        revocation_unref(&by);
        revocation_cache_unref(&cache);
    }
}

/* A second look costs nothing, for another certificate the list is kept; after
 * a failure nobody is asked again at once. */
static void
answers_are_kept(void **state)
{
    struct revocation_cache *cache;
    struct revocation *by;

    (void)state;
    say("");
    assert_int_equal(revocation_cache_new(&cache, NULL), ERR_OK);
    by = rules_with(cache, (struct revocation_rules){ .level = REVOCATION_HIGH,
                                                      .use_http_crls = true,
                                                      .use_ocsp = true });
    assert_true(look(by, &leaves[BY_CRL], STR("")));
    assert_false(look(by, &leaves[BY_CRL], STR("")));
    assert_int_equal(got.verdict, REVOCATION_GOOD);
    assert_true(look(by, &leaves[BY_OCSP], STR("")));
    assert_false(look(by, &leaves[BY_OCSP], STR("")));
    assert_int_equal(responder.n_crl, 1);
    assert_int_equal(responder.n_ocsp, 1);
    say("r");
    responder.victim = &leaves[BY_CRL];
    revocation_cache_clear(cache);
    assert_true(look(by, &leaves[BY_CRL], STR("")));
    assert_int_equal(got.verdict, REVOCATION_REVOKED);
    say("g");
    revocation_cache_clear(cache);
    assert_true(look(by, &leaves[BY_OCSP], STR("")));
    assert_int_equal(got.verdict, REVOCATION_UNUSABLE);
    assert_false(look(by, &leaves[BY_OCSP], STR("")));
    assert_true(got.is_refused);
    assert_int_equal(responder.n_ocsp, 1);
    revocation_unref(&by);
    revocation_cache_unref(&cache);
}

/* What answers may be signed with, how many are asked, and who signs what is
 * asked. */
static void
signatures(void **state)
{
    static const struct {
        enum leaf leaf;
        const char *algorithms;
        size_t n;
        bool is_good;
    } rows[] = {
        { BY_OCSP, "\x04\x03", 2, true },
        { BY_CRL, "\x04\x03", 2, true },
        { BY_OCSP, "\x06\x01\x04\x03", 4, true },
        { BY_OCSP, "\x05\x03", 2, false },
        { BY_CRL, "\x05\x03\x02\x03", 4, false },
        { BY_OCSP, "\x04\x01", 2, false },
        { BY_CRL, "\x08\x04", 2, false },
        { BY_OCSP, "\x03", 1, false },
    };
    struct revocation_cache *cache;
    struct revocation *by;

    (void)state;
    say("");
    assert_int_equal(revocation_cache_new(&cache, NULL), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str list = str_n(rows[i].algorithms, rows[i].n);

        by = rules_with(cache,
                        (struct revocation_rules){ .level = REVOCATION_HIGH,
                                                   .use_http_crls = true,
                                                   .use_ocsp = true,
                                                   .ocsp_algorithms = list,
                                                   .crl_algorithms = list });
        look(by, &leaves[rows[i].leaf], STR(""));
        if ((got.verdict == REVOCATION_GOOD) != rows[i].is_good)
            fail_msg("row %zu: %d %s", i, got.verdict, got.text);
        revocation_unref(&by);
    }
    /* The second source of two is not asked. */
    say("u");
    by = rules_with(cache, (struct revocation_rules){ .level = REVOCATION_HIGH,
                                                      .use_http_crls = true,
                                                      .use_ocsp = true,
                                                      .max_sources = 1 });
    look(by, &leaves[BY_BOTH], STR(""));
    assert_int_equal(got.verdict, REVOCATION_UNUSABLE);
    assert_int_equal(responder.n_crl, 0);
    revocation_unref(&by);
    revocation_cache_clear(cache);
    say("");
    responder.client = &signer;
    responder.n_signed = 0;
    by = rules_with(cache,
                    (struct revocation_rules){ .level = REVOCATION_HIGH,
                                               .use_ocsp = true,
                                               .signer = signer.x509,
                                               .signer_key = signer.key,
                                               .signer_digest = EVP_sha384() });
    look(by, &leaves[BY_OCSP], STR(""));
    assert_int_equal(got.verdict, REVOCATION_GOOD);
    assert_int_equal(responder.n_signed, 1);
    responder.client = NULL;
    revocation_unref(&by);
    revocation_cache_unref(&cache);
}

static void
signs_with_pss(void **state)
{
    struct test_cert rsa = test_cert_make(
        (struct test_cert_spec){ .name = "client", .is_rsa = true });
    const EVP_MD *digests[] = { EVP_sha256(), EVP_sha384(), EVP_sha512() };
    struct revocation_cache *cache;

    (void)state;
    assert_int_equal(revocation_cache_new(&cache, NULL), ERR_OK);
    say("");
    responder.client = &rsa;
    responder.n_signed = 0;
    for (size_t i = 0; i < ARRAY_LEN(digests); i++) {
        struct revocation *by = rules_with(
            cache, (struct revocation_rules){ .level = REVOCATION_HIGH,
                                              .use_ocsp = true,
                                              .signer = rsa.x509,
                                              .signer_key = rsa.key,
                                              .signer_digest = digests[i],
                                              .signs_pss = true });

        revocation_cache_clear(cache);
        look(by, &leaves[BY_OCSP], STR(""));
        assert_int_equal(got.verdict, REVOCATION_GOOD);
        assert_int_equal(responder.n_signed, i + 1);
        revocation_unref(&by);
    }
    responder.client = NULL;
    test_cert_free(&rsa);
    revocation_cache_unref(&cache);
}

/* Many who ask the same wait for one answer, and one who leaves is let go. */
static unsigned n_called;

static void
on_one_of_many(void *arg, const struct revocation_result *result)
{
    (void)arg;
    assert_int_equal(result->verdict, REVOCATION_GOOD);
    if (++n_called == 9)
        loop_stop(loop);
}

static void
many_wait_for_one(void **state)
{
    struct revocation_check *checks[10];
    struct revocation_cache *cache;
    struct revocation *by;

    (void)state;
    say("");
    n_called = 0;
    responder.is_held = true;
    assert_int_equal(revocation_cache_new(&cache, NULL), ERR_OK);
    by = rules_with(cache, (struct revocation_rules){ .level = REVOCATION_HIGH,
                                                      .use_ocsp = true });
    for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
        STACK_OF(X509) *chain = chain_of(&leaves[BY_OCSP]);

        assert_int_equal(revocation_start(by, loop, chain, STR(""),
                                          on_one_of_many, NULL, &checks[i],
                                          &got, NULL),
                         ERR_AGAIN);
        sk_X509_free(chain);
    }
    revocation_cancel(&checks[4]);
    assert_null(checks[4]);
    revocation_unref(&by); /* the checks hold it */
    revocation_cache_unref(&cache);
    responder.is_held = false;
    loop_run(loop);
    assert_int_equal(n_called, 9);
    assert_int_equal(responder.n_ocsp, 1);
}

/* Neither GET, nonce nor a responder of our own changes what is believed. */
static void
ways_to_ask(void **state)
{
    static const struct {
        bool by_get;
        uint32_t nonce;
        bool is_own, needs_nonce;
        enum leaf leaf;
    } rows[] = {
        { true, 0, false, false, BY_OCSP },
        { false, 16, false, true, BY_OCSP },
        { true, 8, false, true, BY_OCSP },
        { false, 0, true, false, BY_NOBODY },
        { false, 0, false, false, BY_OCSP },
    };
    char own[128];

    (void)state;
    (void)snprintf(own, sizeof own, "http://127.0.0.1:%u/ocsp", responder.port);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (int is_revoked = 0; is_revoked < 2; is_revoked++) {
            struct revocation_cache *cache;
            struct revocation *by;

            say(is_revoked ? "r" : "");
            assert_int_equal(revocation_cache_new(&cache, NULL), ERR_OK);
            by = rules_with(cache,
                            (struct revocation_rules){
                                .level = REVOCATION_HIGH,
                                .use_ocsp = !rows[i].is_own,
                                .ocsp_url = str_of(rows[i].is_own ? own : ""),
                                .ocsp_by_get = rows[i].by_get,
                                .nonce_bytes = rows[i].nonce,
                                .needs_nonce = rows[i].needs_nonce });
            look(by, &leaves[rows[i].leaf], STR(""));
            if (got.verdict !=
                    (is_revoked ? REVOCATION_REVOKED : REVOCATION_GOOD) ||
                (rows[i].by_get && responder.n_get != 1))
                fail_msg("row %zu: %d %s", i, got.verdict, got.text);
            revocation_unref(&by);
            revocation_cache_unref(&cache);
        }
    }
}

/* A response that came with the handshake saves the question; a bad one does
 * not answer it. Fetching one for ourselves: only a good one is for use. */
static void
stapled_responses(void **state)
{
    struct revocation_cache *cache;
    struct revocation *by;
    struct buf staple;
    struct err_info why = { 0 };
    int64_t until = 0;

    (void)state;
    say("");
    assert_int_equal(revocation_cache_new(&cache, NULL), ERR_OK);
    by = rules_with(cache, (struct revocation_rules){ .level = REVOCATION_HIGH,
                                                      .use_ocsp = true });
    assert_int_equal(revocation_fetch_staple(by, leaves[BY_OCSP].x509, ca.x509,
                                             &staple, &until, &why),
                     ERR_OK);
    assert_true(until > time(NULL) + 3000 && until < time(NULL) + 3700);
    assert_int_equal(responder.n_ocsp, 1);
    assert_false(look(by, &leaves[BY_OCSP], buf_view(&staple)));
    assert_int_equal(got.verdict, REVOCATION_GOOD);
    assert_int_equal(responder.n_ocsp, 1);
    /* about another certificate */
    assert_true(look(by, &leaves[BY_BOTH], buf_view(&staple)));
    assert_int_equal(responder.n_ocsp, 2);
    staple.p[60] ^= 1; /* what is signed */
    assert_true(look(by, &leaves[BY_OCSP], buf_view(&staple)));
    assert_int_equal(responder.n_ocsp, 3);
    buf_fini(&staple);
    say("r");
    assert_int_equal(revocation_fetch_staple(by, leaves[BY_OCSP].x509, ca.x509,
                                             &staple, &until, &why),
                     ERR_DENIED);
    assert_int_equal(revocation_fetch_staple(by, leaves[BY_CRL].x509, ca.x509,
                                             &staple, &until, &why),
                     ERR_NOT_FOUND);
    revocation_unref(&by);
    revocation_cache_unref(&cache);
}

static void
refused_rules(void **state)
{
    static const struct revocation_rules rows[] = {
        { .level = REVOCATION_LOW, .ocsp_url = { "https://a/", 10 } },
        { .level = REVOCATION_LOW, .ocsp_url = { "file:///a", 9 } },
        { .level = REVOCATION_LOW, .ldap_servers = { "ldap://a", 8 } },
    };
    struct revocation_cache *cache;

    (void)state;
    assert_int_equal(revocation_cache_new(&cache, NULL), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct revocation *by = (void *)&loop;
        struct err_info why = { 0 };

        assert_int_equal(revocation_new(cache, &rows[i], &by, &why),
                         ERR_SYNTAX);
        assert_ptr_equal(by, &loop);
        assert_true(why.text[0] != '\0');
    }
    revocation_cache_unref(&cache);
}

/* ---- set-up ---- */

static int
set_up(void **state)
{
    (void)state;
    assert_int_equal(loop_new(&loop, NULL), ERR_OK);
    ca = test_cert_make((struct test_cert_spec){ .name = "CA", .is_ca = true });
    /* of the same name: only its key is another */
    other =
        test_cert_make((struct test_cert_spec){ .name = "CA", .is_ca = true });
    signer = test_cert_make((struct test_cert_spec){
        .name = "signer", .issuer = &ca, .signs_ocsp = true });
    test_responder_start(&responder, &ca);
    for (int i = 0; i < N_LEAVES; i++) {
        bool is_ocsp = i == BY_OCSP || i == BY_BOTH;
        const char *closed = "OCSP;URI:http://127.0.0.1:1/ocsp";

        leaves[i] = test_cert_make((struct test_cert_spec){
            .name = "leaf",
            .issuer = &ca,
            .aia = is_ocsp          ? responder.aia
                   : i == BY_CLOSED ? closed
                                    : NULL,
            .cdp = i == BY_CRL || i == BY_BOTH ? responder.cdp : NULL });
    }
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    test_responder_stop(&responder);
    for (int i = 0; i < N_LEAVES; i++)
        test_cert_free(&leaves[i]);
    test_cert_free(&ca);
    test_cert_free(&other);
    test_cert_free(&signer);
    loop_free(&loop);
    threads_end();
    return 0;
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts),      cmocka_unit_test(answers_are_kept),
        cmocka_unit_test(signatures),    cmocka_unit_test(many_wait_for_one),
        cmocka_unit_test(ways_to_ask),   cmocka_unit_test(stapled_responses),
        cmocka_unit_test(refused_rules), cmocka_unit_test(signs_with_pss),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
