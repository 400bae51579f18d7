/* What a backing store is refused for: each with its path. */
#include "assist/test_store.h"

static void
refuses(void **state)
{
    static const struct {
        const char *find, *replace;
        const char *path, *says;
    } rows[] = {
        /* the file */
        { "{'schema'", "{,'schema'", "", "line 1, column 2" },
        { "'schema':1,", "", "schema", "is missing; expected 1" },
        { "'schema':1", "'schema':2", "schema", "found another number" },
        { "'schema':1", "'schema':'1'", "schema", "found a string" },
        { "'name':'USER1'", "'name':'A','name':'B'", "", "duplicate" },
        { "'name':'USER1',", "", "name", "is missing" },
        { "'name':'USER1'", "'name':null", "name", "found null" },
        { "'name':'USER1'", "'name':'USER1','x':1", "",
          "found the key \"x\", expected one of name, trafficDescriptors" },
        { "'name':'USER1'", "'name':'a\\nb'", "name", "found \"a\\x0ab\"" },
        { "'name':'USER1'", "'name':' A'", "name", "blanks (not first" },
        { "'name':'USER1'", "'name':'A~B'", "name", "found \"A~B\"" },
        { "'name':'USER1'", "'name':'123456789012345678901234567890123'",
          "name", "1 to 32" },
        { "'name':'USER1'", "'name':''", "name", "1 to 32" },
        /* lists and objects */
        { "[{'name':'T','types':[", "{'a':[{'name':'T','types':[", "",
          "line 1" },
        { "'types':[", "'types':[7,", "trafficDescriptors[0].types[0]",
          "found a number, expected an object" },
        { "'protocols':['TLSv1.2']", "'protocols':'TLSv1.2'",
          "securityLevels[0].protocols", "found a string, expected a list" },
        { "'maps':[{'trafficDescriptor':'T','securityLevel':'L'}]", "'maps':[]",
          "requirementMaps[0].maps", "empty list" },
        /* traffic descriptors */
        { "'localPort':'ephemeral',", "",
          "trafficDescriptors[0].types[0]."
          "localPort",
          "is missing" },
        { "'remotePort':443", "'remotePort':70000",
          "trafficDescriptors[0].types[0].remotePort", "70000" },
        { "'remotePort':443", "'remotePort':[443,'x']",
          "trafficDescriptors[0].types[0].remotePort[1]", "\"x\"" },
        { "'remotePort':443", "'remotePort':[]",
          "trafficDescriptors[0].types[0].remotePort", "empty list" },
        { "'remotePort':443", "'remotePort':44.3",
          "trafficDescriptors[0].types[0].remotePort", "found a fraction" },
        { "'remotePort':443", "'remotePort':{}",
          "trafficDescriptors[0].types[0].remotePort", "found an object" },
        { "'remotePort':443", "'remotePort':'900-100'",
          "trafficDescriptors[0].types[0].remotePort", "900-100" },
        { "'Outbound'", "'Sideways'",
          "trafficDescriptors[0].types[0].direction",
          "expected Inbound, Outbound or Both" },
        { "'JOB'", "'TOOLONGJOB'", "trafficDescriptors[0].types[0].jobname",
          "1 to 8" },
        { "'JOB'", "''", "trafficDescriptors[0].types[0].jobname",
          "1 to 1023 characters" },
        { "'Client'", "'Klient'",
          "trafficDescriptors[0].types[0].handshakeRole", "\"Klient\"" },
        { "'Client'", "'Client','keyring':'TOOLONGOWNER/R'",
          "trafficDescriptors[0].types[0].keyring", "owner/ring" },
        { "'Client'", "'Client','keyring':'/etc/a.p12'",
          "trafficDescriptors[0].types[0].stashFile", "is missing" },
        { "'Client'", "'Client','stashFile':'/etc/a.sth'",
          "trafficDescriptors[0].types[0].stashFile", "no key database" },
        { "'Client'", "'Client','handshakeTimeout':601",
          "trafficDescriptors[0].types[0].handshakeTimeout", "0 to 600" },
        { "'Client'", "'Client','handshakeTimeout':true",
          "trafficDescriptors[0].types[0].handshakeTimeout", "\"On\"" },
        { "'Client'", "'Client','secondaryMap':'Perhaps'",
          "trafficDescriptors[0].types[0].secondaryMap", "Off or On" },
        /* nothing that would be another statement */
        { "'Client'", "'Client','certificateLabel':'a\\n}\\nTTLSRule x'",
          "trafficDescriptors[0].types[0].certificateLabel", "printable" },
        { "'Client'", "'Client','certificateLabel':'a #b'",
          "trafficDescriptors[0].types[0].certificateLabel", "comment" },
        { "'Client'", "'Client','certificateLabel':'a {'",
          "trafficDescriptors[0].types[0].certificateLabel", "brace" },
        { "'Client'", "'Client','certificateLabel':'a '",
          "trafficDescriptors[0].types[0].certificateLabel", "blank" },
        { "'Client'", "'Client','certificateLabel':'\\u00e4'",
          "trafficDescriptors[0].types[0].certificateLabel", "ASCII" },
        { "'h.example'", "7.5", "trafficDescriptors[0].types[0].hostNames[0]",
          "found a fraction" },
        { "{'name':'T','types':[{",
          "{'name':'T','types':[]},{'name':'U',"
          "'types':[{",
          "trafficDescriptors[0].types", "empty list" },
        /* security levels */
        { "'TLSv1.2'", "'TLSv1.4'", "securityLevels[0].protocols[0]",
          "expected one of SSLv3, TLSv1, TLSv1.1, TLSv1.2, TLSv1.3" },
        { "['TLSv1.2']", "[]", "securityLevels[0].protocols", "empty list" },
        { "['TLSv1.2']", "['TLSv1.2'],'ciphers':['TLS_NO_SUCH']",
          "securityLevels[0].ciphers[0]", "TLS_NO_SUCH" },
        { "['TLSv1.2']", "['SSLv3'],'fips':true", "securityLevels[0].protocols",
          "found SSLv3" },
        { "['TLSv1.2']", "['TLSv1.2'],'clientAuthType':'None'",
          "securityLevels[0].clientAuthType", "PassThru" },
        { "['TLSv1.2']", "['TLSv1.2'],'sessionTimeout':86401",
          "securityLevels[0].sessionTimeout", "0 to 86400" },
        { "['TLSv1.2']", "['TLSv1.2'],'advanced':[]",
          "securityLevels[0].advanced", "found a list, expected an object" },
        { "['TLSv1.2']", "['TLSv1.2'],'advanced':{'Colour':'red'}",
          "securityLevels[0].advanced.Colour", "expected a parameter of" },
        { "['TLSv1.2']", "['TLSv1.2'],'advanced':{'TLSv1.2':'On'}",
          "securityLevels[0].advanced.TLSv1.2", "the key protocols in" },
        { "['TLSv1.2']", "['TLSv1.2'],'advanced':{'HandshakeTimeout':5}",
          "securityLevels[0].advanced.HandshakeTimeout",
          "the key handshakeTimeout in" },
        { "['TLSv1.2']", "['TLSv1.2'],'advanced':{'SyslogFacility':'Auth'}",
          "securityLevels[0].advanced.SyslogFacility", "the key syslogF" },
        { "['TLSv1.2']", "['TLSv1.2'],'advanced':{'Trace':5}",
          "securityLevels[0].advanced.Trace", "the key trace in" },
        { "['TLSv1.2']", "['TLSv1.2'],'advanced':{'GSK_LDAP_USER_PW':'x'}",
          "securityLevels[0].advanced.GSK_LDAP_USER_PW", "no secret" },
        { "['TLSv1.2']", "['TLSv1.2'],'advanced':{'KeyringPw':'x'}",
          "securityLevels[0].advanced.KeyringPw", "no secret" },
        { "['TLSv1.2']", "['TLSv1.2'],'advanced':{'TTLSKeyringParms':'x'}",
          "securityLevels[0].advanced.TTLSKeyringParms", "a parameter of" },
        { "['TLSv1.2']", "['TLSv1.2'],'advanced':{'OcspNonceSize':7}",
          "securityLevels[0].advanced.OcspNonceSize", "8 to 256" },
        { "['TLSv1.2']", "['TLSv1.2'],'advanced':{'OcspUrl':[]}",
          "securityLevels[0].advanced.OcspUrl", "found 0 items" },
        { "['TLSv1.2']", "['TLSv1.2'],'advanced':{'OcspUrl':['a',7.5]}",
          "securityLevels[0].advanced.OcspUrl[1]", "found a fraction" },
        { "['TLSv1.2']", "['TLSv1.2'],'advanced':{'Envfile':'x\\n}'}",
          "securityLevels[0].advanced.Envfile", "printable" },
        { "['TLSv1.2']",
          "['TLSv1.2'],'advanced':{'ClientMaxSSLFragmentLength':'700'}",
          "securityLevels[0].advanced.ClientMaxSSLFragmentLength", "512" },
        { "['TLSv1.2']",
          "['TLSv1.2'],'advanced':{'ServerHandshakeSNIList':'nolabel'}",
          "securityLevels[0].advanced.ServerHandshakeSNIList",
          "hostname/label" },
        { "'name':'L'", "'name':'Permit'", "securityLevels[0].name",
          "without TLS" },
        /* address groups */
        { "'10.0.0.1'", "'10.0.0.256'", "addressGroups[0].addresses[0]",
          "10.0.0.256" },
        { "'10.0.0.1'", "'::ffff:10.0.0.1'", "addressGroups[0].addresses[0]",
          "::ffff" },
        { "'10.1.0.0/16'", "'10.1.0.0/33'", "addressGroups[0].addresses[1]",
          "/33" },
        { "'10.1.0.0/16'", "'10.0.0.9-10.0.0.1'",
          "addressGroups[0].addresses[1]", "10.0.0.9-10.0.0.1" },
        { "['10.0.0.1','10.1.0.0/16']", "[]", "addressGroups[0].addresses",
          "empty list" },
        /* names that lead nowhere, or twice */
        { "'trafficDescriptor':'T'", "'trafficDescriptor':'t'",
          "requirementMaps[0].maps[0].trafficDescriptor",
          "found \"t\", expected the name of a traffic descriptor" },
        { "'securityLevel':'L'", "'securityLevel':'permit'",
          "requirementMaps[0].maps[0].securityLevel", "or Permit" },
        { "'requirementMap':'M'", "'requirementMap':'N'",
          "groups[0].images[0].stacks[0].rules[0].requirementMap",
          "a requirement map" },
        { "'remote':'G'", "'remote':'H'",
          "groups[0].images[0].stacks[0].rules[0].remote",
          "an address group or an address" },
        { "{'name':'L'", "{'name':'L','protocols':['TLSv1.3']},{'name':'L'",
          "securityLevels[1].name", "the name of securityLevels[0]" },
        { "'groups':[",
          "'groups':[{'name':'X','images':[{'name':'WG31',"
          "'release':'V2R3','stacks':[]}]},",
          "groups[1].images[0].name", "another group" },
        /* systems */
        { "'WG31'", "'wg31'", "groups[0].images[0].name", "A-Z" },
        { "'WG31'", "'../../x'", "groups[0].images[0].name", "A-Z" },
        { "'TCPIP1'", "'TCPIP1234'", "groups[0].images[0].stacks[0].name",
          "1 to 8" },
        { "'V2R3'", "'2.3'", "groups[0].images[0].release", "V2R3" },
        { "'V2R3'", "'V2R/'", "groups[0].images[0].release", "V2R3" },
        { "'keyring':'Ring',", "", "groups[0].images[0].keyring",
          "is missing; expected one here or in "
          "trafficDescriptors[0].types[0]" },
        { "'keyring':'Ring'", "'keyring':'Ring','trace':['Errors']",
          "groups[0].images[0].trace[0]", "expected one of JobLog, Error" },
        { "'keyring':'Ring'", "'keyring':'Ring','trace':2",
          "groups[0].images[0].trace", "expected a list" },
        { "'name':'TCPIP1'", "'name':'TCPIP1','technologies':['IPSec']",
          "groups[0].images[0].stacks[0].technologies[0]",
          "found \"IPSec\", expected one of AT-TLS" },
        { "'name':'TCPIP1'", "'name':'TCPIP1','installHistory':['today']",
          "groups[0].images[0].stacks[0].installHistory[0]",
          "found \"today\", expected a line such as 2020-06-12" },
        { "'name':'TCPIP1'",
          "'name':'TCPIP1','installHistory':['2020-06-12 14:18:57 : x\\ny']",
          "groups[0].images[0].stacks[0].installHistory[0]", "Save To Disk" },
        { "'requirementMap':'M'",
          "'requirementMap':'M','syslogFacility':'Mail'",
          "groups[0].images[0].stacks[0].rules[0].syslogFacility",
          "Daemon or Auth" },
        { "'local'", "'timeOfDay':'25:00-26:00','local'",
          "groups[0].images[0].stacks[0].rules[0].timeOfDay", "25:00" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct said said;
        struct store *s = store_with(rows[i].find, rows[i].replace, &said);

        if (s != NULL || said.n_errors == 0 ||
            strcmp(said.path, rows[i].path) != 0 ||
            strstr(said.text, rows[i].says) == NULL)
            fail_msg("row %zu, %s: %s: %s", i, rows[i].replace, said.path,
                     said.text);
    }
}

/* None is the last. */
static void
tells_all(void **state)
{
    struct said said;
    struct store *s = store_with("'jobname':'JOB','handshakeRole':'Client'",
                                 "'jobname':1234567890,'handshakeRole':false,"
                                 "'colour':'red'",
                                 &said);

    (void)state;
    assert_null(s);
    assert_int_equal(said.n_errors, 3);
}

/* What is missing comes in the order in which it is made: traffic descriptors,
 * levels, maps, then systems; and a rule waits for what it names. */
static void
in_order(void **state)
{
    struct said said = { 0 };
    struct store *s = NULL;
    struct err_info why;

    (void)state;
    assert_int_equal(
        store_parse(STR("{\"schema\":1}"), on_said, &said, &s, &why),
        ERR_SYNTAX);
    assert_string_equal(said.all, "name: is missing\n"
                                  "trafficDescriptors: is missing\n"
                                  "securityLevels: is missing\n"
                                  "requirementMaps: is missing\n"
                                  "groups: is missing\n");
    memset(&said, 0, sizeof said);
    assert_int_equal(
        store_parse(
            STR("{\"schema\":1,\"name\":\"S\",\"trafficDescriptors\":[],"
                "\"securityLevels\":[],\"requirementMaps\":[{\"name\":\"M\","
                "\"maps\":[{\"trafficDescriptor\":\"T\","
                "\"securityLevel\":\"L\"}]}],\"groups\":[{\"name\":\"D\","
                "\"images\":[{\"name\":\"I\",\"release\":\"V2R3\","
                "\"stacks\":[{\"name\":\"S\",\"rules\":[{\"name\":\"R\","
                "\"local\":\"G\",\"remote\":\"G\","
                "\"requirementMap\":\"N\"}]}]}]}]}"),
            on_said, &said, &s, &why),
        ERR_SYNTAX);
    assert_int_equal(said.n_errors, 5);
    assert_string_equal(said.path,
                        "requirementMaps[0].maps[0].trafficDescriptor");
    assert_non_null(strstr(said.all, "rules[0].requirementMap: found \"N\""));
    assert_null(s);
}

static void
limits(void **state)
{
    static char text[STORE_FILE_MAX + 2], many[16 * STORE_ITEMS_MAX];
    struct said said = { 0 };
    struct store *s = NULL;
    struct err_info why;

    (void)state;
    memset(text, ' ', sizeof text - 1);
    assert_int_equal(
        store_parse(str_n(text, sizeof text - 1), on_said, &said, &s, &why),
        ERR_SYNTAX);
    assert_non_null(strstr(said.text, "expected at most"));
    for (size_t i = 0; i <= STORE_ITEMS_MAX; i++)
        (void)snprintf(many + strlen(many), sizeof many - strlen(many), "%s1",
                       i == 0 ? "" : ",");
    (void)snprintf(text, sizeof text, "{\"schema\":1,\"groups\":[%s]}", many);
    memset(&said, 0, sizeof said);
    assert_int_equal(store_parse(str_of(text), on_said, &said, &s, &why),
                     ERR_SYNTAX);
    assert_non_null(strstr(said.all, "groups: found 1025 items, expected at "
                                     "most 1024"));
    assert_null(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses),
        cmocka_unit_test(tells_all),
        cmocka_unit_test(in_order),
        cmocka_unit_test(limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
