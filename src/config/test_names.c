/* What the documents of the original list: each element and attribute is known
 * here, and what has no effect is told once. */
#include "config/raw.h"

#include "base/test.h"
#include "config/test_world.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
static const struct {
    const char *path;  /* element, or one in it: a/b */
    const char *names; /* of attributes and elements, but for id */
} documented[] = {
    { "activedLdapFilterProperties",
      "userFilter groupFilter userIdMap groupIdMap groupMemberIdMap" },
    { "administrator-role",
      "user group" },
    { "applicationMonitor",
      "updateTrigger pollingRate dropinsEnabled dropins" },
    { "authCache",
      "initialSize maxSize timeout allowBasicAuthLookup cacheRef" },
    { "authData",
      "user password" },
    { "authFilter",
      "webApp requestUrl remoteAddress host userAgent cookie "
      "requestHeader" },
    { "authFilter/cookie",
      "name matchType" },
    { "authFilter/host",
      "name matchType" },
    { "authFilter/remoteAddress",
      "ip matchType" },
    { "authFilter/requestHeader",
      "name value matchType" },
    { "authFilter/requestUrl",
      "urlPattern matchType" },
    { "authFilter/userAgent",
      "agent matchType" },
    { "authFilter/webApp",
      "name matchType" },
    { "authentication",
      "cacheEnabled allowHashtableLoginWithIdOnly" },
    { "authorization-roles",
      "security-role" },
    { "authorization-roles/security-role",
      "name user group special-subject" },
    { "basicRegistry",
      "realm ignoreCaseForAuthentication certificateMapMode "
      "certificateMapperId user group" },
    { "basicRegistry/group",
      "name member" },
    { "basicRegistry/group/member",
      "name" },
    { "basicRegistry/user",
      "name password" },
    { "compression",
      "serverPreferredAlgorithm types" },
    { "config",
      "monitorInterval updateTrigger onError" },
    { "connectionFactory",
      "jndiName containerAuthDataRef properties.gmoa "
      "properties.imsudbJLocal properties.ola" },
    { "connectionFactory/properties.gmoa",
      "hostName portNumber" },
    { "connectionFactory/properties.imsudbJLocal",
      "databaseName datastoreName datastoreServer portNumber "
      "driverType user password applicationName flattenTables" },
    { "connectionManager",
      "maxPoolSize" },
    { "cors",
      "domain allowedOrigins allowedMethods allowedHeaders "
      "exposeHeaders allowCredentials maxAge" },
    { "customLdapFilterProperties",
      "userFilter groupFilter userIdMap groupIdMap groupMemberIdMap" },
    { "domino50LdapFilterProperties",
      "userFilter groupFilter userIdMap groupIdMap groupMemberIdMap" },
    { "edirectoryLdapFilterProperties",
      "userFilter groupFilter userIdMap groupIdMap groupMemberIdMap" },
    { "featureManager",
      "feature onError" },
    { "federatedRepository",
      "maxSearchResults primaryRealm realm" },
    { "federatedRepository/primaryRealm",
      "name delimiter allowOpIfRepoDown participatingBaseEntry "
      "uniqueUserIdMapping userSecurityNameMapping "
      "userDisplayNameMapping uniqueGroupIdMapping "
      "groupSecurityNameMapping groupDisplayNameMapping" },
    { "federatedRepository/primaryRealm/participatingBaseEntry",
      "name" },
    { "federatedRepository/primaryRealm/uniqueUserIdMapping",
      "inputProperty outputProperty" },
    { "fileSystemLoggerInterceptor",
      "sequence logPath logName maxPayloadSize bufferedLogging "
      "bufferSize encoding apiProviderRequestHeaders "
      "apiProviderResponseHeaders" },
    { "headers",
      "add remove set setIfMissing" },
    { "httpAccessLogging",
      "enabled filePath logFormat maxFileSize maxFiles "
      "rolloverStartTime rolloverInterval" },
    { "httpDispatcher",
      "enableWelcomePage appOrContextRootMissingMessage "
      "trustedHeaderOrigin trustedSensitiveHeaderOrigin" },
    { "httpEncoding",
      "encoding.de converter.x" },
    { "httpEndpoint",
      "enabled host httpPort httpsPort onError protocolVersion "
      "httpOptionsRef httpOptions sslOptionsRef sslOptions "
      "tcpOptionsRef tcpOptions accessLoggingRef accessLogging "
      "compressionRef remoteIpRef samesiteRef headersRef" },
    { "httpOptions",
      "keepAliveEnabled maxKeepAliveRequests persistTimeout "
      "readTimeout writeTimeout http2ConnectionIdleTimeout "
      "maxConcurrentStreams maxFrameSize limitFieldSize "
      "limitNumHeaders MessageSizeLimit incomingBodyBufferSize "
      "AutoDecompression decompressionRatioLimit "
      "decompressionTolerance removeServerHeader "
      "NoCacheCookiesControl DoNotAllowDuplicateSetCookies "
      "ThrowIOEForInboundConnections connectionWindowSize "
      "settingsInitialWindowSize limitWindowUpdateFrames "
      "maxResetFrames resetFramesWindow maxStreamsRefused" },
    { "idsLdapFilterProperties",
      "userFilter groupFilter userIdMap groupIdMap groupMemberIdMap" },
    { "imsmobile_imsConnection",
      "comment connectionFactoryRef connectionTimeout "
      "connectionType" },
    { "imsmobile_interaction",
      "comment commitMode imsConnectCodepage imsConnectTimeout "
      "imsDatastoreName interactionTimeout ltermOverrideName "
      "syncLevel" },
    { "iplanetLdapFilterProperties",
      "userFilter groupFilter userIdMap groupIdMap groupMemberIdMap" },
    { "jmsConnectionFactory",
      "jndiName connectionManagerRef properties.wmqJms" },
    { "jmsConnectionFactory/properties.wmqJms",
      "transportType queueManager channel hostName port "
      "sslCipherSuite" },
    { "jmsQueue",
      "jndiName properties.wmqJms" },
    { "jmsQueue/properties.wmqJms",
      "baseQueueName CCSID targetClient" },
    { "jmsQueueConnectionFactory",
      "jndiName connectionManagerRef properties.wmqJms" },
    { "jwtBuilder",
      "issuer audiences claims expiry expiresInSeconds nbfOffset "
      "jti scope signatureAlgorithm keyStoreRef keyAlias sharedKey "
      "jwkEnabled jwkRotationTime jwkSigningKeySize "
      "keyManagementKeyAlias keyManagementKeyAlgorithm "
      "contentEncryptionAlgorithm trustStoreRef" },
    { "jwtConsumer",
      "issuer jwkEnabled jwkEndpointUrl trustStoreRef trustedAlias "
      "audiences signatureAlgorithm sharedKey clockSkew "
      "keyManagementKeyAlias sslRef" },
    { "jwtSso",
      "cookieName jwtBuilderRef" },
    { "keyStore",
      "location type password fileBased readOnly updateTrigger "
      "pollingRate keyEntry" },
    { "keyStore/keyEntry",
      "name keyPassword" },
    { "ldapRegistry",
      "host port baseDN name realm ldapType bindAuthMechanism "
      "bindDN bindPassword krb5Principal krb5TicketCache ignoreCase "
      "recursiveSearch sslEnabled sslRef reuseConnection "
      "connectTimeout readTimeout searchTimeout derefAliases "
      "referral returnToPrimaryServer "
      "primaryServerQueryTimeInterval allowWriteToSecondaryServers "
      "certificateMapMode certificateFilter certificateMapperId "
      "timestampFormat contextPool ldapCache failoverServers "
      "groupProperties ldapEntityType loginProperty "
      "attributeConfiguration customFilters customFiltersRef "
      "idsFilters idsFiltersRef securewayFilters "
      "securewayFiltersRef activedFilters activedFiltersRef "
      "domino50Filters domino50FiltersRef edirectoryFilters "
      "edirectoryFiltersRef iplanetFilters iplanetFiltersRef "
      "netscapeFilters netscapeFiltersRef" },
    { "ldapRegistry/attributeConfiguration",
      "attribute externalIdAttribute" },
    { "ldapRegistry/attributeConfiguration/attribute",
      "name propertyName entityType syntax defaultValue" },
    { "ldapRegistry/attributeConfiguration/externalIdAttribute",
      "name entityType syntax autoGenerate" },
    { "ldapRegistry/contextPool",
      "enabled initialSize maxSize preferredSize timeout waitTime" },
    { "ldapRegistry/failoverServers",
      "name server" },
    { "ldapRegistry/failoverServers/server",
      "host port" },
    { "ldapRegistry/groupProperties",
      "memberAttribute membershipAttribute dynamicMemberAttribute" },
    { "ldapRegistry/groupProperties/dynamicMemberAttribute",
      "name objectClass" },
    { "ldapRegistry/groupProperties/memberAttribute",
      "name objectClass scope dummyMember" },
    { "ldapRegistry/groupProperties/membershipAttribute",
      "name scope" },
    { "ldapRegistry/ldapCache",
      "attributesCache searchResultsCache" },
    { "ldapRegistry/ldapCache/attributesCache",
      "enabled size sizeLimit timeout" },
    { "ldapRegistry/ldapCache/searchResultsCache",
      "enabled size resultsSizeLimit timeout" },
    { "ldapRegistry/ldapEntityType",
      "name objectClass searchBase searchFilter" },
    { "ldapRegistry/loginProperty",
      "name" },
    { "logging",
      "consoleFormat consoleLogLevel consoleSource "
      "copySystemStreams messageFileName messageFormat "
      "messageSource traceFileName traceFormat traceSpecification "
      "maxFileSize maxFiles logDirectory hideMessage isoDateFormat "
      "suppressSensitiveTrace jsonFieldMappings rolloverStartTime "
      "rolloverInterval maxFfdcAge appsWriteJson "
      "jsonAccessLogFields stackTraceSingleEntry newLogsOnStart" },
    { "ltpa",
      "keysFileName keysPassword expiration monitorInterval "
      "updateTrigger monitorValidationKeysDir authFilterRef "
      "expirationDifferenceAllowed validationKeys" },
    { "ltpa/validationKeys",
      "fileName password validUntilDate" },
    { "mpJwt",
      "issuer jwksUri keyName audiences signatureAlgorithm "
      "sharedKey clockSkew userNameAttribute groupNameAttribute "
      "mapToUserRegistry tokenReuse tokenAge tokenHeader cookieName "
      "authorizationHeaderScheme ignoreApplicationAuthMethod "
      "keyManagementKeyAlias keyManagementKeyAlgorithm "
      "authFilterRef sslRef" },
    { "mqzosconnect_mqzOSConnectService",
      "" },
    { "netscapeLdapFilterProperties",
      "userFilter groupFilter userIdMap groupIdMap groupMemberIdMap" },
    { "openidConnectClient",
      "inboundPropagation authFilterRef validationMethod "
      "jwtAccessTokenRemoteValidation validationEndpointUrl "
      "signatureAlgorithm allowedSignatureAlgorithms jwkEndpointUrl "
      "jwkClientId jwkClientSecret trustStoreRef trustAliasName "
      "clientId clientSecret issuerIdentifier disableIssChecking "
      "audiences clockSkew tokenReuse userIdentifier "
      "userIdentityToCreateSubject mapIdentityToRegistryUser "
      "uniqueUserIdentifier groupIdentifier realmIdentifier "
      "realmName headerName authnSessionDisabled disableLtpaCookie "
      "accessTokenInLtpaCookie accessTokenCacheEnabled "
      "accessTokenCacheTimeout allowCustomCacheKey httpsRequired "
      "hostNameVerificationEnabled sslRef tokenEndpointAuthMethod "
      "tokenEndpointAuthSigningAlgorithm keyAliasName "
      "keyManagementKeyAlias discoveryEndpointUrl "
      "discoveryPollingRate userInfoEndpointUrl "
      "requiredScopes requiredTyp maxTokenLifetime jwksMaxStale "
      "userInfoEndpointEnabled includeIdTokenInSubject scope "
      "useSystemPropertiesForHttpClientConnections tokenEndpointUrl" },
    { "quickStartSecurity",
      "userName userPassword" },
    { "remoteIp",
      "proxies useRemoteIpInAccessLog" },
    { "safAuthorization",
      "racRouteLog enableDelegation reportAuthorizationCheckDetails "
      "roleMapper" },
    { "safCredentials",
      "unauthenticatedUser profilePrefix mapDistributedIdentities "
      "suppressAuthFailureMessages" },
    { "safRegistry",
      "realm enableFailover reportPasswordExpired "
      "reportPasswordChangeDetails reportUserRevoked "
      "includeSafGroups" },
    { "safRoleMapper",
      "profilePattern toUpperCase" },
    { "samesite",
      "lax strict none partitioned" },
    { "samlWebSso20",
      "inboundPropagation enabled authFilterRef headerName audiences "
      "clockSkew wantAssertionsSigned signatureMethodAlgorithm "
      "userIdentifier userUniqueIdentifier groupIdentifier "
      "realmIdentifier realmName mapToUserRegistry keyStoreRef keyAlias "
      "disableLtpaCookie allowCustomCacheKey includeTokenInSubject "
      "pkixTrustEngine authnRequestsSigned forceAuthn isPassive "
      "allowCreate authnContextClassRef authnContextComparisonType "
      "nameIDFormat customizeNameIDFormat idpMetadata loginPageURL "
      "errorPageURL tokenReplayTimeout sessionNotOnOrAfter spHostAndPort "
      "targetPageUrl useRelayStateForTarget httpsRequired createSession "
      "reAuthnOnAssertionExpire reAuthnCushion spCookieName "
      "postLogoutRedirectUrl spLogout authnRequestTime "
      "includeX509InSPMetadata samlRecipient samlTokenReuse" },
    { "securewayLdapFilterProperties",
      "userFilter groupFilter userIdMap groupIdMap groupMemberIdMap" },
    { "spnego",
      "authFilterRef krb5Config krb5Keytab servicePrincipalNames hostNames "
      "canonicalHostName disableFailOverToAppAuthType disableLtpaCookie "
      "includeClientGSSCredentialInSubject includeCustomCacheKeyInSubject "
      "invokeAfterSSO ntlmTokenReceivedErrorPageURL "
      "spnegoAuthenticationErrorPageURL spnegoNotSupportedErrorPageURL "
      "trimKerberosRealmNameFromPrincipal" },
    { "ssl",
      "keyStoreRef trustStoreRef clientAuthentication "
      "clientAuthenticationSupported sslProtocol securityLevel "
      "enabledCiphers serverKeyAlias clientKeyAlias verifyHostname "
      "skipHostnameVerificationForHosts trustDefaultCerts "
      "enforceCipherOrder outboundConnection" },
    { "ssl/outboundConnection",
      "host port clientCertificate" },
    { "sslDefault",
      "sslRef outboundSSLRef httpHostNameVerification" },
    { "sslOptions",
      "sslRef sslSessionTimeout sessionTimeout "
      "suppressHandshakeErrors" },
    { "tcpOptions",
      "inactivityTimeout maxOpenConnections soReuseAddr "
      "portOpenRetries addressIncludeList addressExcludeList "
      "hostNameIncludeList hostNameExcludeList acceptThread "
      "waitToAccept" },
    { "trustAssociation",
      "invokeForUnprotectedURI failOverToAppAuthType" },
    { "virtualHost",
      "enabled hostAlias allowFromEndpointRef" },
    { "webAppSecurity",
      "allowFailOverToBasicAuth "
      "allowAuthenticationFailOverToAuthMethod "
      "overrideHttpAuthMethod basicAuthenticationMechanismRealmName "
      "displayAuthenticationRealm singleSignonEnabled ssoCookieName "
      "useOnlyCustomCookieName ssoDomainNames ssoUseDomainFromURL "
      "ssoRequiresSSL httpOnlyCookies sameSiteCookie "
      "useContextRootForSSOCookiePath trackLoggedOutSSOCookies "
      "logoutOnHttpSessionExpire "
      "useAuthenticationDataForUnprotectedResource webAlwaysLogin "
      "loginFormURL loginErrorURL postParamSaveMethod "
      "postParamCookieSize wasReqURLRedirectDomainNames "
      "logoutPageRedirectDomainNames "
      "preserveFullyQualifiedReferrerUrl" },
    { "wmqJmsClient",
      "nativeLibraryPath" },
    { "zosLogging",
      "wtoMessage hardCopyMessage" },
    { "zosconnect_apiRequesters",
      "location updateTrigger pollingRate requireAuth idAssertion "
      "apiRequester" },
    { "zosconnect_apiRequesters/apiRequester",
      "name requireAuth requireSecure idAssertion adminGroup "
      "operationsGroup invokeGroup readerGroup interceptorsRef "
      "runGlobalInterceptors" },
    { "zosconnect_auditInterceptor",
      "sequence apiProviderSmfVersion apiRequesterSmfVersion "
      "apiProviderRequestHeaders apiProviderResponseHeaders "
      "apiRequesterRequestHeaders apiRequesterResponseHeaders "
      "apiProviderMaxDelay apiRequesterMaxDelay "
      "apiProviderEarlyFailure apiRequesterEarlyFailure" },
    { "zosconnect_authData",
      "user password" },
    { "zosconnect_authToken",
      "authServerRef header tokenRequest tokenResponse" },
    { "zosconnect_authToken/tokenRequest",
      "credentialLocation header requestMethod requestBody" },
    { "zosconnect_authToken/tokenResponse",
      "tokenLocation header responseFormat tokenPath" },
    { "zosconnect_authTokenLocal",
      "tokenGeneratorRef header claims" },
    { "zosconnect_authorizationInterceptor",
      "sequence safCacheTimeout" },
    { "zosconnect_authorizationServer",
      "tokenEndpoint basicAuthRef sslCertsRef proxyConfigRef "
      "connectionTimeout receiveTimeout" },
    { "zosconnect_cicsConnectionGroup",
      "" },
    { "zosconnect_cicsIpicConnection",
      "host port zosConnectApplid zosConnectNetworkid cicsApplid "
      "cicsNetworkid sendSessions connectionTimeout "
      "heartbeatInterval connectionRetryInterval authDataRef "
      "sslCertsRef transid transidUsage sharedPort "
      "preferredSpecificHost requestTimeout" },
    { "zosconnect_endpointConnection",
      "host port domainBasePath authenticationConfigRef "
      "basicAuthRef sslCertsRef proxyConfigRef connectionTimeout "
      "receiveTimeout" },
    { "zosconnect_fileSystemLoggerInterceptor",
      "sequence logPath logName maxPayloadSize bufferedLogging "
      "bufferSize encoding apiProviderRequestHeaders "
      "apiProviderResponseHeaders" },
    { "zosconnect_localAdaptersConnectService",
      "connectionFactoryRef registerName serviceName "
      "connectionWaitTimeout linkTaskTranID linkTaskChanID "
      "linkTaskChanType linkTaskReqContID linkTaskReqContType "
      "linkTaskRspContID linkTaskRspContType useCICSContainer" },
    { "zosconnect_monitoring",
      "apiRequesterInterceptorsRef apiProviderInterceptorsRef" },
    { "zosconnect_oAuthConfig",
      "grantType authServerRef" },
    { "zosconnect_policy",
      "location updateTrigger pollingRate ruleset" },
    { "zosconnect_policy/ruleset",
      "file" },
    { "zosconnect_proxyConfig",
      "host port type" },
    { "zosconnect_services",
      "location updateTrigger pollingRate service" },
    { "zosconnect_services/service",
      "name requireAuth requireSecure adminGroup operationsGroup "
      "invokeGroup readerGroup interceptorsRef "
      "runGlobalInterceptors invokeURI serviceAsyncRequestTimeout "
      "property" },
    { "zosconnect_services/service/property",
      "name value" },
    { "zosconnect_zosConnectAPIs",
      "location updateTrigger pollingRate policyRef zosConnectAPI" },
    { "zosconnect_zosConnectAPIs/zosConnectAPI",
      "name requireAuth requireSecure adminGroup operationsGroup "
      "invokeGroup readerGroup interceptorsRef "
      "runGlobalInterceptors policyRef" },
    { "zosconnect_zosConnectDataXform",
      "bindFileLoc requestSchemaLoc responseSchemaLoc "
      "bindFileSuffix requestSchemaSuffix responseSchemaSuffix "
      "updateTrigger pollingRate trimOutputTrailingWhitespace "
      "trimOutputLeadingWhitespace initializeInputFields "
      "omitOutputFieldsByValue" },
    { "zosconnect_zosConnectInterceptors",
      "interceptorRef" },
    { "zosconnect_zosConnectManager",
      "requireAuth requireSecure globalAdminGroup "
      "globalOperationsGroup globalInvokeGroup globalReaderGroup "
      "globalInterceptorsRef globalDataXformRef asyncRequestTimeout "
      "operationMode useJsonErrorResponses setUTF8ResponseEncoding "
      "preserveJsonPayloadOrder" },
    { "zosconnect_zosConnectService",
      "serviceName serviceRef serviceDescription "
      "serviceGroupingName dataXformRef invokeURI "
      "serviceAsyncRequestTimeout requireAuth requireSecure "
      "adminGroup operationsGroup invokeGroup readerGroup "
      "interceptorsRef runGlobalInterceptors" },
    { "zosconnect_zosConnectServiceRestClient",
      "host port uri httpMethod basicAuthRef sslCertsRef "
      "connectionTimeout receiveTimeout" },
    { "zosconnect_zosConnectServiceRestClientBasicAuth",
      "userName password applName" },
    { "zosconnect_zosConnectServiceRestClientConnection",
      "host port basicAuthRef sslCertsRef connectionTimeout "
      "receiveTimeout" },
};
/* clang-format on */

