/* Logons as an engine: who is refused with which code, what a new password
 * must be, when and where from. */
#include "saf/logon.h"
#include "saf/test_cmd.h"

#include <time.h>

#define DAY_MS UINT64_C(86400000)

static const char *const people[] = {
    "SETROPTS PASSWORD(HISTORY(2) MINCHANGE(1) INTERVAL(30) REVOKE(3))",
    "ADDUSER ANN DFLTGRP(SYS1)",
    "ALTUSER ANN PASSWORD(OLD) NOEXPIRED",
    "ALTUSER ANN PHRASE('correct horse 1 2') NOEXPIRED",
    "ADDUSER BEN DFLTGRP(SYS1) PASSWORD(FIRST)",
    "ADDUSER PROT DFLTGRP(SYS1)",
    "ADDUSER CARD DFLTGRP(SYS1) PASSWORD(FIRST) OIDCARD",
};

struct counter {
    struct buf lines;
    unsigned last;
};

static void
take_line(void *arg, struct str text)
{
    struct counter *c = arg;

    buf_add(&c->lines, text);
    buf_add_char(&c->lines, '\n');
}

static void
take_failure(void *arg, struct str user, struct str group, unsigned how)
{
    (void)user;
    (void)group;
    ((struct counter *)arg)->last = how;
}

/* One logon as the front has it, without its verifiers. */
static struct saf_rc
log_on(struct desk *d, struct counter *seen, const char *user,
       const char *secret, const char *fresh, uint64_t now_ms)
{
    const struct saf_lines lines = { take_line, seen, take_failure };
    struct str new_secret = exact_copy(fresh);
    struct saf_rc rc = SAF_RC(99, 0, 0);
    struct logon l;
    struct arena a;

    buf_clear(&seen->lines);
    seen->last = 99;
    arena_init(&a, 1 << 20);
    if (logon_begin(d->engine, &a, str_of(user), str_of(secret), now_ms, &lines,
                    &l, &rc, NULL) == ERR_OK) {
        bool is_right =
            desk_check(NULL, l.user.user, l.secret, l.verifier, NULL) == ERR_OK;
        enum err e;

        l.fresh = new_secret;
        l.hooks = &desk_hooks;
        e = logon_end(d->engine, &a, &l, is_right, STR(""), now_ms, &lines, &rc,
                      NULL);
        if (e == ERR_OK)
            rc = SAF_RC(0, 0, 0);
    }
    arena_fini(&a);
    exact_free(new_secret);
    return rc;
}

struct logon_row {
    const char *user, *secret, *fresh;
    unsigned days; /* after TEST_NOW */
    uint32_t racf, reason;
    unsigned failure; /* 99: none */
};

static void
run_logon_rows(struct desk *d, const struct logon_row *rows, size_t n)
{
    struct counter seen;

    buf_init(&seen.lines, 1 << 16);
    for (size_t i = 0; i < n; i++) {
        struct saf_rc rc =
            log_on(d, &seen, rows[i].user, rows[i].secret, rows[i].fresh,
                   TEST_NOW + rows[i].days * DAY_MS);

        if (rc.racf != rows[i].racf || rc.reason != rows[i].reason ||
            seen.last != rows[i].failure)
            fail_msg("row %zu, %s: %u/%u/%u, failure %u\n%s", i, rows[i].user,
                     rc.saf, rc.racf, rc.reason, seen.last, buf_z(&seen.lines));
    }
    buf_fini(&seen.lines);
}

