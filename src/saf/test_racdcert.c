/* Each message of RACDCERT and RACMAP, by a command that has it said; what is
 * refused of ALTNAME and of owners. */
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "saf/test_cmd.h"

/* --- what the angel's other processes do, in this one ----------------------
 */

struct data_set {
    char name[64];
    struct buf content;
};
static struct data_set data_sets[32];

static struct data_set *
find(struct str dsn)
{
    for (size_t i = 0; i < ARRAY_LEN(data_sets); i++)
        if (str_eq_z(dsn, data_sets[i].name) || data_sets[i].name[0] == '\0')
            return &data_sets[i];
    abort();
}

static enum err
read_dsn(void *arg, struct str dsn, struct buf *out, struct err_info *why)
{
    const struct data_set *d = find(dsn);

    (void)arg;
    if (d->name[0] == '\0')
        return err_set(why, ERR_NOT_FOUND, "there is no such data set");
    buf_add(out, buf_view(&d->content));
    return buf_check(out, why);
}

static enum err
write_dsn(void *arg, struct str dsn, struct str content, struct err_info *why)
{
    struct data_set *d = find(dsn);

    (void)arg;
    if (d->name[0] == '\0') {
        if (!str_copy_z(dsn, d->name, sizeof d->name))
            abort();
        buf_init(&d->content, 1 << 20);
    }
    buf_clear(&d->content);
    buf_add(&d->content, content);
    return buf_check(&d->content, why);
}

/* Which of them answers ERR_AGAIN, as in the angel what takes long does. */
static enum { SLOW_NONE, SLOW_PARSE, SLOW_SEAL, SLOW_MAKE } slow;
static bool has_waited;

static bool
is_slow(unsigned which)
{
    has_waited = has_waited || slow == which;
    return slow == which;
}

static bool
waits(void *arg)
{
    (void)arg;
    return has_waited;
}

static enum err
new_key(void *arg, enum cert_key_kind kind, uint32_t bits, struct str token,
        struct str label, struct str owner, struct buf *sealed,
        struct buf *spki, struct err_info *why)
{
    EVP_PKEY *key = NULL;
    enum err e = cert_new_key(kind, bits, &key, why);

    (void)arg;
    (void)token;
    (void)label;
    (void)owner;
    if (e == ERR_OK)
        e = cert_pkcs8(key, sealed, why);
    if (e == ERR_OK)
        e = cert_spki(key, spki, why);
    EVP_PKEY_free(key);
    return e;
}

static enum err
seal_key(void *arg, struct str pkcs8, struct str token, struct str label,
         struct str owner, struct buf *sealed, struct buf *spki,
         struct err_info *why)
{
    (void)arg;
    (void)token;
    (void)label;
    (void)owner;
    (void)spki;
    if (is_slow(SLOW_SEAL))
        return ERR_AGAIN;
    buf_add(sealed, pkcs8);
    return buf_check(sealed, why);
}

static enum err
open_key(void *arg, struct str sealed, struct str owner, struct buf *pkcs8,
         struct err_info *why)
{
    (void)arg;
    (void)owner;
    buf_add(pkcs8, sealed);
    return buf_check(pkcs8, why);
}

static enum err
find_key(void *arg, struct str label, struct str owner, struct buf *sealed,
         struct buf *spki, struct err_info *why)
{
    (void)arg;
    (void)label;
    (void)owner;
    (void)sealed;
    (void)spki;
    return err_set(why, ERR_NOT_FOUND, "there is no such key");
}

static enum err
make(void *arg, bool is_request, bool is_in_token, struct str sealed,
     struct str owner, const struct cert_order *order, struct buf *der,
     struct err_info *why)
{
    struct cert_signer signer = { .key = NULL };
    struct cert_order own = *order;
    struct buf spki;
    enum err e;

