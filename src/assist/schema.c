#include "assist/schema.h"

#include <string.h>

#include "assist/inferred.h"
#include "ttls/stmt.h"

#define SCHEMA(type, rows)                                                     \
    {                                                                          \
        sizeof(type), rows, ARRAY_LEN(rows)                                    \
    }
#define ROW(key, kind, flags, field, ...)                                      \
    {                                                                          \
        key, kind, flags, offsetof(T, field), __VA_ARGS__                      \
    }
#define PLAIN(key, kind, flags, field)                                         \
    ROW(key, kind, flags, field, 0, NULL, NULL, NULL)
#define PARM(key, kind, flags, field, stmt, keyword)                           \
    ROW(key, kind, flags, field, stmt, keyword, NULL, NULL)
#define ITEMS(key, flags, field, item)                                         \
    ROW(key, LIST, flags, field, 0, NULL, &(item), NULL)
#define WORDS(key, kind, flags, field, words)                                  \
    ROW(key, kind, flags, field, 0, NULL, NULL, words)

static const struct word trace_words[] = {
    { "JobLog", TTLS_TRACE_JOBLOG }, { "Error", TTLS_TRACE_ERROR },
    { "Info", TTLS_TRACE_INFO },     { "Event", TTLS_TRACE_EVENT },
    { "Flow", TTLS_TRACE_FLOW },     { "Data", TTLS_TRACE_DATA },
    { "All", INFERRED_TRACE_ALL },   { NULL, 0 },
};
static const struct word technology_words[] = { { "AT-TLS", TECHNOLOGY_TTLS },
                                                { NULL, 0 } };
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
const struct schema type_schema = SCHEMA(T, type_rows);
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
    WORDS("protocols", BITS, MUST, protocols, protocol_words),
    PARM("ciphers", VALUES, 0, ciphers, TTLS_CIPHER, "V3CipherSuites4Char"),
    PARM("fips", VALUE, 0, text[LEVEL_FIPS], TTLS_GROUP_ACTION, "FIPS140"),
    PARM("clientAuthType", VALUE, 0, text[LEVEL_CLIENT_AUTH], TTLS_ENV_ADV, "ClientAuthType"),
    PARM("resetCipherTimer", VALUE, 0, text[LEVEL_RESET], TTLS_CONN_ADV, "ResetCipherTimer"),
    PARM("sessionTimeout", VALUE, 0, text[LEVEL_SESSION_TIMEOUT], TTLS_GSK_ADV, "GSK_V3_SESSION_TIMEOUT"),
    PARM("sessionCacheSize", VALUE, 0, text[LEVEL_SESSIONS], TTLS_GSK_ADV, "GSK_V3_SIDCACHE_SIZE"),
    PARM("ticketTimeout", VALUE, 0, text[LEVEL_TICKET_TIMEOUT], TTLS_GSK_ADV, "GSK_SESSION_TICKET_SERVER_TIMEOUT"),
    PLAIN("advanced", ADVANCED, 0, advanced),
};
const struct schema level_schema = SCHEMA(T, level_rows);
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
    WORDS("trace", GIVEN_BITS, 0, trace, trace_words),
    PARM("syslogFacility", VALUE, 0, facility, TTLS_GROUP_ADV, "SyslogFacility"),
    PARM("timeRange", VALUE, 0, time[TIME_RANGE], TTLS_TIME, "ConditionTimeRange"),
    PARM("monthsOfYear", VALUE, 0, time[TIME_MONTHS], TTLS_TIME, "MonthOfYearMask"),
    PARM("daysOfMonth", VALUE, 0, time[TIME_DAYS], TTLS_TIME, "DayOfMonthMask"),
    PARM("daysOfWeek", VALUE, 0, time[TIME_WEEKDAYS], TTLS_TIME, "DayOfWeekMask"),
    PARM("timeOfDay", VALUE, 0, time[TIME_OF_DAY], TTLS_TIME, "TimeOfDayRange"),
    PARM("timeZone", VALUE, 0, time[TIME_ZONE], TTLS_TIME, "TimeZone"),
};
const struct schema rule_schema = SCHEMA(T, rule_rows);
#undef T
#define T struct store_stack
static const struct field stack_rows[] = {
    PLAIN("name", SYSTEM, MUST, obj.name),
    WORDS("technologies", GIVEN_BITS, 0, technologies, technology_words),
    ITEMS("rules", 0, rules, rule_schema),
    PLAIN("installHistory", HISTORY, 0, history),
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
    WORDS("trace", GIVEN_BITS, 0, trace, trace_words),
    ITEMS("stacks", MUST, stacks, stack_schema),
};
const struct schema image_schema = SCHEMA(T, image_rows);
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
const struct schema store_schema = SCHEMA(T, store_rows);
#undef T
/* clang-format on */

/* --- what is no field's ------------------------------------------------- */

/* Where a keyword that two statements have goes: the first of them. */
static const enum ttls_stmt of_level[] = {
    TTLS_CONN_ADV,     TTLS_ENV_ADV,    TTLS_SIGNATURE,   TTLS_GSK_ADV,
    TTLS_GSK_LDAP,     TTLS_GSK_CDP,    TTLS_GSK_OCSP,    TTLS_GROUP_ADV,
    TTLS_GROUP_ACTION, TTLS_ENV_ACTION, TTLS_CONN_ACTION,
};

const struct field *
schema_field(const struct schema *schema, const char *keyword)
{
    for (size_t i = 0; i < schema->n_fields; i++)
        if (schema->fields[i].keyword != NULL &&
            strcmp(schema->fields[i].keyword, keyword) == 0)
            return &schema->fields[i];
    return NULL;
}

/* The key that says it; NULL: none does. */
static const char *
key_of(const char *keyword)
{
    const struct schema *schemas[] = { &type_schema, &level_schema,
                                       &image_schema };

    for (size_t i = 0; i < ARRAY_LEN(schemas); i++) {
        const struct field *f = schema_field(schemas[i], keyword);

        if (f != NULL)
            return f->key;
    }
    for (const struct word *w = protocol_words; w->text != NULL; w++)
        if (strcmp(w->text, keyword) == 0)
            return "protocols";
    return strcmp(keyword, "Trace") == 0         ? "trace"
           : strcmp(keyword, "TTLSEnabled") == 0 ? "securityLevel"
                                                 : NULL;
}

const char *
schema_advanced(struct str keyword, enum ttls_stmt *stmt, const char **key)
{
    *key = NULL;
    for (size_t i = 0; i < ARRAY_LEN(of_level); i++) {
        bool is_ref;
        const struct ttls_row *row =
            ttls_row_find(ttls_type_of(of_level[i]), keyword, &is_ref);

        if (row == NULL || row->kind == TTLS_K_OBJECT ||
            row->kind == TTLS_K_SECRET)
            continue;
        *stmt = of_level[i];
        *key = key_of(row->name);
        return *key == NULL ? row->name : NULL;
    }
    return NULL;
}
