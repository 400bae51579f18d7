/* Secrets in the text of commands, well formed or not. */
#include "saf/test_cmd.h"
#include "saf/cmd_private.h"
#include "saf/secrets.h"

/* GEHEIM1 and the like stand where a secret may stand. */
static const char *const with_secret[] = {
    "ADDUSER X PASSWORD(GEHEIM1) SPECIAL",
    "alu x pass( 'geheim1)b' ) noexp",
    "ALU X PASSWORD (GEHEIM1)",
    "ALU X PASSWORD,(GEHEIM1)",
    "ALU X PASSWORD GEHEIM1",
    "ALU X PASSWORD=GEHEIM1",
    "ALU X PASSWORD:GEHEIM1",
    "ALU X PASSWORD 'GEHEIM1'",
    "ALU X PASSWORD'GEHEIM1'",
    "ALU X PASSWORD[GEHEIM1]",
    "ALU X PASSWORD)GEHEIM1(",
    "ALU X PASSWORD((GEHEIM1))",
    "ALU X PASSWORD(GEHEIM1",
    "ALU X PASSWORD('GEHEIM1",
    "ALU X PASSWORD/*x*/(GEHEIM1)",
    "ALU X PASWORD(GEHEIM1)",
    "ALU X PASSWROD(GEHEIM1)",
    "ALU X PSASWORD(GEHEIM1)",
    "ALU X PASSWORT(GEHEIM1)",
    "ALU X PASWD(GEHEIM1)",
    "ALU X PWD(GEHEIM1)",
    "ALU X PSW(GEHEIM1)",
    "ALU X P(GEHEIM1)",
    "ALU X PASSPHRASE('geheim1 x')",
    "ALU X PHARSE('geheim1 x')",
    "ALU X PHRASE geheim1",
    "ALU X PHRAS 'geheim1 x'",
    "ALU X NOPASSWORD(GEHEIM1)",
    "ALU X GEHEIM1",
    "ALU X NOEXPIRED GEHEIM1",
    "ALU PASSWORD(GEHEIM1) X",
    "ALU (X PASSWORD GEHEIM1)",
    "ALU X DATA('PASSWORD(GEHEIM1)')",
    "ALU X SPECIALL PASSWORD(GEHEIM1)",
    "ALU X TSO(PASSWORD(GEHEIM1))",
    "PW PASSWORD(GEHEIM1 GEHEIM2)",
    "PASSWORD GEHEIM1 GEHEIM2",
    "PASSWORD (GEHEIM1 GEHEIM2)",
    "PW PASSWORD GEHEIM1 GEHEIM2",
    "PW USER(X) GEHEIM1",
    "PHRASE PHRASE('geheim1 x' 'geheim2",
    "SETR RVARYPW(SWITCH(GEHEIM1) STATUS(GEHEIM2))",
    "SETR RVAR(SW(GEHEIM1))",
    "SETR RV(SW(GEHEIM1))",
    "SETR RVARYPW SWITCH(GEHEIM1)",
    "SETR RVARYPASS(SWITCH(GEHEIM1))",
    "SETR RVRAYPW(SWITCH(GEHEIM1))",
    "RDEF PTKTDATA A SSIGNON(KEYMASKED(GEHEIM1))",
    "RDEF PTKTDATA A SSIGNON(KEYM(GEHEIM1))",
    "RDEF PTKTDATA A SSIGNON(KEYMASK GEHEIM1)",
    "RDEF PTKTDATA A SSIGNON(KEYENCRYPTED(GEHEIM1)",
    "RDEF PTKTDATA A SSIGNON(LEGACYKEY(GEHEIM1))",
    "RDEF PTKTDATA A SSIGNON(GEHEIM1)",
    "RDEF PTKTDATA A KEYMASKED(GEHEIM1)",
    "RALT REALM A KERB(PASSWORD(GEHEIM1))",
    "RALT REALM A KERB(PASS(GEHEIM1))",
    "RALT REALM A KERB(PASSWORD GEHEIM1)",
    "RDEF LDAPBIND A PROXY(BINDPW('geheim1'))",
    "RDEF LDAPBIND A PROXY(BINDP(GEHEIM1))",
    "RDEF LDAPBIND A PROXY(BINPW(GEHEIM1))",
    "ALU X PROXY(BINDPW(GEHEIM1))",
    "RDEF APPCLU A SESSION(SESSKEY(GEHEIM1))",
    "RDEF APPCLU A SESSION(SESS(GEHEIM1))",
    "RACDCERT ADD('X') PASSWORD('geheim1')",
    "RACDCERT EXPORT(LABEL('x')) DSN('Y') PASSWORT('geheim1')",
    "ALUT X PASSWORD(GEHEIM1)", /* no such verb */
    "GEHEIM1",
    "X'GEHEIM1'",
    "COMPLETE('alu x password(geheim1')",
    "COMPLETE 'alu x password(geheim1'",
};