static const struct cfg_attr *
row_of(const struct cfg_type *type, struct str name)
{
    for (size_t i = 0; type != NULL && i < type->n_attrs; i++) {
        struct str own = str_of(type->attrs[i].name);

        if (str_eq_nocase(own, name) || str_eq_z(own, "*"))
            return &type->attrs[i];
        /* an element in place of what xRef names */
        if (str_ends(own, STR("Ref")) &&
            str_eq_nocase(str_sub(own, 0, own.n - 3), name))
            return &type->attrs[i];
    }
    return NULL;
}

static const struct cfg_type *
type_of(const char *path)
{
    struct str rest = str_of(path), name;
    const struct cfg_type *type;

    (void)str_token(&rest, '/', &name);
    type = cfg_type_find(name);
    while (type != NULL && str_token(&rest, '/', &name)) {
        const struct cfg_attr *a = row_of(type, name);

        type = a == NULL ? NULL : a->target;
    }
    return type;
}

static void
documented_names_are_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(documented); i++) {
        const struct cfg_type *type = type_of(documented[i].path);
        struct str rest = str_of(documented[i].names), name;

        if (type == NULL)
            fail_msg("%s is not known", documented[i].path);
        while (rest.n > 0 && str_token(&rest, ' ', &name))
            if (row_of(type, name) == NULL)
                fail_msg("%s has no " STR_FMT, documented[i].path,
                         STR_ARG(name));
    }
}

