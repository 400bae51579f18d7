/*
 * The configuration doctor: what endangers a server although it runs. A check
 * looks and adds findings; it changes nothing. Each finding says where, why it
 * matters and what mends it; the rules are rows of rules.def.
 */
#ifndef SALLYPORT_DOCTOR_DOCTOR_H
#define SALLYPORT_DOCTOR_DOCTOR_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "config/config.h"
#include "saf/client.h"

enum doctor_severity { DOCTOR_NOTE, DOCTOR_WARNING, DOCTOR_ERROR };

enum doctor_rule {
#define RULE(name, id, severity, why) RULE_##name,
#include "doctor/rules.def"
#undef RULE
    DOCTOR_RULES,
};

/* More findings of one rule are only counted. */
#define DOCTOR_EACH_MAX 25u

struct doctor_finding {
    enum doctor_rule rule;
    const char *where; /* a path, or "CLASS PROFILE" */
    uint32_t line;     /* 0: the file as such */
    const char *what;
    const char *fix; /* a command for the shell; hints stand behind "#" */
};

struct doctor {
    struct arena *arena;
    /* the server; paths absolute */
    const char *server_name;
    const char *server_dir;
    const char *output_dir;
    struct cfg_options options;
    struct cfg_place place;   /* of the message that the engine says */
    struct cfg_tree *tree;    /* NULL: it cannot be read */
    unsigned umask;           /* it would run with */
    struct str angel_name;    /* "" the default */
    struct str procedure;     /* WLP_ZOS_PROCEDURE, or "" */
    struct str job_name;      /* WLP_ZOS_JOBNAME, or "" */
    struct saf_client *saf;   /* NULL: no system */
    const char *user;         /* SAF user it runs as; "" unknown */
    uint64_t now_ms;          /* wall clock */
    uint32_t days;            /* a certificate should last longer */
    struct doctor_finding *v; /* what was found */
    size_t n, cap;
    unsigned n_rule[DOCTOR_RULES];
    bool failed; /* no storage */
};

/*
 * Add a finding. where "" (or NULL) is the server.xml; fix "" is an editor
 * there: each finding has a place and a command.
 */
void doctor_find(struct doctor *, enum doctor_rule, const char *where,
                 uint32_t line, const char *fix, const char *what, ...)
    PRINTF_LIKE(6, 7);
/* A text in the doctor's arena; never NULL. */
const char *doctor_text(struct doctor *, const char *fmt, ...)
    PRINTF_LIKE(2, 3);
/* The path as a word of a shell command. */
const char *doctor_quote(struct doctor *, const char *path);
/* Commands: an editor at that line, with what to do there; a RACF command. */
const char *doctor_edit(struct doctor *, const char *file, uint32_t line,
                        const char *hint);
const char *doctor_racf(struct doctor *, const char *fmt, ...)
    PRINTF_LIKE(2, 3);

/* --- checks, in the order they run ---------------------------------------- */

/* Loads the tree: what the configuration engine says (config.c). */
void doctor_check_config(struct doctor *);
/* Owner, group and mode of all files below the server's folders (files.c). */
void doctor_check_files(struct doctor *);
/* The XML as written: secrets and includes (documents.c). */
void doctor_check_documents(struct doctor *);
/* What is open to everybody (openness.c). */
void doctor_check_openness(struct doctor *);
/* TLS settings, certificates of key rings and stores (certificates.c). */
void doctor_check_tls(struct doctor *);
/* Which SAF user it runs as, unless given (whose.h). */
void doctor_find_user(struct doctor *);
/* Whom authorization-roles and administrator-role name (roles.c). */
void doctor_check_roles(struct doctor *);
/* Profiles and groups of the security database (security.c). */
void doctor_check_security(struct doctor *);

/* --- report ---------------------------------------------------------------
 */

enum doctor_severity doctor_severity_of(enum doctor_rule);
const char *doctor_rule_id(enum doctor_rule);  /* "file-writable" */
const char *doctor_rule_why(enum doctor_rule); /* a sentence */
/* 0 nothing but notes, 4 warnings, 8 errors. */
int doctor_status(const struct doctor *);
void doctor_print(const struct doctor *, struct buf *out);
void doctor_print_json(const struct doctor *, struct buf *out);

#endif
