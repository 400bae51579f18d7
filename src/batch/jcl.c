#include "batch/jcl.h"

#include <string.h>

#include "batch/jcl_card.h"
#include "batch/jcl_parser.h"

/* Where DD statements go while a deck is read. */
struct place {
    struct jcl_step *first;      /* of the last EXEC: the steps it made */
    struct jcl_step *last_named; /* of an override, for the next unnamed */
    struct jcl_dd *dd;           /* for concatenation */
    bool is_call;
};

/* One level: the job's own cards, or a procedure's. */
struct level {
    struct jcl_deck deck;
    struct jcl_symbols *symbols; /* of the call; NULL for the job itself */
    struct place place;
    char caller[9]; /* step that called the procedure */
    unsigned depth;
};

static bool run_level(struct jcl_parser *, struct level *);

static struct jcl_step **
steps_end(struct jcl_parser *p)
{
    struct jcl_step **at = &p->job->steps;

    while (*at != NULL)
        at = &(*at)->next;
    return at;
}

static bool
check_step_name(struct jcl_parser *p, const struct jcl_card *card)
{
    if (card->name.n == 0 || jcl_is_name(card->name))
        return true;
    jcl_fail(p, card->name_pos, "IEFC662I", card->name,
             "a name of 1 to 8 of A-Z 0-9 @ # $, not beginning with a digit");
    return false;
}

static bool
add_step(struct jcl_parser *p, struct level *level, struct jcl_step *step)
{
    struct jcl_step *copy = ARENA_NEW(p->arena, struct jcl_step);

    if (copy == NULL) {
        jcl_fatal(p, ERR_MEMORY);
        return false;
    }
    if (++p->job->n_steps > JCL_STEPS_MAX) {
        jcl_fail(p, step->pos, "IEFC602I", (struct str){ 0 },
                 "at most %u steps in a job", JCL_STEPS_MAX);
        jcl_fatal(p, ERR_LIMIT);
        return false;
    }
    *copy = *step;
    memcpy(copy->proc_step, level->caller, sizeof copy->proc_step);
    *steps_end(p) = copy;
    return true;
}

/* --- procedures --------------------------------------------------------- */

static bool
name_source(struct jcl_parser *p, struct str name, uint16_t *source)
{
    if (p->n_sources >= JCL_SOURCES_MAX) {
        jcl_fatal(p, ERR_LIMIT);
        return false;
    }
    jcl_set_name(p->sources[p->n_sources++], name);
    *source = (uint16_t)p->n_sources;
    return true;
}

static struct jcl_proc *
find_proc(struct jcl_parser *p, struct str name)
{
    struct jcl_proc *proc = p->procs;

    while (proc != NULL && !str_eq_z(name, proc->name))
        proc = proc->next;
    return proc;
}

/* PROC ... PEND in the job: remember the text, parse it when called. */
static bool
instream_proc(struct jcl_parser *p, struct level *level,
              const struct jcl_card *card)
{
    struct jcl_proc *proc = ARENA_NEW(p->arena, struct jcl_proc);
    size_t from = (size_t)(card->name.p - 2 - level->deck.text.p);

    if (proc == NULL) {
        jcl_fatal(p, ERR_MEMORY);
        return false;
    }
    if (!jcl_is_name(card->name)) {
        jcl_fail(p, card->name_pos, "IEFC662I", card->name,
                 "a name on the in-stream PROC statement");
        return false;
    }
    jcl_set_name(proc->name, card->name);
    proc->first_line = card->pos.line - 1;
    for (;;) {
        size_t to = level->deck.at;
        struct jcl_card inner;

        if (!jcl_card_next(p, &level->deck, &inner)) {
            if (p->fatal != ERR_OK)
                return false;
            continue;
        }
        if (inner.kind == JCL_CARD_END || inner.kind == JCL_CARD_NULL) {
            jcl_fail(p, card->pos, "IEFC614I", (struct str){ 0 },
                     "PEND to end the procedure");
            return false;
        }
        if (inner.kind == JCL_CARD_STATEMENT &&
            str_eq_z(inner.operation, "PEND")) {
            proc->text = str_sub(level->deck.text, from, to);
            break;
        }
    }
    proc->source = level->deck.source;
    proc->next = p->procs;
    p->procs = proc;
    return true;
}