static bool
has_secret(struct str text)
{
    struct arena a;
    bool has;

    arena_init(&a, 1 << 16);
    has = str_find(str_upper(&a, text), STR("GEHEIM")) != STR_NPOS;
    arena_fini(&a);
    return has;
}

static void
no_record_has_them(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 22);
    for (size_t i = 0; i < ARRAY_LEN(with_secret); i++) {
        struct str text = exact_copy(with_secret[i]);
        struct str got = cmd_blank_secrets(&arena, text, &desk_hooks);

        if (has_secret(got))
            fail_msg("%s: " STR_FMT, with_secret[i], STR_ARG(got));
        exact_free(text);
    }
    arena_fini(&arena);
}

/* What is no command at all is not remembered either, which only the angel's
 * answer tells. */
static const char *const unfindable[] = {
    "ALU X GEHEIM1", "ALU X NOEXPIRED GEHEIM1",
    "GEHEIM1",       "RDEF PTKTDATA A SSIGNON(GEHEIM1)",
    "X'GEHEIM1'",    "PW USER(X) GEHEIM1",
};

static bool
is_unfindable(const char *text)
{
    for (size_t i = 0; i < ARRAY_LEN(unfindable); i++)
        if (strcmp(text, unfindable[i]) == 0)
            return true;
    return false;
}

static void
no_history_and_echo_has_them(void **state)
{
    struct buf shown;

    (void)state;
    buf_init(&shown, 4096);
    for (size_t i = 0; i < ARRAY_LEN(with_secret); i++) {
        struct str text = exact_copy(with_secret[i]);

        if (!is_unfindable(with_secret[i]) &&
            strncmp(with_secret[i], "PW USER", 7) != 0 &&
            secrets_find(text, 0) == STR_NPOS)
            fail_msg("remembered: %s", with_secret[i]);
        exact_free(text);
    }
    buf_fini(&shown);
}

static void
echoes(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        { "ADDUSER X PASSWORD(ABC) SPECIAL", "ADDUSER X PASSWORD(*) SPECIAL" },
        { "alu x pass( 'a)b' ) noexp", "alu x pass(*) noexp" },
        { "ALU X PASWORD (ABC) SPECIAL", "ALU X PASWORD (*) SPECIAL" },
        { "ALU X PASSWORD ABC", "ALU X PASSWORD *" },
        { "ALU X PASSWORD 'A B' X", "ALU X PASSWORD * X" },
        { "ALU X PASSWORD(ABC", "ALU X PASSWORD(*)" },
        { "RDEF P A KERB(PASSWORD(ABC) MAX(1))",
          "RDEF P A KERB(PASSWORD(*) MAX(1))" },
        { "AU X NOPASSWORD SPECIAL", "AU X NOPASSWORD SPECIAL" },
        { "PW PHRASE('old' 'new'", "PW PHRASE(*)" },
        { "AU X OMVS(PROGRAM(/bin/sh) HOME(/u/x))",
          "AU X OMVS(PROGRAM(/bin/sh) HOME(/u/x))" },
        { "LU PASSWORD", "LU PASSWORD" },
        { "LU PASSWORD)", "LU PASSWORD)" },
        { "SETROPTS PASSWORD(INTERVAL(30)) LIST",
          "SETROPTS PASSWORD(INTERVAL(30)) LIST" },
        { "SETR PASSWORD(ABC)", "SETR PASSWORD(*)" },
        { "SETR PASSWORD(123)", "SETR PASSWORD(*)" },
        { "SETR PASSWORD(INTERVAL(ABC))", "SETR PASSWORD(*)" },
        { "SETR PASSWORD(INTERVAL(30) ABC)", "SETR PASSWORD(*)" },
        { "SETR PASSWORD(INTERVAL(30)", "SETR PASSWORD(*)" },
        { "SETR PASSWORD(INTERVAL(30)) RVARYPW(SWITCH(ABC))",
          "SETR PASSWORD(INTERVAL(30)) RVARYPW(*)" },
        { "ALU SETR PASSWORD(INTERVAL)", "ALU SETR PASSWORD(*)" },
        { "RDEFINE FACILITY A.B UACC(NONE)",
          "RDEFINE FACILITY A.B UACC(NONE)" },
        { "", "" },
    };
    struct buf shown;

    (void)state;
    buf_init(&shown, 4096);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].in);

        buf_clear(&shown);
        secrets_add_shown(&shown, text);
        assert_string_equal(buf_z(&shown), rows[i].out);
        exact_free(text);
    }
    buf_fini(&shown);
}

