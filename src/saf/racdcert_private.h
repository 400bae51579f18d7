/* Shared by the racdcert_*.c files. */
#ifndef SALLYPORT_SAF_RACDCERT_PRIVATE_H
#define SALLYPORT_SAF_RACDCERT_PRIVATE_H

#include "saf/racdcert.h"
#include "saf/racdcert_list.h"

extern const struct cert_services *racdcert_services;

/* Owner of the command's object: ID(), CERTAUTH, SITE, else the issuer. */
struct racdcert_owner {
    struct str owner;
    bool is_reserved; /* CERTAUTH or SITE */
};

/* Issuer may do `function` (IRR.DIGTCERT.<function>) at that level. Prints
 * IRRD101I otherwise. */
bool racdcert_may(struct cmd *, const char *function, enum saf_level);
/* Level that a function on this owner's objects needs. */
enum saf_level racdcert_level(const struct cmd *, struct str owner);
/* "SPT0310E RACDCERT <function>: <text>", return code 8. */
uint32_t racdcert_fail(struct cmd *, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Of a table or sub-table: the owner it names, else `otherwise`. False: the
 * user is unknown, said. */
bool racdcert_owner_of(struct cmd *, const struct cmd_arg *sub,
                       struct str otherwise, struct str *out);
/* LABEL() of a sub-table; the certificate, or false with IRRD107I. */
bool racdcert_find(struct cmd *, const struct cmd_arg *sub, struct str owner,
                   struct cert_row *out);
/* The data set of an operand; false: not a name, or not permitted. */
bool racdcert_dsn(struct cmd *, const struct cmd_arg *, bool is_write,
                  struct str *dsn);
/* WITHLABEL, or the next free LABEL0000000n. */
struct str racdcert_new_label(struct cmd *, struct str owner);

#define RACDCERT_CHAIN_MAX 16u
/* From a certificate up to a self-signed one, by the database's CAs; how many
 * there are, at least one. */
size_t racdcert_chain(struct cmd *, const struct cert_row *from,
                      struct cert_row chain[RACDCERT_CHAIN_MAX],
                      bool *is_complete);

uint32_t racdcert_gencert(struct cmd *, struct str owner);
uint32_t racdcert_genreq(struct cmd *, struct str owner);
uint32_t racdcert_add(struct cmd *, struct str owner);
uint32_t racdcert_export(struct cmd *, struct str owner);
uint32_t racdcert_checkcert(struct cmd *, struct str owner);
uint32_t racdcert_listchain(struct cmd *, struct str owner);

#endif
