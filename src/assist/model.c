/*
 * From JSON to objects. Each kind of object is a table: one row for each key
 * gives its kind, its place in the struct and, for values, the parameter of
 * the policy that it becomes. What names what is resolved in links.c.
 */
#include "assist/links.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "assist/param.h"
#include "base/printable.h"
#include "ttls/stmt.h"

#define STORE_ARENA_MAX ((size_t)256 << 20)

enum kind {
    NAME,    /* struct str: letters, digits, blanks, _ - . $ @ */
    SYSTEM,  /* struct str: 1 to 8 of A-Z 0-9 $ @ # */
    RELEASE, /* struct str: V2R3 */
    REF,     /* struct str: a name, resolved later */
    VALUE,   /* struct str: one parameter */
    VALUES,  /* struct store_texts: a list of them, or one */
    PORTS,   /* VALUES, with the words all and ephemeral */
    ADDRESSES,
    BITS,  /* uint32_t: a list of words */
    TRACE, /* struct store_trace */
    LIST,  /* pointer and count: objects */
};

#define MUST 1u

struct word {
    const char *text;
    uint32_t bit;
};

struct schema;
struct field {
    const char *key;
    enum kind kind;
    unsigned flags;
    size_t offset;
    enum ttls_stmt stmt;
    const char *keyword;
    const struct schema *item;
};

struct schema {
    size_t bytes;
    const struct field *fields;
    size_t n_fields;
};

#define SCHEMA(type, rows)                                                     \
    {                                                                          \
        sizeof(type), rows, ARRAY_LEN(rows)                                    \
    }
#define ROW(key, kind, flags, field, ...)                                      \
    {                                                                          \
        key, kind, flags, offsetof(T, field), __VA_ARGS__                      \
    }
#define PLAIN(key, kind, flags, field)                                         \
    ROW(key, kind, flags, field, 0, NULL, NULL)
#define PARM(key, kind, flags, field, stmt, keyword)                           \
    ROW(key, kind, flags, field, stmt, keyword, NULL)
#define ITEMS(key, flags, field, item)                                         \
    ROW(key, LIST, flags, field, 0, NULL, &(item))

static const struct word trace_words[] = {
    { "JobLog", TTLS_TRACE_JOBLOG }, { "Error", TTLS_TRACE_ERROR },
    { "Info", TTLS_TRACE_INFO },     { "Event", TTLS_TRACE_EVENT },
    { "Flow", TTLS_TRACE_FLOW },     { "Data", TTLS_TRACE_DATA },
    { "All", INFERRED_TRACE_ALL },   { NULL, 0 },
};
static const struct word protocol_words[] = {
    { "SSLv3", PROTOCOL_SSLV3 },    { "TLSv1", PROTOCOL_TLSV1 },
    { "TLSv1.1", PROTOCOL_TLSV11 }, { "TLSv1.2", PROTOCOL_TLSV12 },
    { "TLSv1.3", PROTOCOL_TLSV13 }, { NULL, 0 },
};

