#include "batch/spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"

#define NUMBER_MAX 99999u

static enum err
make_path(struct arena *arena, char **out, struct err_info *why, const char *id,
          const char *name)
{
    arena_init(arena, 8192);
    *out = name == NULL ? root_path(arena, "spool/%s", id)
                        : root_path(arena, "spool/%s/%s", id, name);
    return *out != NULL ? ERR_OK
                        : err_set(why, ERR_MEMORY, "no storage for a path");
}

static const char *const kinds[] = { "JOB", "STC", "TSU" };

static bool
is_kind(const char *id)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (strncmp(id, kinds[i], 3) == 0)
            return true;
    }
    return false;
}

static bool
folder_exists(uint32_t number)
{
    bool found = false;

    for (size_t i = 0; i < ARRAY_LEN(kinds) && !found; i++) {
        struct arena arena;
        char id[16], *path;

        (void)snprintf(id, sizeof id, "%s%05" PRIu32, kinds[i], number);
        found = make_path(&arena, &path, NULL, id, NULL) == ERR_OK &&
                access(path, F_OK) == 0;
        arena_fini(&arena);
    }
    return found;
}

enum err
spool_next_number(uint32_t *out, struct err_info *why)
{
    struct arena arena;
    struct buf text;
    uint64_t last = 0;
    char *path;
    enum err e = make_path(&arena, &path, why, "last-number", NULL);

    if (e != ERR_OK)
        return e;
    buf_init(&text, 32);
    if (file_read(path, &text, NULL) == ERR_OK &&
        (!str_to_u64(str_trim(buf_view(&text)), &last) || last > NUMBER_MAX))
        last = 0; /* damaged: the search below finds a free one */
    for (uint32_t tries = 0; tries <= NUMBER_MAX; tries++) {
        last = last >= NUMBER_MAX ? 1 : last + 1;
        if (!folder_exists((uint32_t)last))
            break;
    }
    buf_clear(&text);
    buf_printf(&text, "%" PRIu64 "\n", last);
    e = file_write_atomic(path, buf_view(&text), 0600, why);
    buf_fini(&text);
    arena_fini(&arena);
    *out = (uint32_t)last;
    return e;
}

enum err
spool_create(const char *id, struct err_info *why)
{
    struct arena arena;
    char *path;
    enum err e = make_path(&arena, &path, why, id, NULL);

    if (e == ERR_OK)
        e = dir_make(path, 0700, why);
    arena_fini(&arena);
    return e;
}

enum err
spool_record_write(const struct spool_record *r, struct err_info *why)
{
    struct arena arena;
    struct buf text;
    char *path;
    enum err e = make_path(&arena, &path, why, r->id, "job");

    if (e != ERR_OK)
        return e;
    buf_init(&text, 4096);
    buf_printf(&text,
               "id=%s\nname=%s\nuser=%s\nsubmitter=%s\nproc=%s\nstate=%s\n"
               "pid=%" PRId64 "\npid_started=%" PRIu64 "\nbegan_ms=%" PRIu64
               "\nended_ms=%" PRIu64 "\nend=%s\ncode=%" PRIu32 "\n",
               r->id, r->name, r->user, r->submitter, r->proc, r->state, r->pid,
               r->pid_started, r->began_ms, r->ended_ms, r->end, r->code);
    e = file_write_atomic(path, buf_view(&text), 0600, why);
    buf_fini(&text);
    arena_fini(&arena);
    return e;
}

static bool
set_number(struct str value, uint64_t *out)
{
    return str_to_u64(value, out);
}

/* One "key=value" line; an unknown key belongs to a later version. */
static bool
read_field(struct spool_record *r, struct str key, struct str value)
{
    struct {
        const char *key;
        char *text;
        size_t cap;
    } texts[] = {
        { "id", r->id, sizeof r->id },
        { "name", r->name, sizeof r->name },
        { "user", r->user, sizeof r->user },
        { "submitter", r->submitter, sizeof r->submitter },
        { "proc", r->proc, sizeof r->proc },
        { "state", r->state, sizeof r->state },
        { "end", r->end, sizeof r->end },
    };
    uint64_t number = 0;

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (str_eq_z(key, texts[i].key))
            return str_copy_z(value, texts[i].text, texts[i].cap);
    }
    if (str_eq_z(key, "pid"))
        return str_to_i64(value, &r->pid);
    if (str_eq_z(key, "pid_started"))
        return set_number(value, &r->pid_started);
    if (str_eq_z(key, "began_ms"))
        return set_number(value, &r->began_ms);
    if (str_eq_z(key, "ended_ms"))
        return set_number(value, &r->ended_ms);
    if (!str_eq_z(key, "code"))
        return true;
    if (!set_number(value, &number) || number > UINT32_MAX)
        return false;
    r->code = (uint32_t)number;
    return true;
}

