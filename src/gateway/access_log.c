#include "gateway/access_log.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit/log_file.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "gateway/access_members.h"

#define PENDING_MAX ((size_t)4 << 20)
#define FORMAT_ARENA_MAX ((size_t)1 << 20)
#define TICK_MS 500

struct access_log {
    struct access_log *next; /* of all that are open; `all_lock` */
    unsigned refs;           /* likewise */
    struct arena arena;
    struct access_format *format;
    struct str key; /* what it was opened with */
    unsigned sample_percent;
    unsigned counter; /* atomic */
    struct log_file *file;
    pthread_t writer;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct messages_log *messages;
    struct buf pending;
    struct buf members; /* records for the JSON logs */
    uint64_t n_lost;
    bool is_ending;
};

static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;
static struct access_log *all;

/* ---- the writer ---- */

static void
say_lost(struct access_log *a, uint64_t n)
{
    if (n > 0)
        log_warn("access log " STR_FMT ": %llu lines lost, the disk is slow",
                 STR_ARG(a->key), (unsigned long long)n);
}

static void
wait_for_lines(struct access_log *a)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += TICK_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    (void)pthread_cond_timedwait(&a->wake, &a->lock, &until);
}

static void
swap_bufs(struct buf *a, struct buf *b)
{
    struct buf swap = *a;

    *a = *b;
    *b = swap;
}

static void
write_members(struct access_log *a, struct str records)
{
    struct reader in = reader_of(records);
    struct log_member members[ACCESS_MEMBERS_MAX];
    uint64_t wall_ms;
    size_t n;

    while (!reader_at_end(&in) &&
           access_members_take(&in, &wall_ms, members, &n))
        messages_log_access(a->messages, wall_ms, members, n);
}

static void *
run_writer(void *arg)
{
    struct access_log *a = arg;
    struct buf mine, records;
    bool is_ending = false;

    buf_init(&mine, PENDING_MAX);
    buf_init(&records, PENDING_MAX);
    while (!is_ending) {
        uint64_t n_lost;

        pthread_mutex_lock(&a->lock);
        if (a->pending.n == 0 && !a->is_ending)
            wait_for_lines(a);
        swap_bufs(&a->pending, &mine);
        swap_bufs(&a->members, &records);
        n_lost = a->n_lost;
        a->n_lost = 0;
        is_ending = a->is_ending && mine.n == 0;
        pthread_mutex_unlock(&a->lock);
        if (mine.n > 0)
            log_file_write(a->file, buf_view(&mine), clock_wall_ms());
        else
            log_file_tick(a->file, clock_wall_ms());
        write_members(a, buf_view(&records));
        buf_clear(&mine);
        buf_clear(&records);
        say_lost(a, n_lost);
    }
    buf_fini(&mine);
    buf_fini(&records);
    return NULL;
}

/* ---- opening ---- */

enum err
access_log_file_options(struct arena *arena,
                        const struct cfg_access_logging *from,
                        struct log_file_options *out, struct err_info *why)
{
    size_t slash = str_rfind_char(from->file_path, '/');
    bool by_time = from->rollover_interval_ms > 0, by_day;
    int minute = 0;

    by_day = log_file_roll_minute(str_trim(from->rollover_start_time), &minute);
    *out = (struct log_file_options){
        .folder = slash == STR_NPOS
                      ? "."
                      : str_z(arena, str_sub(from->file_path, 0, slash)),
        .name =
            str_z(arena, slash == STR_NPOS ? from->file_path
                                           : str_sub(from->file_path, slash + 1,
                                                     from->file_path.n)),
        .max_bytes = (uint64_t)from->max_file_mb << 20,
        .max_files = (uint32_t)from->max_files,
        .roll_minute = minute,
        .roll_interval_minutes =
            by_time  ? (uint32_t)(from->rollover_interval_ms / 60000)
            : by_day ? 24 * 60
                     : 0,
    };
    if (out->folder == NULL || out->name == NULL)
        return err_set(why, ERR_MEMORY, "no storage for an access log");
    return ERR_OK;
}

static enum err
open_log_file(struct access_log *a, const struct cfg_access_logging *from,
              struct err_info *why)
{
    struct log_file_options o;
    enum err e = access_log_file_options(&a->arena, from, &o, why);

    return e != ERR_OK
               ? e
               : log_file_new(&o, false, clock_wall_ms(), &a->file, why);
}

static void
free_log(struct access_log *a)
{
    if (a->file != NULL)
        log_file_free(&a->file);
    buf_fini(&a->pending);
    buf_fini(&a->members);
    arena_fini(&a->arena);
    pthread_cond_destroy(&a->wake);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

static enum err
new_log(const struct cfg_access_logging *from, struct messages_log *messages,
        struct str key, struct access_log **out, struct err_info *why)
{
    struct access_log *a = calloc(1, sizeof *a);
    enum err e;

    if (a == NULL)
        return err_set(why, ERR_MEMORY, "no storage for an access log");
    a->refs = 1;
    a->sample_percent = (unsigned)from->sample_percent;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->wake, NULL);
    arena_init(&a->arena, FORMAT_ARENA_MAX);
    buf_init(&a->pending, PENDING_MAX);
    buf_init(&a->members, PENDING_MAX);
    a->messages = messages;
    a->key = str_dup(&a->arena, key);
    if ((e = access_format_new(&a->arena, from->log_format, &a->format, why)) ==
        ERR_OK)
        e = open_log_file(a, from, why);
    if (e == ERR_OK && pthread_create(&a->writer, NULL, run_writer, a) != 0)
        e = err_sys(why, "thread of an access log");
    if (e != ERR_OK) {
        free_log(a);
        return e;
    }
    *out = a;
    return ERR_OK;
}