static void
new_password_at_logon(void **state)
{
    static const struct logon_row rows[] = {
        { "ANN", "OLD", "", 0, 0, 0, 99 },
        /* a wrong old one changes nothing, whatever the new one */
        { "ANN", "WRONG", "NEW1", 5, 8, 20, LOGON_INVALID_PASSWORD },
        { "ANN", "no such phrase 12", "", 5, 8, 20, LOGON_INVALID_PHRASE },
        { "ANN", "OLD", "OLD", 5, 16, 0, LOGON_NEW_PASSWORD },
        { "ANN", "old", "old", 5, 16, 0, LOGON_NEW_PASSWORD },
        { "ANN", "OLD", "NEW1", 0, 16, 0, LOGON_NEW_PASSWORD }, /* MINCHANGE */
        { "ANN", "OLD", "A B", 5, 16, 0, LOGON_NEW_PASSWORD },
        /* a password never becomes a phrase, nor the reverse */
        { "ANN", "OLD", "wholly other words 1 2", 5, 16, 0,
          LOGON_NEW_PASSWORD },
        { "ANN", "correct horse 1 2", "NEW1", 5, 16, 0, LOGON_NEW_PHRASE },
        { "ANN", "correct horse 1 2", "ann is here 1 2", 5, 16, 0,
          LOGON_NEW_PHRASE },
        { "ANN", "OLD", "", 5, 0, 0, 99 }, /* still the old one */
        { "ANN", "OLD", "new1", 5, 0, 0, 99 },
        { "ANN", "OLD", "", 5, 8, 20, LOGON_INVALID_PASSWORD },
        { "ANN", "NEW1", "", 5, 0, 0, 99 },
        { "ANN", "NEW1", "OLD", 8, 16, 0, LOGON_NEW_PASSWORD }, /* HISTORY */
        { "ANN", "NEW1", "NEW2", 8, 0, 0, 99 },
        { "ANN", "correct horse 1 2", "battery staple 3 4", 8, 0, 0, 99 },
        { "ANN", "battery staple 3 4", "", 8, 0, 0, 99 },
        /* expired: refused, and opened by a new one */
        { "ANN", "NEW2", "", 39, 8, 24, LOGON_EXPIRED },
        { "ANN", "battery staple 3 4", "", 39, 8, 24, LOGON_PHRASE_EXPIRED },
        { "ANN", "NEW2", "NEW3", 39, 0, 0, 99 },
        { "ANN", "NEW3", "", 39, 0, 0, 99 },
        { "BEN", "FIRST", "", 0, 8, 24, LOGON_EXPIRED },
        { "BEN", "FIRST", "SECOND", 0, 0, 0, 99 },
        { "BEN", "SECOND", "", 0, 0, 0, 99 },
        { "PROT", "X", "Y", 0, 8, 20, LOGON_INVALID_PASSWORD },
        /* nobody can present a card: the password alone opens nothing */
        { "CARD", "WRONG", "", 0, 8, 20, LOGON_INVALID_PASSWORD },
        { "CARD", "FIRST", "", 0, 40, 0, LOGON_OIDCARD },
        { "CARD", "FIRST", "SECOND", 0, 40, 0, LOGON_OIDCARD },
        { "NOBODY", "X", "Y", 0, 8, 16, LOGON_UNDEFINED },
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, people, ARRAY_LEN(people));
    run_logon_rows(&d, rows, ARRAY_LEN(rows));
    desk_fini(&d);
}

/* PASSWORD(PHRASEINT(n)): phrases have an interval of their own, as long as it
 * is set; passwords keep theirs. */
static void
phrases_expire_by_themselves(void **state)
{
    static const char *const on[] = { "SETROPTS PASSWORD(PHRASEINT(10))" };
    static const char *const off[] = { "SETROPTS PASSWORD(NOPHRASEINT)" };
    static const struct logon_row with[] = {
        { "ANN", "correct horse 1 2", "", 10, 0, 0, 99 },
        { "ANN", "correct horse 1 2", "", 11, 8, 24, LOGON_PHRASE_EXPIRED },
        { "ANN", "OLD", "", 11, 0, 0, 99 },
        { "ANN", "OLD", "", 30, 0, 0, 99 },
        { "ANN", "OLD", "", 31, 8, 24, LOGON_EXPIRED },
        { "ANN", "correct horse 1 2", "battery staple 3 4", 31, 0, 0, 99 },
        { "ANN", "battery staple 3 4", "", 41, 0, 0, 99 },
        { "ANN", "battery staple 3 4", "", 42, 8, 24, LOGON_PHRASE_EXPIRED },
    };
    static const struct logon_row without[] = {
        { "ANN", "battery staple 3 4", "", 42, 0, 0, 99 },
        { "ANN", "battery staple 3 4", "", 61, 0, 0, 99 },
        { "ANN", "battery staple 3 4", "", 62, 8, 24, LOGON_PHRASE_EXPIRED },
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, people, ARRAY_LEN(people));
    desk_run(&d, on[0]);
    assert_int_equal(d.rc, 0);
    run_logon_rows(&d, with, ARRAY_LEN(with));
    desk_run(&d, off[0]);
    assert_int_equal(d.rc, 0);
    run_logon_rows(&d, without, ARRAY_LEN(without));
    desk_run(&d, "SETROPTS PASSWORD(PHRASEINT(0))");
    assert_int_equal(d.rc, 8);
    desk_run(&d, "SETROPTS PASSWORD(PHRASEINT(65535))");
    assert_int_equal(d.rc, 8);
    desk_fini(&d);
}

