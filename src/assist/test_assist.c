/* What objects become: names, order, sharing, columns; what is warned of. */
#include "assist/test_store.h"

#include "assist/generate.h"
#include "assist/health.h"
#include "assist/import.h"
#include "base/file.h"

#define WHEN "2020-06-12 14:18:57"

static const struct store_stack *
first_stack(const struct store *s)
{
    return &s->systems[0].images[0].stacks[0];
}

static enum err
generate(const struct store *s, const char *before, struct buf *out,
         struct err_info *why)
{
    struct str copy = exact_copy(before);
    enum err e;

    buf_init(out, GENERATE_FILE_MAX);
    e = generate_policy(s, &s->systems[0].images[0], first_stack(s), copy,
                        STR(WHEN), out, why);
    exact_free(copy);
    return e;
}

/* The objects of a generated policy are made into it, byte for byte. */
static void
comes_back(struct buf *policy)
{
    struct import_file file = { STR("policy"), buf_view(policy) };
    struct import_options options = { 0 };
    struct err_info why = { 0 };
    struct store *s = NULL;
    struct said said = { 0 };
    struct buf json, again;

    buf_init(&json, STORE_FILE_MAX);
    buf_init(&again, GENERATE_FILE_MAX);
    if (import_policy(&file, 1, &options, &json, &why) != ERR_OK ||
        store_parse(buf_view(&json), on_said, &said, &s, &why) != ERR_OK ||
        generate_policy(s, &s->systems[0].images[0], first_stack(s), STR(""),
                        STR(""), &again, &why) != ERR_OK)
        fail_msg("%s of\n%s", why.text, buf_z(policy));
    assert_string_equal(buf_z(&again), buf_z(policy));
    buf_fini(&json);
    buf_fini(&again);
    store_free(&s);
}

/* What stands below the header, as text with a NUL. */
static const char *
body_of(struct buf *out)
{
    const char *end = strstr(buf_z(out), "## End of Network");

    assert_non_null(end);
    return strchr(end, '\n') + 1;
}

/* The exercise's objects give the exercise's policy, byte for byte below the
 * comments. */
static void
exercise(void **state)
{
    struct said said = { 0 };
    struct store *s = NULL;
    struct buf json, want, got;
    struct err_info why = { 0 };

    (void)state;
    buf_init(&json, STORE_FILE_MAX);
    buf_init(&want, STORE_FILE_MAX);
    assert_int_equal(
        file_read(SALLYPORT_SAMPLES "/policy/store.json", &json, &why), ERR_OK);
    assert_int_equal(file_read(SALLYPORT_SAMPLES "/policy/tlsPol", &want, &why),
                     ERR_OK);
    assert_int_equal(store_parse(buf_view(&json), on_said, &said, &s, &why),
                     ERR_OK);
    assert_int_equal(generate(s, "", &got, &why), ERR_OK);
    assert_string_equal(body_of(&got), strstr(buf_z(&want), "\nTTLSRule ") + 1);
    comes_back(&got);
    buf_fini(&json);
    buf_fini(&want);
    buf_fini(&got);
    store_free(&s);
}

static void
header(void **state)
{
    static const char head[] =
        "##\n## AT-TLS Policy Agent Configuration file for:\n"
        "##    Image: WG31\n##    Stack: TCPIP1\n##\n"
        "## Created by the Sallyport configuration assistant\n";
    static const char before[] =
        "##\n## Created by somebody else\n## Install History:\n"
        "## 2019-01-02 03:04:05 : Save To Disk\n"
        "## 2019-01-0x 03:04:05 : no date\n"
        "## 2018-01-02 03:04:05 : FTP\n##\n"
        "## TLS default rules: Default_TN3270-Server|\n"
        "## End of Network Configuration Assistant information\n"
        "TTLSRule x\n## 2017-01-02 03:04:05 : not in the header\n";
    struct said said;
    struct store *s = store_with("'name'", "'name'", &said);
    struct err_info why = { 0 };
    struct buf out;

    (void)state;
    assert_int_equal(generate(s, before, &out, &why), ERR_OK);
    assert_memory_equal(buf_z(&out), head, sizeof head - 1);
    assert_non_null(strstr(
        buf_z(&out), "## Backing Store = USER1\n## Install History:\n"
                     "## " WHEN " : Save To Disk\n"
                     "## 2019-01-02 03:04:05 : Save To Disk\n"
                     "## 2018-01-02 03:04:05 : FTP\n"
                     "## End of Network Configuration Assistant information\n"
                     "TTLSRule                          Rule~1\n{\n"));
    buf_fini(&out);
    store_free(&s);
}

