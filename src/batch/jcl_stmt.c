/*
 * JOB and EXEC: one row for each keyword. A row without a function is
 * accepted for decks that come from elsewhere and has no effect here.
 */
#include <ctype.h>
#include <string.h>

#include "batch/jcl_parser.h"

bool
jcl_bad_value(struct jcl_parser *p, const struct jcl_params *params,
              const struct jcl_param *param, const char *expected)
{
    jcl_fail(p, jcl_param_pos(params, param, 0), "IEFC638I", param->key, "%s",
             expected);
    return false;
}

bool
jcl_is_name(struct str s)
{
    if (s.n == 0 || s.n > JCL_NAME_MAX || isdigit((unsigned char)s.p[0]))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (!isupper(c) && !isdigit(c) && c != '@' && c != '#' && c != '$')
            return false;
    }
    return true;
}

bool
jcl_is_dsn(struct str s)
{
    struct str piece;

    if (s.n == 0 || s.n > 44)
        return false;
    while (str_token(&s, '.', &piece)) {
        if (!jcl_is_name(piece))
            return false;
    }
    return true;
}

static bool
take_name(struct jcl_parser *p, const struct jcl_params *params,
          const struct jcl_param *param, char out[9])
{
    struct str text;

    if (!jcl_text(p, params, param, &text))
        return false;
    if (!jcl_is_name(text) || !str_copy_z(text, out, 9))
        return jcl_bad_value(p, params, param,
                             "a name of 1 to 8 of A-Z 0-9 @ # $, not beginning "
                             "with a digit");
    return true;
}

/* A user id may begin with a digit. */
static bool
take_user(struct jcl_parser *p, const struct jcl_params *params,
          const struct jcl_param *param, char out[9])
{
    struct str text;

    if (!jcl_text(p, params, param, &text))
        return false;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];

        if (!isupper(c) && !isdigit(c) && c != '@' && c != '#' && c != '$')
            return jcl_bad_value(p, params, param,
                                 "a user id of A-Z 0-9 @ # $");
    }
    if (text.n == 0 || !str_copy_z(text, out, 9))
        return jcl_bad_value(p, params, param,
                             "a user id of 1 to 8 characters");
    return true;
}

bool
jcl_take_class(struct jcl_parser *p, const struct jcl_params *params,
               const struct jcl_param *param, char *out)
{
    if (param->value.n != 1 || !isalnum((unsigned char)param->value.p[0]))
        return jcl_bad_value(p, params, param, "one character A-Z or 0-9");
    *out = param->value.p[0];
    return true;
}

/* TIME=(minutes,seconds), TIME=minutes, 1440, NOLIMIT, MAXIMUM */
static bool
take_time(struct jcl_parser *p, const struct jcl_params *params,
          const struct jcl_param *param, uint32_t *seconds)
{
    struct jcl_param parts[2];
    uint64_t minutes = 0, rest = 0;
    size_t n;

    if (str_eq_z(param->value, "NOLIMIT") ||
        str_eq_z(param->value, "MAXIMUM")) {
        *seconds = 0;
        return true;
    }
    if (!jcl_list(p, params, param, parts, ARRAY_LEN(parts), &n))
        return false;
    if ((parts[0].value.n > 0 && !str_to_u64(parts[0].value, &minutes)) ||
        minutes > 357912 || (n > 1 && !str_to_u64(parts[1].value, &rest)) ||
        rest > 59)
        return jcl_bad_value(p, params, param,
                             "TIME=(minutes,seconds) or NOLIMIT");
    *seconds = minutes == 1440 ? 0 : (uint32_t)(minutes * 60 + rest);
    return true;
}

static bool
take_compare(struct str text, enum jcl_compare *out)
{
    static const char *const names[] = { "GT", "GE", "EQ", "NE", "LT", "LE" };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (str_eq_z(text, names[i])) {
            *out = (enum jcl_compare)i;
            return true;
        }
    }
    return false;
}