/* NOINITSTATS: a logon leaves no trace in the user's profile. */
static void
statistics_of_logons(void **state)
{
    static const struct logon_row first[] = { { "ANN", "OLD", "", 1, 0, 0,
                                                99 } };
    static const struct logon_row later[] = { { "ANN", "OLD", "", 2, 0, 0,
                                                99 } };
    struct desk d;
    char seen[8192];

    (void)state;
    desk_prepare(&d, people, ARRAY_LEN(people));
    assert_non_null(
        strstr(desk_run(&d, "LISTUSER ANN"), "LAST-ACCESS=UNKNOWN"));
    desk_run(&d, "SETROPTS NOINITSTATS");
    run_logon_rows(&d, first, 1);
    assert_non_null(
        strstr(desk_run(&d, "LISTUSER ANN"), "LAST-ACCESS=UNKNOWN"));
    desk_run(&d, "SETROPTS INITSTATS");
    run_logon_rows(&d, first, 1);
    (void)snprintf(seen, sizeof seen, "%s", desk_run(&d, "LISTUSER ANN"));
    assert_null(strstr(seen, "LAST-ACCESS=UNKNOWN"));
    desk_run(&d, "SETROPTS NOINITSTATS");
    run_logon_rows(&d, later, 1);
    assert_string_equal(desk_run(&d, "LISTUSER ANN"), seen);
    desk_run(&d, "SETROPTS INITSTATS");
    run_logon_rows(&d, later, 1);
    assert_string_not_equal(desk_run(&d, "LISTUSER ANN"), seen);
    desk_fini(&d);
}

/* What rules ask of a password that is to be used longer than once. */
static void
rules_of_passwords(void **state)
{
    static const struct {
        const char *rule, *password;
        bool is_mixed, is_special, is_taken;
    } rows[] = {
        { "LENGTH(8) MIXEDALL(1:8)", "Abc1#xyz", true, false, true },
        { "LENGTH(8) MIXEDALL(1:8)", "Abc1_xyz", true, true, true },
        { "LENGTH(8) MIXEDALL(1:8)", "Abc1_xyz", true, false, false },
        { "LENGTH(8) MIXEDALL(1:8)", "Abc12xyz", true, true, false },
        { "LENGTH(8) MIXEDALL(1:8)", "abc1#xyz", true, true, false },
        { "LENGTH(8) MIXEDALL(1:8)", "ABC1#XYZ", true, true, false },
        { "LENGTH(8) MIXEDALL(1:8)", "Abcd#xyz", true, true, false },
        { "LENGTH(8) MIXEDALL(1:8)", "ABC1#XYZ", false, false, true },
        { "LENGTH(8) MIXEDALL(1:8)", "#BC1##12", false, false, true },
        { "LENGTH(8) MIXEDALL(1:8)", "###1##12", false, false, false },
        { "LENGTH(8) MIXEDALL(5:8) NUMERIC(1)", "1BCDEFG#", false, false,
          true },
        /* at least one digit, neither first nor last */
        { "LENGTH(6:8) ALPHA(1,6) ALPHANUM(2:5)", "AB1CDE", false, false,
          true },
        { "LENGTH(6:8) ALPHA(1,6) ALPHANUM(2:5)", "ABCDEF", false, false,
          false },
        { "LENGTH(6:8) ALPHA(1,6) ALPHANUM(2:5)", "A1234F", false, false,
          false },
        { "LENGTH(6:8) ALPHA(1,6) ALPHANUM(2:5)", "A123#F", false, false,
          true },
        { "LENGTH(2:8) ALPHANUM(1)", "AB", false, false, true },
        { "LENGTH(2:8) ALPHANUM(1,8)", "AB", false, false, true },
        { "LENGTH(4) NOVOWEL(1:4)", "BCD1", false, false, true },
        { "LENGTH(4) NOVOWEL(1:4)", "BCDF", false, false, false },
        { "LENGTH(4) NOVOWEL(1:4)", "BAD1", false, false, false },
        { "LENGTH(4) MIXEDNUM(1:4)", "aBc1", true, false, true },
        { "LENGTH(4) MIXEDNUM(1:4)", "aBcd", true, false, false },
        { "LENGTH(4) MIXEDNUM(1:4)", "1234", true, false, false },
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, people, ARRAY_LEN(people));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char command[200];

        (void)snprintf(command, sizeof command,
                       "SETROPTS PASSWORD(RULE1(%s) %sMIXEDCASE"
                       " %sSPECIALCHARS)",
                       rows[i].rule, rows[i].is_mixed ? "" : "NO",
                       rows[i].is_special ? "" : "NO");
        (void)desk_run(&d, command);
        assert_int_equal(d.rc, 0);
        (void)snprintf(command, sizeof command,
                       "ALTUSER ANN PASSWORD('%s') NOEXPIRED",
                       rows[i].password);
        if ((strstr(desk_run(&d, command), "ICH08014I") == NULL) !=
            rows[i].is_taken)
            fail_msg("row %zu: %s, %s", i, rows[i].rule, rows[i].password);
    }
    /* What expires at once need not obey them; its characters must. */
    (void)desk_run(&d, "ALTUSER ANN PASSWORD(1)");
    assert_int_equal(d.rc, 0);
    assert_non_null(
        strstr(desk_run(&d, "ALTUSER ANN PASSWORD('A B')"), "ICH08014I"));
    assert_non_null(
        strstr(desk_run(&d, "ALTUSER ANN PASSWORD(1) NOEXPIRED"), "ICH08014I"));
    desk_fini(&d);
}

