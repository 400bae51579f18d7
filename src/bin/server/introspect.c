#include "introspect.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/vec.h"
#include "base/version.h"

#define TEXT_MAX (8u * 1024u * 1024u)
#define INTROSPECT_LOGGER "com.ibm.ws.kernel.launch.internal.FrameworkManager"

static void
heading(struct buf *out, const char *text)
{
    buf_printf(out, "\n--- %s\n", text);
}

/* Lines of a file below /proc that begin with one of the words. */
static void
proc_lines(struct buf *out, const char *path, const char *const *words,
           size_t n_words)
{
    struct str rest, line;
    struct buf text;

    buf_init(&text, 1024 * 1024);
    if (file_read(path, &text, NULL) == ERR_OK) {
        rest = buf_view(&text);
        while (str_line(&rest, &line))
            for (size_t i = 0; i < n_words; i++)
                if (str_starts(line, str_of(words[i])))
                    buf_printf(out, STR_FMT "\n", STR_ARG(line));
    }
    buf_fini(&text);
}

static void
process(struct buf *out)
{
    static const char *const status[] = {
        "Name:",   "Pid:",   "Uid:",    "Gid:",   "Threads",
        "VmPeak:", "VmRSS:", "VmSwap:", "FDSize:"
    };
    static const char *const limits[] = { "Max open files", "Max processes",
                                          "Max core file size" };

    heading(out, "process");
    proc_lines(out, "/proc/self/status", status, ARRAY_LEN(status));
    proc_lines(out, "/proc/self/limits", limits, ARRAY_LEN(limits));
}

static void
threads(struct buf *out)
{
    static const char *const words[] = { "Name:", "State:",
                                         "voluntary_ctxt_switches",
                                         "nonvoluntary_ctxt_switches" };
    DIR *dir = opendir("/proc/self/task");
    struct dirent *entry;
    char path[300];

    heading(out, "threads");
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        struct buf waits;

        if (entry->d_name[0] == '.')
            continue;
        buf_printf(out, "thread %s\n", entry->d_name);
        snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
        proc_lines(out, path, words, ARRAY_LEN(words));
        snprintf(path, sizeof path, "/proc/self/task/%s/wchan", entry->d_name);
        buf_init(&waits, 4096);
        if (file_read(path, &waits, NULL) == ERR_OK && waits.n > 1)
            buf_printf(out, "waits in " STR_FMT "\n",
                       STR_ARG(buf_view(&waits)));
        buf_fini(&waits);
    }
    if (dir != NULL)
        closedir(dir);
}

/* How many descriptors of each kind: "socket: 12". */
static void
descriptors(struct buf *out)
{
    static const char *const kinds[] = { "socket:", "anon_inode:", "pipe:",
                                         "/memfd:", "/" };
    unsigned n[ARRAY_LEN(kinds)] = { 0 };
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;

    heading(out, "descriptors");
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char target[256];
        ssize_t len =
            readlinkat(dirfd(dir), entry->d_name, target, sizeof target);
        size_t k = 0;

        if (len <= 0)
            continue;
        while (k < ARRAY_LEN(kinds) &&
               !str_starts(str_n(target, (size_t)len), str_of(kinds[k])))
            k++;
        if (k < ARRAY_LEN(kinds))
            n[k]++;
    }
    if (dir != NULL)
        closedir(dir);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        buf_printf(out, "%s %u\n",
                   strcmp(kinds[i], "/") == 0 ? "file:" : kinds[i], n[i]);
}

static void
work(struct buf *out, struct worker *w)
{
    struct gateway_endpoint v[64];
    size_t n = gateway_endpoints(w->gateway, v, ARRAY_LEN(v));
    struct gateway_work counts;
    struct buf lines;

    heading(out, "endpoints");
    for (size_t i = 0; i < n; i++)
        buf_printf(out, STR_FMT ": %s\n", STR_ARG(v[i].id),
                   gateway_endpoint_state(&v[i]));
    buf_init(&lines, TEXT_MAX / 2);
    gateway_count(w->gateway, 0, 0, &counts, &lines);
    heading(out, "requests under way");
    buf_printf(out, "%llu since start, %llu now\n",
               (unsigned long long)counts.total,
               (unsigned long long)counts.active);
    buf_add(out, buf_view(&lines));
    buf_fini(&lines);
}

static void
configuration(struct buf *out, struct worker *w)
{
    heading(out, "configuration files");
    for (size_t i = 0; i < w->watched.n; i++) {
        const struct watched_file *file = &w->watched.v[i];

        if (file->is_used)
            buf_printf(out, "%s%s\n", file->path,
                       file->stamp.changed_ns == 0 ? " (not there)" : "");
    }
}

static void
name_file(const char *folder, const char *kind, unsigned n,
          char path[INTROSPECT_PATH_BYTES])
{
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm tm;

    localtime_r(&now, &tm);
    snprintf(path, INTROSPECT_PATH_BYTES,
             "%s/%s_%02d.%02d.%02d_%02d.%02d.%02d.%u.txt", folder, kind,
             tm.tm_year % 100, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
             tm.tm_sec, n);
}

enum err
introspect_write(struct worker *w, const char *kind,
                 char path[INTROSPECT_PATH_BYTES], struct err_info *why)
{
    const char *folder = w->settings->dump_dir;
    struct buf out;
    enum err e = dir_make(folder, 0777, why);
    char seconds[32];

    if (e != ERR_OK)
        return e;
    buf_init(&out, TEXT_MAX);
    buf_printf(&out, "Sallyport %s, server %s, up for " STR_FMT " seconds\n",
               SALLYPORT_VERSION, w->settings->name,
               STR_ARG(worker_seconds(w->started_ms, seconds)));
    process(&out);
    threads(&out);
    descriptors(&out);
    work(&out, w);
    configuration(&out, w);
    for (unsigned n = 0; n < 1000; n++) {
        name_file(folder, kind, n, path);
        if (access(path, F_OK) != 0)
            break;
    }
    e = buf_check(&out, why);
    if (e == ERR_OK)
        e = file_write_atomic(path, buf_view(&out), 0666, why);
    buf_fini(&out);
    return e;
}

void
introspect_hung(struct worker *w)
{
    struct err_info why;
    char path[INTROSPECT_PATH_BYTES];

    MESSAGES_LOG0(w->log, INTROSPECT_LOGGER, "CWWKE0067I");
    if (introspect_write(w, "javacore", path, &why) == ERR_OK)
        MESSAGES_LOG(w->log, INTROSPECT_LOGGER, "CWWKE0068I", str_of(path));
}