    (void)arg;
    (void)is_in_token;
    (void)owner;
    if (is_slow(SLOW_MAKE))
        return ERR_AGAIN;
    e = cert_key_read(sealed, &signer.key, why);
    buf_init(&spki, CERT_DER_MAX);
    if (e == ERR_OK && is_request) { /* of the key that signs it */
        e = cert_spki(signer.key, &spki, why);
        own.spki = buf_view(&spki);
    }
    if (e == ERR_OK)
        e = is_request ? cert_make_request(&own, &signer, der, why)
                       : cert_make(order, &signer, der, why);
    buf_fini(&spki);
    EVP_PKEY_free(signer.key);
    return e;
}

static enum err
parse(void *arg, struct arena *a, struct str input, struct str password,
      const struct str *trusted, size_t n, struct cert_bundle *out,
      struct err_info *why)
{
    (void)arg;
    if (is_slow(SLOW_PARSE))
        return ERR_AGAIN;
    return certparse(a, input, password, trusted, n, out, why);
}

static enum err
pkcs12(void *arg, struct str der, struct str pkcs8, const struct str *chain,
       size_t n, struct str label, struct str password, struct buf *out,
       struct err_info *why)
{
    (void)arg;
    return certparse_pkcs12(der, pkcs8, chain, n, label, password, out, why);
}

static enum err
pkcs7(void *arg, const struct str *ders, size_t n, struct buf *out,
      struct err_info *why)
{
    (void)arg;
    return certparse_pkcs7(ders, n, out, why);
}

static const struct cert_services services = {
    .new_key = new_key,
    .find_key = find_key,
    .seal_key = seal_key,
    .open_key = open_key,
    .make = make,
    .parse = parse,
    .pkcs12 = pkcs12,
    .pkcs7 = pkcs7,
    .read = read_dsn,
    .write = write_dsn,
    .waits = waits,
};

/* --- certificates that no command would make --------------------------------
 */

static EVP_PKEY *
any_key(void)
{
    EVP_PKEY *key = NULL;

    assert_int_equal(cert_new_key(CERT_NISTECC, 256, &key, NULL), ERR_OK);
    return key;
}

static void
add_pem(BIO *out, const char *name, const char *issuer, EVP_PKEY *key,
        EVP_PKEY *by)
{
    const char *const names[] = { name, issuer };
    X509 *x = X509_new();

    assert_non_null(x);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key);
    for (int i = 0; i < 2; i++) {
        X509_NAME *n = X509_NAME_new();

        X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_UTF8,
                                   (const unsigned char *)names[i], -1, -1, 0);
        if (i == 0)
            X509_set_subject_name(x, n);
        else
            X509_set_issuer_name(x, n);
        X509_NAME_free(n);
    }
    assert_true(X509_sign(x, by, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_bio_X509(out, x), 1);
    X509_free(x);
}

static void
put_bio(const char *dsn, BIO *bio)
{
    char *p = NULL;
    long n = BIO_get_mem_data(bio, &p);

    assert_int_equal(write_dsn(NULL, str_of(dsn), str_n(p, (size_t)n), NULL),
                     ERR_OK);
    BIO_free(bio);
}

/* 'IBMUSER.SELF': by its own key. 'IBMUSER.FORGED': a leaf that names the other
 * as its issuer, but is signed by somebody else. */
static void
put_certificates(void)
{
    EVP_PKEY *root = any_key(), *leaf = any_key(), *other = any_key();
    BIO *self = BIO_new(BIO_s_mem()), *forged = BIO_new(BIO_s_mem());

    add_pem(self, "Self", "Self", leaf, leaf);
    add_pem(forged, "Leaf", "Root", leaf, other);
    add_pem(forged, "Root", "Root", root, root);
    put_bio("IBMUSER.SELF", self);
    put_bio("IBMUSER.FORGED", forged);
    assert_int_equal(write_dsn(NULL, STR("IBMUSER.NOISE"), STR("noise"), NULL),
                     ERR_OK);
    EVP_PKEY_free(root);
    EVP_PKEY_free(leaf);
    EVP_PKEY_free(other);
}