/* clang-format off */
#define T struct store_type
static const struct field type_rows[] = {
    PARM("localPort", PORTS, MUST, local_ports, TTLS_PORT_RANGE, "Port"),
    PARM("remotePort", PORTS, MUST, remote_ports, TTLS_PORT_RANGE, "Port"),
    PARM("direction", VALUE, MUST, text[TYPE_DIRECTION], TTLS_RULE, "Direction"),
    PARM("jobname", VALUE, 0, text[TYPE_JOB], TTLS_RULE, "Jobname"),
    PARM("userid", VALUE, 0, text[TYPE_USER], TTLS_RULE, "Userid"),
    PARM("handshakeRole", VALUE, MUST, text[TYPE_ROLE], TTLS_CONN_ACTION, "HandshakeRole"),
    PARM("keyring", VALUE, 0, text[TYPE_RING], TTLS_KEYRING, "Keyring"),
    PARM("stashFile", VALUE, 0, text[TYPE_STASH], TTLS_KEYRING, "KeyringStashFile"),
    PARM("certificateLabel", VALUE, 0, text[TYPE_LABEL], TTLS_CONN_ADV, "CertificateLabel"),
    PARM("applicationControlled", VALUE, 0, text[TYPE_CONTROLLED], TTLS_CONN_ADV, "ApplicationControlled"),
    PARM("handshakeTimeout", VALUE, 0, text[TYPE_TIMEOUT], TTLS_CONN_ADV, "HandshakeTimeout"),
    PARM("secondaryMap", VALUE, 0, text[TYPE_SECONDARY], TTLS_CONN_ADV, "SecondaryMap"),
    PARM("hostNames", VALUES, 0, hosts, TTLS_ENV_ADV, "HostReferenceIdDNS"),
};
static const struct schema type_schema = SCHEMA(T, type_rows);
#undef T
#define T struct store_traffic
static const struct field traffic_rows[] = {
    PLAIN("name", NAME, MUST, obj.name),
    ITEMS("types", MUST, types, type_schema),
};
static const struct schema traffic_schema = SCHEMA(T, traffic_rows);
#undef T
#define T struct store_level
static const struct field level_rows[] = {
    PLAIN("name", NAME, MUST, obj.name),
    PLAIN("protocols", BITS, MUST, protocols),
    PARM("ciphers", VALUES, 0, ciphers, TTLS_CIPHER, "V3CipherSuites4Char"),
    PARM("fips", VALUE, 0, text[LEVEL_FIPS], TTLS_GROUP_ACTION, "FIPS140"),
    PARM("clientAuthType", VALUE, 0, text[LEVEL_CLIENT_AUTH], TTLS_ENV_ADV, "ClientAuthType"),
    PARM("resetCipherTimer", VALUE, 0, text[LEVEL_RESET], TTLS_CONN_ADV, "ResetCipherTimer"),
    PARM("sessionTimeout", VALUE, 0, text[LEVEL_SESSION_TIMEOUT], TTLS_GSK_ADV, "GSK_V3_SESSION_TIMEOUT"),
    PARM("sessionCacheSize", VALUE, 0, text[LEVEL_SESSIONS], TTLS_GSK_ADV, "GSK_V3_SIDCACHE_SIZE"),
    PARM("ticketTimeout", VALUE, 0, text[LEVEL_TICKET_TIMEOUT], TTLS_GSK_ADV, "GSK_SESSION_TICKET_SERVER_TIMEOUT"),
};
static const struct schema level_schema = SCHEMA(T, level_rows);
#undef T
#define T struct store_group
static const struct field group_rows[] = {
    PLAIN("name", NAME, MUST, obj.name),
    PLAIN("addresses", ADDRESSES, MUST, addresses),
};
static const struct schema group_schema = SCHEMA(T, group_rows);
#undef T
#define T struct store_pair
static const struct field pair_rows[] = {
    PLAIN("trafficDescriptor", REF, MUST, traffic_name),
    PLAIN("securityLevel", REF, MUST, level_name),
};
static const struct schema pair_schema = SCHEMA(T, pair_rows);
#undef T
#define T struct store_map
static const struct field map_rows[] = {
    PLAIN("name", NAME, MUST, obj.name),
    ITEMS("maps", MUST, pairs, pair_schema),
};
static const struct schema map_schema = SCHEMA(T, map_rows);
#undef T
#define T struct store_rule
static const struct field rule_rows[] = {
    PLAIN("name", NAME, MUST, obj.name),
    PLAIN("local", REF, MUST, local_name),
    PLAIN("remote", REF, MUST, remote_name),
    PLAIN("requirementMap", REF, MUST, map_name),
    PLAIN("trace", TRACE, 0, trace),
    PARM("timeRange", VALUE, 0, time[TIME_RANGE], TTLS_TIME, "ConditionTimeRange"),
    PARM("monthsOfYear", VALUE, 0, time[TIME_MONTHS], TTLS_TIME, "MonthOfYearMask"),
    PARM("daysOfMonth", VALUE, 0, time[TIME_DAYS], TTLS_TIME, "DayOfMonthMask"),
    PARM("daysOfWeek", VALUE, 0, time[TIME_WEEKDAYS], TTLS_TIME, "DayOfWeekMask"),
    PARM("timeOfDay", VALUE, 0, time[TIME_OF_DAY], TTLS_TIME, "TimeOfDayRange"),
    PARM("timeZone", VALUE, 0, time[TIME_ZONE], TTLS_TIME, "TimeZone"),
};
static const struct schema rule_schema = SCHEMA(T, rule_rows);
#undef T
#define T struct store_stack
static const struct field stack_rows[] = {
    PLAIN("name", SYSTEM, MUST, obj.name),
    ITEMS("rules", 0, rules, rule_schema),
};
static const struct schema stack_schema = SCHEMA(T, stack_rows);
#undef T
#define T struct store_image
static const struct field image_rows[] = {
    PLAIN("name", SYSTEM, MUST, obj.name),
    PLAIN("release", RELEASE, MUST, release),
    PARM("keyring", VALUE, 0, ring, TTLS_KEYRING, "Keyring"),
    PARM("stashFile", VALUE, 0, stash, TTLS_KEYRING, "KeyringStashFile"),
    PARM("syslogFacility", VALUE, 0, facility, TTLS_GROUP_ADV, "SyslogFacility"),
    PLAIN("trace", TRACE, 0, trace),
    ITEMS("stacks", MUST, stacks, stack_schema),
};
static const struct schema image_schema = SCHEMA(T, image_rows);
#undef T
#define T struct store_system
static const struct field system_rows[] = {
    PLAIN("name", NAME, MUST, obj.name),
    ITEMS("images", MUST, images, image_schema),
};
static const struct schema system_schema = SCHEMA(T, system_rows);
#undef T
#define T struct store
static const struct field store_rows[] = {
    PLAIN("name", NAME, MUST, obj.name),
    ITEMS("trafficDescriptors", MUST, traffic, traffic_schema),
    ITEMS("securityLevels", MUST, levels, level_schema),
    ITEMS("addressGroups", 0, groups, group_schema),
    ITEMS("requirementMaps", MUST, maps, map_schema),
    ITEMS("groups", MUST, systems, system_schema),
};
static const struct schema store_schema = SCHEMA(T, store_rows);
#undef T
/* clang-format on */

