/*
 * The configuration in a server's life: read at start with one second attempt
 * when a file is half written, read again when its files changed, applied only
 * when it differs (Liberty, updateTrigger).
 */
#include "worker.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/version.h"
#include "base/vec.h"

#define CONFIG_LOGGER "com.ibm.ws.config.xml.internal.ConfigRefresher"
#define PARSER_LOGGER "com.ibm.ws.config.xml.internal.XMLConfigParser"
#define RETRY_MS 1000

/* ---- messages.log ---- */

struct header {
    char product[128], install[512], config[512], output[512], os[300],
        process[300];
    const char *lines[6];
};

static void
make_header(struct header *h, const struct settings *s)
{
    char host[256] = "localhost";
    struct utsname os;

    (void)!gethostname(host, sizeof host - 1);
    if (uname(&os) != 0)
        memset(&os, 0, sizeof os);
    snprintf(h->product, sizeof h->product, "product = Sallyport %s",
             SALLYPORT_VERSION);
    snprintf(h->install, sizeof h->install, "wlp.install.dir = %s/",
             s->install_dir);
    snprintf(h->config, sizeof h->config, "server.config.dir = %s/",
             s->server_dir);
    snprintf(h->output, sizeof h->output, "server.output.dir = %s/",
             s->output_dir);
    snprintf(h->os, sizeof h->os, "os = %s %s (%s)", os.sysname, os.release,
             os.machine);
    snprintf(h->process, sizeof h->process, "process = %d@%s", (int)getpid(),
             host);
    h->lines[0] = h->product;
    h->lines[1] = h->install;
    h->lines[2] = h->config;
    h->lines[3] = h->output;
    h->lines[4] = h->os;
    h->lines[5] = h->process;
}

/* Lines for the operator: start, stop and what zosLogging names. */
static void
copy_to_operator(void *arg, const char *id, struct str line)
{
    static const char *const always[] = { "CWWKF0011I", "CWWKE0036I",
                                          "CWWKE0029E" };
    struct worker *w = arg;
    const struct cfg_zos_logging *z;
    bool is_wanted = false;

    for (size_t i = 0; i < ARRAY_LEN(always); i++)
        is_wanted = is_wanted || strcmp(id, always[i]) == 0;
    /* Any loop may be writing a message while the tree is exchanged. */
    (void)pthread_mutex_lock(&w->tree_lock);
    z = w->tree == NULL ? NULL : CFG_ONE(w->tree, zos_logging);
    for (size_t i = 0; z != NULL && i < z->wto_message.n; i++)
        is_wanted = is_wanted || str_eq_z(z->wto_message.v[i], id);
    (void)pthread_mutex_unlock(&w->tree_lock);
    if (is_wanted)
        parent_wto(w->parent, line);
}

/* com.ibm.ws.logging.<name>, or the environment's. */
static struct str
boot_value(const struct worker *w, const char *name, const char *env)
{
    char property[96];
    struct str value;

    snprintf(property, sizeof property, "com.ibm.ws.logging.%s", name);
    value = str_trim(pairs_get(&w->settings->bootstrap, property));
    if (value.n == 0 && env != NULL)
        value = str_of(getenv(env));
    return value;
}

static void
from_bootstrap(const struct worker *w, struct messages_log_options *o,
               char name[256])
{
    static const char *const words[] = { "INFO", "AUDIT", "WARNING", "ERROR",
                                         "OFF" };
    struct str level =
        boot_value(w, "console.log.level", "WLP_LOGGING_CONSOLE_LOGLEVEL");
    struct str file = boot_value(w, "message.file.name", NULL);
    uint64_t n;

    for (unsigned i = 0; i < ARRAY_LEN(words); i++)
        if (str_eq_nocase_z(level, words[i]))
            o->console = (enum messages_level)i;
    if (file.n > 0 && str_copy_z(file, name, 256))
        o->file_name = name;
    if (str_to_u64(boot_value(w, "max.file.size", NULL), &n) && n < 2000000)
        o->max_file_bytes = n * 1024 * 1024;
    if (str_to_u64(boot_value(w, "max.files", NULL), &n) && n < 100000)
        o->max_files = (uint32_t)n;
}