/* (code,operator[,step[.procstep]]) */
static bool
take_cond(struct jcl_parser *p, const struct jcl_params *params,
          const struct jcl_param *param, struct jcl_conds *out)
{
    struct jcl_param v[3];
    struct jcl_cond *cond = &out->v[out->n];
    uint64_t code;
    size_t n, dot;

    if (str_eq_z(param->value, "EVEN") || str_eq_z(param->value, "ONLY")) {
        out->even |= param->value.p[0] == 'E';
        out->only |= param->value.p[0] == 'O';
        return true;
    }
    if (!jcl_list(p, params, param, v, ARRAY_LEN(v), &n))
        return false;
    *cond = (struct jcl_cond){ 0 };
    if (n < 2 || !str_to_u64(v[0].value, &code) || code > INT32_MAX ||
        !take_compare(v[1].value, &cond->op))
        return jcl_bad_value(
            p, params, param,
            "(code,operator[,step]) with GT GE EQ NE LT LE, EVEN "
            "or ONLY");
    cond->code = (uint32_t)code;
    if (n == 3) {
        dot = str_find_char(v[2].value, '.');
        if (!str_copy_z(str_sub(v[2].value, 0, dot), cond->step, 9) ||
            (dot != STR_NPOS &&
             !str_copy_z(str_sub(v[2].value, dot + 1, v[2].value.n),
                         cond->proc_step, 9)))
            return jcl_bad_value(p, params, &v[2], "a step name");
    }
    out->n++;
    return true;
}

static bool
take_conds(struct jcl_parser *p, const struct jcl_params *params,
           const struct jcl_param *param, struct jcl_conds *out)
{
    struct jcl_param v[JCL_CONDS_MAX];
    size_t n;

    *out = (struct jcl_conds){ 0 };
    if (!jcl_list(p, params, param, v, ARRAY_LEN(v), &n))
        return false;
    /* COND=(4,LT) is one test, COND=((4,LT),(8,EQ)) two. */
    if (n > 1 && v[0].value.n > 0 && v[0].value.p[0] != '(' &&
        !str_eq_z(v[0].value, "EVEN") && !str_eq_z(v[0].value, "ONLY"))
        return take_cond(p, params, param, out);
    for (size_t i = 0; i < n; i++) {
        if (!take_cond(p, params, &v[i], out))
            return false;
    }
    return true;
}

bool
jcl_run_table(struct jcl_parser *p, const struct jcl_params *params,
              const struct jcl_param *param, const struct jcl_keyword *rows,
              size_t n_rows, const char *statement, struct jcl_target *to)
{
    for (size_t i = 0; i < n_rows; i++) {
        if (str_eq_z(param->key, rows[i].name))
            return rows[i].run == NULL || rows[i].run(p, params, param, to);
    }
    jcl_fail(p, params->operand->pos[param->key_at], "IEFC630I", param->key,
             "a keyword of the %s statement", statement);
    return false;
}

/* --- JOB ---------------------------------------------------------------- */

static bool
job_user(struct jcl_parser *p, const struct jcl_params *params,
         const struct jcl_param *param, struct jcl_target *to)
{
    return take_user(p, params, param, to->job->user);
}

static bool
job_group(struct jcl_parser *p, const struct jcl_params *params,
          const struct jcl_param *param, struct jcl_target *to)
{
    return take_name(p, params, param, to->job->group);
}

static bool
job_notify(struct jcl_parser *p, const struct jcl_params *params,
           const struct jcl_param *param, struct jcl_target *to)
{
    return take_user(p, params, param, to->job->notify);
}

static bool
job_msgclass(struct jcl_parser *p, const struct jcl_params *params,
             const struct jcl_param *param, struct jcl_target *to)
{
    return jcl_take_class(p, params, param, &to->job->msgclass);
}

static bool
job_class(struct jcl_parser *p, const struct jcl_params *params,
          const struct jcl_param *param, struct jcl_target *to)
{
    struct str text;

    if (!jcl_text(p, params, param, &text))
        return false;
    if (text.n == 0 || text.n > 8)
        return jcl_bad_value(p, params, param, "a class of 1 to 8 characters");
    to->job->class_ = text.p[0];
    return true;
}

static bool
job_password(struct jcl_parser *p, const struct jcl_params *params,
             const struct jcl_param *param, struct jcl_target *to)
{
    struct jcl_param parts[2];
    size_t n;

    if (!jcl_list(p, params, param, parts, ARRAY_LEN(parts), &n))
        return false;
    if (n == 0)
        return jcl_bad_value(p, params, param, "password or (password,new)");
    if (!jcl_text(p, params, &parts[0], &to->job->password) ||
        (n == 2 && !jcl_text(p, params, &parts[1], &to->job->new_password)))
        return false;
    if (to->job->password.n == 0 || to->job->password.n > 100 ||
        (n == 2 &&
         (to->job->new_password.n == 0 || to->job->new_password.n > 100)))
        return jcl_bad_value(p, params, param, "1 to 100 characters");
    return true;
}