static void
start(struct desk *d)
{
    static const char *const commands[] = {
        "ADDGROUP OTHERS",
        "ALTGROUP OTHERS OWNER(SYS1)",
        "SETROPTS CLASSACT(FACILITY CSFKEYS)",
        "RDEFINE CSFKEYS SECRET.KEY UACC(NONE)",
        "PERMIT SECRET.KEY CLASS(CSFKEYS) ID(IBMUSER) DELETE",
        "RACDCERT CERTAUTH GENCERT SUBJECTSDN(CN('My CA') O('Us'))"
        " WITHLABEL('ca') NOTBEFORE(DATE(2024/01/01))"
        " NOTAFTER(DATE(2025/01/01)) NISTECC",
    };

    racdcert_open(&services);
    put_certificates();
    desk_prepare(d, commands, ARRAY_LEN(commands));
    (void)desk_run(d, "ADDUSER (USER1 CLERK) DFLTGRP(SYS1)");
    assert_int_equal(d->rc, 0);
}

/* --- each message --------------------------------------------------------- */

struct said {
    const char *who; /* NULL: IBMUSER */
    const char *command;
    uint32_t rc;
    const char *line; /* one of the reply's; NULL: the row prepares the next */
};

#define USER1 "RACDCERT ID(USER1) "
static const struct said said[] = {
    { "CLERK", "RACDCERT ADDRING(X)", 8,
      "IRRD101I You are not authorized to issue the RACDCERT command." },
    { NULL, USER1 "ADD('IBMUSER.NONE')", 8,
      "IRRD103I An error was encountered processing the specified input data "
      "set." },
    { NULL, USER1 "ADD('IBMUSER.NOISE')", 8,
      "IRRD104I The input data set does not contain a valid certificate." },
    { NULL, USER1 "GENCERT('IBMUSER.SELF') SIGNWITH(CERTAUTH LABEL('ca'))", 8,
      "IRRD104I The input data set does not contain a valid certificate." },
    { NULL, USER1 "LIST", 4,
      "IRRD105I No certificate information was found for user USER1." },
    { NULL, "RACDCERT CERTAUTH ADDRING(X)", 8,
      "IRRD120I Incorrect use of CERTAUTH. A Certificate Authority cannot own "
      "a "
      "key ring." },
    { NULL, "RACDCERT SITE ADDRING(X)", 8,
      "IRRD120I Incorrect use of SITE. A Site Certificate cannot own a key "
      "ring." },
    { NULL, "RACDCERT ID(NOBODY) ADDRING(X)", 8,
      "IRRD106I The user ID specified is not defined to RACF." },
    { NULL, USER1 "LIST(LABEL('x'))", 4,
      "IRRD107I No matching certificate was found for this user." },
    { NULL, "RACDCERT CERTAUTH EXPORT(LABEL('ca')) DSN('IBMUSER.CA')", 0,
      NULL },
    { NULL, USER1 "ADD('IBMUSER.CA')", 8,
      "IRRD109I The certificate cannot be added. Profile "
      "00.CN=My\xc2\xa2"
      "CA.O=Us is already defined." },
    { NULL, USER1 "LISTMAP", 4,
      "IRRD110I No mapping information was found for user USER1." },
    { NULL,
      "RACDCERT CERTAUTH GENCERT SUBJECTSDN(CN('Other')) WITHLABEL('ca')"
      " NISTECC",
      8, "IRRD111I Label ca is already in use." },
    { NULL,
      USER1 "GENCERT SUBJECTSDN(CN('Late')) WITHLABEL('late') NISTECC"
            " SIGNWITH(CERTAUTH LABEL('ca')) NOTAFTER(DATE(2040/01/01))",
      4,
      "IRRD113I The certificate that you are creating has an incorrect date "
      "range. The certificate is added with TRUST status." },
    { NULL, USER1 "ADD('IBMUSER.SELF') WITHLABEL('self')", 4,
      "IRRD113I The certificate that you are adding is self-signed. The "
      "certificate is added with NOTRUST status." },
    { NULL, USER1 "DELETE(LABEL('self'))", 0, NULL },
    { NULL, "RACDCERT SITE ADD('IBMUSER.SELF') WITHLABEL('self')", 0,
      "IRRD113I The certificate that you are adding is self-signed. The "
      "certificate is added with TRUST status." },
    { NULL, USER1 "LISTRING(None)", 4, "IRRD114I Ring None does not exist." },
    { NULL, USER1 "LISTRING(*)", 4, "IRRD115I User USER1 has no rings." },
    { NULL, USER1 "ADDRING(R)", 0, NULL },
    { NULL, USER1 "REMOVE(LABEL('late') RING(R))", 4,
      "IRRD116I Label late does not exist in ring R for user USER1." },
    { NULL, USER1 "DELMAP(LABEL('x'))", 4,
      "IRRD117I No matching mapping was found." },
    { NULL, USER1 "MAP SDNFILTER('CN=A.O=B') WITHLABEL('a')", 0, NULL },
    { NULL, USER1 "MAP SDNFILTER('CN=C.O=B') WITHLABEL('c')", 0, NULL },
    { NULL, USER1 "DELMAP", 4,
      "SPT0571E user USER1 has more than one mapping; say which one." },
    { NULL, USER1 "ALTMAP NOTRUST", 4,
      "SPT0571E user USER1 has more than one mapping; say which one." },
    { NULL, USER1 "DELMAP(LABEL('a'))", 0, NULL },
    { NULL, USER1 "DELMAP", 0, NULL },
    { NULL, USER1 "CONNECT(LABEL('late'))", 8,
      "IRRD121I A ring name and label name must be specified." },
    { NULL, USER1 "ADDRING(R)", 8, "IRRD122I Ring R already exists." },
    { NULL, "RACDCERT SITE GENREQ(LABEL('self')) DSN('IBMUSER.REQ')", 8,
      "IRRD128I GENREQ requires a certificate with an associated private key. "
      "The request is not processed." },
    { NULL,
      USER1 "GENCERT SUBJECTSDN(CN('X')) NISTECC SIGNWITH(SITE LABEL('self'))",
      8,
      "IRRD128I GENCERT requires a certificate with an associated private "
      "key. The request is not processed." },
    { NULL, USER1 "GENCERT", 8,
      "IRRD130I The SUBJECTSDN keyword(s) must be specified. The request is "
      "not processed." },
    { NULL, USER1 "EXPORT(LABEL('late')) DSN('IBMUSER.P') FORMAT(PKCS12DER)", 8,
      "IRRD130I The PASSWORD keyword(s) must be specified. The request is not "
      "processed." },
    { NULL, USER1 "EXPORT(LABEL('late'))", 8,
      "IRRD130I The DSN keyword(s) must be specified. The request is not "
      "processed." },
    { NULL, USER1 "ROLLOVER(LABEL('late'))", 8,
      "IRRD130I The NEWLABEL keyword(s) must be specified. The request is not "
      "processed." },
    { NULL, USER1 "MAP", 8,
      "IRRD130I The SDNFILTER or IDNFILTER keyword(s) must be specified. The "
      "request is not processed." },
    { NULL, USER1 "MAP SDNFILTER('IBM')", 8,
      "IRRD140I The filter value does not begin with a valid prefix." },
    { NULL, USER1 "MAP('IBMUSER.CA') SDNFILTER('OU=None')", 8,
      "IRRD141I The starting point specified for SDNFILTER is not found in the "
      "certificate." },
    { NULL,
      USER1
      "MAP "
      "SDNFILTER('O=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx')",
      8,
      "IRRD142I The starting point specified for SDNFILTER results in a filter "
      "that is too long." },
    { NULL, USER1 "MAP('IBMUSER.CA') SDNFILTER('CN=') IDNFILTER('O=Us')", 8,
      "IRRD146I SDNFILTER cannot be specified with a partial issuer's name "
      "filter." },
    { NULL, USER1 "GENCERT SUBJECTSDN(CN('X')) RSA(PKDS(*)) WITHLABEL('a b')",
      8, "IRRD160I WITHLABEL value cannot be used as a PKDS label." },
    { NULL, "SETROPTS CLASSACT(DIGTRING) RACLIST(DIGTRING)", 0, NULL },
    { NULL, USER1 "ADDRING(S)", 0,
      "IRRD175I The new profile for DIGTRING will not be in effect until a "
      "SETROPTS REFRESH has been issued." },
    { NULL, USER1 "GENCERT SUBJECTSDN(CN('X')) RSA(PKDS(SECRET.KEY))", 8,
      "IRRD191I Insufficient authorization to ICSF key label." },
    { NULL, USER1 "GENCERT SUBJECTSDN(CN('X')) FROMICSF(NO.KEY)", 8,
      "IRRD192I The specified key label does not exist." },
    { NULL, "RACDCERT CERTAUTH ADD('IBMUSER.CA') WITHLABEL('ca again')", 0,
      "IRRD199I Certificate with label 'ca again' is added for CERTAUTH." },
    { NULL, "RACDCERT SITE DELETE(LABEL('self'))", 0, NULL },
    { NULL, USER1 "ADD('IBMUSER.SELF') WITHLABEL('mine') TRUST", 0,
      "IRRD199I Certificate with label 'mine' is added for user USER1." },
    { NULL, "RACDCERT CHECKCERT('IBMUSER.FORGED')", 8,
      "IRRD302I The certificate chain is not valid." },
    { NULL, "RACDCERT CHECKCERT('IBMUSER.FORGED')", 8,
      "SPT0310E RACDCERT: certificate 1 is not signed by CN=Root, its "
      "issuer." },
    { "CLERK", "RACMAP LISTMAP", 8,
      "IRRW201I You are not authorized to issue the RACMAP command." },
    { NULL, "RACMAP ID(NOBODY) LISTMAP", 8,
      "IRRW203I The user ID specified is not defined to RACF." },
    { NULL, "RACMAP ID(USER1) LISTMAP", 4,
      "IRRW204I No information was found for user USER1." },
    { NULL, "RACMAP ID(USER1) DELMAP(LABEL('x'))", 4,
      "IRRW204I No information was found for user USER1." },
#define MAP(name) "MAP USERDIDFILTER(NAME('" name "')) REGISTRY(NAME('r'))"
    { NULL, "RACMAP ID(USER1) " MAP("ann") " WITHLABEL('a')", 0, NULL },
    { NULL, "RACMAP ID(USER1) DELMAP(LABEL('x'))", 4,
      "IRRW206I No matching identity mapping was found for this user." },
    { NULL, "RACMAP ID(USER1) " MAP("bob") " WITHLABEL('a')", 8,
      "IRRW207I Label a is already used by user USER1." },
    { NULL, "RACMAP ID(USER1) " MAP("ann"), 8,
      "IRRW208I This distributed identity is mapped already." },
    { NULL, "SETROPTS CLASSACT(IDIDMAP) RACLIST(IDIDMAP)", 0, NULL },
    { NULL, "RACMAP ID(USER1) " MAP("bob"), 0,
      "IRRW210I RACLISTed profiles for the IDIDMAP class will not reflect "
      "changes until refresh." },
};

