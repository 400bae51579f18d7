/* User directories: ldapRegistry and the federation of registries. */
#include "config/registry.h"

#include <limits.h>

static const char *const ldap_scope_words[] = { "direct", "nested", "all",
                                                NULL };
static const char *const ldap_bind_words[] = { "simple", "none", "GSSAPI",
                                               NULL };
static const char *const ldap_deref_words[] = { "always", "never", NULL };
static const char *const ldap_referral_words[] = { "ignore", "follow", NULL };
static const char *const ldap_map_words[] = { "EXACT_DN", "CERTIFICATE_FILTER",
                                              "CUSTOM", "NOT_SUPPORTED", NULL };
static const char *const ldap_type_words[] = {
    "Custom",
    "IBM Tivoli Directory Server",
    "IBM Security Directory Server",
    "IBM SecureWay Directory Server",
    "Microsoft Active Directory",
    "IBM Lotus Domino",
    "Novell eDirectory",
    "Sun Java System Directory Server",
    "Netscape Directory Server",
    NULL
};

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_ldap_pool, __VA_ARGS__)
static const struct cfg_attr ldap_pool_attrs[] = {
    ATTR(BOOL, enabled, "enabled", "true", "Keep connections."),
    ATTR(INT, initial_size, "initialSize", "1", 0, INT_MAX,
         "Connections opened at first."),
    ATTR(INT, max_size, "maxSize", "0", 0, INT_MAX,
         "Connections at most; 0 is no limit."),
    ATTR(INT, preferred_size, "preferredSize", "3", 0, INT_MAX,
         "Connections kept when idle."),
    ATTR(DURATION, timeout_ms, "timeout", "0s", CFG_S,
         "Idle time after which one is closed; 0 never."),
    ATTR(DURATION, wait_time_ms, "waitTime", "3s", CFG_S,
         "Wait for a connection when all are in use."),
};
#undef ATTR
CFG_TYPE(ldap_pool, "contextPool", CFG_NESTED,
         .help = "Connections kept to a directory server.");

#define ATTR(kind, ...)                                                        \
    CFG_ATTR_##kind(struct cfg_ldap_attributes_cache, __VA_ARGS__)
static const struct cfg_attr ldap_attributes_cache_attrs[] = {
    ATTR(BOOL, enabled, "enabled", "true", "Remember them."),
    ATTR(INT, size, "size", "2000", 0, INT_MAX, "Entries."),
    ATTR(INT, size_limit, "sizeLimit", "2000", 0, INT_MAX,
         "Attributes of one entry at most."),
    ATTR(DURATION, timeout_ms, "timeout", "1200s", CFG_S,
         "How long one is remembered."),
};
#undef ATTR
CFG_TYPE(ldap_attributes_cache, "attributesCache", CFG_NESTED,
         .help = "Attributes of entries, remembered.");

#define ATTR(kind, ...)                                                        \
    CFG_ATTR_##kind(struct cfg_ldap_search_cache, __VA_ARGS__)