static bool
job_typrun(struct jcl_parser *p, const struct jcl_params *params,
           const struct jcl_param *param, struct jcl_target *to)
{
    to->job->scan = str_eq_z(param->value, "SCAN");
    to->job->hold = str_eq_z(param->value, "HOLD");
    if (!to->job->scan && !to->job->hold)
        return jcl_bad_value(p, params, param, "SCAN or HOLD");
    return true;
}

static bool
job_time(struct jcl_parser *p, const struct jcl_params *params,
         const struct jcl_param *param, struct jcl_target *to)
{
    return take_time(p, params, param, &to->job->time_s);
}

static bool
job_cond(struct jcl_parser *p, const struct jcl_params *params,
         const struct jcl_param *param, struct jcl_target *to)
{
    return take_conds(p, params, param, &to->job->conds);
}

static const struct jcl_keyword job_keywords[] = {
    { "USER", job_user },
    { "PASSWORD", job_password },
    { "GROUP", job_group },
    { "NOTIFY", job_notify },
    { "MSGCLASS", job_msgclass },
    { "CLASS", job_class },
    { "TYPRUN", job_typrun },
    { "TIME", job_time },
    { "COND", job_cond },
    { "MSGLEVEL", NULL },
    { "REGION", NULL },
    { "REGIONX", NULL },
    { "MEMLIMIT", NULL },
    { "PRTY", NULL },
    { "PERFORM", NULL },
    { "SCHENV", NULL },
    { "JESLOG", NULL },
    { "LINES", NULL },
    { "BYTES", NULL },
    { "PAGES", NULL },
    { "CARDS", NULL },
    { "SECLABEL", NULL },
    { "SYSAFF", NULL },
    { "SYSTEM", NULL },
};

bool
jcl_job_card(struct jcl_parser *p, const struct jcl_params *params)
{
    struct jcl_target to = { .job = p->job };
    size_t positional = 0;

    for (size_t i = 0; i < params->n; i++) {
        const struct jcl_param *param = &params->v[i];

        if (param->key.n > 0) {
            if (!jcl_run_table(p, params, param, job_keywords,
                               ARRAY_LEN(job_keywords), "JOB", &to))
                return false;
            continue;
        }
        if (positional == 0)
            p->job->account = param->value;
        else if (positional == 1 &&
                 !jcl_text(p, params, param, &p->job->programmer))
            return false;
        if (++positional > 2 || p->job->programmer.n > 20) {
            jcl_fail(p, jcl_param_pos(params, param, 0), "IEFC640I", STR("JOB"),
                     "accounting information and a programmer's name of up "
                     "to 20 characters");
            return false;
        }
    }
    return true;
}

/* --- EXEC --------------------------------------------------------------- */

static bool
exec_parm(struct jcl_parser *p, const struct jcl_params *params,
          const struct jcl_param *param, struct jcl_target *to)
{
    struct jcl_param parts[32];
    struct jcl_step *step = to->step;
    size_t n, at = 0;
    char *text = arena_alloc(p->arena, param->value.n + 1);

    if (text == NULL) {
        jcl_fatal(p, ERR_MEMORY);
        return false;
    }
    if (!jcl_list(p, params, param, parts, ARRAY_LEN(parts), &n))
        return false;
    /* PARM=('a','b') is "a,b": the parentheses only carry it over cards. */
    for (size_t i = 0; i < n; i++) {
        struct str piece;

        if (!jcl_text(p, params, &parts[i], &piece))
            return false;
        if (i > 0)
            text[at++] = ',';
        memcpy(text + at, piece.p, piece.n);
        at += piece.n;
    }
    if (at > JCL_PARM_MAX) {
        jcl_fail(p, jcl_param_pos(params, param, 0), "IEFC642I", STR("PARM"),
                 "at most %u characters, found %zu", JCL_PARM_MAX, at);
        return false;
    }
    step->parm = str_n(text, at);
    step->has_parm = true;
    return true;
}

static bool
exec_cond(struct jcl_parser *p, const struct jcl_params *params,
          const struct jcl_param *param, struct jcl_target *to)
{
    return take_conds(p, params, param, &to->step->conds);
}

static bool
exec_time(struct jcl_parser *p, const struct jcl_params *params,
          const struct jcl_param *param, struct jcl_target *to)
{
    return take_time(p, params, param, &to->step->time_s);
}

static bool
exec_pgm(struct jcl_parser *p, const struct jcl_params *params,
         const struct jcl_param *param, struct jcl_target *to)
{
    if (param->value.n > 0 && param->value.p[0] == '*')
        return jcl_bad_value(
            p, params, param,
            "a program name (references to other steps are not "
            "supported)");
    return take_name(p, params, param, to->step->pgm);
}

