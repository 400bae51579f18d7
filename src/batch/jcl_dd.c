/*
 * DD: one row for each keyword. A row without a function is accepted for decks
 * that come from elsewhere and has no effect here.
 */
#include <string.h>

#include "batch/jcl_parser.h"

/* DSN=A.B(MEMBER) */
static bool
dd_dsn(struct jcl_parser *p, const struct jcl_params *params,
       const struct jcl_param *param, struct jcl_target *to)
{
    struct str text, member = { 0 };
    size_t open;

    if (!jcl_text(p, params, param, &text))
        return false;
    if (str_eq_z(text, "NULLFILE")) {
        to->dd->kind = JCL_DD_DUMMY;
        return true;
    }
    open = str_find_char(text, '(');
    if (open != STR_NPOS && text.p[text.n - 1] == ')') {
        member = str_sub(text, open + 1, text.n - 1);
        text = str_sub(text, 0, open);
        if (!jcl_is_name(member))
            return jcl_bad_value(p, params, param,
                                 "a member name in the parentheses");
    }
    if (!jcl_is_dsn(text))
        return jcl_bad_value(
            p, params, param,
            "a data set name: qualifiers of 1 to 8 characters, "
            "44 in all (temporary names and references are not "
            "supported)");
    to->dd->kind = JCL_DD_DSN;
    to->dd->dsn = text;
    jcl_set_name(to->dd->member, member);
    return true;
}

static bool
dd_disp(struct jcl_parser *p, const struct jcl_params *params,
        const struct jcl_param *param, struct jcl_target *to)
{
    static const char *const names[] = { "NEW", "OLD", "SHR", "MOD" };
    static const char *const ends[] = { "",      "KEEP",    "PASS",
                                        "CATLG", "UNCATLG", "DELETE" };
    struct jcl_param v[3];
    size_t n;

    if (!jcl_list(p, params, param, v, ARRAY_LEN(v), &n))
        return false;
    for (size_t i = 0; i < n; i++) {
        const char *const *row = i == 0 ? names : ends;
        size_t n_rows = i == 0 ? ARRAY_LEN(names) : ARRAY_LEN(ends), k = 0;

        while (k < n_rows && !str_eq_z(v[i].value, row[k]))
            k++;
        if (i == 0 && v[i].value.n == 0)
            k = JCL_NEW;
        if (k == n_rows)
            return jcl_bad_value(p, params, &v[i],
                                 i == 0
                                     ? "NEW, OLD, SHR or MOD"
                                     : "KEEP, PASS, CATLG, UNCATLG or DELETE");
        if (i == 0)
            to->dd->status = (enum jcl_status)k;
    }
    return true;
}

static bool
dd_sysout(struct jcl_parser *p, const struct jcl_params *params,
          const struct jcl_param *param, struct jcl_target *to)
{
    struct jcl_param v[3];
    size_t n;

    if (!jcl_list(p, params, param, v, ARRAY_LEN(v), &n))
        return false;
    to->dd->kind = JCL_DD_SYSOUT;
    to->dd->sysout = '*';
    if (v[0].value.n == 0 || str_eq_z(v[0].value, "*"))
        return true;
    return jcl_take_class(p, params, &v[0], &to->dd->sysout);
}

static bool
dd_path(struct jcl_parser *p, const struct jcl_params *params,
        const struct jcl_param *param, struct jcl_target *to)
{
    struct str text;

    if (!jcl_text(p, params, param, &text))
        return false;
    if (text.n < 2 || text.n > 255 || text.p[0] != '/')
        return jcl_bad_value(p, params, param,
                             "an absolute path of at most 255 characters");
    to->dd->kind = JCL_DD_PATH;
    to->dd->path = text;
    return true;
}