/* --- values ------------------------------------------------------------- */

static const char *
type_of(const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
        return "a number";
    case JSON_REAL:
        return "a fraction";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    case JSON_NULL:
        break;
    }
    return "null";
}

/* A value as a policy writes it: true is On. */
static bool
text_of(struct links *l, struct str path, const json_t *v, struct str *out)
{
    if (json_is_string(v))
        *out = str_dup(l->arena,
                       str_n(json_string_value(v), json_string_length(v)));
    else if (json_is_integer(v))
        *out = str_fmt(l->arena, "%lld", (long long)json_integer_value(v));
    else if (json_is_boolean(v))
        *out = json_is_true(v) ? STR("On") : STR("Off");
    else
        return links_error(l, path,
                           "found %s, expected a string, a number, or true or "
                           "false",
                           type_of(v));
    return out->p != NULL || links_no_memory(l);
}

/* 1 to max of letters, digits and `others`. */
static bool
is_word(struct str s, size_t max, bool is_upper, const char *others)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              (!is_upper && c >= 'a' && c <= 'z') ||
              (c != '\0' && strchr(others, c) != NULL)))
            return false;
    }
    return s.n > 0 && s.n <= max && s.p[0] != ' ' && s.p[s.n - 1] != ' ';
}

static bool
is_release(struct str s)
{
    return s.n == 4 && s.p[0] == 'V' && s.p[1] >= '1' && s.p[1] <= '9' &&
           s.p[2] == 'R' && s.p[3] >= '1' && s.p[3] <= '9';
}

static void
read_name(struct links *l, struct str path, const struct field *f,
          const json_t *v, struct str *out)
{
    struct str s = str_of(json_string_value(v));
    const char *expected =
        f->kind == SYSTEM    ? "1 to 8 of A-Z, 0-9, $ @ #"
        : f->kind == RELEASE ? "a release such as V2R3"
                             : "1 to 32 letters, digits, blanks (not first or "
                               "last), or _ - . $ @";
    bool is_good = f->kind == SYSTEM ? is_word(s, 8, true, "$@#")
                   : f->kind == RELEASE
                       ? is_release(s)
                       : is_word(s, STORE_NAME_MAX, false, " _-.$@");

    if (!json_is_string(v))
        IGNORE(links_error(l, path, "found %s, expected %s", type_of(v),
                           expected));
    else if (!is_good)
        IGNORE(links_error(l, path, "found \"%s\", expected %s",
                           links_cut(l, s), expected));
    else if ((*out = str_dup(l->arena, s)).p == NULL)
        IGNORE(links_no_memory(l));
}