/* The case counts for what has a small letter, as long as MIXEDCASE. */
static void
case_of_passwords(void **state)
{
    static const struct logon_row old[] = {
        { "ANN", "old", "", 0, 0, 0, 99 },
        { "ANN", "oLD", "olD", 5, 16, 0, LOGON_NEW_PASSWORD }, /* the same */
        { "ANN", "Old", "FRESH1", 5, 0, 0, 99 },
        { "ANN", "fresh1", "", 5, 0, 0, 99 },
        { "ANN", "FRESH1", "fresh1", 7, 16, 0, LOGON_NEW_PASSWORD },
        { "ANN", "fresh1", "Other2", 7, 0, 0, 99 },
        { "ANN", "OTHER2", "", 7, 8, 20, LOGON_INVALID_PASSWORD },
        { "ANN", "other2", "", 7, 8, 20, LOGON_INVALID_PASSWORD },
        { "ANN", "Other2", "", 7, 0, 0, 99 },
    };
    static const struct logon_row without[] = {
        { "ANN", "Other2", "", 7, 8, 20, LOGON_INVALID_PASSWORD },
        { "ANN", "OTHER2", "", 7, 8, 20, LOGON_INVALID_PASSWORD },
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, people, ARRAY_LEN(people));
    (void)desk_run(&d, "SETROPTS PASSWORD(MIXEDCASE)");
    run_logon_rows(&d, old, ARRAY_LEN(old));
    (void)desk_run(&d, "SETROPTS PASSWORD(NOMIXEDCASE)");
    run_logon_rows(&d, without, ARRAY_LEN(without));
    (void)desk_run(&d, "SETROPTS PASSWORD(MIXEDCASE)");
    run_logon_rows(&d, old + 8, 1);
    desk_fini(&d);
}

/* HISTORY(2): of passwords two and the current one, of phrases the current one
 * is one of the two. */
static void
history_of_phrases(void **state)
{
    static const struct logon_row rows[] = {
        { "ANN", "OLD", "PASS1", 5, 0, 0, 99 },
        { "ANN", "PASS1", "PASS2", 10, 0, 0, 99 },
        { "ANN", "PASS2", "OLD", 15, 16, 0, LOGON_NEW_PASSWORD },
        { "ANN", "PASS2", "PASS1", 15, 16, 0, LOGON_NEW_PASSWORD },
        { "ANN", "PASS2", "PASS3", 15, 0, 0, 99 },
        { "ANN", "PASS3", "OLD", 20, 0, 0, 99 },
        { "ANN", "correct horse 1 2", "battery staple 3 4", 5, 0, 0, 99 },
        { "ANN", "battery staple 3 4", "third of them 5 6", 10, 0, 0, 99 },
        { "ANN", "third of them 5 6", "battery staple 3 4", 15, 16, 0,
          LOGON_NEW_PHRASE },
        { "ANN", "third of them 5 6", "third of them 5 6", 15, 16, 0,
          LOGON_NEW_PHRASE },
        /* the user id in one case alone */
        { "ANN", "third of them 5 6", "banners 5 6 7", 15, 16, 0,
          LOGON_NEW_PHRASE },
        { "ANN", "third of them 5 6", "BANNERS 5 6 7", 15, 16, 0,
          LOGON_NEW_PHRASE },
        { "ANN", "third of them 5 6", "correct horse 1 2", 15, 0, 0, 99 },
        { "ANN", "correct horse 1 2", "Anne is here 5 6", 20, 0, 0, 99 },
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, people, ARRAY_LEN(people));
    run_logon_rows(&d, rows, ARRAY_LEN(rows));
    desk_fini(&d);
}

