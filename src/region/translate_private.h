/* Shared by translate.c, which reads, and translate_write.c. */
#ifndef SALLYPORT_REGION_TRANSLATE_PRIVATE_H
#define SALLYPORT_REGION_TRANSLATE_PRIVATE_H

#include "region/command.h"
#include "region/scan.h"
#include "region/translate.h"

#define LABELS_MAX 255u

enum arg_form { ARG_NONE, ARG_DATA, ARG_LITERAL, ARG_LENGTH, ARG_EXPRESSION };

struct arg {
    enum cics_option option;
    uint16_t label;  /* ordinal, for KIND_LABEL and conditions */
    struct str name; /* as written: options and conditions */
    enum arg_form form;
    struct str text; /* the argument's tokens */
    size_t at;       /* token of the option */
};

struct exec {
    size_t first, last; /* tokens EXEC and END-EXEC */
    const struct command_row *row;
    struct arg args[PLAN_ARGS_MAX];
    size_t n_args;
    struct str resp, resp2;
    bool handles_response;
};

struct job {
    struct scan scan;
    struct arena *arena;
    const struct translate_options *options;
    struct {
        struct exec *v;
        size_t n, cap;
    } execs;
    struct str labels[LABELS_MAX];
    size_t n_labels;
    size_t n_temps; /* most that one statement needs */
    /* tokens that matter, STR_NPOS when absent */
    size_t data, storage, linkage, procedure, procedure_end;
    bool has_commarea, has_eib;
    struct buf *out;
    size_t line, at;    /* source copied up to here */
    size_t column;      /* of the output */
    size_t n_lines_out; /* complete output lines */
};

/* Write the program that the first pass has read to job->out. */
MUST_CHECK enum err translate_write(struct job *, struct err_info *why);

#endif