static bool
has_line(const char *reply, const char *line)
{
    struct str rest = str_of(reply), one;

    while (str_line(&rest, &one))
        if (str_eq_z(one, line))
            return true;
    return false;
}

static void
messages(void **state)
{
    struct desk d;
    size_t n_wrong = 0;

    (void)state;
    start(&d);
    for (size_t i = 0; i < ARRAY_LEN(said); i++) {
        const char *reply;

        desk_be(&d, said[i].who == NULL ? "IBMUSER" : said[i].who);
        reply = desk_run(&d, said[i].command);
        if (d.rc == said[i].rc &&
            (said[i].line == NULL || has_line(reply, said[i].line)))
            continue;
        print_error("%s\nRC %u, not %u\n%sexpected %s\n", said[i].command, d.rc,
                    said[i].rc, reply, said[i].line);
        n_wrong++;
    }
    assert_int_equal(n_wrong, 0);
    desk_fini(&d);
}

/* A message nobody says is not in the list, nor is one said that nobody ever
 * saw. */
static void
all_of_them(void **state)
{
    static const struct {
        const char *id;
    } rows[] = {
#define MSG(id, text, remedy) { id },
#include "base/messages/IRR.def"
#undef MSG
    };
    /* They need a token: tests/e2e/16-token-verbs.sh. */
    static const char *const of_tokens[] = { "IRRD169I", "IRRD170I", "IRRD174I",
                                             "IRRD179I" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool is_said = strncmp(rows[i].id, "IRRD", 4) != 0 &&
                       strncmp(rows[i].id, "IRRW", 4) != 0;

        for (size_t k = 0; k < ARRAY_LEN(of_tokens); k++)
            is_said = is_said || strcmp(rows[i].id, of_tokens[k]) == 0;
        for (size_t k = 0; k < ARRAY_LEN(said) && !is_said; k++)
            is_said = said[k].line != NULL &&
                      strncmp(said[k].line, rows[i].id, 8) == 0;
        if (!is_said)
            fail_msg("no row has %s said", rows[i].id);
    }
}