static void
failures_revoke(void **state)
{
    static const struct logon_row rows[] = {
        { "ANN", "X", "", 0, 8, 20, LOGON_INVALID_PASSWORD },
        { "ANN", "X", "", 0, 8, 20, LOGON_INVALID_PASSWORD },
        { "ANN", "OLD", "", 0, 0, 0, 99 }, /* the counter starts again */
        { "ANN", "X", "", 0, 8, 20, LOGON_INVALID_PASSWORD },
        { "ANN", "X", "", 0, 8, 20, LOGON_INVALID_PASSWORD },
        { "ANN", "X", "", 0, 8, 20, LOGON_EXCESSIVE },
        { "ANN", "OLD", "", 0, 8, 28, LOGON_REVOKED },
        { "ANN", "OLD", "NEW1", 0, 8, 28, LOGON_REVOKED },
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, people, ARRAY_LEN(people));
    run_logon_rows(&d, rows, ARRAY_LEN(rows));
    desk_fini(&d);
}

/* INACTIVE(30): counted from the last logon, for those who have logged on once
 * and have a password; none is let in before somebody resumes them. */
static void
who_is_away_for_long(void **state)
{
    static const struct logon_row rows[] = {
        { "BEN", "FIRST", "", 100, 8, 24, LOGON_EXPIRED },
        { "ANN", "OLD", "", 0, 0, 0, 99 },
        { "ANN", "OLD", "", 30, 0, 0, 99 },
        { "ANN", "OLD", "", 60, 0, 0, 99 },
        { "ANN", "X", "", 91, 8, 28, LOGON_INACTIVE },
        { "ANN", "OLD", "", 91, 8, 28, LOGON_REVOKED },
        { "ANN", "OLD", "NEW1", 91, 8, 28, LOGON_REVOKED },
        { "ANN", "correct horse 1 2", "", 0, 8, 28, LOGON_REVOKED },
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, people, ARRAY_LEN(people));
    desk_run(&d, "SETROPTS INACTIVE(30) PASSWORD(INTERVAL(254))");
    run_logon_rows(&d, rows, ARRAY_LEN(rows));
    desk_fini(&d);
}

static struct saf_rc
enter_as(struct desk *d, struct counter *seen, struct logon_ask ask,
         uint32_t *attrs)
{
    const struct saf_lines lines = { take_line, seen, take_failure };
    struct acee acee = { .attrs = 0 };
    struct saf_rc rc;
    struct arena a;

    buf_clear(&seen->lines);
    seen->last = 99;
    arena_init(&a, 1 << 20);
    if (ask.now_ms == 0)
        ask.now_ms = TEST_NOW;
    (void)!logon_acee(d->engine, &a, &ask, &lines, &acee, &rc, NULL);
    *attrs = acee.attrs;
    arena_fini(&a);
    return rc;
}

static struct saf_rc
enter(struct desk *d, struct counter *seen, struct logon_ask ask)
{
    uint32_t attrs;

    return enter_as(d, seen, ask, &attrs);
}

