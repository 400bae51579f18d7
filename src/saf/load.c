#include "saf/load_private.h"
#include "saf/unload_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/codepage.h"

/*
 * In passes over the text, so that the order of lines does not matter: who and
 * what there is; what the companion knows of certificates; who belongs where
 * and may what; the rest of the companion, which knows better.
 */

#define GET(l, column) unload_get(&(l)->r, column)

static void
mistake(struct loader *l, const char *type, const struct err_info *why)
{
    struct load_report *report = l->report;

    if (report->mistakes++ >= LOAD_MISTAKES_MAX || report->mistake == NULL)
        return;
    report->mistake(report->arg, l->line,
                    type == NULL
                        ? str_of(why->text)
                        : str_fmt(&l->a, "record %.4s: %s", type, why->text));
}

static void
keep(struct loader *l, struct str line)
{
    saf_db_run(l->db, "INSERT INTO unload_kept(line) VALUES(?1)", "s", line);
    l->report->kept++;
}

static bool
is_profile(const struct loader *l)
{
    return memcmp(l->r.line, "0400", 4) == 0 ||
           memcmp(l->r.line, "0500", 4) == 0;
}

/* Of a profile, which is known in the second pass. */
static bool
is_part(const struct loader *l)
{
    return l->r.line[0] == '0' &&
           (l->r.line[1] == '4' || l->r.line[1] == '5') && !is_profile(l);
}

/* No record is there twice: which of them would count? */
static enum err
check_first(struct loader *l, struct err_info *why)
{
    struct str identity = unload_identity(&l->r, &l->a);
    struct saf_query q;

    if (identity.n == 0)
        return ERR_OK;
    /* Lists do not say of which of two profiles with one name they are. */
    if (is_part(l))
        identity = str_fmt(&l->a, STR_FMT "\n%d", STR_ARG(identity),
                           (int)load_is_of_generic(l));
    saf_db_run(l->db, "INSERT OR IGNORE INTO temp.seen VALUES(?1,?2)", "bi",
               identity, (int64_t)l->line);
    if (saf_db_changes(l->db) > 0)
        return ERR_OK;
    q = saf_db_query(l->db, "SELECT line FROM temp.seen WHERE identity=?1", "b",
                     identity);
    if (saf_query_next(&q))
        (void)err_set(why, ERR_SYNTAX,
                      "\"" STR_FMT "\" is there twice, first in line %lld",
                      STR_ARG(GET(l, "NAME")), (long long)saf_query_int(&q, 0));
    saf_query_close(&q);
    return ERR_SYNTAX;
}

static void
load_line(struct loader *l, enum pass pass, struct str line)
{
    struct err_info why = { 0 };
    enum err e;

    while (line.n > 0 &&
           (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == ' '))
        line.n--;
    if (line.n == 0)
        return;
    e = unload_parse(line, &l->r, &why);
    if (e != ERR_OK) {
        if (pass == PASS_PROFILES)
            mistake(l, NULL, &why);
        return;
    }
    if (pass == PASS_PROFILES)
        l->report->lines++;
    if (l->r.columns == NULL) {
        if (pass == PASS_PROFILES)
            keep(l, line);
        return;
    }
    if (is_profile(l))
        load_remember(l);
    if (pass == PASS_PROFILES)
        e = unload_check(&l->r, &why);
    if (e == ERR_OK && pass == (is_part(l) ? PASS_PARTS : PASS_PROFILES))
        e = check_first(l, &why);
    if (pass == PASS_PARTS)
        load_note(l);
    if (e == ERR_OK && pass == PASS_AUTHORITY)
        e = load_check_derived(l, &why);
    if (e == ERR_OK)
        e = load_record(l, pass, l->r.line, &why);
    if (e != ERR_OK)
        mistake(l, l->r.line, &why);
}

static void
each_line(struct loader *l, struct str text, enum pass pass)
{
    struct str line;

    l->line = 0;
    buf_clear(&l->last);
    while (str_token(&text, '\n', &line)) {
        l->line++;
        load_line(l, pass, line);
        arena_reset(&l->a);
    }
}