enum err
spool_record_read(const char *id, struct spool_record *out,
                  struct err_info *why)
{
    struct spool_record record = { 0 };
    struct arena arena;
    struct buf text;
    struct str rest, line;
    char *path;
    enum err e = make_path(&arena, &path, why, id, "job");

    if (e != ERR_OK)
        return e;
    buf_init(&text, 4096);
    e = file_read(path, &text, why);
    rest = buf_view(&text);
    while (e == ERR_OK && str_line(&rest, &line)) {
        size_t eq = str_find_char(line, '=');

        if (line.n == 0)
            continue;
        if (eq == STR_NPOS || !read_field(&record, str_sub(line, 0, eq),
                                          str_sub(line, eq + 1, line.n)))
            e = err_set(why, ERR_SYNTAX, "%s: \"%.*s\" is not understood", path,
                        STR_ARG(line));
    }
    if (e == ERR_OK)
        *out = record;
    buf_fini(&text);
    arena_fini(&arena);
    return e;
}

enum err
spool_append(const char *id, const char *name, int *fd, struct err_info *why)
{
    struct arena arena;
    char *path;
    enum err e = make_path(&arena, &path, why, id, name);

    if (e == ERR_OK) {
        *fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
                   0600);
        if (*fd < 0)
            e = err_sys(why, "%s", path);
    }
    arena_fini(&arena);
    return e;
}

static int
is_output(const struct dirent *entry)
{
    /* "NNN.name"; the record and temporary files are not output. */
    return strlen(entry->d_name) > 4 && entry->d_name[3] == '.' &&
           strspn(entry->d_name, "0123456789") == 3;
}

static int
is_job(const struct dirent *entry)
{
    return strlen(entry->d_name) == 8 && is_kind(entry->d_name) &&
           strspn(entry->d_name + 3, "0123456789") == 5;
}

static int
by_number(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name + 3, (*b)->d_name + 3);
}

enum err
spool_each_file(const char *id,
                void (*each)(void *arg, const char *name, int fd), void *arg,
                struct err_info *why)
{
    struct arena arena;
    struct dirent **entries;
    char *path;
    int n;
    enum err e = make_path(&arena, &path, why, id, NULL);

    if (e != ERR_OK)
        return e;
    n = scandir(path, &entries, is_output, alphasort);
    if (n < 0)
        e = err_sys(why, "%s", path);
    for (int i = 0; i < n; i++) {
        char *file = root_path(&arena, "spool/%s/%s", id, entries[i]->d_name);
        int fd =
            file == NULL ? -1 : open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

        if (fd >= 0) {
            each(arg, entries[i]->d_name, fd);
            close(fd);
        }
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    arena_fini(&arena);
    return e;
}

enum err
spool_each_job(void (*each)(void *arg, const struct spool_record *), void *arg,
               struct err_info *why)
{
    struct arena arena;
    struct dirent **entries;
    char *path;
    int n;
    enum err e = make_path(&arena, &path, why, ".", NULL);

    if (e != ERR_OK)
        return e;
    n = scandir(path, &entries, is_job, by_number);
    if (n < 0)
        e = err_sys(why, "%s", path);
    for (int i = 0; i < n; i++) {
        struct spool_record record;

        if (spool_record_read(entries[i]->d_name, &record, NULL) == ERR_OK)
            each(arg, &record);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    arena_fini(&arena);
    return e;
}

uint64_t
spool_process_started(pid_t pid)
{
    char path[64];
    struct buf text;
    struct str rest, field;
    uint64_t started = 0;
    size_t close_at;

    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    buf_init(&text, 4096);
    if (file_read(path, &text, NULL) == ERR_OK) {
        /* The command's name may hold anything; it ends at the last ")". */
        rest = buf_view(&text);
        close_at = str_rfind_char(rest, ')');
        rest =
            str_sub(rest, close_at == STR_NPOS ? rest.n : close_at + 2, rest.n);
        for (int i = 3; str_token(&rest, ' ', &field); i++) {
            if (i == 22 && !str_to_u64(field, &started))
                started = 0;
        }
    }
    buf_fini(&text);
    return started;
}
