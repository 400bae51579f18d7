/* What the parts of sallyport assist share. */
#ifndef SALLYPORT_BIN_ASSIST_H
#define SALLYPORT_BIN_ASSIST_H

#include "assist/health_ring.h"
#include "ttls/build.h"

#include <jansson.h>

/* What was said of a store or a policy: lines on standard error, or kept for
 * --json. */
struct said {
    const char *file;
    unsigned n_errors, n_warnings;
    json_t *findings; /* NULL: lines */
    json_t *stacks;   /* the same */
};

void say_store(void *said, bool is_error, struct str path, const char *text);
void say_policy(void *said, const struct ttls_diag *);

/* A policy's files to a backing store at `output` ("-": standard output; NULL:
 * nowhere), which must not be there yet. */
struct import_command {
    const char *stack, *output;
    bool is_lossy;
    char **files;
    int n_files;
};
MUST_CHECK enum err import_run(const struct import_command *, struct said *,
                               struct err_info *why);

/* Rings are asked for as whoever runs this. */
struct saf_client;
struct rings {
    struct saf_client *saf; /* NULL until one is asked for */
    struct arena arena;
};
void rings_init(struct rings *);
void rings_fini(struct rings *);
void rings_look_up(void *rings, const struct ring_name *, struct ring_facts *);

#endif