/* Who owns the image has a way back, nobody else, and no more than he needs. */
static void
owner_of_the_image(void **state)
{
    static const struct {
        const char *before; /* a command, or NULL */
        bool is_owner;
        uint32_t want; /* reason code; 0 let in */
        bool want_special;
        const char *said;
    } rows[] = {
        { NULL, true, 0, true, "" },
        { "ALTUSER IBMUSER REVOKE", false, 28, false, "ICH408I" },
        { NULL, true, 0, true, "SPT0391W" },
        /* not with another's SPECIAL about */
        { "ADDUSER SPC DFLTGRP(SYS1) SPECIAL", true, 0, true, "SPT0391W" },
        { "ALTUSER IBMUSER NOSPECIAL", true, 0, false, "SPT0391W" },
        { "ALTUSER SPC REVOKE", true, 0, true, "SPT0392W" },
        { NULL, false, 28, false, "ICH408I" },
        { "ALTUSER IBMUSER RESUME", true, 0, true, "SPT0392W" },
        { NULL, false, 0, false, "" },
        { "ALTUSER SPC RESUME", true, 0, false, "" },
        { "REMOVE IBMUSER GROUP(SYS1)", true, 0, false, "" },
    };
    struct counter seen = { .last = 99 };
    struct desk d;

    (void)state;
    desk_prepare(&d, NULL, 0);
    buf_init(&seen.lines, 65536);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct saf_rc rc;
        uint32_t attrs;

        if (rows[i].before != NULL)
            (void)desk_run(&d, rows[i].before);
        rc = enter_as(&d, &seen,
                      (struct logon_ask){ .user = STR("IBMUSER"),
                                          .origin = ACEE_ASSERTED,
                                          .is_image_owner = rows[i].is_owner },
                      &attrs);
        if (rc.reason != rows[i].want ||
            ((attrs & ACEE_SPECIAL) != 0) != rows[i].want_special ||
            strstr(buf_z(&seen.lines), rows[i].said) == NULL)
            fail_msg("row %zu: reason %u, attributes %x, said %s", i, rc.reason,
                     attrs, buf_z(&seen.lines));
        if (rows[i].said[0] == '\0')
            assert_string_equal(buf_z(&seen.lines), "");
        assert_int_equal(seen.last == LOGON_OWNER,
                         str_starts(str_of(rows[i].said), STR("SPT")));
    }
    buf_fini(&seen.lines);
    desk_fini(&d);
}

/* A group the user is not in, and one in which he is revoked: told apart. */
static void
groups_at_logon(void **state)
{
    static const char *const setup[] = {
        "ADDGROUP (STAFF PAY OLD)",
        "ADDUSER ANN DFLTGRP(STAFF)",
        "CONNECT ANN GROUP(PAY) REVOKE",
        "CONNECT ANN GROUP(OLD) REVOKE(01/08/24) RESUME(01/10/24)",
    };
    static const struct {
        const char *group;
        unsigned day, want, failure;
    } rows[] = {
        { "", 0, 0, 99 },
        { "STAFF", 0, 0, 99 },
        { "SYS1", 0, 28, LOGON_INVALID_GROUP },
        { "NONE", 0, 28, LOGON_INVALID_GROUP },
        { "PAY", 0, 28, LOGON_GROUP_REVOKED },
        { "OLD", 0, 0, 99 },
        { "OLD", 1, 28, LOGON_GROUP_REVOKED },
        { "OLD", 3, 0, 99 },
    };
    struct counter seen = { .last = 99 };
    struct desk d;

    (void)state;
    desk_prepare(&d, setup, ARRAY_LEN(setup));
    buf_init(&seen.lines, 65536);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct saf_rc rc = enter(
            &d, &seen,
            (struct logon_ask){ .user = STR("ANN"),
                                .group = str_of(rows[i].group),
                                .origin = ACEE_ASSERTED,
                                .now_ms = TEST_NOW + rows[i].day * DAY_MS });

        if (rc.reason != rows[i].want || seen.last != rows[i].failure ||
            (rows[i].want != 0) !=
                (strstr(buf_z(&seen.lines), "IRR017I") != NULL))
            fail_msg("row %zu: reason %u, failure %u, said %s", i, rc.reason,
                     seen.last, buf_z(&seen.lines));
    }
    buf_fini(&seen.lines);
    desk_fini(&d);
}

#define AT(day, hour, minute)                                                  \
    (TEST_NOW - DAY_MS / 2 + (day)*DAY_MS + (hour)*UINT64_C(3600000) +         \
     (minute)*UINT64_C(60000))