/* --- operands --------------------------------------------------------------
 */

static void
altnames(void **state)
{
    static const struct {
        const char *altname;
        bool is_valid;
    } rows[] = {
        { "EMAIL('noat')", false },
        { "EMAIL('@example.com')", false },
        { "EMAIL('name@')", false },
        { "EMAIL('a@b@c')", false },
        { "EMAIL('a b@example.com')", false },
        { "EMAIL('.a@example.com')", false },
        { "EMAIL('a.@example.com')", false },
        { "EMAIL('a@*.example.com')", false },
        { "EMAIL('a.b+c@example.com')", true },
        { "DOMAIN('two words')", false },
        { "DOMAIN('a..b')", false },
        { "DOMAIN('.a')", false },
        { "DOMAIN('a.')", false },
        { "DOMAIN('-a.b')", false },
        { "DOMAIN('a-.b')", false },
        { "DOMAIN('a_b.c')", true },
        { "DOMAIN('http://a.b')", false },
        { "DOMAIN('*')", false },
        { "DOMAIN('a.*.b')", false },
        { "DOMAIN('*.a.b')", true },
        { "DOMAIN('wg31.lab.test')", true },
        { "URI('nocolon')", false },
        { "URI('://a')", false },
        { "URI('1a://b')", false },
        { "URI('http://')", false },
        { "URI('http:///path')", false },
        { "URI('http:')", false },
        { "URI('http://a.b/')", true },
        { "URI('urn:a')", true },
        { "IP(1.2.3)", false },
        { "IP(1.2.3.256)", false },
        { "IP(1.2.3.4.5)", false },
        { "IP(a.b.c.d)", false },
        { "IP(1::2::3)", false },
        { "IP(127.0.0.1)", true },
        { "IP(::1)", true },
    };
    struct desk d;

    (void)state;
    start(&d);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char command[256];
        const char *reply;

        snprintf(command, sizeof command,
                 USER1 "GENCERT SUBJECTSDN(CN('n%zu')) NISTECC ALTNAME(%s)", i,
                 rows[i].altname);
        reply = desk_run(&d, command);
        if (d.rc != (rows[i].is_valid ? 0u : 8u))
            fail_msg("%s\n%s", command, reply);
        if (!rows[i].is_valid &&
            strncmp(reply, "SPT0310E RACDCERT: ALTNAME: ", 28) != 0)
            fail_msg("%s\n%s", command, reply);
    }
    desk_fini(&d);
}