static const struct cfg_attr ldap_search_cache_attrs[] = {
    ATTR(BOOL, enabled, "enabled", "true", "Remember them."),
    ATTR(INT, size, "size", "2000", 0, INT_MAX, "Results."),
    ATTR(INT, results_size_limit, "resultsSizeLimit", "2000", 0, INT_MAX,
         "Entries of one result at most."),
    ATTR(DURATION, timeout_ms, "timeout", "1200s", CFG_S,
         "How long one is remembered."),
};
#undef ATTR
CFG_TYPE(ldap_search_cache, "searchResultsCache", CFG_NESTED,
         .help = "Results of searches, remembered.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_ldap_cache, __VA_ARGS__)
static const struct cfg_attr ldap_cache_attrs[] = {
    ATTR(CHILD, attributes, ldap_attributes_cache, "attributesCache",
         "Attributes."),
    ATTR(CHILD, searches, ldap_search_cache, "searchResultsCache",
         "Search results."),
};
#undef ATTR
CFG_TYPE(ldap_cache, "ldapCache", CFG_NESTED,
         .help = "What is remembered of a directory.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_ldap_server, __VA_ARGS__)
static const struct cfg_attr ldap_server_attrs[] = {
    ATTR(STRING, host, "host", NULL, "Host."),
    ATTR(INT, port, "port", NULL, 1, 65535, "Port."),
};
#undef ATTR
CFG_TYPE(ldap_server, "server", CFG_NESTED,
         .help = "A server that is asked when the primary one fails.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_ldap_failover, __VA_ARGS__)
static const struct cfg_attr ldap_failover_attrs[] = {
    ATTR(STRING, name, "name", "", "Name of the list."),
    ATTR(CHILDREN, servers, n_servers, ldap_server, "server", "The servers."),
};
#undef ATTR
CFG_TYPE(ldap_failover, "failoverServers", CFG_NESTED,
         .help = "Servers asked, in order, when the primary one fails.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_ldap_member, __VA_ARGS__)
static const struct cfg_attr ldap_member_attrs[] = {
    ATTR(STRING, name, "name", NULL, "Name of the attribute."),
    ATTR(STRING, object_class, "objectClass", NULL,
         "Object class of the groups."),
    ATTR(WORD, scope, "scope", "direct", ldap_scope_words,
         "Whether the value holds members of groups inside too: direct, nested "
         "or all."),
    ATTR(STRING, dummy_member, "dummyMember", "",
         "A value that stands for nobody."),
};
#undef ATTR
CFG_TYPE(ldap_member, "memberAttribute", CFG_NESTED,
         .help = "The attribute of a group that lists its members.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_ldap_membership, __VA_ARGS__)
static const struct cfg_attr ldap_membership_attrs[] = {
    ATTR(STRING, name, "name", NULL, "Name of the attribute."),
    ATTR(WORD, scope, "scope", "direct", ldap_scope_words,
         "Whether groups of groups are listed too: direct, nested or all."),
};
#undef ATTR
CFG_TYPE(ldap_membership, "membershipAttribute", CFG_NESTED,
         .help = "The attribute of a user that lists the groups.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_ldap_dynamic, __VA_ARGS__)
static const struct cfg_attr ldap_dynamic_attrs[] = {
    ATTR(STRING, name, "name", NULL, "Name of the attribute."),
    ATTR(STRING, object_class, "objectClass", NULL,
         "Object class of such groups."),
};
#undef ATTR
CFG_TYPE(
    ldap_dynamic, "dynamicMemberAttribute", CFG_NESTED,
    .help = "The attribute of a group that describes its members by a search.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_ldap_groups, __VA_ARGS__)
static const struct cfg_attr ldap_groups_attrs[] = {
    ATTR(CHILDREN, members, n_members, ldap_member, "memberAttribute",
         "Attributes of groups."),
    ATTR(CHILD, membership, ldap_membership, "membershipAttribute",
         "Attribute of users."),
    ATTR(CHILDREN, dynamics, n_dynamics, ldap_dynamic, "dynamicMemberAttribute",
         "Attributes that hold searches."),
};
#undef ATTR
CFG_TYPE(ldap_groups, "groupProperties", CFG_NESTED,
         .help = "How group membership is found.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_ldap_entity, __VA_ARGS__)
static const struct cfg_attr ldap_entity_attrs[] = {
    ATTR(STRING, name, "name", NULL, "PersonAccount, Group and the like."),
    ATTR(LIST, object_classes, "objectClass", "",
         "Object classes of the entries."),
    ATTR(LIST, search_bases, "searchBase", "", "Subtrees that are searched."),
    ATTR(STRING, search_filter, "searchFilter", "", "Filter of the search."),
};
#undef ATTR
CFG_TYPE(ldap_entity, "ldapEntityType", CFG_NESTED,
         .help = "Where entries of one kind are and how they look.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_ldap_login, __VA_ARGS__)
static const struct cfg_attr ldap_login_attrs[] = {
    ATTR(STRING, name, "name", NULL, "Name of the attribute."),
};
#undef ATTR
CFG_TYPE(ldap_login, "loginProperty", CFG_NESTED,
         .help = "An attribute users log in with.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_ldap_attribute, __VA_ARGS__)
static const struct cfg_attr ldap_attribute_attrs[] = {
    ATTR(STRING, name, "name", NULL, "Name in the directory."),
    ATTR(STRING, property_name, "propertyName", NULL, "Name of the property."),
    ATTR(STRING, entity_type, "entityType", "", "Kind of entry it is for."),
    ATTR(STRING, syntax, "syntax", "", "Syntax of the value."),
    ATTR(STRING, default_value, "defaultValue", "",
         "Value when the entry has none."),
};
#undef ATTR
CFG_TYPE(ldap_attribute, "attribute", CFG_NESTED,
         .help = "The directory's name of a property.");

#define ATTR(kind, ...)                                                        \
    CFG_ATTR_##kind(struct cfg_ldap_external_id, __VA_ARGS__)
static const struct cfg_attr ldap_external_id_attrs[] = {
    ATTR(STRING, name, "name", NULL, "Name of the attribute."),
    ATTR(STRING, entity_type, "entityType", "", "Kind of entry it is for."),
    ATTR(STRING, syntax, "syntax", "", "Syntax of the value."),
    ATTR(BOOL, auto_generate, "autoGenerate", "false",
         "The value is made by us."),
};
#undef ATTR
CFG_TYPE(ldap_external_id, "externalIdAttribute", CFG_NESTED,
         .help = "The attribute that identifies an entry for ever.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_ldap_attributes, __VA_ARGS__)
static const struct cfg_attr ldap_attributes_attrs[] = {
    ATTR(CHILDREN, attributes, n_attributes, ldap_attribute, "attribute",
         "Attributes."),
    ATTR(CHILDREN, external_ids, n_external_ids, ldap_external_id,
         "externalIdAttribute", "Identifying attributes."),
};
#undef ATTR
CFG_TYPE(ldap_attributes, "attributeConfiguration", CFG_NESTED,
         .help = "Properties and attributes.");

/* ---- filters: %v is the name looked up ---- */

#define GROUPS_2                                                               \
    "(&(cn=%v)(|(objectclass=groupOfNames)(objectclass=groupOfUniqueNames)))"
#define GROUPS_3                                                               \
    "(&(cn=%v)(|(objectclass=groupOfNames)(objectclass=groupOfUniqueNames)"    \
    "(objectclass=groupOfURLs)))"
#define MEMBERS_2 "groupOfNames:member;groupOfUniqueNames:uniqueMember"
#define MEMBERS_4 "ibm-allGroups:member;ibm-allGroups:uniqueMember;" MEMBERS_2

#define FILTERS(tag, element, user, group, uid, gid, members)                  \
    static const struct cfg_attr tag##_attrs[] = {                             \
        CFG_ATTR_STRING(struct cfg_##tag, user_filter, "userFilter", user,     \
                        "Finds a user by name."),                              \
        CFG_ATTR_STRING(struct cfg_##tag, group_filter, "groupFilter", group,  \
                        "Finds a group by name."),                             \
        CFG_ATTR_STRING(struct cfg_##tag, user_id_map, "userIdMap", uid,       \
                        "Attribute that names a user."),                       \
        CFG_ATTR_STRING(struct cfg_##tag, group_id_map, "groupIdMap", gid,     \
                        "Attribute that names a group."),                      \
        CFG_ATTR_STRING(struct cfg_##tag, group_member_id_map,                 \
                        "groupMemberIdMap", members,                           \
                        "Attributes that tell membership."),                   \
    };                                                                         \
    CFG_TYPE(tag, element, CFG_FACTORY, .help = "Searches of a directory.")

FILTERS(ldap_custom, "customLdapFilterProperties",
        "(&(uid=%v)(objectclass=ePerson))", GROUPS_3, "*:uid", "*:cn",
        MEMBERS_4);
FILTERS(ldap_ids, "idsLdapFilterProperties", "(&(uid=%v)(objectclass=ePerson))",
        GROUPS_3, "*:uid", "*:cn", MEMBERS_4);
FILTERS(ldap_secureway, "securewayLdapFilterProperties",
        "(&(uid=%v)(objectclass=ePerson))", GROUPS_2, "*:uid", "*:cn",
        MEMBERS_2);
FILTERS(ldap_actived, "activedLdapFilterProperties",
        "(&(sAMAccountName=%v)(objectcategory=user))",
        "(&(cn=%v)(objectcategory=group))", "user:sAMAccountName", "*:cn",
        "memberOf:member");
FILTERS(ldap_domino, "domino50LdapFilterProperties",
        "(&(uid=%v)(objectclass=Person))",
        "(&(cn=%v)(objectclass=dominoGroup))", "person:uid", "*:cn",
        "dominoGroup:member");
FILTERS(ldap_edirectory, "edirectoryLdapFilterProperties",
        "(&(cn=%v)(objectclass=Person))",
        "(&(cn=%v)(objectclass=groupOfNames))", "person:cn", "*:cn",
        "groupOfNames:member");
FILTERS(ldap_iplanet, "iplanetLdapFilterProperties",
        "(&(uid=%v)(objectclass=inetOrgPerson))",
        "(&(cn=%v)(objectclass=ldapsubentry))", "inetOrgPerson:uid", "*:cn",
        "nsRole:nsRole");
FILTERS(ldap_netscape, "netscapeLdapFilterProperties",
        "(&(uid=%v)(objectclass=inetOrgPerson))", GROUPS_2, "inetOrgPerson:uid",
        "*:cn", MEMBERS_2);

/* Parts of a certificate that a filter may ask for. */
#define CERTIFICATE_WORDS                                                      \
    "Subject*|Issuer*|SerialNumber|UniqueKey|PublicKey|NotAfter|NotBefore|"    \
    "SigAlg*|Version"

static enum err
check_ldap(void *element, struct err_info *why)
{
    const struct cfg_ldap *l = element;
    bool needs_user = str_eq_z(l->bind_auth_mechanism, "simple");

    if (str_eq_z(l->certificate_map_mode, "CERTIFICATE_FILTER") &&
        l->certificate_filter.n == 0)
        return err_set(why, ERR_SYNTAX,
                       "certificateMapMode is CERTIFICATE_FILTER, so "
                       "certificateFilter must be given");
    if (str_eq_z(l->certificate_map_mode, "CUSTOM") &&
        l->certificate_mapper_id.n == 0)
        return err_set(why, ERR_SYNTAX,
                       "certificateMapMode is CUSTOM, so certificateMapperId "
                       "must be given");
    /* a name without password would bind as nobody and seem to succeed */
    if (needs_user && l->bind_dn.n > 0 && l->bind_password.n == 0)
        return err_set(why, ERR_SYNTAX,
                       "bindDN is given, so bindPassword must be given");
    return ERR_OK;
}

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_ldap, __VA_ARGS__)
static const struct cfg_attr ldap_attrs[] = {
    ATTR(STRING, host, "host", NULL, "Host of the primary server."),
    ATTR(INT, port, "port", NULL, 1, 65535, "Its port."),
    ATTR(STRING, base_dn, "baseDN", NULL, "Subtree that is searched."),
    ATTR(STRING, name, "name", "",
         "Name of the base entry in the federation; else baseDN."),
    ATTR(STRING, realm, "realm", "LdapRegistry", "Realm name."),
    ATTR(WORD, ldap_type, "ldapType", NULL, ldap_type_words,
         "Kind of server; decides the filters' defaults."),
    ATTR(WORD, bind_auth_mechanism, "bindAuthMechanism", "simple",
         ldap_bind_words, "How we bind: simple, none or GSSAPI."),
    ATTR(STRING, bind_dn, "bindDN", "", "Who we bind as; else anonymous."),
    ATTR(PASSWORD, bind_password, "bindPassword", "",
         "The password of bindDN."),
    ATTR(STRING, krb5_principal, "krb5Principal", "", "Principal for GSSAPI."),
    ATTR(STRING, krb5_ticket_cache, "krb5TicketCache", "",
         "Ticket cache for GSSAPI."),
    ATTR(BOOL, ignore_case, "ignoreCase", "true",
         "Names are compared in any case."),
    ATTR(BOOL, recursive_search, "recursiveSearch", "false",
         "Groups inside groups are looked up by us."),
    ATTR(BOOL, ssl_enabled, "sslEnabled", "false", "TLS from the first byte."),
    ATTR(REF, ssl, ssl, "sslRef", "",
         "TLS configuration; else the outbound one."),
    ATTR(BOOL, reuse_connection, "reuseConnection", "true",
         "Keep connections."),
    ATTR(DURATION, connect_timeout_ms, "connectTimeout", "1m", CFG_MS,
         "Wait for a connection; 0 is no limit of our own."),
    ATTR(DURATION, read_timeout_ms, "readTimeout", "1m", CFG_MS,
         "Wait for an answer; 0 is no limit of our own."),
    ATTR(DURATION, search_timeout_ms, "searchTimeout", "1m", CFG_MS,
         "Limit of one search."),
    ATTR(WORD, deref_aliases, "derefAliases", "always", ldap_deref_words,
         "Whether aliases are followed: always or never."),
    ATTR(WORD, referral, "referral", "ignore", ldap_referral_words,
         "Whether referrals are followed: ignore or follow."),
    ATTR(BOOL, return_to_primary_server, "returnToPrimaryServer", "true",
         "After a failure try the primary server again."),
    ATTR(INT, primary_server_query_interval_min,
         "primaryServerQueryTimeInterval", "15", 0, INT_MAX,
         "How often, in minutes."),
    ATTR(BOOL, allow_write_to_secondary_servers, "allowWriteToSecondaryServers",
         "false", "The server never writes."),
    ATTR(WORD, certificate_map_mode, "certificateMapMode", "EXACT_DN",
         ldap_map_words, "How a certificate becomes a user."),
    ATTR(TEMPLATE, certificate_filter, "certificateFilter", "",
         CERTIFICATE_WORDS,
         "Search for CERTIFICATE_FILTER, with ${SubjectCN} and the like."),
    ATTR(STRING, certificate_mapper_id, "certificateMapperId", "",
         "Mapper for CUSTOM."),
    ATTR(STRING, timestamp_format, "timestampFormat", "",
         "Form of times in the directory."),
    ATTR(CHILD, pool, ldap_pool, "contextPool", "Connections."),
    ATTR(CHILD, cache, ldap_cache, "ldapCache", "What is remembered."),
    ATTR(CHILD, failover, ldap_failover, "failoverServers", "Other servers."),
    ATTR(CHILD, groups, ldap_groups, "groupProperties",
         "How membership is found."),
    ATTR(CHILDREN, entities, n_entities, ldap_entity, "ldapEntityType",
         "Kinds of entries."),
    ATTR(CHILDREN, logins, n_logins, ldap_login, "loginProperty",
         "Attributes users log in with."),
    ATTR(CHILD, attributes, ldap_attributes, "attributeConfiguration",
         "Properties and attributes."),
    ATTR(REF, custom_filters, ldap_custom, "customFiltersRef", "",
         "Filters for ldapType Custom."),
    ATTR(REF, ids_filters, ldap_ids, "idsFiltersRef", "",
         "Filters for IBM Tivoli and IBM Security Directory Server."),
    ATTR(REF, secureway_filters, ldap_secureway, "securewayFiltersRef", "",
         "Filters for IBM SecureWay Directory Server."),
    ATTR(REF, actived_filters, ldap_actived, "activedFiltersRef", "",
         "Filters for Microsoft Active Directory."),
    ATTR(REF, domino_filters, ldap_domino, "domino50FiltersRef", "",
         "Filters for IBM Lotus Domino."),
    ATTR(REF, edirectory_filters, ldap_edirectory, "edirectoryFiltersRef", "",
         "Filters for Novell eDirectory."),
    ATTR(REF, iplanet_filters, ldap_iplanet, "iplanetFiltersRef", "",
         "Filters for Sun Java System Directory Server."),
    ATTR(REF, netscape_filters, ldap_netscape, "netscapeFiltersRef", "",
         "Filters for Netscape Directory Server."),
};
#undef ATTR
CFG_TYPE(ldap, "ldapRegistry", CFG_FACTORY, .check = check_ldap,
         .help = "Users and groups of a directory.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_fed_base, __VA_ARGS__)
static const struct cfg_attr fed_base_attrs[] = {
    ATTR(STRING, name, "name", NULL, "The base entry's name."),
};
#undef ATTR
CFG_TYPE(fed_base, "participatingBaseEntry", CFG_NESTED,
         .help = "A registry's place in the realm.");

#define MAP(tag, element, in, out)                                             \
    static const struct cfg_attr tag##_attrs[] = {                             \
        CFG_ATTR_STRING(struct cfg_##tag, input_property, "inputProperty", in, \
                        "Property that is searched."),                         \
        CFG_ATTR_STRING(struct cfg_##tag, output_property, "outputProperty",   \
                        out, "Property that is returned."),                    \
    };                                                                         \
    CFG_TYPE(tag, element, CFG_NESTED, .help = "Properties of one name.")

MAP(fed_user_id, "uniqueUserIdMapping", "uniqueName", "uniqueName");
MAP(fed_user_security, "userSecurityNameMapping", "principalName",
    "uniqueName");
MAP(fed_user_display, "userDisplayNameMapping", "principalName",
    "principalName");
MAP(fed_group_id, "uniqueGroupIdMapping", "cn", "uniqueName");
MAP(fed_group_name, "groupSecurityNameMapping", "cn", "cn");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_fed_realm, __VA_ARGS__)
static const struct cfg_attr fed_realm_attrs[] = {
    ATTR(STRING, name, "name", NULL, "Realm name."),
    ATTR(STRING, delimiter, "delimiter", "/",
         "Between user and realm when both are given."),
    ATTR(BOOL, allow_op_if_repo_down, "allowOpIfRepoDown", "false",
         "Go on when a registry cannot be reached."),
    ATTR(CHILDREN, bases, n_bases, fed_base, "participatingBaseEntry",
         "Registries that take part."),
    ATTR(CHILD, user_id, fed_user_id, "uniqueUserIdMapping",
         "Property of the unique user id."),
    ATTR(CHILD, user_security, fed_user_security, "userSecurityNameMapping",
         "Property of the security name."),
    ATTR(CHILD, user_display, fed_user_display, "userDisplayNameMapping",
         "Property of the display name."),
    ATTR(CHILD, group_id, fed_group_id, "uniqueGroupIdMapping",
         "Property of the unique group id."),
    ATTR(CHILD, group_security, fed_group_name, "groupSecurityNameMapping",
         "Property of the group's security name."),
    ATTR(CHILD, group_display, fed_group_name, "groupDisplayNameMapping",
         "Property of the group's display name."),
};
#undef ATTR
CFG_TYPE(fed_realm, "primaryRealm", CFG_NESTED,
         .help = "A realm made of several registries.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_federated, __VA_ARGS__)
static const struct cfg_attr federated_attrs[] = {
    ATTR(INT, max_search_results, "maxSearchResults", "4500", 0, INT_MAX,
         "Entries of one search at most."),
    ATTR(DURATION, search_timeout_ms, "searchTimeout", "10m", CFG_MS,
         "Limit of one search."),
    ATTR(INT, page_cache_size, "pageCacheSize", "1000", 0, INT_MAX,
         "Search results kept for paging."),
    ATTR(DURATION, page_cache_timeout_ms, "pageCacheTimeout", "30000ms", CFG_MS,
         "How long they are kept."),
    ATTR(DURATION, failed_login_delay_min_ms, "failedLoginDelayMin", "0s",
         CFG_MS, "Least wait after a failed login."),
    ATTR(DURATION, failed_login_delay_max_ms, "failedLoginDelayMax", "5s",
         CFG_MS, "Longest wait after a failed login; 0 is none."),
    ATTR(CHILD, primary_realm, fed_realm, "primaryRealm",
         "The realm of all users."),
    ATTR(CHILDREN, realms, n_realms, fed_realm, "realm", "Further realms."),
};
#undef ATTR
CFG_TYPE(federated, "federatedRepository", CFG_SINGLETON,
         .help = "Several registries as one.");