/* "&" becomes the blanks up to column 35. */
static const char *
expand(const char *text)
{
    static char out[8192];
    size_t n = 0, line = 0;

    for (; *text != '\0'; text++) {
        if (*text != '&') {
            out[n++] = *text;
            line = *text == '\n' ? n : line;
            continue;
        }
        do
            out[n++] = ' ';
        while (n - line < 34);
    }
    out[n] = '\0';
    return out;
}

/* A stack brings a history along until its file has one; no time, no line. */
static void
history(void **state)
{
    struct said said;
    struct store *s = store_with(
        "'name':'TCPIP1'",
        "'name':'TCPIP1','installHistory':['2018-01-02 03:04:05 : FTP']",
        &said);
    struct err_info why = { 0 };
    struct buf out;

    (void)state;
    assert_non_null(s);
    assert_int_equal(generate(s, "", &out, &why), ERR_OK);
    assert_non_null(strstr(buf_z(&out), "## " WHEN " : Save To Disk\n"
                                        "## 2018-01-02 03:04:05 : FTP\n"
                                        "## End of"));
    buf_fini(&out);
    assert_int_equal(generate(s, "## 2019-01-02 03:04:05 : FTP\n", &out, &why),
                     ERR_OK);
    assert_non_null(strstr(buf_z(&out), " : Save To Disk\n"
                                        "## 2019-01-02 03:04:05 : FTP\n"
                                        "## End of"));
    buf_fini(&out);
    buf_init(&out, GENERATE_FILE_MAX);
    assert_int_equal(generate_policy(s, &s->systems[0].images[0],
                                     first_stack(s), STR(""), STR(""), &out,
                                     &why),
                     ERR_OK);
    assert_non_null(strstr(buf_z(&out), "## Install History:\n"
                                        "## 2018-01-02 03:04:05 : FTP\n"
                                        "## End of"));
    buf_fini(&out);
    store_free(&s);
}

