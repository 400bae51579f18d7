/*
 * What a region is: its system initialization parameters (file `sit`) and its
 * resource definitions (files *.csd, in the text form of DFHCSDUP), both below
 * regions/<APPLID>/. Reading is table-driven: an attribute is a row.
 *
 *     * a comment
 *     DEFINE IPCONN(ZOSCONN) GROUP(SYSPGRP) APPLID(ZOSCONN)
 *            TCPIPSERVICE(ZOSCONN) USERAUTH(IDENTIFY)
 *     ADD GROUP(SYSPGRP) LIST(SYSPLIST)
 *
 * Every *.csd file of the folder is installed, in order of their names; GRPLIST
 * and ADD are read for the sake of existing decks.
 *
 * Source: CICS TS resource definition (IPCONN, TCPIPSERVICE, PROGRAM,
 * TRANSACTION, FILE), DFHCSDUP DEFINE and ADD, system initialization
 * parameters. KEYOFFSET and FIELDS of FILE are ours: VSAM keeps the first in
 * its catalog, the second describes a CSV file for `sallyport-region load`.
 */
#ifndef SALLYPORT_REGION_DEFS_H
#define SALLYPORT_REGION_DEFS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define DEFS_TEXT_MAX (1024u * 1024u)
#define DEFS_KEY_MAX 255u
#define DEFS_RECORD_MAX 32760u

enum link_auth { LINKAUTH_SECUSER, LINKAUTH_CERTUSER };
enum user_auth {
    USERAUTH_LOCAL,
    USERAUTH_DEFAULTUSER,
    USERAUTH_IDENTIFY,
    USERAUTH_VERIFY,
    N_USERAUTH,
};
enum service_ssl { SERVICE_SSL_NO, SERVICE_SSL_YES, SERVICE_SSL_CLIENTAUTH };
enum id_prop { IDPROP_NOTALLOWED, IDPROP_OPTIONAL, IDPROP_REQUIRED };
enum file_type { FILE_KSDS, FILE_ESDS, FILE_RRDS };

struct def_head { /* first member of each definition */
    struct str name;
    struct str group;
    uint32_t line;    /* of its DEFINE */
    const char *file; /* name of the definitions' file */
};

struct ipconn {
    struct def_head head;
    struct str applid, networkid, host, tcpipservice, securityname;
    uint32_t receive_count, send_count;
    uint32_t link_auth; /* enum link_auth */
    uint32_t user_auth; /* enum user_auth */
    uint32_t id_prop;   /* enum id_prop */
    bool is_in_service;
    bool ssl;
};

struct tcpipservice {
    struct def_head head;
    uint32_t port;
    struct str protocol, transaction, urm, host;
    struct str certificate; /* label; empty: the ring's default */
    uint32_t ssl;           /* enum service_ssl */
    uint32_t backlog;
    bool is_open;
};

struct program_def {
    struct def_head head;
    struct str language;
    bool is_enabled;
};

struct transaction_def {
    struct def_head head;
    struct str program;
    bool is_enabled;
    bool ressec;
    uint32_t runaway_ms; /* UINT32_MAX: SYSTEM, i.e. ICVR; 0: none */
    uint32_t dtimout_s;  /* 0: NO */
};

struct file_def {
    struct def_head head;
    struct str dsname;
    uint32_t type; /* enum file_type */
    uint32_t key_length, key_offset, record_size;
    bool is_fixed; /* RECORDFORMAT(F) */
    bool is_enabled;
    bool add, browse, del, read, update;
    struct str fields; /* CSV layout, see file_load */
};

struct region_sit {
    struct str applid, networkid, sysid, dfltuser, rpl;
    bool sec;
    bool autoinstall_programs; /* PGAIPGM=ACTIVE */
    struct str keyring;        /* of the region's user, for TLS */
    struct str xtran;          /* class, or empty: no check */
    uint32_t mxt;              /* tasks at once = workers */
    uint32_t icvr_ms;          /* runaway: CPU time of a task; 0: none */
    uint32_t dtimout_s;
    uint32_t map_mb; /* size limit of the file store */
};

struct region_defs {
    struct arena arena;
    struct region_sit sit;
    struct ipconn **ipconns;
    size_t n_ipconns;
    struct tcpipservice **services;
    size_t n_services;
    struct program_def **programs;
    size_t n_programs;
    struct transaction_def **transactions;
    size_t n_transactions;
    struct file_def **files;
    size_t n_files;
};

/* The defaults of every parameter; applid as given. */
MUST_CHECK enum err defs_init(struct region_defs *, struct str applid,
                              struct err_info *why);
void defs_fini(struct region_defs *);

/*
 * Read one SIT file ("KEYWORD=value," a line or several, "*" comments, ".END"
 * ends it) or one file of definitions. `name` is for messages and copied.
 * ERR_SYNTAX, ERR_RANGE, ERR_EXISTS with "<name>:<line>:<column>: ...".
 */
MUST_CHECK enum err defs_read_sit(struct region_defs *, const char *name,
                                  struct str text, struct err_info *why);
MUST_CHECK enum err defs_read_csd(struct region_defs *, const char *name,
                                  struct str text, struct err_info *why);
/* Defaults that depend on others, and the rules across definitions: unique
 * (APPLID, NETWORKID) and ports, keys inside records, services that exist. */
MUST_CHECK enum err defs_finish(struct region_defs *, struct err_info *why);
/* All of the above for regions/<applid>/ of the image. */
MUST_CHECK enum err defs_load(struct region_defs *, struct str applid,
                              struct err_info *why);

const struct ipconn *defs_ipconn(const struct region_defs *, struct str applid,
                                 struct str networkid);
const struct tcpipservice *defs_service(const struct region_defs *,
                                        struct str name);
const struct program_def *defs_program(const struct region_defs *,
                                       struct str name);
const struct transaction_def *defs_transaction(const struct region_defs *,
                                               struct str name);
const struct file_def *defs_file(const struct region_defs *, struct str name);

#endif
