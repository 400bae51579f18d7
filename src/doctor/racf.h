/*
 * What RACF's list commands say, as values. Only fields that stand in every
 * listing are read; a listing this does not understand counts as refused.
 */
#ifndef SALLYPORT_DOCTOR_RACF_H
#define SALLYPORT_DOCTOR_RACF_H

#include "base/arena.h"
#include "saf/client.h"

#define RACF_LIST_MAX 2000u

enum racf_answer { RACF_FOUND, RACF_NOT_FOUND, RACF_REFUSED };

struct racf_reply {
    struct str text; /* all lines */
    uint32_t rc;
    char first[200]; /* the first line, for a sentence */
};
/* False: the angel does not answer. */
bool racf_ask(struct saf_client *, struct arena *, const char *command,
              struct racf_reply *out);

struct racf_profile {
    char owner[9];
    enum saf_level uacc;
    struct {
        char id[9];
        enum saf_level level;
    } v[RACF_LIST_MAX];
    size_t n;
};
/* RLIST class resource AUTHUSER: the covering profile. */
enum racf_answer racf_profile_get(struct saf_client *, struct arena *,
                                  const char *class_name, const char *resource,
                                  struct racf_profile *out,
                                  struct racf_reply *reply);

struct racf_user {
    char name[9];
    char default_group[9];
    char groups[300][9];
    size_t n_groups;
};
enum racf_answer racf_user_get(struct saf_client *, struct arena *,
                               const char *name, struct racf_user *out,
                               struct racf_reply *reply);

struct racf_group {
    char members[RACF_LIST_MAX][9];
    size_t n_members;
};
enum racf_answer racf_group_get(struct saf_client *, struct arena *,
                                const char *name, struct racf_group *out,
                                struct racf_reply *reply);

/* SEARCH CLASS(USER) UID(n), CLASS(GROUP) GID(n); "" for none and for more
 * than one. */
const char *racf_name_of_id(struct saf_client *, struct arena *,
                            const char *class_name, const char *keyword,
                            uint32_t id);
/* STDATA of STARTED proc.job; group "" when it names none. False: no user. */
struct racf_started {
    char user[9];
    char group[9];
};
bool racf_started_get(struct saf_client *, struct arena *, const char *proc,
                      const char *job, struct racf_started *out);
/* The number behind key ("UID=", "GID=") of segment OMVS; command is LISTUSER
 * or LISTGRP. */
bool racf_id_get(struct saf_client *, struct arena *, const char *command,
                 const char *name, const char *key, uint32_t *out);

/* --- the listings as text, for these and their tests ---------------------- */
bool racf_read_profile(struct str listing, struct racf_profile *out);
bool racf_read_user(struct str listing, struct racf_user *out);
bool racf_read_group(struct str listing, struct racf_group *out);
bool racf_read_started(struct str listing, const char *proc,
                       struct racf_started *out);
bool racf_read_id(struct str listing, const char *key, uint32_t *out);

#endif
