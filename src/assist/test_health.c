/* Rings and what is in them, as the host's answers say. */
#include "assist/test_store.h"

#include "assist/health_ring.h"

#define NOW_S 1600000000 /* 2020-09-13 */
#define DAY_S 86400

/* What a ring holds, and what was asked for. */
struct host {
    struct ring_facts facts;
    struct ring_cert certs[3];
    char asked[512];
};

static void
look_up(void *arg, const struct ring_name *name, struct ring_facts *out)
{
    struct host *h = arg;
    size_t n = strlen(h->asked);

    (void)snprintf(h->asked + n, sizeof h->asked - n,
                   STR_FMT "/" STR_FMT "/" STR_FMT ";", STR_ARG(name->user),
                   STR_ARG(name->ring), STR_ARG(name->stash));
    *out = h->facts;
    out->certs = h->certs;
}

/* From and until, from now. */
#define SIGNER(from, until)                                                    \
    {                                                                          \
        "CA", from, until, true, false, false                                  \
    }
#define GOOD_SIGNER SIGNER(-DAY_S, 400 * DAY_S)
#define OWN(label, is_default, has_key)                                        \
    {                                                                          \
        label, -DAY_S, 400 * DAY_S, false, is_default, has_key                 \
    }

struct row_cert {
    const char *label;
    int64_t from, until;
    bool is_signer, is_default, has_key;
};

static void
fill(struct host *h, const struct row_cert *certs, bool are_keys_known)
{
    memset(h, 0, sizeof *h);
    h->facts.state = RING_IS_THERE;
    h->facts.are_keys_known = are_keys_known;
    for (; h->facts.n < 3 && certs[h->facts.n].label != NULL; h->facts.n++) {
        const struct row_cert *c = &certs[h->facts.n];

        h->certs[h->facts.n] =
            (struct ring_cert){ str_of(c->label), NOW_S + c->from,
                                NOW_S + c->until, c->is_signer,
                                c->is_default,    c->has_key };
    }
}