/* PROC's defaults; what the call gave stays. */
static bool
proc_defaults(struct jcl_parser *p, struct level *level,
              const struct jcl_card *card)
{
    struct jcl_params params;
    struct str value;

    if (!jcl_split(p, &card->operand, &params))
        return false;
    for (size_t i = 0; i < params.n; i++) {
        const struct jcl_param *param = &params.v[i];

        if (!jcl_is_name(param->key)) {
            jcl_fail(p, card->operand.pos[param->key_at], "IEFC630I",
                     param->key, "SYMBOL=default");
            return false;
        }
        if (!jcl_text(p, &params, param, &value) ||
            !jcl_symbol_put(p, level->symbols, param->key, value,
                            card->operand.pos[param->key_at], false))
            return false;
    }
    return true;
}

static bool
load_proc(struct jcl_parser *p, struct str name, struct jcl_pos pos,
          struct jcl_deck *deck)
{
    struct jcl_proc *proc = find_proc(p, name);
    struct str text;
    enum err e = ERR_NOT_FOUND;
    uint16_t source;

    if (proc != NULL) {
        jcl_deck_init(deck, proc->text, proc->source);
        deck->line += proc->first_line;
        return true;
    }
    if (p->env->proc != NULL && p->library.n > 0)
        e = p->env->proc(p->env->arg, p->arena, p->library, name, &text, NULL);
    if (p->env->proc != NULL && e == ERR_NOT_FOUND)
        e = p->env->proc(p->env->arg, p->arena, (struct str){ 0 }, name, &text,
                         NULL);
    if (e != ERR_OK) {
        jcl_fail(p, pos, "IEFC612I", name,
                 "an in-stream procedure or a member of the procedure library");
        return false;
    }
    if (!name_source(p, name, &source))
        return false;
    jcl_deck_init(deck, text, source);
    return true;
}

static void
check_symbols_used(struct jcl_parser *p, const struct jcl_symbols *symbols,
                   size_t n_given)
{
    for (size_t i = 0; i < n_given; i++) {
        if (!symbols->v[i].is_used)
            jcl_fail(p, symbols->v[i].pos, "IEFC657I", symbols->v[i].name,
                     "a symbol that the procedure uses");
    }
}

static bool
call_proc(struct jcl_parser *p, struct level *outer, struct jcl_exec *call,
          struct jcl_pos pos)
{
    struct jcl_step **first = steps_end(p);
    size_t n_given = call->symbols->n;
    struct level inner = { .symbols = call->symbols,
                           .depth = outer->depth + 1 };

    if (inner.depth > JCL_PROC_DEPTH) {
        jcl_fail(p, pos, "IEFC615I", str_of(call->proc),
                 "at most %u procedures calling each other", JCL_PROC_DEPTH);
        jcl_fatal(p, ERR_LIMIT);
        return false;
    }
    memcpy(inner.caller, call->step.name, sizeof inner.caller);
    if (!load_proc(p, str_of(call->proc), pos, &inner.deck) ||
        !run_level(p, &inner))
        return false;
    check_symbols_used(p, call->symbols, n_given);
    for (struct jcl_step *s = *first; s != NULL; s = s->next) {
        if (!jcl_exec_override(p, call, s, s == *first))
            return false;
    }
    outer->place.first = *first;
    return true;
}

/* --- statements --------------------------------------------------------- */