static bool
read_value(struct links *l, struct str path, const struct field *f,
           const json_t *v, struct str *out)
{
    char why[PARAM_WHY_MAX];
    const char *keyword = f->keyword;
    enum ttls_stmt stmt = f->stmt;

    if (!text_of(l, path, v, out))
        return false;
    if (f->kind == REF)
        return true;
    if (f->kind == PORTS && str_eq(*out, STR("ephemeral")))
        *out = STR(STORE_EPHEMERAL);
    if (f->kind == ADDRESSES)
        stmt = param_of_address(*out, &keyword);
    return param_check(stmt, keyword, *out, why) ||
           links_error(l, path, "%s", why);
}

/* A list's length when it may be one; 0 and said otherwise. */
static size_t
list_of(struct links *l, struct str path, const json_t *v)
{
    size_t n = json_array_size(v);

    if (!json_is_array(v))
        IGNORE(links_error(l, path, "found %s, expected a list", type_of(v)));
    else if (n > STORE_ITEMS_MAX)
        IGNORE(links_error(l, path, "found %zu items, expected at most %u", n,
                           STORE_ITEMS_MAX));
    return n > STORE_ITEMS_MAX ? 0 : n;
}

static void
read_values(struct links *l, struct str path, const struct field *f,
            const json_t *v, struct store_texts *out)
{
    bool is_one = !json_is_array(v) && f->kind == PORTS;
    size_t n = is_one ? 1 : list_of(l, path, v);
    struct str *texts = ARENA_ARRAY(l->arena, struct str, n + 1);

    if (is_one && str_eq(str_of(json_string_value(v)), STR("all")))
        return;
    if (json_is_array(v) && json_array_size(v) == 0)
        IGNORE(links_error(l, path,
                           "found an empty list, expected at least "
                           "one item"));
    if (texts == NULL) {
        IGNORE(links_no_memory(l));
        return;
    }
    for (size_t i = 0; i < n; i++)
        IGNORE(read_value(l, is_one ? path : links_item(l, path, i), f,
                          is_one ? v : json_array_get(v, i), &texts[i]));
    *out = (struct store_texts){ texts, n };
}

static void
read_bits(struct links *l, struct str path, const struct word *words,
          const json_t *v, uint32_t *out)
{
    size_t n = list_of(l, path, v);

    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(v, i);
        const char *text = json_string_value(item);
        const struct word *w = words;
        char all[128] = "";

        while (w->text != NULL && (text == NULL || strcmp(text, w->text) != 0))
            w++;
        *out |= w->bit;
        if (w->text != NULL)
            continue;
        for (w = words; w->text != NULL; w++)
            (void)snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s",
                           w == words ? "" : ", ", w->text);
        IGNORE(links_error(l, links_item(l, path, i),
                           "found \"%s\", expected one of %s",
                           links_cut(l, str_of(text)), all));
    }
}

/* --- objects ------------------------------------------------------------ */

static void read_object(struct links *, struct str path, const struct schema *,
                        const json_t *, void *out);

static void
read_list(struct links *l, struct str path, const struct schema *item,
          const json_t *v, void *out)
{
    size_t n = list_of(l, path, v);
    char *items = arena_array(l->arena, n + 1, item->bytes);

    if (items == NULL) {
        IGNORE(links_no_memory(l));
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct str at = links_item(l, path, i);

        ((struct store_obj *)(void *)(items + i * item->bytes))->path = at;
        read_object(l, at, item, json_array_get(v, i), items + i * item->bytes);
    }
    *(void **)out = items;
    memcpy((char *)out + sizeof(void *), &n, sizeof n);
}

static void
read_field(struct links *l, struct str path, const struct field *f,
           const json_t *v, void *out)
{
    struct store_trace *trace = out;

    switch (f->kind) {
    case NAME:
    case SYSTEM:
    case RELEASE:
        read_name(l, path, f, v, out);
        break;
    case REF:
    case VALUE:
        IGNORE(read_value(l, path, f, v, out));
        break;
    case VALUES:
    case PORTS:
    case ADDRESSES:
        read_values(l, path, f, v, out);
        break;
    case BITS:
        read_bits(l, path, protocol_words, v, out);
        break;
    case TRACE:
        trace->is_given = true;
        read_bits(l, path, trace_words, v, &trace->bits);
        break;
    case LIST:
        read_list(l, path, f->item, v, out);
        break;
    }
}