static void
certificates(void **state)
{
#define SERVER "'handshakeRole':'Server'"
#define CLIENT "'handshakeRole':'Client'"
#define AUTH "'handshakeRole':'ServerWithClientAuth'"
#define LABEL ",'certificateLabel':'me'"
    static const struct {
        const char *role; /* and label */
        bool are_keys_known;
        struct row_cert certs[3];
        const char *says; /* all of it */
    } rows[] = {
        { CLIENT, true, { GOOD_SIGNER }, "" },
        { CLIENT, true, { GOOD_SIGNER, OWN("a", false, false) }, "" },
        { CLIENT,
          true,
          { { NULL } },
          "groups[0].images[0].keyring: ring Ring has no certificate of an "
          "authority: no partner's can be verified\n" },
        { CLIENT,
          true,
          { SIGNER(-2 * DAY_S, -DAY_S) },
          "groups[0].images[0].keyring: certificate \"CA\" of ring Ring "
          "expired 2020-09-12\n" },
        { CLIENT,
          true,
          { SIGNER(DAY_S, 99 * DAY_S) },
          "groups[0].images[0].keyring: certificate \"CA\" of ring Ring is "
          "valid from 2020-09-14 on\n" },
        { CLIENT,
          true,
          { SIGNER(-DAY_S, 30 * DAY_S - 1) },
          "groups[0].images[0].keyring: certificate \"CA\" of ring Ring "
          "expires 2020-10-13, in 29 days\n" },
        { CLIENT, true, { SIGNER(-DAY_S, 30 * DAY_S) }, "" },
        { CLIENT LABEL,
          true,
          { GOOD_SIGNER },
          "trafficDescriptors[0].types[0].certificateLabel: \"me\" is not in "
          "ring Ring\n" },
        { CLIENT LABEL, true, { GOOD_SIGNER, OWN("me", false, true) }, "" },
        { CLIENT LABEL,
          true,
          { GOOD_SIGNER, OWN("me", false, false) },
          "trafficDescriptors[0].types[0].certificateLabel: certificate "
          "\"me\" of ring Ring has no private key that may be used\n" },
        /* another's keys: nothing is known, nothing is said */
        { CLIENT LABEL, false, { GOOD_SIGNER, OWN("me", false, false) }, "" },
        { SERVER, true, { OWN("a", true, true) }, "" },
        { SERVER,
          true,
          { GOOD_SIGNER },
          "trafficDescriptors[0].types[0].handshakeRole: ring Ring has no "
          "certificate that a server could show\n" },
        { SERVER,
          true,
          { OWN("a", false, true), OWN("b", true, false) },
          "trafficDescriptors[0].types[0].handshakeRole: certificate \"b\" of "
          "ring Ring has no private key that may be used\n" },
        { SERVER LABEL,
          true,
          { OWN("ME", true, true) },
          "trafficDescriptors[0].types[0].certificateLabel: \"me\" is not in "
          "ring Ring\n" },
        { AUTH,
          true,
          { OWN("a", true, true) },
          "groups[0].images[0].keyring: ring Ring has no certificate of an "
          "authority: no partner's can be verified\n" },
        { AUTH, true, { OWN("a", true, true), GOOD_SIGNER }, "" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct said said;
        struct store *s =
            store_with("'handshakeRole':'Client'", rows[i].role, &said);
        struct host host;

        assert_non_null(s);
        fill(&host, rows[i].certs, rows[i].are_keys_known);
        health_rings(s, (struct str){ 0 }, NOW_S, look_up, &host, on_said,
                     &said);
        assert_int_equal(said.n_errors, 0);
        if (strcmp(said.all, rows[i].says) != 0)
            fail_msg("row %zu: %s", i, said.all);
        store_free(&s);
    }
}

/* What was not looked up, or is not there, is never taken for good. */
static void
absent(void **state)
{
    static const struct {
        int what;
        const char *why, *says;
    } rows[] = {
        { RING_NOT_LOOKED_UP, "no angel",
          "groups[0].images[0].keyring: ring Ring was not looked up: no "
          "angel\n" },
        { RING_IS_MISSING, "make it",
          "groups[0].images[0].keyring: ring Ring is not there: make it\n" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct said said;
        struct store *s = store_with("'name'", "'name'", &said);
        struct host host;

        fill(&host, (struct row_cert[]){ { NULL } }, true);
        memcpy(&host.facts.state, &rows[i].what, sizeof rows[i].what);
        (void)snprintf(host.facts.why, sizeof host.facts.why, "%s",
                       rows[i].why);
        health_rings(s, (struct str){ 0 }, NOW_S, look_up, &host, on_said,
                     &said);
        assert_string_equal(said.all, rows[i].says);
        assert_int_equal(said.n_warnings, 1);
        store_free(&s);
    }
}

/* Only where nothing else says whose it is. */
static void
given(void **state)
{
    static const char *const rows[][2] = {
        { "JOB'", "/Ring/;" }, { "JOB','userid':'ANN'", "ANN/Ring/;" }
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct said said;
        struct store *s = store_with("JOB'", rows[i][0], &said);
        struct host host = { .facts.state = RING_NOT_LOOKED_UP };
        char want[64];

        health_rings(s, STR("BOB"), NOW_S, look_up, &host, on_said, &said);
        (void)snprintf(want, sizeof want, "%s%s",
                       rows[i][1][0] == '/' ? "BOB" : "", rows[i][1]);
        assert_string_equal(host.asked, want);
        store_free(&s);
    }
}

/* Whose ring it is, and that each is asked for once. */
static void
names(void **state)
{
    static const struct {
        const char *find, *replace, *asked, *path;
    } rows[] = {
        { "'name'", "'name'", "/Ring/;",
          "groups[0].images[0].keyring: ring "
          "Ring " },
        { "'jobname':'JOB'", "'userid':'ANN'", "ANN/Ring/;",
          "ring Ring of ANN" },
        { "'jobname':'JOB'", "'userid':'AN*'", "/Ring/;", "ring Ring was" },
        { "'Ring'", "'BOB/Ring'", "BOB/Ring/;", "ring Ring of BOB was" },
        { "'Ring'", "'*TOKEN*/tok'", "*TOKEN*/tok/;", "ring tok of *TOKEN*" },
        { "'Client'", "'Client','keyring':'/etc/k.p12','stashFile':'/k.sth'",
          "//etc/k.p12//k.sth;",
          "trafficDescriptors[0].types[0].keyring: key database /etc/k.p12 " },
        { "'rules':[",
          "'rules':[{'name':'Two','local':'All_IP_Addresses',"
          "'remote':'G','requirementMap':'M'},",
          "/Ring/;", "ring Ring" },
        { "'securityLevel':'L'", "'securityLevel':'Permit'", "", "" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct said said;
        struct store *s = store_with(rows[i].find, rows[i].replace, &said);
        struct host host = { .facts.state = RING_NOT_LOOKED_UP };

        if (s == NULL)
            fail_msg("row %zu: %s", i, said.all);
        health_rings(s, (struct str){ 0 }, NOW_S, look_up, &host, on_said,
                     &said);
        if (strcmp(host.asked, rows[i].asked) != 0 ||
            strstr(said.all, rows[i].path) == NULL)
            fail_msg("row %zu: %s\n%s", i, host.asked, said.all);
        store_free(&s);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates),
        cmocka_unit_test(absent),
        cmocka_unit_test(given),
        cmocka_unit_test(names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