static void
writes(void **state)
{
    /* clang-format off */
    static const struct {
        const char *find, *replace;
        const char *has[4];
    } rows[] = {
        { "'name'",
          "'name'",
          { "TTLSRule&Rule~1\n"
            "{\n"
            "  LocalAddr&ALL\n"
            "  RemoteAddrGroupRef&addr3\n"
            "  LocalPortRangeRef&portR1\n"
            "  RemotePortRangeRef&portR2\n"
            "  Jobname&JOB\n"
            "  Direction&Outbound\n"
            "  Priority&255\n"
            "  TTLSGroupActionRef&gAct1~T\n"
            "  TTLSEnvironmentActionRef&eAct1~T\n"
            "  TTLSConnectionActionRef&cAct1~T\n"
            "}\n"
            "TTLSGroupAction&gAct1~T\n"
            "{\n"
            "  TTLSEnabled&On\n"
            "}\n",
            "  EnvironmentUserInstance&0\n"
            "  TTLSKeyringParmsRef&keyR~WG31\n"
            "  TTLSEnvironmentAdvancedParmsRef&eAdv1~T\n"
            "}\n"
            "TTLSEnvironmentAdvancedParms&eAdv1~T\n"
            "{\n"
            "  HostReferenceIdDNS&h.example\n"
            "}\n",
            "TTLSKeyringParms&keyR~WG31\n"
            "{\n"
            "  Keyring&Ring\n"
            "}\n"
            "IpAddr&addr1\n"
            "{\n"
            "  Addr&10.0.0.1\n"
            "}\n"
            "IpAddrSet&addr2\n"
            "{\n"
            "  Prefix&10.1.0.0/16\n"
            "}\n"
            "IpAddrGroup&addr3\n"
            "{\n"
            "  IpAddrRef&addr1\n"
            "  IpAddrSetRef&addr2\n"
            "}\n"
            "PortRange&portR1\n"
            "{\n"
            "  Port&1024-65535\n"
            "}\n"
            "PortRange&portR2\n"
            "{\n"
            "  Port&443\n"
            "}\n" } },
        /* equal ports are one object, and so are equal addresses */
        { "'localPort':'ephemeral'",
          "'localPort':443",
          { "  LocalPortRangeRef&portR1\n"
            "  RemotePortRangeRef&portR1\n" } },
        { "'All_IP_Addresses'",
          "'10.1.0.0/16'",
          { "  LocalAddrSetRef&addr1\n"
            "  RemoteAddrGroupRef&addr3\n",
            "  IpAddrRef&addr2\n"
            "  IpAddrSetRef&addr1\n" } },
        { "'All_IP_Addresses'",
          "'All_IPv6_Addresses'",
          { "  LocalAddrSetRef&addr1\n",
            "  Prefix&::/0\n" } },
        { "'All_IP_Addresses'",
          "'10.0.0.2'",
          { "  LocalAddrRef&addr1\n",
            "  Addr&10.0.0.2\n" } },
        { "'remotePort':443",
          "'remotePort':['443','8443-8444']",
          { "  RemotePortGroupRef&portG1\n",
            "PortGroup&portG1\n"
            "{\n"
            "  PortRangeRef&portR2\n"
            "  PortRangeRef&portR3\n"
            "}\n" } },
        { "'remotePort':443",
          "'remotePort':'all'",
          { "  LocalPortRangeRef&portR1\n"
            "  Jobname&JOB\n" } },
        /* blanks; a descriptor that is cut, a rule whose number stays */
        { "'name':'L','protocols':['TLSv1.2']",
          "'name':'L','ciphers':['TLS_RSA_WITH_AES_128_CBC_SHA'],"
          "'protocols':['TLSv1.2']",
          { "TTLSCipherParms&cipher1~L\n"
            "{\n"
            "  V3CipherSuites4Char&TLS_RSA_WITH_AES_128_CBC_SHA\n",
            "  HandshakeRole&Client\n"
            "  TTLSCipherParmsRef&cipher1~L\n"
            "  TTLSConnectionAdvancedParmsRef&cAdv1~T\n"
            "  CtraceClearText&Off\n" } },
        { "'name':'Rule'",
          "'name':'Rule 678901234567890123456789012'",
          { "TTLSRule&Rule_6789012345678901234567890~1\n" } },
        { "'keyring':'Ring'",
          "'keyring':'Ring','trace':['Error','Event'],"
          "'syslogFacility':'Auth'",
          { "  TTLSEnabled&On\n"
            "  Trace&10\n"
            "  TTLSGroupAdvancedParmsRef&grpAdv1~T\n",
            "  CtraceClearText&Off\n"
            "  Trace&10\n",
            "  SyslogFacility&Auth\n" } },
        { "'requirementMap':'M'",
          "'requirementMap':'M','trace':[],'daysOfWeek':'0111110'",
          { "  TTLSEnabled&On\n"
            "  Trace&0\n",
            "  Priority&255\n"
            "  IpTimeConditionRef&cond1\n",
            "IpTimeCondition&cond1\n"
            "{\n"
            "  DayOfWeekMask&0111110\n" } },
        { "'keyring':'Ring'",
          "'keyring':'/etc/k.p12','stashFile':'/etc/k.sth'",
          { "  Keyring&/etc/k.p12\n"
            "  KeyringStashFile&/etc/k.sth\n" } },
        { "'Client'",
          "'Client','keyring':'ANN/Own','certificateLabel':'My cert',"
          "'applicationControlled':true,'handshakeTimeout':0,"
          "'secondaryMap':true",
          { "  TTLSKeyringParmsRef&keyR1\n",
            "  TLSv1.1&Off\n"
            "  HandshakeTimeout&0\n"
            "  ApplicationControlled&On\n"
            "  SecondaryMap&On\n"
            "  CertificateLabel&My cert\n"
            "  TLSv1.2&On\n"
            "}\n",
            "TTLSKeyringParms&keyR1\n"
            "{\n"
            "  Keyring&ANN/Own\n" } },
        { "['TLSv1.2']",
          "['TLSv1.3','TLSv1.1'],'fips':true,'sessionTimeout':60,"
          "'resetCipherTimer':5,'clientAuthType':'Full'",
          { "  TLSv1.1&On\n"
            "  ResetCipherTimer&5\n"
            "  SecondaryMap&Off\n"
            "  TLSv1.2&Off\n"
            "  TLSv1.3&On\n"
            "}\n",
            "  FIPS140&On\n",
            "  TTLSGskAdvancedParmsRef&gAdv1~T\n",
            "  GSK_V3_SESSION_TIMEOUT&60\n" } },
        /* an own ring that is the image's, too, has its own statement */
        { "'types':[",
          "'types':[{'localPort':'all','remotePort':22,"
          "'direction':'Outbound','handshakeRole':'Client',"
          "'keyring':'Ring'},",
          { "  TTLSKeyringParmsRef&keyR1\n",
            "  TTLSKeyringParmsRef&keyR~WG31\n",
            "TTLSKeyringParms&keyR~WG31\n"
            "{\n"
            "  Keyring&Ring\n"
            "}\n"
            "TTLSKeyringParms&keyR1\n"
            "{\n"
            "  Keyring&Ring\n" } },
        /* a keyword that is longer than its column */
        { "['TLSv1.2']",
          "['TLSv1.2'],'ticketTimeout':60,'sessionCacheSize':7",
          { "  GSK_V3_SIDCACHE_SIZE&7\n"
            "  GSK_SESSION_TICKET_SERVER_TIMEOUT 60\n" } },
        /* a rule's own facility */
        { "'keyring':'Ring'",
          "'keyring':'Ring','syslogFacility':'Auth'",
          { "  SyslogFacility&Auth\n" } },
        { "'requirementMap':'M'",
          "'requirementMap':'M','syslogFacility':'Daemon'",
          { "  SyslogFacility&Daemon\n" } },
        /* what has no key of its own, in the statement that has it */
        { "['TLSv1.2']",
          "['TLSv1.2'],'advanced':{'renegotiation':'Disabled',"
          "'SuiteBProfile':'128','EnvironmentUserInstance':3,"
          "'CtraceClearText':true,'ConnectionUserInstance':4,"
          "'GroupUserInstance':5,'Envfile':'/etc/e'}",
          { "  TTLSEnabled&On\n"
            "  GroupUserInstance&5\n"
            "  TTLSGroupAdvancedParmsRef&grpAdv1~T\n",
            "  HandshakeRole&Client\n"
            "  EnvironmentUserInstance&3\n"
            "  SuiteBProfile&128\n"
            "  TTLSKeyringParmsRef&keyR~WG31\n",
            "  CtraceClearText&On\n"
            "  ConnectionUserInstance&4\n",
            "  HostReferenceIdDNS&h.example\n"
            "  Renegotiation&Disabled\n" } },
        { "['TLSv1.2']",
          "['TLSv1.2'],'advanced':{'ClientECurves':'0023',"
          "'OcspUrl':'http://o','GSK_LDAP_SERVER':['a','b'],"
          "'HttpCdpEnable':true,'AIACDPPriority':'Off'}",
          { "  AIACDPPriority&Off\n"
            "  TTLSGskLdapParmsRef&ldap1\n"
            "  TTLSGskHttpCdpParmsRef&cdp1\n"
            "  TTLSGskOcspParmsRef&ocsp1\n",
            "  TTLSSignatureParmsRef&sig1\n",
            "TTLSSignatureParms&sig1\n"
            "{\n"
            "  ClientECurves&0023\n"
            "}\n"
            "TTLSGskLdapParms&ldap1\n"
            "{\n"
            "  GSK_LDAP_SERVER&a\n"
            "  GSK_LDAP_SERVER&b\n"
            "}\n"
            "TTLSGskHttpCdpParms&cdp1\n"
            "{\n"
            "  HttpCdpEnable&On\n"
            "}\n"
            "TTLSGskOcspParms&ocsp1\n"
            "{\n"
            "  OcspUrl&http://o\n" } },
        /* a level without TLS has a group action alone */
        { "'securityLevel':'L'",
          "'securityLevel':'Permit'",
          { "  TTLSGroupActionRef&gAct1~T\n"
            "}\n"
            "TTLSGroupAction&gAct1~T\n"
            "{\n"
            "  TTLSEnabled&Off\n"
            "}\n"
            "IpAddr&" } },
        /* two traffic types, two rules, one set of equal actions */
        { "'types':[",
          "'types':[{'localPort':'all','remotePort':22,"
          "'direction':'Outbound','handshakeRole':'Client',"
          "'hostNames':['h.example']},",
          { "TTLSRule&Rule~2\n"
            "{\n",
            "  Priority&254\n"
            "  TTLSGroupActionRef&gAct1~T\n"
            "  TTLSEnvironmentActionRef&eAct1~T\n"
            "  TTLSConnectionActionRef&cAct1~T\n"
            "}\n"
            "TTLSKeyringParms&keyR~WG31\n" } },
        { "'types':[",
          "'types':[{'localPort':88,'remotePort':'all',"
          "'direction':'Inbound','handshakeRole':'Server'},",
          { "  TTLSEnvironmentActionRef&eAct2~T\n"
            "  TTLSConnectionActionRef&cAct2~T\n"
            "}\n"
            "TTLSEnvironmentAction&eAct2~T\n",
            "  HandshakeRole&Server\n"
            "  TTLSConnectionAdvancedParmsRef&cAdv1~T\n" } },
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct said said;
        struct store *s = store_with(rows[i].find, rows[i].replace, &said);
        struct err_info why = { 0 };
        struct buf out;
        enum err e;

        if (s == NULL)
            fail_msg("row %zu: %s", i, said.all);
        e = generate(s, "", &out, &why);
        if (e != ERR_OK)
            fail_msg("row %zu: %s", i, why.text);
        for (size_t k = 0; k < 4 && rows[i].has[k] != NULL; k++)
            if (strstr(body_of(&out), expand(rows[i].has[k])) == NULL)
                fail_msg("row %zu: no\n%sin\n%s", i, expand(rows[i].has[k]),
                         body_of(&out));
        comes_back(&out);
        buf_fini(&out);
        store_free(&s);
    }
}