static void
unknown_key(struct links *l, struct str path, const struct schema *schema,
            const char *key)
{
    char all[512] = "";

    for (size_t i = 0; i < schema->n_fields; i++)
        (void)snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s",
                       i == 0 ? "" : ", ", schema->fields[i].key);
    IGNORE(links_error(l, path, "found the key \"%s\", expected one of %s",
                       links_cut(l, str_of(key)), all));
}

static void
read_object(struct links *l, struct str path, const struct schema *schema,
            const json_t *v, void *out)
{
    const char *key;
    json_t *value;

    if (!json_is_object(v)) {
        IGNORE(
            links_error(l, path, "found %s, expected an object", type_of(v)));
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)v, key, value)
    {
        size_t i = 0;

        while (i < schema->n_fields && strcmp(schema->fields[i].key, key) != 0)
            i++;
        if (i == schema->n_fields)
            unknown_key(l, path, schema, key);
    }
    for (size_t i = 0; i < schema->n_fields; i++) {
        const struct field *f = &schema->fields[i];
        struct str at = links_key(l, path, f->key);

        value = json_object_get(v, f->key);
        if (value != NULL)
            read_field(l, at, f, value, (char *)out + f->offset);
        else if (f->flags & MUST)
            IGNORE(links_error(l, at, "is missing"));
    }
}

/* "schema" is the file's, not an object's: it is judged first, and taken out
 * of what the tables then describe. */
static bool
schema_fits(struct links *l, json_t *root)
{
    const json_t *v = json_object_get(root, "schema");

    if (json_is_object(root) && v == NULL)
        return links_error(l, STR("schema"), "is missing; expected %d",
                           STORE_SCHEMA);
    if (v != NULL &&
        (!json_is_integer(v) || json_integer_value(v) != STORE_SCHEMA))
        return links_error(l, STR("schema"),
                           "found %s, expected %d: the file is of another "
                           "version, or no backing store",
                           json_is_integer(v) ? "another number" : type_of(v),
                           STORE_SCHEMA);
    IGNORE(json_object_del(root, "schema"));
    return true;
}

enum err
store_parse(struct str json, store_diag diag, void *arg, struct store **out,
            struct err_info *why)
{
    struct store *store = calloc(1, sizeof *store);
    struct links links = { .diag = diag, .arg = arg };
    json_error_t error;
    json_t *root = NULL;
    enum err e;

    if (store == NULL)
        return err_set(why, ERR_MEMORY, "no storage for the backing store");
    arena_init(&store->arena, STORE_ARENA_MAX);
    links.arena = &store->arena;
    store->obj.path = STR("");
    if (json.n > STORE_FILE_MAX)
        IGNORE(links_error(&links, STR(""),
                           "found %zu bytes, expected at most "
                           "%u",
                           json.n, STORE_FILE_MAX));
    else if ((root = json_loadb(json.p == NULL ? "" : json.p, json.n,
                                JSON_REJECT_DUPLICATES, &error)) == NULL)
        IGNORE(links_error(&links, STR(""),
                           "line %d, column %d: %s; expected "
                           "JSON",
                           error.line, error.column,
                           links_cut(&links, str_of(error.text))));
    else if (schema_fits(&links, root)) {
        read_object(&links, STR(""), &store_schema, root, store);
        if (links.n_errors == 0 && !links.no_memory)
            links_resolve(&links, store);
    }
    json_decref(root);
    e = links.no_memory ? err_set(why, ERR_MEMORY,
                                  "no storage for the "
                                  "backing store")
        : links.n_errors > 0
            ? err_set(why, ERR_SYNTAX, "the backing store has %zu error%s",
                      links.n_errors, links.n_errors == 1 ? "" : "s")
            : ERR_OK;
    if (e == ERR_OK)
        *out = store;
    else
        store_free(&store);
    return e;
}

void
store_free(struct store **store)
{
    if (*store == NULL)
        return;
    arena_fini(&(*store)->arena);
    free(*store);
    *store = NULL;
}
