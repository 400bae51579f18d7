/*
 * ACEE: who somebody is, once authenticated. An immutable value object with a
 * reference count, made by the angel's front (which seals its wire form with
 * Ed25519) and never rebuilt downstream. Group membership is what it was when
 * the acee was made; a later CONNECT does not touch it.
 */
#ifndef SALLYPORT_SAF_ACEE_H
#define SALLYPORT_SAF_ACEE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "saf/saf.h"

enum acee_origin { /* how it was authenticated */
                   ACEE_PASSWORD,
                   ACEE_PASSTICKET,
                   ACEE_CERTIFICATE,
                   ACEE_TOKEN,
                   ACEE_JOB,      /* a job's or started task's identity */
                   ACEE_ASSERTED, /* another party vouched (identity assertion)
                                   */
                   ACEE_DISTRIBUTED,
                   ACEE_UNAUTHENTICATED, /* safCredentials unauthenticatedUser
                                          */
};

enum acee_attr {
    ACEE_SPECIAL = 1u << 0,
    ACEE_OPERATIONS = 1u << 1,
    ACEE_AUDITOR = 1u << 2,
    ACEE_ROAUDIT = 1u << 3,
    ACEE_RESTRICTED = 1u << 4,
    ACEE_PRIVILEGED = 1u << 5,
    ACEE_TRUSTED = 1u << 6,
    ACEE_UAUDIT = 1u << 7,
    ACEE_UNDEFINED = 1u << 8, /* no such user: only UACC applies */
};

struct acee_group {
    char name[SAF_GROUP_MAX + 1];
    uint32_t id; /* as in the snapshots */
};

struct acee {
    uint32_t refs; /* atomic; use acee_ref / acee_unref */
    char user[SAF_USER_MAX + 1];
    char group[SAF_GROUP_MAX + 1]; /* current connect group */
    char name[SAF_NAME_MAX + 1];   /* NAME; "" when none */
    uint32_t user_id;              /* as in the snapshots */
    uint32_t uid, gid;             /* OMVS; UINT32_MAX when none */
    uint32_t attrs;                /* enum acee_attr */
    enum acee_origin origin;
    uint64_t made_ms;                /* wall clock */
    uint64_t generation;             /* of the user's profile */
    const struct acee_group *groups; /* sorted by id, revoked ones left out */
    uint32_t n_groups;
    struct str applid;      /* APPL it was made for, or empty */
    struct str distributed; /* distributed identity's name, or empty */
    struct str registry;    /* its registry or realm */
    struct str certificate; /* SHA-256 of the certificate's DER, or empty */
    struct str port_class;  /* port of entry: TERMINAL, JESINPUT...; empty */
    struct str port;        /* its name */
    struct str wire;        /* sealed form, as received */
    /* Of a user registry other than SAF; never in the wire form. */
    const struct str *registry_groups;
    uint32_t n_registry_groups;
    struct acee *sealed; /* private: what the rest was taken from */
};

#define ACEE_WIRE_MAX (64u * 1024u)
#define ACEE_KEY_BYTES 32u /* Ed25519 public key of the image's angel */

/*
 * Read a sealed acee. `key` may be NULL only where the bytes come straight
 * from the angel's own connection.
 *
 * ERR_SYNTAX  malformed or of another version
 * ERR_DENIED  the seal is wrong
 */
MUST_CHECK enum err acee_parse(struct str wire,
                               const unsigned char key[ACEE_KEY_BYTES],
                               struct acee **out, struct err_info *why);
/*
 * The sealed wire form of an acee, appended to out. Only the angel has the
 * private key. Strings of `a` that do not fit the wire are ERR_LIMIT.
 *
 * Wire, big-endian, strings as in buf.h: u32 "SPAC", u8 version, str user,
 * group, name, u32 user_id, uid, gid, attrs, u8 origin, u64 made_ms,
 * generation, u32 n_groups, n_groups x { str name, u32 id }, str applid,
 * distributed, registry, certificate, port_class, port; then 64 bytes of
 * Ed25519 signature over everything before it.
 */
MUST_CHECK enum err acee_encode(const struct acee *a,
                                const unsigned char private_key[32],
                                struct buf *out, struct err_info *why);
/* The public half of an Ed25519 private key. */
MUST_CHECK enum err acee_key_public(const unsigned char private_key[32],
                                    unsigned char public_key[ACEE_KEY_BYTES],
                                    struct err_info *why);
/* Who a registry other than SAF knows somebody as. */
struct acee_known {
    enum acee_origin origin;
    uint64_t made_ms;
    struct str name, registry; /* security name; realm */
    const struct str *groups;  /* of that registry */
    size_t n_groups;
    struct str certificate; /* its SHA-256, or empty */
};
/*
 * An identity of another registry. `saf`, the user it is mapped to, may be
 * NULL: then `user` is "", there is no wire form, and whatever SAF decides
 * must be refused (acee_is_mapped). Copies all; keeps a count of `saf`.
 */
MUST_CHECK enum err acee_of_registry(const struct acee_known *,
                                     struct acee *saf, struct acee **out,
                                     struct err_info *why);
/* Is there a SAF user to ask about? */
static inline bool
acee_is_mapped(const struct acee *a)
{
    return a->user[0] != '\0';
}
/* Security name, as logs and messages show it: the registry's, or the SAF user
 * where SAF is the registry. */
struct str acee_name(const struct acee *);
struct acee *acee_ref(struct acee *);
void acee_unref(struct acee **); /* accepts NULL inside */
bool acee_in_group(const struct acee *, struct str group); /* upper case */

#endif