static void
from_tree(const struct cfg_logging *l, struct messages_log_options *o)
{
    o->folder = l->log_directory.p;
    o->file_name = l->message_file_name.p;
    o->max_file_bytes = (uint64_t)l->max_file_mb * 1024 * 1024;
    o->max_files = (uint32_t)l->max_files;
    o->iso_date = l->iso_date_format;
    o->new_logs_on_start = l->new_logs_on_start;
    o->console = (enum messages_level)l->console_log_level;
}

/* An attribute of <logging> that nobody wrote leaves the bootstrap's value. */
static bool
is_logging_written(const struct cfg_tree *tree)
{
    return CFG_ONE(tree, logging)->node.line > 0;
}

enum err
configure_log(struct worker *w, const struct cfg_tree *tree,
              struct err_info *why)
{
    struct messages_log_options o;
    const char *hide[64];
    struct header header;
    char name[256];

    messages_log_defaults(&o);
    o.folder = w->settings->log_dir;
    from_bootstrap(w, &o, name);
    if (tree != NULL && is_logging_written(tree)) {
        const struct cfg_logging *l = CFG_ONE(tree, logging);

        from_tree(l, &o);
        for (; o.n_hide < l->hide_message.n && o.n_hide < 64; o.n_hide++)
            hide[o.n_hide] = l->hide_message.v[o.n_hide].p;
        o.hide = hide;
        if (getenv("LOG_DIR") != NULL)
            o.folder = w->settings->log_dir;
    }
    make_header(&header, w->settings);
    o.header = header.lines;
    o.n_header = ARRAY_LEN(header.lines);
    o.copy = copy_to_operator;
    o.arg = w;
    return w->log == NULL ? messages_log_open(&o, &w->log, why)
                          : messages_log_update(w->log, &o, why);
}

/* ---- what the files were ---- */

static struct stamp
stamp_of(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return (struct stamp){ 0 };
    return (struct stamp){ .bytes = (uint64_t)st.st_size,
                           .node = (uint64_t)st.st_ino,
                           .changed_ns =
                               (int64_t)st.st_mtim.tv_sec * 1000000000 +
                               st.st_mtim.tv_nsec + 1 };
}

static bool
has_changed(const struct worker *w)
{
    struct cfg_list files = cfg_monitored(w->tree);

    for (size_t i = 0; i < files.n && i < w->stamps.n; i++) {
        struct stamp now = stamp_of(files.v[i].p), then = w->stamps.v[i];

        if (now.bytes != then.bytes || now.node != then.node ||
            now.changed_ns != then.changed_ns)
            return true;
    }
    return false;
}

/* The kernel's clock for files ticks this coarsely. */
#define TICK_NS 5000000

/*
 * What the files are, after they were read. One that changed since reading
 * began may have been read before the change: it counts as changed at once.
 */
static void
take_stamps(struct worker *w, uint64_t began_wall_ms)
{
    struct cfg_list files = cfg_monitored(w->tree);
    int64_t began_ns = (int64_t)began_wall_ms * 1000000 - TICK_NS;

    w->stamps.n = 0;
    for (size_t i = 0; i < files.n; i++) {
        struct stamp stamp = stamp_of(files.v[i].p);

        if (stamp.changed_ns >= began_ns)
            stamp.changed_ns = -1;
        if (!VEC_PUSH(&w->stamps, stamp))
            return;
    }
}

/* ---- reading ---- */

#define HELD_END '\x1e' /* a message may have several lines */

/* Messages of a first attempt, shown only when there is no second one. */
struct held {
    struct worker *w;
    struct buf text; /* id, HELD_END, text, HELD_END */
    bool is_held;
};

