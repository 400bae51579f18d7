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
/* IRRD130I; return code 8. */
uint32_t racdcert_missing(struct cmd *, const char *keywords);
/* IRRD111I; return code 8. */
uint32_t racdcert_label_used(struct cmd *, struct str label);
/* IRRD109I: issuer and serial number are those of a certificate that is there;
 * return code 8. */
uint32_t racdcert_is_there(struct cmd *, const struct cert_row *);
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
/* The same; false: it is in use, said. */
bool racdcert_free_label(struct cmd *, struct str owner, struct str *out);

#define RACDCERT_CHAIN_MAX 16u
/* From a certificate up to a self-signed one, by the database's CAs; how many
 * there are, at least one. */
size_t racdcert_chain(struct cmd *, const struct cert_row *from,
                      struct cert_row chain[RACDCERT_CHAIN_MAX],
                      bool *is_complete);

/* IRRD175I when the class is RACLISTed: the change waits for a REFRESH. */
void racdcert_changed(struct cmd *, const char *class_name);

/* A key of the kind the command names (or like `as` when it names none), and
 * the order's public key; false, said. */
struct racdcert_key {
    struct buf sealed, spki;
    struct str pkds;  /* its label in the token; empty: not there */
    struct str token; /* of another token by name; empty: not there */
};
bool racdcert_new_key(struct cmd *, struct str owner, const struct cert_row *as,
                      struct racdcert_key *, struct cert_order *);
/* stored: it belongs to a certificate now; else it goes. */
void racdcert_key_fini(struct cmd *, struct str owner, struct racdcert_key *,
                       bool stored);
/* PKDS, ICSF or PCICC, with or without a label. */
bool racdcert_wants_token(const struct cmd *);
/* Where the command wants the key: its label in the token, empty: here; the
 * token, empty: the configured one. False, said. */
bool racdcert_key_place(struct cmd *, struct str owner, struct str *label,
                        struct str *token);
/* Class CRYPTOZ: USER.<token> or SO.<token>. False, said. */
bool racdcert_may_token(struct cmd *, const char *who, struct str token,
                        enum saf_level);
/* The issuer may use that label in the token (class CSFKEYS); false, said. */
bool racdcert_may_use_label(struct cmd *, struct str label);
/* NOTBEFORE and NOTAFTER, or their defaults; false, said. */
bool racdcert_validity(struct cmd *, struct cert_order *);
/* Who signs: the key, sealed for its owner; a token has it. */
struct racdcert_signer {
    struct str key, owner;
    bool is_in_token;
};
/* Make the certificate and read what it says; false, said. */
bool racdcert_make(struct cmd *, const struct racdcert_signer *,
                   const struct cert_order *, struct cert_facts *);
struct racdcert_signer racdcert_signer_new(const struct racdcert_key *,
                                           struct str owner);
struct racdcert_signer racdcert_signer_of(const struct cert_row *);
/* The database has only a reference to its key. */
bool racdcert_is_in_token(const struct cert_row *);

/* An alternative name of a kind (GEN_DNS...) from its text; false, said. */
bool racdcert_put_altname(struct cmd *, struct cert_order *, uint8_t kind,
                          struct str text);
/* ALTNAME of the command, in place of those there are; false, said. */
bool racdcert_altnames(struct cmd *, struct cert_order *);
/* Subject, usage and names as a certificate has them; false, said. */
bool racdcert_order_like(struct cmd *, const struct cert_facts *,
                         struct cert_order *);
/* IRRD103I, or IRRD104I of what was read, and what is wrong with it. */
void racdcert_unreadable(struct cmd *, struct str dsn, bool is_read,
                         const struct err_info *why);
/* Certificates from the data set of an operand; false, said. */
bool racdcert_read_bundle(struct cmd *, const struct cmd_arg *dsn,
                          const struct str *trusted, size_t n_trusted,
                          struct cert_bundle *);

#define RACDCERT_TOKEN_MAX 32u
/* CERTAUTH or SITE. */
bool racdcert_is_reserved(struct str owner);
/* What ADD does with a certificate that was read, and with its key (sealed
 * already; empty: it has none): its place, its status. False: refused, said. */
bool racdcert_keep(struct cmd *, struct str owner, const struct cert_facts *,
                   const struct racdcert_key *);
/* The trusted certificate authorities of the database. */
size_t racdcert_trusted(struct cmd *, struct str **ders);

uint32_t racdcert_addring(struct cmd *, struct str owner);
uint32_t racdcert_delring(struct cmd *, struct str owner);
uint32_t racdcert_listring(struct cmd *, struct str owner);
uint32_t racdcert_connect(struct cmd *, struct str owner);
uint32_t racdcert_remove(struct cmd *, struct str owner);
uint32_t racdcert_addtoken(struct cmd *, struct str owner);
uint32_t racdcert_deltoken(struct cmd *, struct str owner);
uint32_t racdcert_listtoken(struct cmd *, struct str owner);
uint32_t racdcert_bind(struct cmd *, struct str owner);
uint32_t racdcert_unbind(struct cmd *, struct str owner);
uint32_t racdcert_import(struct cmd *, struct str owner);
uint32_t racdcert_gencert(struct cmd *, struct str owner);
uint32_t racdcert_genreq(struct cmd *, struct str owner);
uint32_t racdcert_add(struct cmd *, struct str owner);
uint32_t racdcert_export(struct cmd *, struct str owner);
uint32_t racdcert_checkcert(struct cmd *, struct str owner);
uint32_t racdcert_listchain(struct cmd *, struct str owner);
uint32_t racdcert_rekey(struct cmd *, struct str owner);
uint32_t racdcert_rollover(struct cmd *, struct str owner);
uint32_t racdcert_map(struct cmd *, struct str owner);
uint32_t racdcert_altmap(struct cmd *, struct str owner);
uint32_t racdcert_delmap(struct cmd *, struct str owner);
uint32_t racdcert_listmap(struct cmd *, struct str owner);

#endif