static bool
on_exec(struct jcl_parser *p, struct level *level, const struct jcl_card *card,
        const struct jcl_params *params)
{
    struct jcl_exec *exec = ARENA_NEW(p->arena, struct jcl_exec);
    struct jcl_step **end = steps_end(p);

    level->place = (struct place){ 0 };
    if (exec == NULL ||
        (exec->symbols = ARENA_NEW(p->arena, struct jcl_symbols)) == NULL) {
        jcl_fatal(p, ERR_MEMORY);
        return false;
    }
    for (size_t i = 0; level->depth == 0 && i < p->env->n_start; i++) {
        if (!jcl_symbol_put(p, exec->symbols, p->env->start[i].name,
                            p->env->start[i].value, card->pos, true))
            return false;
    }
    exec->step.pos = card->pos;
    jcl_set_name(exec->step.name, card->name);
    if (!check_step_name(p, card) || !jcl_exec_card(p, params, exec))
        return false;
    if (exec->proc[0] != '\0') {
        level->place.is_call = true;
        return call_proc(p, level, exec, params->operand->pos[0]);
    }
    if (exec->step.pgm[0] == '\0') {
        jcl_fail(p, card->pos, "IEFC006I", STR("EXEC"),
                 "PGM=program or a procedure's name");
        return false;
    }
    if (!add_step(p, level, &exec->step))
        return false;
    level->place.first = *end;
    return true;
}

static struct jcl_dd *
new_dd(struct jcl_parser *p, struct jcl_pos pos)
{
    struct jcl_dd *dd = ARENA_NEW(p->arena, struct jcl_dd);

    if (dd == NULL) {
        jcl_fatal(p, ERR_MEMORY);
        return NULL;
    }
    if (++p->n_dds > JCL_DDS_MAX) {
        jcl_fail(p, pos, "IEFC602I", (struct str){ 0 },
                 "at most %u DD statements in a job", JCL_DDS_MAX);
        jcl_fatal(p, ERR_LIMIT);
        return NULL;
    }
    dd->pos = pos;
    return dd;
}

/* The step that "STEP.DD" or "DD" after an EXEC belongs to. */
static struct jcl_step *
dd_step(struct jcl_parser *p, struct place *place, const struct jcl_card *card,
        struct str *name)
{
    size_t dot = str_find_char(card->name, '.');
    struct jcl_step *step =
        place->last_named != NULL ? place->last_named : place->first;

    *name = card->name;
    if (dot == STR_NPOS)
        return step;
    *name = str_sub(card->name, dot + 1, card->name.n);
    for (step = place->first; step != NULL; step = step->next) {
        if (str_eq_z(str_sub(card->name, 0, dot), step->name))
            break;
    }
    if (step == NULL || !place->is_call) {
        jcl_fail(p, card->name_pos, "IEFC657I", card->name,
                 "a step of the procedure in front of the period");
        return NULL;
    }
    place->last_named = step;
    return step;
}

/* The DD that this card defines, overrides or concatenates. */
static struct jcl_dd *
dd_target(struct jcl_parser *p, struct place *place,
          const struct jcl_card *card)
{
    struct jcl_step *step;
    struct jcl_dd *dd, **end;
    struct str name;

    if (place->first == NULL) {
        jcl_fail(p, card->pos, "IEFC607I", STR("DD"),
                 "an EXEC statement first");
        return NULL;
    }
    if (card->name.n == 0) {
        if (place->dd == NULL || place->dd->kind == JCL_DD_SYSOUT) {
            jcl_fail(p, card->name_pos, "IEFC662I", (struct str){ 0 },
                     "a name; only data sets and data are concatenated");
            return NULL;
        }
        dd = new_dd(p, card->pos);
        if (dd != NULL)
            place->dd->concat = dd;
        return dd;
    }
    step = dd_step(p, place, card, &name);
    if (step == NULL)
        return NULL;
    if (!jcl_is_name(name)) {
        jcl_fail(p, card->name_pos, "IEFC662I", name,
                 "a DD name of 1 to 8 of A-Z 0-9 @ # $");
        return NULL;
    }
    for (end = &step->dds; *end != NULL; end = &(*end)->next) {
        if (!str_eq_z(name, (*end)->name))
            continue;
        if (place->is_call)
            return *end; /* an override */
        jcl_fail(p, card->name_pos, "IEFC662I", name,
                 "a DD name that the step does not have yet (line %u)",
                 (*end)->pos.line);
        return NULL;
    }
    dd = new_dd(p, card->pos);
    if (dd != NULL) {
        jcl_set_name(dd->name, name);
        *end = dd;
    }
    return dd;
}