static void
one_owner(void **state)
{
    static const struct row rows[] = {
        { "RACDCERT CERTAUTH ID(USER1) LIST", 8,
          "SPT0310E RACDCERT: ID and CERTAUTH cannot be given together.\n" },
        { "RACDCERT CERTAUTH SITE LIST", 8,
          "SPT0310E RACDCERT: CERTAUTH and SITE cannot be given together.\n" },
        { "RACDCERT MULTIID ID(USER1) LISTMAP", 8,
          "SPT0310E RACDCERT: MULTIID and an owner cannot be given together."
          "\n" },
        { USER1 "ADDRING(R)", 0, "" },
        { USER1 "CONNECT(ID(USER1) SITE LABEL('x') RING(R))", 8,
          "SPT0310E RACDCERT: ID and SITE cannot be given together.\n" },
        { USER1 "GENCERT SUBJECTSDN(CN('X')) NISTECC"
                " SIGNWITH(CERTAUTH ID(USER1) LABEL('ca'))",
          8, "SPT0310E RACDCERT: ID and CERTAUTH cannot be given together.\n" },
        /* What is believed of host names is an authority's to say. */
        { USER1 "GENCERT SUBJECTSDN(CN('X')) NISTECC HIGHTRUST", 8,
          "SPT0310E RACDCERT: HIGHTRUST is for CERTAUTH certificates.\n" },
        { "RACDCERT SITE ADD('IBMUSER.SELF') HIGHTRUST", 8,
          "SPT0310E RACDCERT: HIGHTRUST is for CERTAUTH certificates.\n" },
        { USER1 "ALTER(LABEL('x')) HIGHTRUST", 8,
          "SPT0310E RACDCERT: HIGHTRUST is for CERTAUTH certificates.\n" },
    };
    struct desk d;

    (void)state;
    start(&d);
    run_rows(&d, rows, ARRAY_LEN(rows));
    desk_fini(&d);
}

