/*
 * JCL: one job's statements in, a job ready to run out. The language is what
 * the samples and ordinary batch decks use: JOB, EXEC, DD, SET, JCLLIB, PROC
 * and PEND, comments, continuation, in-stream data, symbols, in-stream and
 * cataloged procedures with overrides. Everything else is refused with the
 * place and what was expected; nothing is skipped silently.
 * Source: z/OS MVS JCL Reference.
 */
#ifndef SALLYPORT_BATCH_JCL_H
#define SALLYPORT_BATCH_JCL_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define JCL_NAME_MAX 8u
#define JCL_TEXT_MAX (4u * 1024u * 1024u) /* one job with its data */
#define JCL_STEPS_MAX 255u
#define JCL_DDS_MAX 1024u
#define JCL_OPERAND_MAX 8192u
#define JCL_PARM_MAX 100u
#define JCL_CONDS_MAX 8u
#define JCL_SYMBOLS_MAX 256u
#define JCL_PROC_DEPTH 15u
#define JCL_ERRORS_MAX 20u

/* Where something stands. */
struct jcl_pos {
    uint32_t line;   /* 1-based */
    uint16_t column; /* 1-based */
    uint16_t source; /* 0 the job itself, else a procedure */
};

enum jcl_dd_kind {
    JCL_DD_NONE, /* no operand yet */
    JCL_DD_DUMMY,
    JCL_DD_SYSOUT,
    JCL_DD_DATA, /* in-stream */
    JCL_DD_DSN,
    JCL_DD_PATH,
};

enum jcl_status { JCL_NEW, JCL_OLD, JCL_SHR, JCL_MOD };

enum jcl_path_access { JCL_PATH_READ, JCL_PATH_WRITE, JCL_PATH_APPEND };

struct jcl_dd {
    struct jcl_dd *next;   /* of the step */
    struct jcl_dd *concat; /* next data set of the concatenation */
    char name[9];
    enum jcl_dd_kind kind;
    enum jcl_status status;
    char sysout;     /* class; '*' is the job's MSGCLASS */
    char member[9];  /* "" for none */
    struct str dsn;  /* "USER1.ZCEE30.LOADLIB" */
    struct str path; /* absolute */
    enum jcl_path_access path_access;
    struct str data; /* lines, each ended by LF */
    struct jcl_pos pos;
};

enum jcl_compare { JCL_GT, JCL_GE, JCL_EQ, JCL_NE, JCL_LT, JCL_LE };

/* COND=(code,operator[,step[.procstep]]): bypass when code OP rc is true. */
struct jcl_cond {
    uint32_t code;
    enum jcl_compare op;
    char step[9];
    char proc_step[9];
};

struct jcl_conds {
    struct jcl_cond v[JCL_CONDS_MAX];
    size_t n;
    bool even, only;
};

struct jcl_step {
    struct jcl_step *next;
    char name[9];      /* of the EXEC that names the program; may be "" */
    char proc_step[9]; /* name of the EXEC that called the procedure or "" */
    char pgm[9];
    struct str parm;
    bool has_parm;
    struct jcl_conds conds;
    uint32_t time_s; /* processor time; 0: no limit given */
    struct jcl_dd *dds;
    struct jcl_pos pos;
};

struct jcl_job {
    char name[9];
    char user[9]; /* "" when not given */
    char group[9];
    char notify[9];
    struct str password;     /* of PASSWORD=, or empty; wipe after use */
    struct str new_password; /* PASSWORD=(old,new), likewise */
    struct str account;
    struct str programmer;
    char msgclass; /* default A */
    char class_;   /* default A */
    bool scan;     /* TYPRUN=SCAN */
    bool hold;     /* TYPRUN=HOLD */
    struct jcl_conds conds;
    uint32_t time_s;
    struct jcl_step *steps;
    size_t n_steps;
};

struct jcl_error {
    struct jcl_pos pos;
    char source[9]; /* procedure, or "" for the job */
    char text[320]; /* "IEFC630I UNIDENTIFIED KEYWORD X ...; expected ..." */
};

struct jcl_errors {
    struct jcl_error v[JCL_ERRORS_MAX];
    size_t n;
    size_t n_all; /* found, also those that were not kept */
};

struct jcl_symbol {
    struct str name; /* without & */
    struct str value;
};

/* Lines that are in-stream data: not to be listed, they may hold passwords. */
struct jcl_data_lines {
    struct {
        uint32_t first, last; /* both counted from 1 */
    } v[JCL_DDS_MAX];
    size_t n;
};

struct jcl_env {
    /* Filled when not NULL: of the job's own text, for jcl_start of the
     * member's. */
    struct jcl_data_lines *data_lines;
    struct str sysuid; /* &SYSUID: who submits */
    /* A procedure's text from library ("" = the system's), in the arena;
     * ERR_NOT_FOUND when there is none. May be NULL. */
    enum err (*proc)(void *arg, struct arena *, struct str library,
                     struct str member, struct str *text, struct err_info *);
    void *arg;
    /* Operands of a START command: symbols for the procedure. */
    const struct jcl_symbol *start;
    size_t n_start;
};

/*
 * Parse one job. On ERR_OK *out lives as long as the arena and borrows nothing
 * from text. ERR_SYNTAX: errors says what and where (at least one entry);
 * ERR_MEMORY, ERR_LIMIT: why, and errors where a place can be named.
 */
MUST_CHECK enum err jcl_parse(struct arena *, struct str text,
                              const struct jcl_env *, struct jcl_job *out,
                              struct jcl_errors *errors, struct err_info *why);

/*
 * A member of the procedure library as a started task: what
 * "//job JOB" and "//STARTING EXEC member" with env->start would be.
 */
MUST_CHECK enum err jcl_start(struct arena *, struct str member,
                              struct str job_name, const struct jcl_env *,
                              struct jcl_job *out, struct jcl_errors *errors,
                              struct err_info *why);

/* 1-8 of A-Z 0-9 @ # $, not beginning with a digit. */
bool jcl_is_name(struct str);
/* Qualifiers of 1-8 such characters, 44 in all. */
bool jcl_is_dsn(struct str);

#endif
