/* A database in memory and somebody who issues commands to it: for tests. */
#ifndef SALLYPORT_SAF_TEST_CMD_H
#define SALLYPORT_SAF_TEST_CMD_H

#include "base/test.h"
#include "saf/cmd.h"
#include "saf/racdcert.h"

#define TEST_NOW UINT64_C(1704628800000) /* 2024-01-07 12:00 UTC */

struct desk {
    struct saf_engine *engine;
    struct buf out; /* reply lines, each with \n */
    uint32_t rc;
    struct acee acee;
    struct acee_group groups[4];
};

static inline void
desk_line(void *arg, struct str text)
{
    struct desk *d = arg;

    buf_add(&d->out, text);
    buf_add_char(&d->out, '\n');
}

static inline enum err
desk_make(void *arg, struct str user, struct str secret, bool is_phrase,
          struct buf *out, struct err_info *why)
{
    (void)arg;
    (void)is_phrase;
    (void)why;
    buf_printf(out, "V:" STR_FMT ":" STR_FMT, STR_ARG(user), STR_ARG(secret));
    return ERR_OK;
}

static inline enum err
desk_check(void *arg, struct str user, struct str secret, struct str verifier,
           struct err_info *why)
{
    struct buf want;
    bool is_equal;

    buf_init(&want, 256);
    (void)desk_make(arg, user, secret, false, &want, why);
    is_equal = str_eq(buf_view(&want), verifier);
    buf_fini(&want);
    return is_equal ? ERR_OK : ERR_DENIED;
}

/* "Sealed": each byte with its bits turned. */
static inline enum err
desk_seal(void *arg, struct str secret, struct str what, struct buf *out,
          struct err_info *why)
{
    (void)arg;
    (void)what;
    (void)why;
    for (size_t i = 0; i < secret.n; i++)
        buf_add_char(out, (char)(secret.p[i] ^ 0x5a));
    return ERR_OK;
}

static inline void
desk_init(struct desk *d)
{
    memset(d, 0, sizeof *d);
    buf_init(&d->out, 1 << 20);
    if (saf_engine_open(":memory:", TEST_NOW, &d->engine, NULL) != ERR_OK)
        abort();
}

static inline void
desk_fini(struct desk *d)
{
    saf_engine_close(&d->engine);
    buf_fini(&d->out);
}

/* The acee a logon of that user would give. */
static inline void
desk_be(struct desk *d, const char *user)
{
    struct arena a;
    struct saf_user u;
    struct saf_connect *v;
    size_t n;

    arena_init(&a, 1 << 20);
    if (!saf_user_get(saf_engine_db(d->engine), &a, str_of(user), &u))
        abort();
    n = saf_connects_of_user(saf_engine_db(d->engine), &a, u.user, &v);
    d->acee = (struct acee){ .user_id = u.id,
                             .attrs = u.attrs & 0xffffu,
                             .groups = d->groups };
    snprintf(d->acee.user, sizeof d->acee.user, "%s", user);
    snprintf(d->acee.group, sizeof d->acee.group, STR_FMT, STR_ARG(u.dfltgrp));
    for (size_t i = 0; i < n && i < 4; i++) {
        d->groups[i].id = v[i].group_id;
        snprintf(d->groups[i].name, sizeof d->groups[i].name, STR_FMT,
                 STR_ARG(v[i].group));
        d->acee.n_groups++;
    }
    arena_fini(&a);
}

static const struct saf_hooks desk_hooks = { .make_verifier = desk_make,
                                             .check_verifier = desk_check,
                                             .seal_secret = desk_seal,
                                             .verbs = racdcert_verbs,
                                             .n_verbs = RACDCERT_VERBS };

/* One command; the reply as text. */
static inline const char *
desk_run(struct desk *d, const char *command)
{
    struct saf_session s = { .acee = &d->acee,
                             .now_ms = TEST_NOW,
                             .line = desk_line,
                             .arg = d,
                             .hooks = &desk_hooks };
    struct str text = exact_copy(command);

    if (d->acee.user[0] == '\0')
        desk_be(d, "IBMUSER");
    buf_clear(&d->out);
    if (saf_execute(d->engine, &s, text, &d->rc, NULL) != ERR_OK)
        abort();
    exact_free(text);
    return buf_z(&d->out);
}

/* A command whose reply and return code are exactly these. */
struct row {
    const char *command;
    uint32_t rc;
    const char *reply;
};

/* One after another; all that differ are shown. */
static inline void
run_rows(struct desk *d, const struct row *rows, size_t n)
{
    size_t n_wrong = 0;

    for (size_t i = 0; i < n; i++) {
        const char *reply = desk_run(d, rows[i].command);

        if (strcmp(reply, rows[i].reply) == 0 && d->rc == rows[i].rc)
            continue;
        print_error("%s\nRC %u, not %u\n%s", rows[i].command, d->rc, rows[i].rc,
                    reply);
        n_wrong++;
    }
    assert_int_equal(n_wrong, 0);
}

/* On a new database, issued by IBMUSER. */
static inline void
rows_on_new_database(const struct row *rows, size_t n)
{
    struct desk d;

    desk_init(&d);
    run_rows(&d, rows, n);
    desk_fini(&d);
}

/* A new database on which these commands all succeed. */
static inline void
desk_prepare(struct desk *d, const char *const *commands, size_t n)
{
    desk_init(d);
    for (size_t i = 0; i < n; i++) {
        const char *reply = desk_run(d, commands[i]);

        if (d->rc != 0)
            fail_msg("%s\n%s", commands[i], reply);
    }
}

#endif