/* --- names of profiles ------------------------------------------------------
 */

static void
profile_names(void **state)
{
    char fingerprint[32] = { 0 }, text[300];
    struct arena a;
    struct str name;

    (void)state;
    arena_init(&a, 1 << 20);
    name = cert_profile_name(&a, STR("0A"), STR("CN=a b,c(d);e'f\".O=\xc3\xa4"),
                             str_n(fingerprint, 32));
    assert_true(str_eq_z(name, "0A.CN=a\xc2\xa2"
                               "b\xc2\xa2"
                               "c\xc2\xa2"
                               "d\xc2\xa2\xc2\xa2"
                               "e\xc2\xa2"
                               "f\xc2\xa2.O=\xc3\xa4"));
    memset(text, 'x', sizeof text);
    text[0] = 'C';
    text[242] = 'Y';
    name = cert_profile_name(&a, STR("0A"), str_n(text, 243),
                             str_n(fingerprint, 32));
    assert_int_equal(name.n, 246); /* as long as one may be */
    assert_int_equal(name.p[245], 'Y');
    assert_true(str_find(name, STR("0000")) == STR_NPOS);
    text[243] = 'Z';
    name = cert_profile_name(&a, STR("0A"), str_n(text, 244),
                             str_n(fingerprint, 32));
    assert_int_equal(name.n, 246);
    assert_true(str_starts(name, STR("0A.Cx")));
    assert_true(str_ends(name, STR("xYZ")));
    assert_true(str_find(name, STR("x000000000000000000000000000000000000000000"
                                   "0000000000000000000000x")) != STR_NPOS);
    arena_fini(&a);
}

/* Every row of the table of certificates, as text. */
static char *
all_certificates(struct saf_db *db)
{
    struct saf_query q = saf_db_query(
        db,
        "SELECT group_concat(owner || '/' || label || '/' || flags || '/' ||"
        " last_serial || '/' || hex(fingerprint), ' ')"
        " FROM (SELECT * FROM certs ORDER BY owner, label)",
        "");
    struct arena a;
    char *text = NULL;

    arena_init(&a, 1 << 20);
    if (saf_query_next(&q)) {
        struct str all = saf_query_str(&q, &a, 0);

        text = calloc(1, all.n + 1);
        assert_non_null(text);
        memcpy(text, all.p, all.n);
    }
    saf_query_close(&q);
    arena_fini(&a);
    assert_non_null(text);
    return text;
}

