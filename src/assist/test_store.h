/* A small backing store for tests, and the same with one place changed. In
 * the tests' text ' stands for ". */
#ifndef SALLYPORT_ASSIST_TEST_STORE_H
#define SALLYPORT_ASSIST_TEST_STORE_H

#include "base/test.h"
#include "assist/model.h"

static const char small_store[] =
    "{'schema':1,'name':'USER1','trafficDescriptors':[{'name':'T','types':["
    "{'localPort':'ephemeral','remotePort':443,'direction':'Outbound',"
    "'jobname':'JOB','handshakeRole':'Client','hostNames':['h.example']}]}],"
    "'securityLevels':[{'name':'L','protocols':['TLSv1.2']}],"
    "'addressGroups':[{'name':'G','addresses':['10.0.0.1','10.1.0.0/16']}],"
    "'requirementMaps':[{'name':'M','maps':["
    "{'trafficDescriptor':'T','securityLevel':'L'}]}],"
    "'groups':[{'name':'Default','images':[{'name':'WG31','release':'V2R3',"
    "'keyring':'Ring','stacks':[{'name':'TCPIP1','rules':[{'name':'Rule',"
    "'local':'All_IP_Addresses','remote':'G','requirementMap':'M'}]}]}]}]}";

struct said {
    size_t n_errors, n_warnings;
    char path[256], text[1024]; /* of the first one */
    char all[4096];             /* "path: text\n" of each */
};

static void
on_said(void *arg, bool is_error, struct str path, const char *text)
{
    struct said *s = arg;
    size_t n = strlen(s->all);

    if (s->n_errors + s->n_warnings == 0) {
        (void)snprintf(s->path, sizeof s->path, STR_FMT, STR_ARG(path));
        (void)snprintf(s->text, sizeof s->text, "%s", text);
    }
    s->n_errors += is_error;
    s->n_warnings += !is_error;
    (void)snprintf(s->all + n, sizeof s->all - n, STR_FMT ": %s\n",
                   STR_ARG(path), text);
}

/* The small store with `find` replaced, the first place where it stands. */
static struct str
store_text(const char *find, const char *replace)
{
    static char text[8192];
    const char *at = strstr(small_store, find);
    struct str out;

    assert_non_null(at);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - small_store),
                   small_store, replace, at + strlen(find));
    for (char *p = text; *p != '\0'; p++)
        *p = *p == '\'' ? '"' : *p;
    out = exact_copy(text);
    return out;
}

static struct store *
store_with(const char *find, const char *replace, struct said *said)
{
    struct str text = store_text(find, replace);
    struct store *store = NULL;
    struct err_info why = { 0 };
    enum err e;

    memset(said, 0, sizeof *said);
    e = store_parse(text, on_said, said, &store, &why);
    exact_free(text);
    assert_int_equal(e, said->n_errors > 0 ? ERR_SYNTAX : ERR_OK);
    assert_int_equal(store != NULL, e == ERR_OK);
    return store;
}

#endif
