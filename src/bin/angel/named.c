#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "angel.h"
#include "base/log.h"
#include "base/msg.h"
#include "base/version.h"
#include "ipc/task.h"
#include "saf/client.h"
#include "saf/wire.h"

/*
 * Program BBGZANGL: the angel that servers register with. It owns nothing; as
 * long as it is connected the front answers registrations for its name. It
 * does not stop while servers are registered with it: they would lose their
 * services. What it says has an id but no colon, as all on a console.
 * Source: Liberty on z/OS, MODIFY commands of the angel process.
 */
struct named {
    struct saf_client *client;
    struct task *task; /* NULL: a plain process */
    const char *name;
    uint32_t reply_id;
    unsigned n_lines;
    bool has_pid; /* DISPLAY,SERVERS,PID */
};

static void
say(struct named *n, const char *id, struct str insert)
{
    struct buf line;

    buf_init(&line, 4096);
    buf_printf(&line, "%s ", id);
    MSG_TEXT(&line, id, insert);
    if (n->task != NULL)
        task_wto(n->task, buf_view(&line));
    else
        log_write(LOG_WARN, "%s", buf_z(&line));
    buf_fini(&line);
}

static void
reply(struct named *n, const char *id, const struct str *inserts,
      size_t n_inserts, const char *more)
{
    struct buf line;

    buf_init(&line, 4096);
    buf_printf(&line, "%s ", id);
    msg_text(&line, id, inserts, n_inserts);
    buf_add_z(&line, more);
    task_reply(n->task, n->reply_id, buf_view(&line));
    buf_fini(&line);
    n->n_lines++;
}

#define REPLY(named, id, ...)                                                  \
    reply((named), (id), MSG_INSERTS(__VA_ARGS__),                             \
          sizeof(MSG_INSERTS(__VA_ARGS__)) / sizeof(struct str), "")

/* ---- what it displays ---- */

static void
show_server(void *arg, const struct saf_listed *one)
{
    struct named *n = arg;
    char asid[16], pid[32] = "";
    struct str inserts[2] = { { 0 }, one->job_name };

    snprintf(asid, sizeof asid, "%x", one->asid);
    if (n->has_pid)
        snprintf(pid, sizeof pid, " PID %u", one->pid);
    inserts[0] = str_of(asid);
    reply(n, "CWWKB0052I", inserts, ARRAY_LEN(inserts), pid);
}

static void
show_angel(void *arg, const struct saf_listed *one)
{
    struct named *n = arg;
    char asid[16], pid[16];

    snprintf(asid, sizeof asid, "%x", one->asid);
    snprintf(pid, sizeof pid, "%u", one->pid);
    REPLY(n, "SPT0472I", str_of(asid), one->job_name, str_of(pid),
          one->name.n > 0 ? one->name : STR("(DEFAULT)"));
}

static bool
display(struct named *n, enum saf_listing listing)
{
    struct err_info why = { 0 };

    if (saf_list_servers(n->client, listing,
                         listing == SAF_LIST_SERVERS ? show_server : show_angel,
                         n, &why) == ERR_OK)
        return true;
    REPLY(n, "SPT0001E", str_of(why.text));
    return false;
}

static bool
display_servers(struct named *n)
{
    bool is_done = display(n, SAF_LIST_SERVERS);

    if (n->n_lines == 0)
        reply(n, "SPT0471I", NULL, 0, "");
    return is_done;
}

static bool
display_servers_pid(struct named *n)
{
    n->has_pid = true;
    return display_servers(n);
}

static bool
display_angels(struct named *n)
{
    return display(n, SAF_LIST_ANGELS);
}

static bool
version(struct named *n)
{
    REPLY(n, "SPT0473I", STR(SALLYPORT_VERSION));
    return true;
}

static bool help(struct named *);

static const struct {
    const char *words;
    const char *help;
    bool (*run)(struct named *);
} commands[] = {
    { "DISPLAY,SERVERS", "servers that are registered with this angel",
      display_servers },
    { "DISPLAY,SERVERS,PID", "the same with their process ids",
      display_servers_pid },
    { "DISPLAY,ANGELS", "all angels", display_angels },
    { "VERSION", "the level of this angel", version },
    { "HELP", "these commands", help },
};