/* A descriptor of 32 characters: its names are cut, and still differ. */
static void
cuts(void **state)
{
    static const char longest[] = "T2345678901234567890123456789012";
    struct said said;
    struct str text = store_text("'T'", "'T2345678901234567890123456789012'");
    struct str twice;
    char copy[8192], *at;
    struct store *s = NULL;
    struct err_info why = { 0 };
    struct buf out;

    (void)state;
    (void)snprintf(copy, sizeof copy, STR_FMT, STR_ARG(text));
    exact_free(text);
    at = strstr(copy, "\"T\""); /* the map's reference */
    memmove(at + sizeof longest + 1, at + 3, strlen(at + 3) + 1);
    at[0] = at[sizeof longest] = '"';
    memcpy(at + 1, longest, sizeof longest - 1);
    twice = exact_copy(copy);
    memset(&said, 0, sizeof said);
    assert_int_equal(store_parse(twice, on_said, &said, &s, &why), ERR_OK);
    exact_free(twice);
    assert_int_equal(generate(s, "", &out, &why), ERR_OK);
    assert_non_null(strstr(buf_z(&out), "TTLSConnectionAction              "
                                        "cAct1~T2345678901234567890123456\n"));
    comes_back(&out);
    buf_fini(&out);
    store_free(&s);
}