static bool
on_dd(struct jcl_parser *p, struct level *level, const struct jcl_card *card,
      const struct jcl_params *params)
{
    struct jcl_instream instream;
    struct jcl_dd ignored = { 0 };
    struct jcl_dd *dd = dd_target(p, &level->place, card);
    bool is_good;

    /* A wrong DD still has its data, which must not be read as statements. */
    is_good = jcl_dd_card(p, params, dd == NULL ? &ignored : dd, &instream) &&
              dd != NULL;
    if (instream.is_wanted) {
        struct str data;

        if (!jcl_deck_data(p, &level->deck,
                           instream.delimiter[0] == '\0' ? NULL
                                                         : instream.delimiter,
                           instream.is_data, &data))
            return false;
        if (is_good)
            dd->data = data;
    }
    if (is_good)
        level->place.dd = dd;
    if (is_good && dd->kind == JCL_DD_NONE) {
        jcl_fail(p, card->pos, "IEFC006I", STR("DD"),
                 "DSN=, PATH=, SYSOUT=, DUMMY, * or DATA");
        return false;
    }
    return is_good;
}

/* A line that is no statement: JES makes a SYSIN DD * of it. */
static bool
on_data(struct jcl_parser *p, struct level *level, const struct jcl_card *card)
{
    struct jcl_card sysin = { .kind = JCL_CARD_STATEMENT,
                              .name = STR("SYSIN"),
                              .pos = card->pos,
                              .name_pos = card->pos };
    struct jcl_dd *dd = NULL;
    struct str data;

    if (level->place.first != NULL && card->name.n > 0)
        dd = dd_target(p, &level->place, &sysin);
    else
        jcl_fail(p, card->pos, "IEFC605I", (struct str){ 0 },
                 "a statement beginning with //");
    jcl_deck_back(&level->deck, card);
    if (!jcl_deck_data(p, &level->deck, NULL, false, &data))
        return false;
    if (dd == NULL)
        return false;
    dd->kind = JCL_DD_DATA;
    dd->data = data;
    return true;
}

static bool
on_set(struct jcl_parser *p, struct level *level, const struct jcl_card *card,
       const struct jcl_params *params)
{
    struct str value;

    (void)level;
    if (params->n == 0)
        jcl_fail(p, card->pos, "IEFC006I", STR("SET"), "SYMBOL=value");
    for (size_t i = 0; i < params->n; i++) {
        const struct jcl_param *param = &params->v[i];

        if (!jcl_is_name(param->key)) {
            jcl_fail(p, params->operand->pos[param->key_at], "IEFC630I",
                     param->key, "SYMBOL=value");
            return false;
        }
        if (!jcl_text(p, params, param, &value) ||
            !jcl_symbol_put(p, &p->set, param->key, value,
                            params->operand->pos[param->key_at], true))
            return false;
    }
    return params->n > 0;
}

/* JCLLIB ORDER=(library) */
static bool
on_jcllib(struct jcl_parser *p, struct level *level,
          const struct jcl_card *card, const struct jcl_params *params)
{
    struct jcl_param v[1];
    size_t n;

    if (level->depth > 0 || p->job->steps != NULL || params->n != 1 ||
        !str_eq_z(params->v[0].key, "ORDER")) {
        jcl_fail(p, card->pos, "IEFC630I", STR("JCLLIB"),
                 "ORDER=library, before the first EXEC");
        return false;
    }
    if (!jcl_list(p, params, &params->v[0], v, ARRAY_LEN(v), &n) ||
        !jcl_text(p, params, &v[0], &p->library))
        return false;
    if (!jcl_is_dsn(p->library)) {
        jcl_fail(p, jcl_param_pos(params, &v[0], 0), "IEFC638I", STR("ORDER"),
                 "a data set name");
        return false;
    }
    return true;
}

