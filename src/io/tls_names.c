/* JSSE's names of protocols and cipher suites, and OpenSSL's for the same. */
#include "io/tls_ssl.h"

static const struct {
    const char *jsse;
    unsigned versions;
} protocols[] = {
    { "TLSv1", TLS_1_0 },
    { "TLSv1.0", TLS_1_0 },
    { "TLSv1.1", TLS_1_1 },
    { "TLSv1.2", TLS_1_2 },
    { "TLSv1.3", TLS_1_3 },
    /* Families; SSL 3 itself is gone from every library. */
    { "TLS", TLS_1_0 | TLS_1_1 | TLS_1_2 | TLS_1_3 },
    { "SSL", TLS_1_0 | TLS_1_1 | TLS_1_2 },
    { "SSL_TLS", TLS_1_0 | TLS_1_1 | TLS_1_2 },
    { "SSL_TLSv2", TLS_1_0 | TLS_1_1 | TLS_1_2 },
};

enum err
tls_protocols(struct str names, unsigned *out, struct str *bad,
              struct err_info *why)
{
    unsigned versions = 0;
    struct str name;

    if (str_trim(names).n == 0) {
        *out = TLS_1_2 | TLS_1_3;
        return ERR_OK;
    }
    while (str_token(&names, ',', &name)) {
        size_t i = 0;

        name = str_trim(name);
        while (i < ARRAY_LEN(protocols) &&
               !str_eq_nocase_z(name, protocols[i].jsse))
            i++;
        *bad = name;
        if (i == ARRAY_LEN(protocols))
            return err_set(why, ERR_SYNTAX,
                           "\"" STR_FMT "\" is not a TLS protocol name",
                           STR_ARG(str_sub(name, 0, 40)));
        versions |= protocols[i].versions;
    }
    *out = versions;
    return ERR_OK;
}

enum err
tls_protocols_check(struct str names, struct str *bad, struct err_info *why)
{
    unsigned versions;

    return tls_protocols(names, &versions, bad, why);
}

/* After the prefix TLS_ or SSL_. */
static const struct {
    const char *jsse;
    const char *openssl;
} ciphers[] = {
    { "RSA_WITH_AES_128_CBC_SHA", "AES128-SHA" },
    { "RSA_WITH_AES_256_CBC_SHA", "AES256-SHA" },
    { "RSA_WITH_AES_128_CBC_SHA256", "AES128-SHA256" },
    { "RSA_WITH_AES_256_CBC_SHA256", "AES256-SHA256" },
    { "RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256" },
    { "RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384" },
    { "RSA_WITH_3DES_EDE_CBC_SHA", "DES-CBC3-SHA" },
    { "RSA_WITH_NULL_SHA", "NULL-SHA" },
    { "RSA_WITH_NULL_SHA256", "NULL-SHA256" },
    { "DHE_RSA_WITH_AES_128_CBC_SHA", "DHE-RSA-AES128-SHA" },
    { "DHE_RSA_WITH_AES_256_CBC_SHA", "DHE-RSA-AES256-SHA" },
    { "DHE_RSA_WITH_AES_128_CBC_SHA256", "DHE-RSA-AES128-SHA256" },
    { "DHE_RSA_WITH_AES_256_CBC_SHA256", "DHE-RSA-AES256-SHA256" },
    { "DHE_RSA_WITH_AES_128_GCM_SHA256", "DHE-RSA-AES128-GCM-SHA256" },
    { "DHE_RSA_WITH_AES_256_GCM_SHA384", "DHE-RSA-AES256-GCM-SHA384" },
    { "DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "DHE-RSA-CHACHA20-POLY1305" },
    { "ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA" },
    { "ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA" },
    { "ECDHE_RSA_WITH_AES_128_CBC_SHA256", "ECDHE-RSA-AES128-SHA256" },
    { "ECDHE_RSA_WITH_AES_256_CBC_SHA384", "ECDHE-RSA-AES256-SHA384" },
    { "ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256" },
    { "ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384" },
    { "ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
      "ECDHE-RSA-CHACHA20-POLY1305" },
    { "ECDHE_RSA_WITH_NULL_SHA", "ECDHE-RSA-NULL-SHA" },
    { "ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA" },
    { "ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA" },
    { "ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "ECDHE-ECDSA-AES128-SHA256" },
    { "ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", "ECDHE-ECDSA-AES256-SHA384" },
    { "ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256" },
    { "ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384" },
    { "ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
      "ECDHE-ECDSA-CHACHA20-POLY1305" },
    { "ECDHE_ECDSA_WITH_NULL_SHA", "ECDHE-ECDSA-NULL-SHA" },
};

static const char *const tls13_ciphers[] = {
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
};

const char *
tls_cipher_name(struct str jsse, bool *is_tls13)
{
    for (size_t i = 0; i < ARRAY_LEN(tls13_ciphers); i++)
        if (str_eq_z(jsse, tls13_ciphers[i])) {
            *is_tls13 = true;
            return tls13_ciphers[i];
        }
    *is_tls13 = false;
    if (!str_starts(jsse, STR("TLS_")) && !str_starts(jsse, STR("SSL_")))
        return NULL;
    jsse = str_sub(jsse, 4, jsse.n);
    for (size_t i = 0; i < ARRAY_LEN(ciphers); i++)
        if (str_eq_z(jsse, ciphers[i].jsse))
            return ciphers[i].openssl;
    return NULL;
}