/* Rules that would have one name, and more of them than a policy may have. */
static void
refuses(void **state)
{
#define END "','local':'G','remote':'G','requirementMap':'M'}"
    static const char twins[] =
        "'rules':[{'name':'A23456789012345678901234567890-1" END
        ",{'name':'A23456789012345678901234567890-2" END ",";
    static char many[4096];
    struct said said;
    struct store *s = store_with("'rules':[", twins, &said);
    struct err_info why = { 0 };
    struct buf out;

    (void)state;
    assert_non_null(s);
    assert_int_equal(generate(s, "", &out, &why), ERR_EXISTS);
    assert_non_null(strstr(why.text, "rules[1]: found a second rule that is "
                                     "A23456789012345678901234567890~1"));
    buf_fini(&out);
    store_free(&s);

    /* Names that are one in the policy, or cut to one. */
    s = store_with("'types':[",
                   "'types':[{'localPort':1,'remotePort':22,"
                   "'direction':'Inbound','handshakeRole':'Server'}]},"
                   "{'name':'A b','types':[{'localPort':2,'remotePort':22,"
                   "'direction':'Inbound','handshakeRole':'Server'}]},"
                   "{'name':'A_b','types':[",
                   &said);
    assert_non_null(s);
    s->maps[0].pairs[0].traffic = &s->traffic[1];
    ((struct store_map *)s->maps)->n_pairs = 1;
    assert_int_equal(generate(s, "", &out, &why), ERR_OK);
    buf_fini(&out);
    {
        struct store_pair both[] = { s->maps[0].pairs[0], s->maps[0].pairs[0] };

        both[1].traffic = &s->traffic[2];
        s->maps[0].pairs = both;
        s->maps[0].n_pairs = 2;
        assert_int_equal(generate(s, "", &out, &why), ERR_EXISTS);
        assert_string_equal(why.text,
                            "trafficDescriptors[2].name: found \"A_b\", which "
                            "is A_b in the policy, as the name of "
                            "trafficDescriptors[1]; expected names that "
                            "differ in their first characters");
        buf_fini(&out);
    }
    store_free(&s);

    /* Priorities go down; one rule more than a policy may have. */
    for (size_t n = 0, i = 0; i < 65; i++)
        n += (size_t)snprintf(many + n, sizeof many - n, "%s%s,",
                              i == 0 ? "'maps':[" : "",
                              "{'trafficDescriptor':'T','securityLevel':'L'}");
    s = store_with("'maps':[", many, &said);
    assert_non_null(s);
    assert_int_equal(generate(s, "", &out, &why), ERR_OK);
    assert_non_null(strstr(buf_z(&out), "Rule~66\n"));
    assert_non_null(strstr(buf_z(&out), "Priority                        190"));
    comes_back(&out);
    buf_fini(&out);
    ((struct store_map *)s->maps)->n_pairs = 66;
    s->traffic[0].n_types = 64; /* no rule is looked at */
    assert_int_equal(generate(s, "", &out, &why), ERR_LIMIT);
    buf_fini(&out);
    store_free(&s);
}