static bool
help(struct named *n)
{
    char line[128];

    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        snprintf(line, sizeof line, "%-20s %s", commands[i].words,
                 commands[i].help);
        task_reply(n->task, n->reply_id, str_of(line));
    }
    return true;
}

static bool
on_modify(struct named *n, struct str text)
{
    text = str_trim(text);
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (str_eq_nocase_z(text, commands[i].words))
            return commands[i].run(n);
    REPLY(n, "SPT0474E", str_sub(text, 0, 100));
    (void)help(n);
    return false;
}

/* ---- P ---- */

static void
count(void *arg, const struct saf_listed *one)
{
    (void)one;
    ++*(unsigned *)arg;
}

/* A database that does not answer keeps no angel from stopping. */
static bool
may_stop(struct named *n, const struct task_command *cmd)
{
    struct err_info ignored;
    unsigned n_servers = 0;

    if (strcmp(cmd->user, TASK_BY_MASTER) == 0 ||
        saf_list_servers(n->client, SAF_LIST_SERVERS, count, &n_servers,
                         &ignored) != ERR_OK ||
        n_servers == 0)
        return true;
    reply(n, "SPT0475W", NULL, 0, "");
    (void)display(n, SAF_LIST_SERVERS);
    return false;
}

/* True to go on. */
static bool
take_commands(struct named *n)
{
    struct task_command cmd;
    enum err e;

    while ((e = task_next(n->task, &cmd, NULL)) == ERR_OK) {
        bool is_done;

        n->reply_id = cmd.id;
        n->n_lines = 0;
        n->has_pid = false;
        is_done =
            cmd.verb == TASK_STOP ? may_stop(n, &cmd) : on_modify(n, cmd.text);
        task_reply_end(n->task, cmd.id, is_done);
        if (cmd.verb == TASK_STOP && is_done)
            return false;
    }
    return e == ERR_AGAIN;
}

static int
serve(struct named *n)
{
    struct err_info why = { 0 };

    for (;;) {
        struct pollfd p[2] = {
            { .fd = saf_fd(n->client), .events = POLLIN },
            { .fd = n->task != NULL ? task_fd(n->task) : -1, .events = POLLIN },
        };

        if (poll(p, 2, -1) < 0 && errno != EINTR)
            return 1;
        if (p[0].revents != 0 && saf_process(n->client, &why) != ERR_OK) {
            /* The database was started again: be its angel anew. */
            while (saf_open_angel(n->client, str_of(n->name), &why) != ERR_OK) {
                if (poll(&p[1], 1, 500) > 0 && n->task != NULL &&
                    !take_commands(n))
                    return 0;
            }
        }
        if (p[1].revents != 0 && !take_commands(n))
            return 0;
    }
}

/* As servers name it in com.ibm.ws.zos.core.angelName. */
static bool
is_angel_name(const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "!#$+-/:<>=?@[]^_`{}|~";

    return strlen(name) <= WIRE_ANGEL_MAX &&
           strspn(name, allowed) == strlen(name);
}

int
named_run(const char *name)
{
    struct named n = { .name = name };
    struct err_info why = { 0 };
    enum err e = task_attach(&n.task, &why);
    bool has_name = name[0] != '\0';

    if (e != ERR_OK && e != ERR_NOT_FOUND) {
        log_error("%s", why.text);
        return 1;
    }
    if (!is_angel_name(name)) {
        say(&n, "SPT0305E", STR(""));
        task_free(&n.task);
        return 8;
    }
    e = saf_connect(n.task != NULL ? task_token(n.task) : STR(""), &n.client,
                    &why);
    if (e == ERR_OK)
        e = saf_open_angel(n.client, str_of(name), &why);
    if (e != ERR_OK) {
        say(&n, "SPT0476E", str_of(why.text));
        saf_disconnect(&n.client);
        task_free(&n.task);
        return 8;
    }
    say(&n, has_name ? "CWWKB0069I" : "CWWKB0056I", str_of(name));
    if (n.task != NULL)
        task_ready(n.task);
    e = serve(&n) == 0 ? ERR_OK : ERR_IO;
    if (e == ERR_OK)
        say(&n, has_name ? "CWWKB0073I" : "CWWKB0057I", str_of(name));
    saf_disconnect(&n.client);
    task_free(&n.task);
    return e == ERR_OK ? 0 : 8;
}