/* ---- what has no effect is told once ---- */

#define TEXT_MAX 4096

/* "<a><b> text </b></a>" with the element in all that it stands in. */
static void
wrap(const struct cfg_type *type, char text[TEXT_MAX])
{
    size_t n;
    const struct cfg_type *const *types = cfg_types(&n);
    char inner[TEXT_MAX];

    if (type->scope != CFG_NESTED)
        return;
    for (size_t t = 0; t < n; t++)
        for (size_t i = 0; i < types[t]->n_attrs; i++) {
            const struct cfg_attr *a = &types[t]->attrs[i];

            if ((a->kind != CFG_KIND_CHILD && a->kind != CFG_KIND_CHILDREN) ||
                a->target != type || types[t] == type)
                continue;
            memcpy(inner, text, sizeof inner);
            if (snprintf(text, TEXT_MAX, "<%s>%s</%s>", types[t]->name, inner,
                         types[t]->name) >= TEXT_MAX)
                fail_msg("%s is too deep", type->name);
            wrap(types[t], text);
            return;
        }
    fail_msg("%s stands nowhere", type->name);
}

/* What a nested element is called where it stands. */
static const char *
name_of(const struct cfg_type *type)
{
    size_t n;
    const struct cfg_type *const *types = cfg_types(&n);

    for (size_t t = 0; type->scope == CFG_NESTED && t < n; t++)
        for (size_t i = 0; i < types[t]->n_attrs; i++)
            if (types[t]->attrs[i].target == type &&
                types[t]->attrs[i].kind != CFG_KIND_REF)
                return types[t]->attrs[i].name;
    return type->name;
}

