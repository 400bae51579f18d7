/* What the files of the JCL parser share; private to them. */
#ifndef SALLYPORT_BATCH_JCL_PARSER_H
#define SALLYPORT_BATCH_JCL_PARSER_H

#include <string.h>

#include "batch/jcl.h"
#include "batch/jcl_card.h"

struct jcl_symbols {
    struct {
        struct str name, value;
        bool is_used;
        struct jcl_pos pos;
    } v[JCL_SYMBOLS_MAX];
    size_t n;
};

/* A procedure: its statements are parsed anew at each call. */
struct jcl_proc {
    struct jcl_proc *next;
    char name[9];
    struct str text;
    uint32_t first_line; /* number of the text's first line, minus one */
    uint16_t source;
};

#define JCL_SOURCES_MAX 64u

/* A checked name into its fixed place; what is longer is cut. */
static inline void
jcl_set_name(char out[9], struct str name)
{
    size_t n = name.n < JCL_NAME_MAX ? name.n : JCL_NAME_MAX;

    if (n > 0)
        memcpy(out, name.p, n);
    out[n] = '\0';
}

struct jcl_parser {
    struct arena *arena;
    const struct jcl_env *env;
    struct jcl_errors *errors;
    struct jcl_job *job;
    struct jcl_symbols set; /* SET statements and system symbols */
    struct jcl_proc *procs; /* in-stream */
    struct str library;     /* JCLLIB ORDER, first entry, or empty */
    char sources[JCL_SOURCES_MAX][9];
    size_t n_sources;
    size_t n_dds;
    uint16_t listed; /* source whose data lines the caller wants */
    enum err fatal;  /* no storage or a limit: stop */
};

/* One parameter of an operand field. */
struct jcl_param {
    struct str key;          /* upper case; empty for a positional one */
    struct str value;        /* as written */
    size_t key_at, value_at; /* offsets in the operand's text */
};

struct jcl_params {
    struct jcl_param v[128];
    size_t n;
    const struct jcl_operand *operand;
};

/* Report. insert: for {0} of the message id; then what was expected. */
void jcl_fail(struct jcl_parser *, struct jcl_pos, const char *id,
              struct str insert, const char *expected, ...) PRINTF_LIKE(5, 6);
/* No storage, or a limit of the whole job. */
void jcl_fatal(struct jcl_parser *, enum err);
struct jcl_pos jcl_param_pos(const struct jcl_params *,
                             const struct jcl_param *, size_t at);

/* Split "a,B=c,D=(e,f)" at its outer commas. */
MUST_CHECK bool jcl_split(struct jcl_parser *, const struct jcl_operand *,
                          struct jcl_params *out);
/* The elements of "(a,b)"; a value without parentheses is one element. */
MUST_CHECK bool jcl_list(struct jcl_parser *, const struct jcl_params *,
                         const struct jcl_param *, struct jcl_param *out,
                         size_t max, size_t *n);
/* 'It''s' to It's; a value without apostrophes is copied. */
MUST_CHECK bool jcl_text(struct jcl_parser *, const struct jcl_params *,
                         const struct jcl_param *, struct str *out);

struct str *jcl_symbol_find(struct jcl_symbols *, struct str name);
MUST_CHECK bool jcl_symbol_put(struct jcl_parser *, struct jcl_symbols *,
                               struct str name, struct str value,
                               struct jcl_pos pos, bool replace);
/* Replace &NAME by its value; inner (may be NULL) is searched first. */
MUST_CHECK bool jcl_substitute(struct jcl_parser *, struct jcl_symbols *inner,
                               const struct jcl_operand *in,
                               struct jcl_operand *out);

/* Statements: apply an operand to what is built. */
MUST_CHECK bool jcl_job_card(struct jcl_parser *, const struct jcl_params *);
/* Operands of EXEC; proc receives the procedure's name when one is called,
 * overrides the parameters that are no keyword of EXEC itself. */
struct jcl_exec {
    struct jcl_step step;
    char proc[9];
    struct jcl_params params; /* all, for overrides of the called steps */
    struct jcl_symbols *symbols;
};
MUST_CHECK bool jcl_exec_card(struct jcl_parser *, const struct jcl_params *,
                              struct jcl_exec *out);
/* PARM=, COND=, TIME= of a call, given to the step they name. */
MUST_CHECK bool jcl_exec_override(struct jcl_parser *, const struct jcl_exec *,
                                  struct jcl_step *, bool is_first);
struct jcl_instream {
    bool is_wanted, is_data;
    char delimiter[3];
};
MUST_CHECK bool jcl_dd_card(struct jcl_parser *, const struct jcl_params *,
                            struct jcl_dd *, struct jcl_instream *);

/* What the handlers of one statement fill. */
struct jcl_target {
    struct jcl_job *job;
    struct jcl_exec *exec;
    struct jcl_step *step;
    struct jcl_dd *dd;
    struct jcl_instream *instream;
};

struct jcl_keyword {
    const char *name;
    /* NULL: accepted, no effect */
    bool (*run)(struct jcl_parser *, const struct jcl_params *,
                const struct jcl_param *, struct jcl_target *);
};

MUST_CHECK bool jcl_run_table(struct jcl_parser *, const struct jcl_params *,
                              const struct jcl_param *,
                              const struct jcl_keyword *rows, size_t n_rows,
                              const char *statement, struct jcl_target *);
/* Reports IEFC638I; false. */
bool jcl_bad_value(struct jcl_parser *, const struct jcl_params *,
                   const struct jcl_param *, const char *expected);
MUST_CHECK bool jcl_take_class(struct jcl_parser *, const struct jcl_params *,
                               const struct jcl_param *, char *out);

#endif
