/* The logs as the options say, and the lines that leave by other ways. */
#include "logging.h"

#include <string.h>

#include "base/log.h"
#include "log_options.h"

#define LOGGER "com.ibm.ws.logging.internal.impl.LoggingConfig"

/* ---- diagnostics of our own ---- */

static struct {
    struct messages_log *log;
    bool copies;
} streams = { .copies = true };

static bool
take_line(const char *line, size_t n)
{
    return !messages_log_system(streams.log, true, str_n(line, n)) ||
           streams.copies;
}

void
logging_take_streams(struct messages_log *log)
{
    streams.log = log;
    log_tap(take_line);
}

void
logging_leave_streams(void)
{
    log_tap(NULL);
}

/* ---- lines for the operator ---- */

static bool
names(const struct cfg_list *ids, const char *id)
{
    for (size_t i = 0; i < ids->n; i++)
        if (str_eq_z(str_trim(ids->v[i]), id))
            return true;
    return false;
}

/* Start, stop and what zosLogging names. */
static void
copy_to_operator(void *arg, const char *id, struct str line)
{
    static const char *const always[] = { "CWWKF0011I", "CWWKE0036I",
                                          "CWWKE0029E" };
    struct worker *w = arg;
    const struct cfg_zos_logging *z;
    bool is_wanted = false, is_kept;

    for (size_t i = 0; i < ARRAY_LEN(always); i++)
        is_wanted = is_wanted || strcmp(id, always[i]) == 0;
    /* Any loop may be writing a message while the tree is exchanged. */
    (void)pthread_mutex_lock(&w->tree_lock);
    z = w->tree == NULL ? NULL : CFG_ONE(w->tree, zos_logging);
    is_wanted = is_wanted || (z != NULL && names(&z->wto_message, id));
    is_kept = z != NULL && names(&z->hard_copy_message, id);
    (void)pthread_mutex_unlock(&w->tree_lock);
    if (is_wanted)
        parent_wto(w->parent, line);
    else if (is_kept)
        parent_hard_copy(w->parent, line);
}

enum err
configure_log(struct worker *worker, const struct cfg_tree *tree,
              struct err_info *why)
{
    struct log_wanted *w;
    enum err e = log_wanted_new(worker->settings, tree, &w, why);

    if (e != ERR_OK)
        return e;
    w->o.copy = copy_to_operator;
    w->o.arg = worker;
    e = worker->log == NULL ? messages_log_open(&w->o, &worker->log, why)
                            : messages_log_update(worker->log, &w->o, why);
    streams.copies = w->copies_streams;
    if (e == ERR_OK && w->bad.n > 0 && tree != NULL)
        MESSAGES_LOG(worker->log, LOGGER, "SPT0411W", buf_view(&w->bad));
    log_wanted_free(&w);
    return e;
}
