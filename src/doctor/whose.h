/*
 * As whom a server runs: what START would make of it. Asked of the security
 * database with list commands, so what those refuse is not known here.
 */
#ifndef SALLYPORT_DOCTOR_WHOSE_H
#define SALLYPORT_DOCTOR_WHOSE_H

#include "base/arena.h"
#include "saf/client.h"

struct whose_server {
    const char *name;
    const char *folder;   /* of its server.xml */
    struct str procedure; /* WLP_ZOS_PROCEDURE, or "" */
    struct str job_name;  /* WLP_ZOS_JOBNAME, or "" */
};

/* Borrowed from the arena; never NULL. */
struct whose {
    const char *user;  /* SAF user; "" not known */
    const char *group; /* of STDATA; "" its default group */
    const char *from;  /* "class STARTED for BAQSTRT.BAQSTRT" */
};

/*
 * Of class STARTED for the procedure that server.env names, or for one of
 * SYS1.PROCLIB that starts this server unless told otherwise; else the user
 * that owns the folder; else of class STARTED for BAQSTRT. A UID that is 0 or
 * several users' names nobody.
 */
struct whose whose_runs(struct saf_client *, struct arena *,
                        const struct whose_server *);
/* The SAF user whose OMVS UID owns the folder, if it is one's alone; "". */
const char *whose_owner(struct saf_client *, struct arena *,
                        const char *folder);

/* The numbers START would give the process of that user. */
struct whose_ids {
    uint32_t uid, gid;
};
/* False: there is no such user, or it has no OMVS UID but 0; why says it. */
MUST_CHECK bool whose_ids_get(struct saf_client *, struct arena *,
                              const struct whose *, struct whose_ids *,
                              struct err_info *why);

#endif