static void
assert_told_once(const struct cfg_type *type, const char *attr)
{
    static struct world w;
    char text[TEXT_MAX], what[200];
    const char *name = name_of(type), *first;

    if (attr == NULL) {
        snprintf(text, sizeof text, "<%s id='a'/><%s id='b'/>", name, name);
        snprintf(what, sizeof what, ": %s is read, but has no effect", name);
    } else {
        snprintf(text, sizeof text, "<%s id='a' %s='zz'/><%s id='b' %s='zz'/>",
                 name, attr, name, attr);
        snprintf(what, sizeof what,
                 ": attribute %s of %s is read, but has no effect", attr,
                 type->name);
    }
    wrap(type, text);
    memset(&w, 0, sizeof w);
    assert_int_equal(load(&w, text), ERR_OK);
    first = strstr(w.log, what);
    if (first == NULL || strstr(first + 1, what) != NULL)
        fail_msg("%s: \"%s\" is not there once:\n%s", text, what, w.log);
    cfg_unref(&w.tree);
}

static void
what_has_no_effect_is_told_once(void **state)
{
    const struct cfg_type *type;
    const char *attr;

    (void)state;
    for (size_t i = 0; effect_row(i, &type, &attr); i++)
        assert_told_once(type, attr);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(documented_names_are_known),
        cmocka_unit_test(what_has_no_effect_is_told_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