static void
days_and_times(void **state)
{
    static const char *const setup[] = {
        "ADDUSER DAY DFLTGRP(SYS1) WHEN(DAYS(WEEKDAYS) TIME(0800:1700))",
        "ADDUSER NIGHT DFLTGRP(SYS1) WHEN(TIME(2200:0600))",
    };
    static const struct {
        const char *user;
        enum acee_origin origin;
        uint64_t at; /* TEST_NOW is a Sunday */
        uint32_t racf;
    } rows[] = {
        { "DAY", ACEE_PASSWORD, AT(0, 12, 0), 48 },
        { "DAY", ACEE_PASSWORD, AT(1, 12, 0), 0 },
        { "DAY", ACEE_CERTIFICATE, AT(1, 12, 0), 0 },
        { "DAY", ACEE_PASSTICKET, AT(1, 7, 59), 48 },
        { "DAY", ACEE_DISTRIBUTED, AT(1, 8, 0), 0 },
        { "DAY", ACEE_DISTRIBUTED, AT(1, 17, 1), 48 },
        { "DAY", ACEE_CERTIFICATE, AT(6, 12, 0), 48 },
        { "DAY", ACEE_JOB, AT(0, 3, 0), 0 }, /* batch runs at any time */
        { "DAY", ACEE_ASSERTED, AT(0, 3, 0), 0 },
        { "NIGHT", ACEE_PASSWORD, AT(0, 12, 0), 48 },
        { "NIGHT", ACEE_PASSWORD, AT(0, 23, 0), 0 },
        { "NIGHT", ACEE_PASSWORD, AT(1, 6, 0), 0 },
        { "NIGHT", ACEE_PASSWORD, AT(1, 6, 1), 48 },
    };
    struct counter seen;
    struct desk d;

    (void)state;
    buf_init(&seen.lines, 1 << 16);
    desk_prepare(&d, setup, ARRAY_LEN(setup));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct saf_rc rc =
            enter(&d, &seen,
                  (struct logon_ask){ .user = str_of(rows[i].user),
                                      .origin = rows[i].origin,
                                      .now_ms = rows[i].at });

        if (rc.racf != rows[i].racf || (rc.racf == 48 && rc.reason != 4))
            fail_msg("row %zu: %u/%u/%u", i, rc.saf, rc.racf, rc.reason);
    }
    assert_int_equal(seen.last, LOGON_DAY_TIME);
    desk_fini(&d);
    buf_fini(&seen.lines);
}

static void
ports_of_entry(void **state)
{
    static const char *const setup[] = {
        "ADDUSER (ANN BEN) DFLTGRP(SYS1)",
        "ADDGROUP STRICT NOTERMUACC",
        "CONNECT BEN GROUP(STRICT)",
        "SETROPTS CLASSACT(TERMINAL JESINPUT FACILITY) GENERIC(TERMINAL)",
        "RDEFINE TERMINAL 0A0000* UACC(READ)",
        "RDEFINE TERMINAL 0A000001 UACC(NONE)",
        "PERMIT 0A000001 CLASS(TERMINAL) ID(ANN)",
        "RDEFINE JESINPUT INTRDR UACC(NONE)",
        "PERMIT INTRDR CLASS(JESINPUT) ID(ANN)",
    };
    static const struct {
        const char *user, *group, *port_class, *port;
        uint32_t racf;
    } rows[] = {
        { "ANN", "", "TERMINAL", "0A000001", 0 },
        { "BEN", "", "TERMINAL", "0A000001", 48 },
        { "BEN", "", "TERMINAL", "0A0000FE", 0 },
        { "BEN", "STRICT", "TERMINAL", "0A0000FE", 48 }, /* NOTERMUACC */
        { "BEN", "", "TERMINAL", "C0000201", 0 },        /* not protected */
        { "ANN", "", "JESINPUT", "INTRDR", 0 },
        { "BEN", "", "JESINPUT", "INTRDR", 48 },
        { "BEN", "", "JESINPUT", "STCINRDR", 48 }, /* default RC 8 */
        { "BEN", "", "", "", 0 },
    };
    struct counter seen;
    struct desk d;

    (void)state;
    buf_init(&seen.lines, 1 << 16);
    desk_prepare(&d, setup, ARRAY_LEN(setup));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct logon_ask ask = { .user = str_of(rows[i].user),
                                 .group = str_of(rows[i].group),
                                 .port_class = str_of(rows[i].port_class),
                                 .port = str_of(rows[i].port) };
        struct saf_rc rc = enter(&d, &seen, ask);

        if (rc.racf != rows[i].racf || (rc.racf == 48 && rc.reason != 8))
            fail_msg("row %zu: %u/%u/%u", i, rc.saf, rc.racf, rc.reason);
    }
    desk_run(&d, "SETROPTS TERMINAL(NONE)");
    assert_int_equal(enter(&d, &seen,
                           (struct logon_ask){ .user = STR("BEN"),
                                               .port_class = STR("TERMINAL"),
                                               .port = STR("C0000201") })
                         .racf,
                     48);
    assert_int_equal(seen.last, LOGON_TERMINAL);
    assert_non_null(strstr(buf_z(&seen.lines), "NOT AUTHORIZED TO TERMINAL"));
    desk_run(&d, "SETROPTS NOCLASSACT(TERMINAL)");
    assert_int_equal(enter(&d, &seen,
                           (struct logon_ask){ .user = STR("BEN"),
                                               .port_class = STR("TERMINAL"),
                                               .port = STR("C0000201") })
                         .racf,
                     0);
    desk_fini(&d);
    buf_fini(&seen.lines);
}