/* Nothing stays of a command that has to be run again, whatever it did before
 * it asked; then it does all of it. */
static void
again(void **state)
{
    static const struct {
        const char *command;
        unsigned which;
    } rows[] = {
        { "RACDCERT ID(IBMUSER) GENCERT SUBJECTSDN(CN('again'))"
          " WITHLABEL('again') NISTECC SIGNWITH(CERTAUTH LABEL('again ca'))",
          SLOW_MAKE },
        { "RACDCERT ID(IBMUSER) GENCERT SUBJECTSDN(CN('again'))"
          " WITHLABEL('again') NISTECC SIGNWITH(CERTAUTH LABEL('again ca'))",
          SLOW_PARSE },
        { "RACDCERT ID(IBMUSER) REKEY(LABEL('again')) WITHLABEL('again 2')",
          SLOW_MAKE },
        { "RACDCERT ID(IBMUSER) GENREQ(LABEL('again 2')) "
          "DSN('IBMUSER.AGAINREQ')",
          SLOW_MAKE },
        { "RACDCERT ID(IBMUSER) ADD('IBMUSER.AGAIN') WITHLABEL('again 3')"
          " PASSWORD('secret')",
          SLOW_PARSE },
        { "RACDCERT ID(IBMUSER) ADD('IBMUSER.AGAIN') WITHLABEL('again 3')"
          " PASSWORD('secret')",
          SLOW_SEAL },
    };
    static const char *const first[] = {
        "RACDCERT CERTAUTH GENCERT SUBJECTSDN(CN('again ca'))"
        " WITHLABEL('again ca') NISTECC",
        "RACDCERT ID(IBMUSER) GENCERT SUBJECTSDN(CN('leaf')) WITHLABEL('leaf')"
        " NISTECC SIGNWITH(CERTAUTH LABEL('again ca'))",
        "RACDCERT ID(IBMUSER) EXPORT(LABEL('leaf')) DSN('IBMUSER.AGAIN')"
        " FORMAT(PKCS12DER) PASSWORD('secret')",
        "RACDCERT ID(IBMUSER) DELETE(LABEL('leaf'))",
    };
    struct saf_db *db;
    struct desk d;

    (void)state;
    start(&d);
    db = saf_engine_db(d.engine);
    for (size_t i = 0; i < ARRAY_LEN(first); i++) {
        (void)desk_run(&d, first[i]);
        assert_int_equal(d.rc, 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool is_last = i + 1 == ARRAY_LEN(rows) ||
                       strcmp(rows[i].command, rows[i + 1].command) != 0;
        char *before = all_certificates(db), *after;

        if (strstr(rows[i].command, "'again 3'") != NULL) {
            /* The package brings its authority along. */
            (void)desk_run(&d, "RACDCERT CERTAUTH DELETE(LABEL('again ca'))");
            free(before);
            before = all_certificates(db);
        }
        slow = rows[i].which;
        has_waited = false;
        (void)desk_run(&d, rows[i].command);
        assert_true(has_waited);
        after = all_certificates(db);
        assert_string_equal(after, before);
        free(after);
        slow = SLOW_NONE;
        has_waited = false;
        if (is_last) {
            const char *reply = desk_run(&d, rows[i].command);

            if (d.rc > 4)
                fail_msg("%s\n%s", rows[i].command, reply);
            after = all_certificates(db);
            assert_string_not_equal(after, before);
            free(after);
        }
        free(before);
    }
    desk_fini(&d);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages),      cmocka_unit_test(all_of_them),
        cmocka_unit_test(altnames),      cmocka_unit_test(one_owner),
        cmocka_unit_test(profile_names), cmocka_unit_test(again),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    for (size_t i = 0; i < ARRAY_LEN(data_sets); i++)
        if (data_sets[i].name[0] != '\0')
            buf_fini(&data_sets[i].content);
    return failed;
}