static bool
dd_pathopts(struct jcl_parser *p, const struct jcl_params *params,
            const struct jcl_param *param, struct jcl_target *to)
{
    struct jcl_param v[8];
    size_t n;

    if (!jcl_list(p, params, param, v, ARRAY_LEN(v), &n))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (str_eq_z(v[i].value, "OWRONLY") || str_eq_z(v[i].value, "ORDWR")) {
            if (to->dd->path_access == JCL_PATH_READ)
                to->dd->path_access = JCL_PATH_WRITE;
        } else if (str_eq_z(v[i].value, "OAPPEND")) {
            to->dd->path_access = JCL_PATH_APPEND;
        } else if (!str_eq_z(v[i].value, "ORDONLY") &&
                   !str_eq_z(v[i].value, "OCREAT") &&
                   !str_eq_z(v[i].value, "OEXCL") &&
                   !str_eq_z(v[i].value, "OTRUNC")) {
            return jcl_bad_value(
                p, params, &v[i],
                "ORDONLY, OWRONLY, ORDWR, OAPPEND, OCREAT, OEXCL "
                "or OTRUNC");
        }
    }
    return true;
}

static bool
dd_delimiter(struct jcl_parser *p, const struct jcl_params *params,
             const struct jcl_param *param, struct jcl_target *to)
{
    struct str text;

    if (!jcl_text(p, params, param, &text))
        return false;
    if (text.n != 2 || !str_copy_z(text, to->instream->delimiter, 3))
        return jcl_bad_value(p, params, param, "two characters");
    return true;
}

static const struct jcl_keyword dd_keywords[] = {
    { "DSN", dd_dsn },       { "DSNAME", dd_dsn }, { "DISP", dd_disp },
    { "SYSOUT", dd_sysout }, { "PATH", dd_path },  { "PATHOPTS", dd_pathopts },
    { "DLM", dd_delimiter }, { "PATHDISP", NULL }, { "PATHMODE", NULL },
    { "FILEDATA", NULL },    { "SPACE", NULL },    { "UNIT", NULL },
    { "VOL", NULL },         { "VOLUME", NULL },   { "DCB", NULL },
    { "RECFM", NULL },       { "LRECL", NULL },    { "BLKSIZE", NULL },
    { "DSORG", NULL },       { "DSNTYPE", NULL },  { "LABEL", NULL },
    { "FREE", NULL },        { "OUTLIM", NULL },   { "DEST", NULL },
    { "HOLD", NULL },        { "COPIES", NULL },   { "SPIN", NULL },
    { "STORCLAS", NULL },    { "DATACLAS", NULL }, { "MGMTCLAS", NULL },
    { "AVGREC", NULL },      { "BUFNO", NULL },    { "EXPDT", NULL },
    { "RETPD", NULL },
};

static bool
dd_positional(struct jcl_parser *p, const struct jcl_params *params,
              const struct jcl_param *param, struct jcl_target *to)
{
    if (str_eq_z(param->value, "*") || str_eq_z(param->value, "DATA")) {
        to->instream->is_wanted = true;
        to->instream->is_data = param->value.n > 1;
        to->dd->kind = JCL_DD_DATA;
    } else if (str_eq_z(param->value, "DUMMY")) {
        to->dd->kind = JCL_DD_DUMMY;
    } else if (param->value.n > 0) {
        jcl_fail(p, jcl_param_pos(params, param, 0), "IEFC630I", param->value,
                 "*, DATA, DUMMY or a keyword of the DD statement");
        return false;
    }
    return true;
}

bool
jcl_dd_card(struct jcl_parser *p, const struct jcl_params *params,
            struct jcl_dd *dd, struct jcl_instream *instream)
{
    struct jcl_target to = { .job = p->job, .dd = dd, .instream = instream };

    *instream = (struct jcl_instream){ 0 };
    for (size_t i = 0; i < params->n; i++) {
        const struct jcl_param *param = &params->v[i];

        if (param->key.n == 0) {
            if (i > 0)
                return jcl_bad_value(p, params, param,
                                     "*, DATA or DUMMY as the first parameter");
            if (!dd_positional(p, params, param, &to))
                return false;
        } else if (!jcl_run_table(p, params, param, dd_keywords,
                                  ARRAY_LEN(dd_keywords), "DD", &to)) {
            return false;
        }
    }
    if (instream->delimiter[0] != '\0' && !instream->is_wanted) {
        jcl_fail(p, params->operand->pos[0], "IEFC630I", STR("DLM"),
                 "DLM only with * or DATA");
        return false;
    }
    return true;
}
