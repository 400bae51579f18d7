/*
 * COMPLETE('text'): what the last word of an unfinished command may become, a
 * candidate a line. Asked by the prompt of sallyport racf. An addition of ours.
 */
#include "saf/cmd_private.h"
#include "saf/cmd_resource.h"

#include <string.h>

#define CANDIDATES_MAX 200u

/* clang-format off */
static const struct cmd_operand complete_positional[] = {
    /* It may hold a password by now. */
    { "TEXT", CMD_TEXT, CMD_ASIS | CMD_SECRET, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
};
/* clang-format on */

struct completer {
    struct cmd *cmd;
    const struct cmd_verb *verb;
    const struct cmd_table *tables[CMD_DEPTH_MAX]; /* of open parentheses */
    const struct cmd_operand *operand;             /* whose value is read */
    size_t depth;                                  /* of tables */
    size_t n_positional;                           /* complete ones */
    struct str class_name; /* of CLASS() or the positional one */
    struct str word;       /* the unfinished one */
    size_t n_told;
};

static void
tell(struct completer *c, struct str candidate, bool folds)
{
    bool fits = folds ? str_starts_nocase(candidate, c->word)
                      : str_starts(candidate, c->word);

    if (fits && c->n_told++ < CANDIDATES_MAX)
        cmd_line(c->cmd, candidate);
}

/* --- where the text ends -------------------------------------------------- */

static const struct cmd_operand *
operand_named(const struct cmd_table *table, struct str word)
{
    const struct cmd_operand *found = NULL;

    for (; table != NULL; table = table->next)
        for (size_t i = 0; i < table->n; i++) {
            if (str_eq_nocase_z(word, table->v[i].name))
                return &table->v[i];
            if (word.n > 0 && str_starts_nocase(str_of(table->v[i].name), word))
                found = &table->v[i];
        }
    return found;
}

static bool
is_class_operand(const struct cmd_operand *o)
{
    return o != NULL &&
           (strcmp(o->name, "CLASS") == 0 || strcmp(o->name, "FCLASS") == 0 ||
            strcmp(o->name, "CLAUTH") == 0 ||
            (o->missing != NULL &&
             strstr(o->missing, "RESOURCE CLASS") != NULL));
}

/* A finished word. */
static void
take_word(struct completer *c, struct str word, bool opens)
{
    const struct cmd_verb *v = c->verb;

    if (c->operand != NULL) { /* a value */
        if (is_class_operand(c->operand))
            c->class_name = word;
        return;
    }
    if (c->depth == 0 && c->n_positional < v->n_positional &&
        (c->n_positional < v->n_required ||
         operand_named(&v->operands, word) == NULL)) {
        if (is_class_operand(&v->positional[c->n_positional]))
            c->class_name = word;
        c->n_positional++;
        return;
    }
    if (opens)
        c->operand = operand_named(
            c->depth == 0 ? &v->operands : c->tables[c->depth - 1], word);
}

static void
open_parenthesis(struct completer *c)
{
    if (c->operand == NULL && c->n_positional < c->verb->n_positional)
        c->operand = &c->verb->positional[c->n_positional];
    if (c->operand != NULL && c->operand->value == CMD_SUB &&
        c->depth < CMD_DEPTH_MAX) {
        c->tables[c->depth++] = c->operand->sub;
        c->operand = NULL;
    }
}

static void
close_parenthesis(struct completer *c)
{
    if (c->operand == NULL) {
        if (c->depth > 0)
            c->depth--;
        return;
    }
    if (c->n_positional < c->verb->n_positional &&
        c->operand == &c->verb->positional[c->n_positional])
        c->n_positional++;
    c->operand = NULL;
}

static bool
ends_word(char ch)
{
    return ch == ' ' || ch == ',' || ch == '\t' || ch == '(' || ch == ')' ||
           ch == '\n';
}

static void
scan(struct completer *c, struct str text)
{
    size_t from = 0;

    for (size_t i = 0; i < text.n; i++) {
        struct str word = str_sub(text, from, i);

        if (!ends_word(text.p[i]))
            continue;
        if (word.n > 0)
            take_word(c, word, text.p[i] == '(');
        if (text.p[i] == '(')
            open_parenthesis(c);
        else if (text.p[i] == ')')
            close_parenthesis(c);
        from = i + 1;
    }
    c->word = str_sub(text, from, text.n);
    if (c->word.n > 0 && c->word.p[0] == '\'')
        c->word = str_sub(c->word, 1, c->word.n);
}

/* --- candidates ------------------------------------------------------------
 */

static void
tell_verbs(struct completer *c)
{
    const struct cmd_verb *v;

    for (size_t i = 0; (v = cmd_verb_at(i, c->cmd->session->hooks)) != NULL;
         i++)
        if (v != &cmd_complete)
            tell(c, str_of(v->name), true);
}

static void
tell_operands(struct completer *c, const struct cmd_table *table)
{
    for (; table != NULL; table = table->next)
        for (size_t i = 0; i < table->n; i++) {
            const struct cmd_operand *o = &table->v[i];

            tell(c,
                 str_fmt(c->cmd->arena, "%s%s", o->name,
                         o->value == CMD_NONE || (o->flags & CMD_OPTIONAL) != 0
                             ? ""
                             : "("),
                 true);
            if (cmd_has_negation(c->verb, o) && c->word.n >= 2)
                tell(c, str_fmt(c->cmd->arena, "NO%s", o->name), true);
        }
}

static void
tell_classes(struct completer *c)
{
    size_t n;
    const struct saf_class *v = saf_class_all(&n);

    for (size_t i = 0; i < n; i++)
        tell(c, str_of(v[i].name), true);
}

/* The issuer sees names as SEARCH would show them. */
static bool
sees_all(const struct completer *c)
{
    return cmd_is_auditor(c->cmd) || cmd_is_special(c->cmd);
}

static void
tell_principals(struct completer *c)
{
    struct saf_query q;

    if (!sees_all(c)) {
        tell(c, str_of(c->cmd->acee->user), true);
        for (uint32_t i = 0; i < c->cmd->acee->n_groups; i++)
            tell(c, str_of(c->cmd->acee->groups[i].name), true);
        return;
    }
    q = saf_db_query(c->cmd->db,
                     /* Reserved ids are lower case: nobody types them. */
                     "SELECT name FROM (SELECT user AS name FROM users UNION"
                     " SELECT grp FROM groups) WHERE name=upper(name) AND"
                     " name>=?1 AND"
                     " substr(name,1,length(?1))=?1 ORDER BY name LIMIT 200",
                     "s", str_upper(c->cmd->arena, c->word));
    while (saf_query_next(&q))
        tell(c, saf_query_str(&q, c->cmd->arena, 0), true);
    saf_query_close(&q);
}

static bool
may_see(struct completer *c, struct str class_name, struct str profile,
        struct str owner)
{
    struct saf_decision d;
    struct saf_profile p;

    if (sees_all(c) || cmd_owns(c->cmd, owner) ||
        (saf_profile_get(c->cmd->db, c->cmd->arena, class_name, profile, &p) &&
         cmd_own_access(c->cmd, &p) >= SAF_READ))
        return true;
    d = saf_authorize(c->cmd->engine, c->cmd->acee, class_name, profile,
                      SAF_READ, NULL);
    return saf_rc_is_ok(d.rc);
}

static void
tell_profiles(struct completer *c)
{
    const struct saf_class *class_ =
        saf_class_find(c->class_name.n == 0 ? STR("DATASET") : c->class_name);
    struct saf_query q;
    struct str word;

    if (class_ == NULL)
        return;
    word = (class_->flags & CLASS_ASIS) != 0
               ? c->word
               : str_upper(c->cmd->arena, c->word);
    q = saf_db_query(c->cmd->db,
                     "SELECT name, owner FROM profiles WHERE class=?1 AND"
                     " name>=?2 AND substr(name,1,length(?2))=?2"
                     " ORDER BY name LIMIT 200",
                     "ss", str_of(class_->name), word);
    while (saf_query_next(&q)) {
        struct str name = saf_query_str(&q, c->cmd->arena, 0);

        if (may_see(c, str_of(class_->name), name,
                    saf_query_str(&q, c->cmd->arena, 1)))
            tell(c, name, (class_->flags & CLASS_ASIS) == 0);
    }
    saf_query_close(&q);
}

static bool
is_profile_operand(const struct completer *c, const struct cmd_operand *o)
{
    return o->prompt != NULL &&
           (strcmp(o->prompt, "ENTITY NAME") == 0 ||
            strcmp(o->prompt, "RESOURCE") == 0 ||
            strcmp(o->prompt, "DATASET NAME") == 0) &&
           c->verb != NULL;
}

static void
tell_values(struct completer *c, const struct cmd_operand *o)
{
    if (o->value == CMD_CHOICE) {
        for (size_t i = 0; o->choices[i] != NULL; i++)
            tell(c, str_of(o->choices[i]), true);
    } else if (is_class_operand(o)) {
        tell_classes(c);
    } else if ((o->flags & CMD_NAME) != 0) {
        tell_principals(c);
    } else if (is_profile_operand(c, o)) {
        tell_profiles(c);
    }
}

static uint32_t
run_complete(struct cmd *cmd)
{
    struct str text = cmd_value(cmd->positional[0]), rest;
    struct completer c = { .cmd = cmd };
    size_t end;

    while (text.n > 0 && (text.p[0] == ' ' || text.p[0] == '\t'))
        text = str_sub(text, 1, text.n);
    for (end = 0; end < text.n && !ends_word(text.p[end]); end++)
        continue;
    c.word = str_sub(text, 0, end);
    if (end == text.n) {
        tell_verbs(&c);
        return 0;
    }
    c.verb = cmd_find_verb(c.word, cmd->session->hooks);
    if (c.verb == NULL)
        return 4;
    rest = str_sub(text, end, text.n);
    scan(&c, rest);
    if (c.operand != NULL) {
        tell_values(&c, c.operand);
        return 0;
    }
    if (c.depth > 0) {
        tell_operands(&c, c.tables[c.depth - 1]);
        return 0;
    }
    if (c.n_positional < c.verb->n_positional)
        tell_values(&c, &c.verb->positional[c.n_positional]);
    if (c.n_positional >= c.verb->n_required)
        tell_operands(&c, &c.verb->operands);
    return 0;
}

const struct cmd_verb cmd_complete = {
    "COMPLETE", "", complete_positional, 1, 1, { NULL, 0, NULL }, run_complete,
};