static const struct {
    const char *operation;
    bool (*run)(struct jcl_parser *, struct level *, const struct jcl_card *,
                const struct jcl_params *);
} statements[] = {
    { "EXEC", on_exec },
    { "DD", on_dd },
    { "SET", on_set },
    { "JCLLIB", on_jcllib },
};

/* Understood, and refused with a reason. */
static const char *const refused[] = {
    "IF",      "ELSE", "ENDIF",   "INCLUDE",  "OUTPUT", "CNTL",
    "ENDCNTL", "XMIT", "COMMAND", "SCHEDULE", "EXPORT", "NOTIFY",
};

static bool
unknown_operation(struct jcl_parser *p, const struct jcl_card *card)
{
    if (str_eq_z(card->operation, "JOB")) {
        jcl_fail(p, card->op_pos, "IEFC019I", (struct str){ 0 },
                 "one JOB statement, as the first of the file");
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        if (str_eq_z(card->operation, refused[i])) {
            jcl_fail(p, card->op_pos, "IEFC605I", card->operation,
                     "a job without it: this statement is not supported "
                     "(use COND= to bypass a step)");
            return false;
        }
    }
    jcl_fail(p, card->op_pos, "IEFC605I", card->operation,
             "JOB, EXEC, DD, SET, JCLLIB, PROC or PEND");
    return false;
}

static bool
run_statement(struct jcl_parser *p, struct level *level,
              const struct jcl_card *card)
{
    struct jcl_operand operand;
    struct jcl_params *params;

    if (str_eq_z(card->operation, "PROC")) {
        if (level->depth == 0)
            return instream_proc(p, level, card);
        return proc_defaults(p, level, card);
    }
    if (str_eq_z(card->operation, "PEND") && level->depth > 0)
        return true;
    for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
        if (!str_eq_z(card->operation, statements[i].operation))
            continue;
        params = ARENA_NEW(p->arena, struct jcl_params);
        if (params == NULL) {
            jcl_fatal(p, ERR_MEMORY);
            return false;
        }
        struct jcl_operand *kept = ARENA_NEW(p->arena, struct jcl_operand);
        if (kept == NULL ||
            !jcl_substitute(p, level->symbols, &card->operand, &operand))
            return false;
        *kept = operand;
        return jcl_split(p, kept, params) &&
               statements[i].run(p, level, card, params);
    }
    return unknown_operation(p, card);
}

/* Errors of a statement are reported and the next one is read. */
static bool
run_level(struct jcl_parser *p, struct level *level)
{
    for (;;) {
        struct jcl_card card;

        if (p->fatal != ERR_OK)
            return false;
        if (!jcl_card_next(p, &level->deck, &card))
            continue;
        switch (card.kind) {
        case JCL_CARD_END:
        case JCL_CARD_NULL:
            return p->fatal == ERR_OK;
        case JCL_CARD_DATA:
            (void)on_data(p, level, &card);
            break;
        case JCL_CARD_STATEMENT:
            (void)run_statement(p, level, &card);
            break;
        }
    }
}

/* --- the whole job ------------------------------------------------------ */

static bool
job_statement(struct jcl_parser *p, struct jcl_deck *deck)
{
    struct jcl_card card;
    struct jcl_operand operand;
    struct jcl_params params;

    if (!jcl_card_next(p, deck, &card))
        return false;
    if (card.kind != JCL_CARD_STATEMENT || !str_eq_z(card.operation, "JOB")) {
        jcl_fail(p, card.pos, "IEFC607I", (struct str){ 0 },
                 "a JOB statement first: //NAME JOB ...");
        return false;
    }
    if (!jcl_is_name(card.name)) {
        jcl_fail(p, card.name_pos, "IEFC662I", card.name,
                 "a job name of 1 to 8 of A-Z 0-9 @ # $, not beginning with "
                 "a digit");
        return false;
    }
    jcl_set_name(p->job->name, card.name);
    return jcl_substitute(p, NULL, &card.operand, &operand) &&
           jcl_split(p, &operand, &params) && jcl_job_card(p, &params);
}

