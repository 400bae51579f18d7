/*
 * Certificates and key rings in the database: rows, the mapping of a
 * certificate to its user, and the access rules of R_datalib (saf.md 4).
 */
#ifndef SALLYPORT_SAF_CERT_H
#define SALLYPORT_SAF_CERT_H

#include "saf/authorize.h"
#include "saf/certparse.h"

#define CERT_OWNER_CA "irrcerta"
#define CERT_OWNER_SITE "irrsitec"

enum cert_flag {
    CERT_REQUESTED = 1u << 0, /* GENREQ was issued for it */
    CERT_REKEYED = 1u << 1,   /* REKEY made a successor */
    CERT_RETIRED = 1u << 2,   /* ROLLOVER took its key away */
    CERT_IN_TOKEN = 1u << 3,  /* IMPORT: its key is in a token by name */
};

struct cert_row {
    int64_t id;
    struct str owner; /* user, irrcerta, irrsitec */
    struct str label;
    char status;    /* 'T' trust, 'H' hightrust, 'N' notrust */
    struct str key; /* sealed; empty: none */
    uint64_t last_serial;
    uint32_t flags;  /* enum cert_flag */
    struct str pkds; /* label of the key in the token; empty: not there */
    struct cert_facts facts;
};

/* False: no such certificate (or the database failed, see saf_db_check). */
bool cert_get(struct saf_db *, struct arena *, struct str owner,
              struct str label, struct cert_row *out);
bool cert_get_id(struct saf_db *, struct arena *, int64_t id,
                 struct cert_row *out);
/* By issuer and serial, of any owner. */
bool cert_find_same(struct saf_db *, struct arena *, const struct cert_facts *,
                    struct cert_row *out);
/* By the SHA-256 of its DER, of any owner. */
bool cert_find_fingerprint(struct saf_db *, struct arena *,
                           struct str fingerprint, struct cert_row *out);
/* By public key, of one owner: a request's answer replaces its certificate. */
bool cert_find_key(struct saf_db *, struct arena *, struct str owner,
                   const struct cert_facts *, struct cert_row *out);
/* In order of label. */
size_t cert_list(struct saf_db *, struct arena *, struct str owner,
                 struct cert_row **out);
/* id 0: new (set then); else replaced, rings keep it. */
void cert_put(struct saf_db *, struct cert_row *);
void cert_delete(struct saf_db *, int64_t id);

/* Name of its profile in class DIGTCERT: serial number and issuer, as profiles
 * may be named; the middle of a long issuer gives way to a hash. */
struct str cert_profile_name(struct arena *, struct str serial,
                             struct str issuer, struct str fingerprint);

struct ring_row {
    int64_t id;
    struct str owner, name;
    uint64_t sequence;
};
struct ring_entry {
    struct cert_row cert;
    char usage; /* 'P', 'C', 'S' */
    bool is_default;
};
bool ring_get(struct saf_db *, struct arena *, struct str owner,
              struct str name, struct ring_row *out);
size_t ring_list(struct saf_db *, struct arena *, struct str owner,
                 struct ring_row **out);
/* The rings a certificate is connected to. */
size_t ring_list_of_cert(struct saf_db *, struct arena *, int64_t cert_id,
                         struct ring_row **out);
/* In the order of connecting. */
size_t ring_entries(struct saf_db *, struct arena *, int64_t ring_id,
                    struct ring_entry **out);
void ring_add(struct saf_db *, struct str owner, struct str name);
void ring_delete(struct saf_db *, int64_t id);
/* Connect or change; a new DEFAULT takes the place of the old one. */
void ring_connect(struct saf_db *, int64_t ring_id, int64_t cert_id, char usage,
                  bool is_default);
bool ring_remove(struct saf_db *, int64_t ring_id, int64_t cert_id);

/*
 * The user a certificate identifies: registered, TRUST or HIGHTRUST, owned by
 * an ordinary user. fingerprint: SHA-256 of the DER, 32 bytes. ERR_DENIED
 * with 8/8/36 (not trusted) or 8/8/40 (none).
 */
MUST_CHECK enum err cert_user(struct saf_db *, struct arena *,
                              struct str fingerprint, struct str *user,
                              struct saf_rc *rc, struct err_info *why);

/* The effective authorities (CERTAUTH) that are HIGHTRUST. */
size_t cert_list_hightrust(struct saf_db *, struct arena *,
                           struct cert_row **out);

/* R_datalib, on the effective rings: may acee read this ring, and which private
 * keys go with it? */
struct ring_view {
    struct ring_row ring;
    struct ring_entry *entries; /* without NOTRUST ones */
    bool *has_key;              /* handed over with entry i */
    size_t n;
};
/* ring "*": the owner's virtual ring; owner "*AUTH*" and "*SITE*" as in the
 * original. ERR_DENIED 8/8/8, ERR_NOT_FOUND 8/8/84. */
MUST_CHECK enum err ring_read(struct saf_engine *, struct arena *,
                              const struct acee *, struct str owner,
                              struct str ring, bool want_keys,
                              struct ring_view *out, struct saf_rc *rc,
                              struct err_info *why);

#endif