/* What is no secret stays, in records and in the history. */
static void
the_rest_stays(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        { "ADDUSER X PASSWORD(ABC) SPECIAL",
          "ADDUSER X PASSWORD(        ) SPECIAL" },
        { "ADDUSER X PASSWORD(ABCDEFG) SPECIAL",
          "ADDUSER X PASSWORD(        ) SPECIAL" },
        { "ADDUSER X PASSWORD() SPECIAL",
          "ADDUSER X PASSWORD(        ) SPECIAL" },
        { "alu x pass( 'a)b' ) noexp", "alu x pass(        ) noexp" },
        { "PW PHRASE('old' 'new'", "PW PHRASE(        " },
        { "PHRASE PHRASE('a (b' 'c')", "PHRASE PHRASE(        )" },
        { "PHRASE PHRASE('a longer (b' 'and such')",
          "PHRASE PHRASE(        )" },
        /* Carried out as it stands: SPECIAL was given. */
        { "ADDUSER X PASSWORD SPECIAL", "ADDUSER X PASSWORD SPECIAL" },
        { "SETR RVARYPW(SWITCH(X) STATUS(Y))", "SETR RVARYPW(        )" },
        { "RALT REALM A KERB(PASSWORD(X))",
          "RALT REALM A KERB(PASSWORD(        ))" },
        { "ALU X PASWORD(Y) SPECIAL", "ALU X " },
        { "FOO PASSWORD(Y)", "" },
        { "COMPLETE('alu x password(y')", "COMPLETE" },
        { "LU PASSWORD", "LU PASSWORD" },
        { "SETR PASSWORD(INTERVAL(30))", "SETR PASSWORD(INTERVAL(30))" },
    };
    static const char *const plain[] = {
        "ADDUSER X NAME(ABC)",
        "ADDUSER X NAME('PASTOR') DFLTGRP(SYS1) NOPASSWORD",
        "PERMIT BAQ.KEEP CLASS(FACILITY) ID(A) ACCESS(READ)",
        "RDEFINE FACILITY PROD.SESSION UACC(NONE)",
        "RDEFINE PTKTDATA A SSIGNON(KEYLABEL(X))",
        "RACDCERT ID(A) LISTRING(KEYRING)",
        "RALTER REALM A KERB(KERBNAME(X))",
        "SETROPTS RACLIST(FACILITY) REFRESH",
        "SETROPTS PASSWORD(INTERVAL(30) NOHISTORY RULE1(LENGTH(6:8) ALPHA(1)))",
        "setr pass(phraseint(90) algorithm(kdfaes))",
        "RDEFINE FACILITY X UACC(ALL)",
        "LISTUSER * TSO OMVS",
        "ADDUSER X OMVS(UID(1) HOME(/u/x) PROGRAM(/bin/sh))",
        "ADDGROUP KEY DATA('legs and keys')",
        "RACDCERT ID(A) CONNECT(RING(R) LABEL('a ses'))",
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].in);
        struct str got = cmd_blank_secrets(&arena, text, &desk_hooks);

        if (!str_eq_z(got, rows[i].out))
            fail_msg("%s: " STR_FMT, rows[i].in, STR_ARG(got));
        exact_free(text);
    }
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        struct str text = exact_copy(plain[i]);

        assert_true(str_eq(cmd_blank_secrets(&arena, text, &desk_hooks), text));
        if (secrets_find(text, 0) != STR_NPOS)
            fail_msg("not remembered: %s", plain[i]);
        exact_free(text);
    }
    arena_fini(&arena);
}

/* The operand tables and the table of secrets know the same. */
static void
each_secret_operand_is_known(const struct cmd_table *t, const char *segment)
{
    for (; t != NULL; t = t->next)
        for (size_t i = 0; i < t->n; i++) {
            const struct cmd_operand *o = &t->v[i];

            if ((o->flags & CMD_SECRET) != 0 &&
                !secrets_is_word(str_of(o->name), false))
                fail_msg("%s is not in the table", o->name);
            if (secrets_is_field(str_of(segment), str_of(o->name)) &&
                o->value != CMD_NONE && (o->flags & CMD_SECRET) == 0)
                fail_msg("%s(%s) is not marked", segment, o->name);
            if (o->sub != NULL && (o->flags & CMD_SECRET) == 0)
                each_secret_operand_is_known(o->sub, o->name);
        }
}

static void
tables_agree(void **state)
{
    const struct cmd_verb *verb;

    (void)state;
    for (size_t i = 0; (verb = cmd_verb_at(i, &desk_hooks)) != NULL; i++)
        each_secret_operand_is_known(&verb->operands, "");
    assert_true(secrets_is_field(STR("PROXY"), STR("BINDPW")));
    assert_false(secrets_is_field(STR("PROXY"), STR("BINDDN")));
    assert_false(secrets_is_field(STR(""), STR("PASSWORD")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_record_has_them),
        cmocka_unit_test(no_history_and_echo_has_them),
        cmocka_unit_test(echoes),
        cmocka_unit_test(the_rest_stays),
        cmocka_unit_test(tables_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
