/*
 * What environment, bootstrap.properties and <logging> say of the logs, as
 * options of the messages log: for a server that starts, and for a check
 * without one.
 */
#ifndef SALLYPORT_BIN_SERVER_LOG_OPTIONS_H
#define SALLYPORT_BIN_SERVER_LOG_OPTIONS_H

#include "audit/messages_log.h"
#include "config/elements.h"
#include "settings.h"

#define LOG_HIDDEN_MAX 256u

struct log_header {
    char product[128], install[512], config[512], output[512], os[300],
        process[300];
    const char *lines[6];
};

/* Settings whose place may be told later than they are read. */
enum log_place {
    PLACE_FOLDER,
    PLACE_FILE,
    PLACE_TRACE,
    PLACE_SPEC,
    PLACE_MAPPINGS,
    PLACE_OTHER,
    LOG_PLACES,
};

/* The options, and room for what they point to. */
struct log_wanted {
    struct messages_log_options o;
    struct log_header header;
    char host[256], user_dir[4096], folder[4096], file_name[256],
        trace_name[256];
    bool copies_streams;
    const char *hidden[LOG_HIDDEN_MAX];
    char hidden_text[4096]; /* of bootstrap.properties */
    struct str place;       /* of the setting being read */
    char places[LOG_PLACES][CFG_WHERE_MAX];
    struct buf bad; /* what was not understood: SPT0411W */
};

/* tree: NULL before there is one; it outlives the result. */
MUST_CHECK enum err log_wanted_new(const struct settings *,
                                   const struct cfg_tree *tree,
                                   struct log_wanted **out,
                                   struct err_info *why);
void log_wanted_free(struct log_wanted **);

#endif