static void
on_message(void *arg, const char *id, struct str text)
{
    struct held *h = arg;

    if (h->is_held) {
        buf_printf(&h->text, "%s%c", id, HELD_END);
        buf_add(&h->text, text);
        buf_add_char(&h->text, HELD_END);
        return;
    }
    messages_log_text(h->w->log, PARSER_LOGGER, id, text);
}

static void
release(struct held *h)
{
    struct str rest = buf_view(&h->text), id, text;

    h->is_held = false;
    while (rest.n > 0 && str_token(&rest, HELD_END, &id) && id.n > 0 &&
           str_token(&rest, HELD_END, &text)) {
        char name[32];

        if (str_copy_z(id, name, sizeof name))
            messages_log_text(h->w->log, PARSER_LOGGER, name, text);
    }
}

/* A malformed file may only be half written: look again after a second. */
static enum err
read_patiently(struct worker *w, struct cfg_tree **out, struct err_info *why)
{
    struct cfg_options options = settings_options(w->settings);
    struct held held = { .w = w, .is_held = true };
    enum err e;

    buf_init(&held.text, 4u * 1024u * 1024u);
    options.on_message = on_message;
    options.arg = &held;
    options.running = w->tree;
    e = cfg_load(&options, out, why);
    if (e == ERR_SYNTAX) {
        buf_clear(&held.text);
        (void)poll(NULL, 0, RETRY_MS);
        e = cfg_load(&options, out, why);
    }
    release(&held);
    buf_fini(&held.text);
    return e;
}

enum err
configure_start(struct worker *w, struct err_info *why)
{
    struct cfg_options options = settings_options(w->settings);
    uint64_t began_ms = clock_wall_ms();
    enum err e = read_patiently(w, &w->tree, why);

    if (e == ERR_NOT_FOUND)
        MESSAGES_LOG(w->log, PARSER_LOGGER, "CWWKE0010E",
                     str_of(w->settings->server_dir));
    if ((e == ERR_SYNTAX || e == ERR_LIMIT) &&
        options.on_error != CFG_ON_ERROR_FAIL)
        e = cfg_load_empty(&options, &w->tree, why);
    if (e != ERR_OK)
        return e;
    take_stamps(w, began_ms);
    return configure_log(w, w->tree, why);
}

/* ---- changing ---- */

static void
use(struct worker *w, struct cfg_tree *next)
{
    struct cfg_tree *old;

    (void)pthread_mutex_lock(&w->tree_lock);
    old = w->tree;
    w->tree = next;
    (void)pthread_mutex_unlock(&w->tree_lock);
    cfg_unref(&old);
}

static void
apply(struct worker *w, struct cfg_tree *next, uint64_t since_ms)
{
    struct err_info why;
    char seconds[32];

    if (cfg_equal(w->tree, next)) {
        MESSAGES_LOG0(w->log, CONFIG_LOGGER, "CWWKG0018I");
        use(w, next);
        return;
    }
    if (gateway_apply(w->gateway, next, false, &why) != ERR_OK) {
        MESSAGES_LOG(w->log, CONFIG_LOGGER, "CWWKG0015E", str_of(why.text));
        cfg_unref(&next);
        return;
    }
    use(w, next);
    if (configure_log(w, w->tree, &why) != ERR_OK)
        MESSAGES_LOG(w->log, CONFIG_LOGGER, "CWWKG0015E", str_of(why.text));
    MESSAGES_LOG(w->log, CONFIG_LOGGER, "CWWKG0017I",
                 worker_seconds(since_ms, seconds));
}

void
configure_refresh(struct worker *w)
{
    uint64_t since_ms = clock_mono_ms(), began_ms = clock_wall_ms();
    struct cfg_tree *next;
    struct err_info why;

    if (!has_changed(w))
        return;
    MESSAGES_LOG0(w->log, CONFIG_LOGGER, "CWWKG0016I");
    if (read_patiently(w, &next, &why) == ERR_OK)
        apply(w, next, since_ms);
    take_stamps(w, began_ms); /* the same files are not tried again */
}