static void
health(void **state)
{
    static const struct {
        const char *find, *replace;
        const char *says; /* NULL: nothing */
    } rows[] = {
        { "'name'", "'name'", NULL },
        { ",'hostNames':['h.example']", "",
          "trafficDescriptors[0].types[0].hostNames: is missing" },
        { ",'hostNames':['h.example']}]}],'securityLevels':[{'name':'L',",
          "}]}],'securityLevels':[{'name':'L',"
          "'advanced':{'HostReferenceIdCN':'h.example'},",
          NULL },
        { "['TLSv1.2']", "['TLSv1.2','TLSv1.1']",
          "securityLevels[0].protocols: TLSv1.1 is a weak protocol" },
        { "['TLSv1.2']", "['SSLv3','TLSv1.2']", "SSLv3 is a weak protocol" },
        { "['TLSv1.2']",
          "['TLSv1.2'],'ciphers':['TLS_RSA_WITH_RC4_128_SHA',"
          "'TLS_RSA_WITH_AES_128_CBC_SHA']",
          "securityLevels[0].ciphers: TLS_RSA_WITH_RC4_128_SHA is a weak" },
        { "['TLSv1.2']", "['TLSv1.2'],'ciphers':['003C0005']",
          "securityLevels[0].ciphers: TLS_RSA_WITH_RC4_128_SHA is a weak" },
        { "['TLSv1.2']", "['TLSv1.2'],'ciphers':['tls_rsa_with_null_sha']",
          "securityLevels[0].ciphers: TLS_RSA_WITH_NULL_SHA is a weak" },
        { "'remotePort':443", "'remotePort':'ephemeral'",
          "types[0].remotePort: the ephemeral ports" },
        { "'remotePort':443,'direction':'Outbound'",
          "'remotePort':443,'direction':'Both'",
          "types[0].localPort: the ephemeral ports" },
        { "'remote':'G'", "'remote':'All_IPv4_Addresses'",
          "addressGroups[0]: G is in no connectivity rule" },
        { "{'name':'L'", "{'name':'K','protocols':['TLSv1.3']},{'name':'L'",
          "securityLevels[0]: K is in no requirement map" },
        { "{'name':'M'",
          "{'name':'N','maps':[{'trafficDescriptor':'T','securityLevel':"
          "'Permit'}]},{'name':'M'",
          "requirementMaps[0]: N is in no connectivity rule" },
        { "{'name':'Rule','local':'All_IP_Addresses','remote':'G',"
          "'requirementMap':'M'}",
          "", "stacks[0].rules: this stack has no rule" },
        { "'name':'TCPIP1'", "'name':'TCPIP1','technologies':['AT-TLS']",
          NULL },
        { "'name':'TCPIP1'", "'name':'TCPIP1','technologies':[]",
          "stacks[0].technologies: AT-TLS is not among them" },
        { "'rules':[",
          "'rules':[{'name':'All','local':'All_IP_Addresses',"
          "'remote':'All_IP_Addresses','requirementMap':'M'},",
          "stacks[0].rules: Rule~1 is never reached: its connections all go "
          "to All~1" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct said said;
        struct store *s = store_with(rows[i].find, rows[i].replace, &said);
        struct err_info why = { 0 };
        struct buf out;

        assert_non_null(s);
        assert_int_equal(generate(s, "", &out, &why), ERR_OK);
        health_store(s, on_said, &said);
        assert_int_equal(
            health_stack(first_stack(s), buf_view(&out), on_said, &said, &why),
            ERR_OK);
        assert_int_equal(said.n_errors, 0);
        if (rows[i].says == NULL ? said.n_warnings > 0
                                 : strstr(said.all, rows[i].says) == NULL)
            fail_msg("row %zu: %s", i, said.all);
        buf_fini(&out);
        store_free(&s);
    }
}

static void
status(void **state)
{
    static const struct {
        const char *find, *replace, *text;
    } rows[] = {
        { "'name'", "'name'", "Complete" },
        { "'name':'TCPIP1'", "'name':'TCPIP1','technologies':['AT-TLS']",
          "Complete" },
        { "'name':'TCPIP1'", "'name':'TCPIP1','technologies':[]",
          "AT-TLS is not enabled" },
        { "{'name':'Rule','local':'All_IP_Addresses','remote':'G',"
          "'requirementMap':'M'}",
          "", "Incomplete" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct said said;
        struct store *s = store_with(rows[i].find, rows[i].replace, &said);

        assert_string_equal(health_status_text(health_status(first_stack(s))),
                            rows[i].text);
        store_free(&s);
    }
}

static void
open_server(void **state)
{
    struct said said;
    struct store *s =
        store_with("'handshakeRole':'Client'",
                   "'handshakeRole':'ServerWithClientAuth'", &said);

    (void)state;
    assert_non_null(s);
    s->levels[0].text[LEVEL_CLIENT_AUTH] = STR("PassThru");
    health_store(s, on_said, &said);
    assert_non_null(strstr(said.all, "requirementMaps[0].maps[0]."
                                     "securityLevel: clientAuthType PassThru"));
    store_free(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exercise), cmocka_unit_test(header),
        cmocka_unit_test(history),  cmocka_unit_test(writes),
        cmocka_unit_test(cuts),     cmocka_unit_test(refuses),
        cmocka_unit_test(health),   cmocka_unit_test(open_server),
        cmocka_unit_test(status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