static bool
exec_proc(struct jcl_parser *p, const struct jcl_params *params,
          const struct jcl_param *param, struct jcl_target *to)
{
    return take_name(p, params, param, to->exec->proc);
}

static const struct jcl_keyword exec_keywords[] = {
    { "PGM", exec_pgm },   { "PROC", exec_proc }, { "PARM", exec_parm },
    { "COND", exec_cond }, { "TIME", exec_time }, { "REGION", NULL },
    { "REGIONX", NULL },   { "ACCT", NULL },      { "DYNAMNBR", NULL },
    { "PERFORM", NULL },   { "MEMLIMIT", NULL },  { "ADDRSPC", NULL },
    { "RD", NULL },        { "DPRTY", NULL },
};

static const struct jcl_keyword *
exec_keyword(struct str key)
{
    for (size_t i = 0; i < ARRAY_LEN(exec_keywords); i++) {
        if (str_eq_z(key, exec_keywords[i].name))
            return &exec_keywords[i];
    }
    return NULL;
}

/* A parameter that is no keyword of EXEC gives a symbol of the procedure. */
static bool
exec_symbol(struct jcl_parser *p, const struct jcl_params *params,
            const struct jcl_param *param, struct jcl_exec *out)
{
    struct str value;

    if (!jcl_is_name(param->key)) {
        jcl_fail(p, params->operand->pos[param->key_at], "IEFC630I", param->key,
                 "a keyword of the EXEC statement or a symbol");
        return false;
    }
    return jcl_text(p, params, param, &value) &&
           jcl_symbol_put(p, out->symbols, param->key, value,
                          params->operand->pos[param->key_at], true);
}

static bool
exec_param(struct jcl_parser *p, const struct jcl_params *params, size_t i,
           struct jcl_exec *out, struct jcl_target *to)
{
    const struct jcl_param *param = &params->v[i];
    const struct jcl_keyword *row = exec_keyword(param->key);
    bool is_call = out->proc[0] != '\0';

    if (param->key.n == 0)
        return i == 0
                   ? take_name(p, params, param, out->proc)
                   : jcl_bad_value(p, params, param,
                                   "a keyword parameter after the program or "
                                   "procedure");
    if (str_find_char(param->key, '.') != STR_NPOS) {
        if (is_call && exec_keyword(str_sub(param->key, 0,
                                            str_find_char(param->key, '.'))))
            return true; /* applied to the called steps */
    } else if (row != NULL) {
        bool is_name = row->run == exec_pgm || row->run == exec_proc;

        if (is_name != (i == 0))
            return jcl_bad_value(p, params, param,
                                 "PGM=, PROC= or a procedure's name first, and "
                                 "once");
        return row->run == NULL || (is_call && !is_name) ||
               row->run(p, params, param, to);
    } else if (is_call) {
        return exec_symbol(p, params, param, out);
    }
    jcl_fail(p, params->operand->pos[param->key_at], "IEFC630I", param->key,
             "a keyword of the EXEC statement");
    return false;
}

bool
jcl_exec_card(struct jcl_parser *p, const struct jcl_params *params,
              struct jcl_exec *out)
{
    struct jcl_target to = { .job = p->job, .exec = out, .step = &out->step };

    out->params = *params;
    if (params->n == 0) {
        jcl_fail(p, out->step.pos, "IEFC006I", STR("EXEC"),
                 "PGM=program or a procedure's name");
        return false;
    }
    for (size_t i = 0; i < params->n; i++) {
        if (!exec_param(p, params, i, out, &to))
            return false;
    }
    return true;
}

bool
jcl_exec_override(struct jcl_parser *p, const struct jcl_exec *call,
                  struct jcl_step *step, bool is_first)
{
    struct jcl_target to = { .job = p->job, .step = step };

    for (size_t i = 1; i < call->params.n; i++) {
        struct jcl_param param = call->params.v[i];
        size_t dot = str_find_char(param.key, '.');
        const struct jcl_keyword *row = exec_keyword(
            str_sub(param.key, 0, dot == STR_NPOS ? param.key.n : dot));

        if (row == NULL || row->run == NULL)
            continue;
        if (dot != STR_NPOS
                ? !str_eq_z(str_sub(param.key, dot + 1, param.key.n),
                            step->name)
                : row->run == exec_parm && !is_first)
            continue;
        if (!row->run(p, &call->params, &param, &to))
            return false;
    }
    return true;
}
