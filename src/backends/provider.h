/*
 * A provider reaches one kind of system of record. It is a table of functions;
 * adding a provider is adding one file with such a table and its row in
 * backends/providers.c. `invoke` never blocks and takes the caller's acee.
 */
#ifndef SALLYPORT_BACKENDS_PROVIDER_H
#define SALLYPORT_BACKENDS_PROVIDER_H

#include "base/err.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/tls.h"
#include "saf/acee.h"

/* A container of a channel, or the one area of a COMMAREA service. */
struct provider_area {
    struct str name; /* container name; "" for a COMMAREA */
    bool is_char;    /* CHAR container: converted by the region */
    struct str data;
};

struct provider_call {
    struct str program;
    struct str transid;  /* "" = the connection's */
    bool eib_and_mirror; /* transidUsage */
    struct str channel;  /* "" for COMMAREA */
    const struct provider_area *areas;
    size_t n_areas;
    struct acee *caller;  /* NULL: no caller */
    struct str tracking;  /* correlation token */
    uint32_t deadline_ms; /* from now; 0: none */
    const char *service;  /* for messages */
};

enum provider_outcome {
    PROVIDER_OK,
    PROVIDER_ABEND,       /* abend code in `detail`: BAQR0657E, 500 */
    PROVIDER_PROGRAM,     /* program not available: BAQR0686E, 500 */
    PROVIDER_SECURITY,    /* refused by the region: BAQR0658E, 500 */
    PROVIDER_CAPABILITY,  /* connection refused: BAQR0660E, 503 */
    PROVIDER_UNREACHABLE, /* cannot connect, connection lost: 503 */
    PROVIDER_TIMEOUT,     /* deadline: BAQR0405I, 503 */
    PROVIDER_CAPACITY,    /* no session or task slot: 503 */
    PROVIDER_FAILED,      /* anything else: 500 */
};

struct provider_result {
    enum provider_outcome outcome;
    struct str detail; /* abend code, or a sentence */
    const struct provider_area *areas;
    size_t n_areas;
    struct str sor_identifier; /* region applid */
    struct str sor_resource;   /* "CSMI,CSCVINC" */
    uint32_t elapsed_us;
};

/* The result is borrowed during the call. Runs from the loop, never from
 * within invoke. */
typedef void (*provider_done)(void *arg, const struct provider_result *);

struct provider_invocation; /* one call under way */
struct provider_conn;       /* one configured connection on one loop */

struct provider_setting { /* attribute of the connection's element */
    struct str name;
    struct str value;
};

struct provider {
    const char *factory_pid; /* "cics": as in the service archive */
    const char *element;     /* "zosconnect_cicsIpicConnection" */
    /* tls: of the connection's sslCertsRef, or NULL; kept counted. */
    enum err (*open)(struct loop *, struct str id,
                     const struct provider_setting *, size_t n,
                     struct tls_config *tls, struct provider_conn **out,
                     struct err_info *why);
    enum err (*invoke)(struct provider_conn *, const struct provider_call *,
                       provider_done done, void *arg,
                       struct provider_invocation **out, struct err_info *why);
    /* `done` will not run any more; the task may go on (as in CICS). */
    void (*cancel)(struct provider_invocation **);
    void (*close)(struct provider_conn **);
};

const struct provider *provider_find(struct str factory_pid);

#endif