enum err
access_log_check(const struct cfg_access_logging *from, const char **attr,
                 struct err_info *why)
{
    size_t slash = str_rfind_char(from->file_path, '/');
    struct access_format *format;
    struct arena arena;
    char *folder;
    enum err e;

    arena_init(&arena, FORMAT_ARENA_MAX);
    *attr = "logFormat";
    e = access_format_new(&arena, from->log_format, &format, why);
    if (e == ERR_OK) {
        *attr = "filePath";
        folder = str_z(&arena, slash == STR_NPOS || slash == 0
                                   ? STR("/")
                                   : str_sub(from->file_path, 0, slash));
        e = folder == NULL
                ? err_set(why, ERR_MEMORY, "no storage for an access log")
                : dir_check(slash == STR_NPOS ? "." : folder, why);
    }
    arena_fini(&arena);
    return e;
}

enum err
access_log_open(const struct cfg_access_logging *from,
                struct messages_log *messages, struct access_log **out,
                struct err_info *why)
{
    struct access_log *a;
    struct arena arena;
    enum err e = ERR_OK;
    struct str key;

    arena_init(&arena, FORMAT_ARENA_MAX);
    key = str_fmt(&arena,
                  STR_FMT " (" STR_FMT ", %lld MB, %lld files, " STR_FMT
                          ", %lld ms, %lld%%)",
                  STR_ARG(from->file_path), STR_ARG(from->log_format),
                  (long long)from->max_file_mb, (long long)from->max_files,
                  STR_ARG(from->rollover_start_time),
                  (long long)from->rollover_interval_ms,
                  (long long)from->sample_percent);
    pthread_mutex_lock(&all_lock);
    for (a = all; a != NULL && !str_eq(a->key, key);)
        a = a->next;
    if (a != NULL) {
        a->refs++;
    } else if ((e = new_log(from, messages, key, &a, why)) == ERR_OK) {
        a->next = all;
        all = a;
    }
    pthread_mutex_unlock(&all_lock);
    arena_fini(&arena);
    if (e == ERR_OK)
        *out = a;
    return e;
}

struct access_log *
access_log_ref(struct access_log *a)
{
    if (a == NULL)
        return NULL;
    pthread_mutex_lock(&all_lock);
    a->refs++;
    pthread_mutex_unlock(&all_lock);
    return a;
}

void
access_log_unref(struct access_log **at)
{
    struct access_log *a = *at, **link = &all;
    bool is_last;

    *at = NULL;
    if (a == NULL)
        return;
    pthread_mutex_lock(&all_lock);
    is_last = --a->refs == 0;
    while (is_last && *link != a)
        link = &(*link)->next;
    if (is_last)
        *link = a->next;
    pthread_mutex_unlock(&all_lock);
    if (!is_last)
        return;
    pthread_mutex_lock(&a->lock);
    a->is_ending = true;
    pthread_cond_signal(&a->wake);
    pthread_mutex_unlock(&a->lock);
    pthread_join(a->writer, NULL);
    free_log(a);
}

/* ---- lines ---- */

bool
access_log_wants(struct access_log *a, unsigned status)
{
    unsigned n;

    if (a->sample_percent >= 100 || status >= 400 || status == 0)
        return true;
    n = __atomic_fetch_add(&a->counter, 1, __ATOMIC_RELAXED);
    /* Spread evenly, and exactly so many of each hundred. */
    return n % 100 * 37 % 100 < a->sample_percent;
}

bool
access_log_wants_local(const struct access_log *a)
{
    return access_format_wants_local(a->format) ||
           messages_log_access_mode(a->messages) == MESSAGES_ACCESS_DEFAULT;
}

void
access_log_write(struct access_log *a, const struct access_facts *facts)
{
    static _Thread_local char storage[ACCESS_LINE_MAX];
    static _Thread_local char more[4 * ACCESS_LINE_MAX];
    enum messages_access mode = messages_log_access_mode(a->messages);
    struct buf line = { .p = storage,
                        .cap = sizeof storage,
                        .max = sizeof storage - 1 };
    struct buf record = { .p = more,
                          .cap = sizeof more,
                          .max = sizeof more - 1 };
    bool was_empty;

    access_format_line(a->format, facts, &line);
    if (line.failed && line.n > 0)
        line.p[line.n - 1] = '\n'; /* cut */
    if (mode != MESSAGES_ACCESS_NONE)
        access_members_put(mode == MESSAGES_ACCESS_FORMATTED ? a->format : NULL,
                           facts, &record);
    pthread_mutex_lock(&a->lock);
    was_empty = a->pending.n == 0;
    if (a->pending.n + line.n > PENDING_MAX)
        a->n_lost++;
    else
        buf_add(&a->pending, buf_view(&line));
    if (record.failed || a->members.n + record.n > PENDING_MAX)
        a->n_lost++;
    else
        buf_add(&a->members, buf_view(&record));
    if (was_empty)
        pthread_cond_signal(&a->wake);
    pthread_mutex_unlock(&a->lock);
}
