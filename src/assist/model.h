/*
 * The objects of the configuration assistant: one backing store is one JSON
 * file. What an object says is text as the policy has it, checked by the
 * parser of policies, so that nothing is refused or taken here that would be
 * judged otherwise there. A store is immutable, everything in it lives in its
 * arena; empty text and zero mean "not given", and are then not written.
 *
 *     backing store
 *       trafficDescriptors, securityLevels, addressGroups, requirementMaps
 *       groups > images > stacks > rules
 */
#ifndef SALLYPORT_ASSIST_MODEL_H
#define SALLYPORT_ASSIST_MODEL_H

#include "base/arena.h"
#include "base/err.h"
#include "ttls/policy.h"

#define STORE_SCHEMA 1
#define STORE_FILE_MAX (4u << 20)
#define STORE_ITEMS_MAX 1024u /* of one list */
#define STORE_NAME_MAX 32u
#define STORE_VALUE_MAX 1023u

#define STORE_EPHEMERAL "1024-65535"
#define STORE_PERMIT "Permit" /* the security level without TLS */

struct store_texts {
    const struct str *v;
    size_t n;
};

struct store_bits { /* words, perhaps none */
    bool is_given;
    uint32_t bits;
};

/* Each struct that is a list's item begins with this. */
struct store_obj {
    struct str path; /* "trafficDescriptors[0]" */
    struct str name; /* empty: its kind has none */
};

enum store_type_text {
    TYPE_DIRECTION,
    TYPE_JOB,
    TYPE_USER,
    TYPE_ROLE,
    TYPE_RING, /* not given: the image's */
    TYPE_STASH,
    TYPE_LABEL,
    TYPE_CONTROLLED,
    TYPE_TIMEOUT,
    TYPE_SECONDARY,
    TYPE_TEXTS
};

/* One traffic type of a traffic descriptor. */
struct store_type {
    struct store_obj obj;
    struct store_texts local_ports, remote_ports; /* none: all */
    struct str text[TYPE_TEXTS];
    struct store_texts hosts; /* HostReferenceIdDNS */
};

struct store_traffic {
    struct store_obj obj;
    struct store_type *types;
    size_t n_types;
};

enum store_level_text {
    LEVEL_FIPS,
    LEVEL_CLIENT_AUTH,
    LEVEL_RESET,
    LEVEL_SESSION_TIMEOUT,
    LEVEL_SESSIONS,
    LEVEL_TICKET_TIMEOUT,
    LEVEL_TEXTS
};

#define PROTOCOL_SSLV3 1u
#define PROTOCOL_TLSV1 2u
#define PROTOCOL_TLSV11 4u
#define PROTOCOL_TLSV12 8u
#define PROTOCOL_TLSV13 16u

/* A parameter that has no key of its own. */
struct store_param {
    enum ttls_stmt stmt;
    const char *keyword;
    struct str text;
};

struct store_params {
    const struct store_param *v;
    size_t n;
};

struct store_level {
    struct store_obj obj;
    uint32_t protocols;
    struct store_texts ciphers; /* none: the defaults */
    struct str text[LEVEL_TEXTS];
    struct store_params advanced;
};

struct store_group { /* of addresses */
    struct store_obj obj;
    struct store_texts addresses;
};

struct store_pair {
    struct store_obj obj;
    struct str traffic_name, level_name;
    const struct store_traffic *traffic;
    const struct store_level *level; /* NULL: Permit */
};

struct store_map {
    struct store_obj obj;
    struct store_pair *pairs;
    size_t n_pairs;
};

enum store_time_text {
    TIME_RANGE,
    TIME_MONTHS,
    TIME_DAYS,
    TIME_WEEKDAYS,
    TIME_OF_DAY,
    TIME_ZONE,
    TIME_TEXTS
};

struct store_rule {
    struct store_obj obj;
    struct str local_name, remote_name, map_name;
    struct store_texts local, remote; /* none: all addresses */
    const struct store_map *map;
    struct store_bits trace; /* else the image's */
    struct str facility;     /* the same */
    struct str time[TIME_TEXTS];
};

#define TECHNOLOGY_TTLS 1u

struct store_stack {
    struct store_obj obj;
    struct store_bits technologies; /* not given: AT-TLS */
    struct store_rule *rules;       /* in display order: the first wins */
    size_t n_rules;
    struct store_texts history; /* until there is a file that has one */
};

struct store_image {
    struct store_obj obj;
    struct str release; /* "V2R3" */
    struct str ring, stash;
    struct str facility;
    struct store_bits trace;
    struct store_stack *stacks;
    size_t n_stacks;
};

struct store_system {
    struct store_obj obj;
    struct store_image *images;
    size_t n_images;
};

struct store {
    struct arena arena;
    struct store_obj obj;
    struct store_traffic *traffic;
    size_t n_traffic;
    struct store_level *levels;
    size_t n_levels;
    struct store_group *groups;
    size_t n_groups;
    struct store_map *maps;
    size_t n_maps;
    struct store_system *systems;
    size_t n_systems;
};

/* Where (a path such as "groups[0].images[1].keyring") and what. */
typedef void (*store_diag)(void *arg, bool is_error, struct str path,
                           const char *text);

/*
 * Every mistake is told, none is the last. ERR_SYNTAX: at least one was; why
 * says how many. ERR_MEMORY.
 */
MUST_CHECK enum err store_parse(struct str json, store_diag, void *arg,
                                struct store **out, struct err_info *why);
void store_free(struct store **);
/* May an object, or an image or a stack, be called that? */
bool store_is_name(struct str name);
bool store_is_system(struct str name);

#endif