static bool
system_symbols(struct jcl_parser *p)
{
    static const struct jcl_pos nowhere = { 0 };
    struct str user = p->env->sysuid;

    return jcl_symbol_put(p, &p->set, STR("SYSUID"), user, nowhere, true) &&
           jcl_symbol_put(p, &p->set, STR("SYSNAME"), STR("SPRT"), nowhere,
                          true) &&
           jcl_symbol_put(p, &p->set, STR("SYSPLEX"), STR("LOCAL"), nowhere,
                          true);
}

static enum err
verdict(struct jcl_parser *p, struct err_info *why)
{
    const struct jcl_errors *errors = p->errors;

    if (p->fatal == ERR_MEMORY)
        return err_set(why, ERR_MEMORY, "no storage for the job");
    if (errors->n_all > 0)
        return err_pos(why, p->fatal == ERR_OK ? ERR_SYNTAX : p->fatal,
                       errors->v[0].pos.line, errors->v[0].pos.column, "%s",
                       errors->v[0].text);
    if (p->fatal != ERR_OK)
        return err_set(why, p->fatal, "the job exceeds a limit");
    return ERR_OK;
}

static struct jcl_parser *
parser_new(struct arena *arena, const struct jcl_env *env, struct jcl_job *job,
           struct jcl_errors *errors)
{
    struct jcl_parser *p = ARENA_NEW(arena, struct jcl_parser);

    *errors = (struct jcl_errors){ 0 };
    if (p == NULL)
        return NULL;
    *p = (struct jcl_parser){
        .arena = arena, .env = env, .errors = errors, .job = job
    };
    *job = (struct jcl_job){ .msgclass = 'A', .class_ = 'A' };
    return p;
}

static enum err
parse(struct arena *arena, struct str text, const struct jcl_env *env,
      uint16_t listed, struct jcl_job *out, struct jcl_errors *errors,
      struct err_info *why)
{
    struct jcl_job job;
    struct jcl_parser *p = parser_new(arena, env, &job, errors);
    struct level *level = ARENA_NEW(arena, struct level);
    struct str copy;
    enum err e;

    if (text.n > JCL_TEXT_MAX)
        return err_set(why, ERR_LIMIT, "a job may have %u bytes, found %zu",
                       JCL_TEXT_MAX, text.n);
    copy = str_dup(arena, text);
    if (p == NULL || level == NULL || copy.p == NULL)
        return err_set(why, ERR_MEMORY, "no storage for the job");
    p->listed = listed;
    jcl_deck_init(&level->deck, copy, 0);
    if (system_symbols(p) && job_statement(p, &level->deck))
        (void)run_level(p, level);
    if (p->fatal == ERR_OK && errors->n_all == 0 && job.steps == NULL)
        jcl_fail(p, (struct jcl_pos){ level->deck.line, 1, 0 }, "IEFC607I",
                 (struct str){ 0 }, "at least one EXEC statement");
    e = verdict(p, why);
    if (e == ERR_OK)
        *out = job;
    return e;
}

enum err
jcl_parse(struct arena *arena, struct str text, const struct jcl_env *env,
          struct jcl_job *out, struct jcl_errors *errors, struct err_info *why)
{
    return parse(arena, text, env, 0, out, errors, why);
}

enum err
jcl_start(struct arena *arena, struct str member, struct str job_name,
          const struct jcl_env *env, struct jcl_job *out,
          struct jcl_errors *errors, struct err_info *why)
{
    struct str text;

    if (!jcl_is_name(member) || !jcl_is_name(job_name)) {
        *errors = (struct jcl_errors){ 0 };
        return err_set(why, ERR_SYNTAX, "%s is not a name",
                       jcl_is_name(member) ? "the job name" : "the procedure");
    }
    text = str_fmt(arena, "//%.*s JOB\n//STARTING EXEC PROC=%.*s\n",
                   STR_ARG(job_name), STR_ARG(member));
    return parse(arena, text, env, 1, out, errors, why); /* the member */
}