static void
port_opens_conditional_access(void **state)
{
    static const char *const setup[] = {
        "ADDUSER ANN DFLTGRP(SYS1)",
        "SETROPTS CLASSACT(TERMINAL FACILITY)",
        "RDEFINE FACILITY A.B UACC(NONE)",
        "RDEFINE TERMINAL 0A000001 UACC(READ)",
        "PERMIT A.B CLASS(FACILITY) ID(ANN) ACCESS(READ)"
        " WHEN(TERMINAL(0A000001))",
        "SETROPTS RACLIST(FACILITY)",
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, setup, ARRAY_LEN(setup));
    desk_be(&d, "ANN");
    assert_false(
        saf_authorized(d.engine, &d.acee, "FACILITY", STR("A.B"), SAF_READ));
    d.acee.port_class = STR("TERMINAL");
    d.acee.port = STR("0A000001");
    assert_true(
        saf_authorized(d.engine, &d.acee, "FACILITY", STR("A.B"), SAF_READ));
    d.acee.port = STR("0A000002");
    assert_false(
        saf_authorized(d.engine, &d.acee, "FACILITY", STR("A.B"), SAF_READ));
    d.acee.port = STR("0A000001");
    d.acee.port_class = STR("CONSOLE");
    assert_false(
        saf_authorized(d.engine, &d.acee, "FACILITY", STR("A.B"), SAF_READ));
    d.acee.port_class = STR("TERMINAL");
    desk_be(&d, "IBMUSER");
    desk_run(&d, "SETROPTS NOCLASSACT(TERMINAL)");
    desk_be(&d, "ANN");
    d.acee.port_class = STR("TERMINAL");
    d.acee.port = STR("0A000001");
    assert_false(
        saf_authorized(d.engine, &d.acee, "FACILITY", STR("A.B"), SAF_READ));
    desk_fini(&d);
}

static void
greetings(void **state)
{
    const struct logon base = { .user = { .user = STR("ANN"),
                                          .pass_day = 19729,
                                          .phrase_day = 19729,
                                          .last_access_s = 1704600000 } };
    static const struct {
        unsigned days;
        bool is_phrase, is_changed;
        const char *text;
    } rows[] = {
        { 0, false, false,
          "ICH70001I ANN LAST ACCESS AT 04:00:00 ON SUNDAY, JANUARY 07, 2024\n"
          "" },
        { 25, false, false,
          "ICH70001I ANN LAST ACCESS AT 04:00:00 ON SUNDAY, JANUARY 07, 2024\n"
          "ICH70002I YOUR PASSWORD WILL EXPIRE IN 5 DAYS.\n" },
        { 25, true, false,
          "ICH70001I ANN LAST ACCESS AT 04:00:00 ON SUNDAY, JANUARY 07, 2024\n"
          "ICH70008I YOUR PASSWORD PHRASE WILL EXPIRE IN 5 DAYS.\n" },
        { 25, false, true,
          "ICH70001I ANN LAST ACCESS AT 04:00:00 ON SUNDAY, JANUARY 07, 2024\n"
          "" },
    };
    struct counter seen;
    struct desk d;

    (void)state;
    buf_init(&seen.lines, 1 << 16);
    desk_prepare(&d, people, ARRAY_LEN(people));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct saf_lines lines = { take_line, &seen, NULL };
        struct logon l = base;

        l.is_phrase = rows[i].is_phrase;
        l.fresh = rows[i].is_changed ? STR("NEW") : STR("");
        buf_clear(&seen.lines);
        logon_greet(d.engine, &l, TEST_NOW + rows[i].days * DAY_MS, &lines);
        assert_string_equal(buf_z(&seen.lines), rows[i].text);
    }
    desk_fini(&d);
    buf_fini(&seen.lines);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_password_at_logon),
        cmocka_unit_test(phrases_expire_by_themselves),
        cmocka_unit_test(statistics_of_logons),
        cmocka_unit_test(rules_of_passwords),
        cmocka_unit_test(case_of_passwords),
        cmocka_unit_test(history_of_phrases),
        cmocka_unit_test(failures_revoke),
        cmocka_unit_test(who_is_away_for_long),
        cmocka_unit_test(owner_of_the_image),
        cmocka_unit_test(groups_at_logon),
        cmocka_unit_test(days_and_times),
        cmocka_unit_test(ports_of_entry),
        cmocka_unit_test(port_opens_conditional_access),
        cmocka_unit_test(greetings),
    };

    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
