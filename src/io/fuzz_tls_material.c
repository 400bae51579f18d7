/*
 * Certificates, keys, revocation lists, OCSP responses and JSSE's names, loaded
 * into a TLS configuration. The first byte of the input says what the rest is:
 *
 *   c certificate, k key, b certificate and key (u16 bytes of the former),
 *   i intermediate, t trust anchor, r revocation lists, o OCSP response,
 *   p protocols, s cipher suites; what is not there is good
 */
#include "io/test_certs.h"

#include "base/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* False: the input is none. */
static bool
place(char what, struct str rest, struct tls_settings *to,
      struct tls_identity *identity)
{
    static struct str one;
    struct reader in = reader_of(rest);
    uint16_t size;

    one = rest;
    switch (what) {
    case 'c':
        identity->certificate = rest;
        return true;
    case 'k':
        identity->key = rest;
        return true;
    case 'b':
        if (!reader_u16(&in, &size) ||
            !reader_take(&in, size, &identity->certificate))
            return false;
        identity->key = str_sub(rest, in.pos, rest.n);
        return true;
    case 'i':
        to->chain = &one;
        to->n_chain = 1;
        return true;
    case 't':
        to->trust = &one;
        to->n_trust = 1;
        return true;
    case 'r':
        to->crls = rest;
        return true;
    case 'o':
        to->ocsp_response = rest;
        return true;
    case 'p':
        to->protocols = rest;
        return true;
    case 's':
        to->ciphers = rest;
        return true;
    }
    return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct test_cert own; /* kept: made once */
    struct tls_identity identity;
    struct tls_config *config = NULL;
    struct err_info why = { .at = 0 };

    if (n == 0)
        return 0;
    if (own.x509 == NULL)
        own = test_cert_make((struct test_cert_spec){ .name = "own" });
    for (int is_server = 0; is_server < 2; is_server++) {
        struct tls_settings settings = {
            .is_server = is_server,
            .identities = &identity,
            .n_identities = 1,
            .client_auth = TLS_AUTH_SUPPORTED,
        };
        enum err e;

        identity = test_cert_identity(&own);
        if (!place((char)data[0], str_n(data + 1, n - 1), &settings, &identity))
            return 0;
        why.text[0] = '\0';
        e = tls_config_new(&settings, &config, &why);
        if (e == ERR_OK ? config == NULL
                        : config != NULL || why.text[0] == '\0')
            abort(); /* all or nothing, and why */
        tls_config_unref(&config);
    }
    return 0;
}