/* What is not there, because nothing is or because a transfer ended early. */
static void
check_whole(struct loader *l, struct str text)
{
    struct err_info why = { 0 };
    const struct load_report *r = l->report;
    struct str line = text;

    l->line = 0;
    while (str_token(&line, '\n', &text))
        l->line++;
    if (r->lines == 0)
        (void)err_set(&why, ERR_SYNTAX,
                      "there are no records, expected an unload");
    else if (r->groups == 0 || r->users == 0)
        (void)err_set(&why, ERR_SYNTAX,
                      "there are %llu groups and %llu users, expected records "
                      "0100 and 0200",
                      (unsigned long long)r->groups,
                      (unsigned long long)r->users);
    else if (text.n > 0)
        (void)err_set(&why, ERR_SYNTAX,
                      "the last line has no end, the file is cut");
    if (why.text[0] != '\0')
        mistake(l, NULL, &why);
}

static void
each_more(struct loader *l, struct str text, const char *only)
{
    struct str line;

    l->line = 0;
    l->report->is_companion = true;
    while (str_token(&text, '\n', &line)) {
        struct err_info why = { 0 };

        l->line++;
        if (load_more_line(l->db, &l->a, line, only, &why) != ERR_OK) {
            mistake(l, NULL, &why);
        }
        arena_reset(&l->a);
        if (saf_db_check(l->db, NULL) != ERR_OK)
            break; /* nothing more is done with it */
    }
    l->report->is_companion = false;
}

/* Its first line says what it is, its last one how many there are. */
static void
check_companion(struct loader *l, struct str text)
{
    struct err_info why = { 0 };

    if (text.n == 0 || load_more_check(text, &l->line, &why) == ERR_OK)
        return;
    l->report->is_companion = true;
    mistake(l, NULL, &why);
    l->report->is_companion = false;
}

/* EBCDIC text to UTF-8: line ends are NEL (X'15') or LF (X'25'). */
static enum err
to_utf8(struct str text, struct buf *out, struct err_info *why)
{
    const struct codepage *cp = codepage_find(1047);

    if (cp == NULL)
        return err_set(why, ERR_UNSUPPORTED, "code page 1047 is not known");
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];

        if (c == 0x15 || c == 0x25)
            buf_add_char(out, '\n');
        else
            buf_add(out, cp->to_utf8[c].n == 0
                             ? STR("?")
                             : str_n(cp->to_utf8[c].b, cp->to_utf8[c].n));
    }
    return buf_check(out, why);
}

enum err
load_all(struct saf_db *db, struct str unload, struct str more,
         struct load_report *report, struct err_info *why)
{
    struct loader *l = calloc(1, sizeof *l);
    struct buf utf8;
    enum err e = ERR_OK;

    if (l == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    l->db = db;
    l->report = report;
    arena_init(&l->a, 16u << 20);
    buf_init(&l->last, 1024);
    buf_init(&utf8, 4u * (unload.n + 16));
    if (unload.n > 0 && (unsigned char)unload.p[0] == 0xf0) {
        e = to_utf8(unload, &utf8, why);
        unload = buf_view(&utf8);
    }
    if (e == ERR_OK)
        e = saf_db_begin(db, why);
    if (e == ERR_OK) {
        saf_db_run(db,
                   "CREATE TEMP TABLE seen(identity BLOB PRIMARY KEY, line"
                   " INTEGER) WITHOUT ROWID",
                   "");
        saf_db_run(db,
                   "CREATE TEMP TABLE told(key BLOB PRIMARY KEY) WITHOUT ROWID",
                   "");
        each_line(l, unload, PASS_PROFILES);
        check_whole(l, unload);
        check_companion(l, more);
        if (report->mistakes == 0) { /* else much would follow from them */
            each_more(l, more, "certificate");
            each_line(l, unload, PASS_PARTS);
            each_line(l, unload, PASS_AUTHORITY);
            each_more(l, more, NULL);
        }
        if (report->mistakes > 0) {
            saf_db_rollback(db);
            e = err_set(why, ERR_SYNTAX, "%llu mistakes, nothing was loaded",
                        (unsigned long long)report->mistakes);
        } else {
            e = saf_db_commit(db, why);
        }
    }
    buf_fini(&utf8);
    buf_fini(&l->last);
    arena_fini(&l->a);
    free(l);
    return e;
}
