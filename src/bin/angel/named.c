#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "angel.h"
#include "base/log.h"
#include "ipc/task.h"
#include "saf/client.h"
#include "saf/wire.h"

/*
 * Program BBGZANGL: the angel that servers register with. It owns nothing; as
 * long as it is connected the front answers registrations for its name. It
 * takes MODIFY DISPLAY,SERVERS, DISPLAY,ANGELS and VERSION, and STOP.
 */
struct named {
    struct saf_client *client;
    struct task *task; /* NULL: a plain process */
    const char *name;
    uint32_t reply_id, n_lines;
};

static void
say(struct named *n, const char *text)
{
    if (n->task != NULL)
        task_wto(n->task, str_of(text));
    else
        log_write(LOG_WARN, "%s", text);
}

static void
reply_line(void *arg, struct str text)
{
    struct named *n = arg;

    n->n_lines++;
    task_reply(n->task, n->reply_id, text);
}

static bool
is_word(struct str text, const char *word)
{
    return str_eq_nocase(str_trim(text), str_of(word));
}

static void
on_modify(struct named *n, const struct task_command *cmd)
{
    struct err_info why = { 0 };
    bool is_done = true;
    char line[128];

    n->reply_id = cmd->id;
    n->n_lines = 0;
    if (is_word(cmd->text, "DISPLAY,SERVERS")) {
        is_done = saf_list_servers(n->client, reply_line, n, &why) == ERR_OK;
        if (!is_done)
            reply_line(n, str_of(why.text));
        else if (n->n_lines == 0)
            reply_line(n, STR("NO SERVERS ARE REGISTERED"));
    } else if (is_word(cmd->text, "DISPLAY,ANGELS") ||
               is_word(cmd->text, "VERSION")) {
        (void)snprintf(line, sizeof line, "ANGEL %s IS ACTIVE",
                       n->name[0] != '\0' ? n->name : "(DEFAULT)");
        reply_line(n, str_of(line));
    } else {
        is_done = false;
        reply_line(n, STR("COMMAND NOT RECOGNIZED: EXPECTED DISPLAY,SERVERS, "
                          "DISPLAY,ANGELS OR VERSION"));
    }
    task_reply_end(n->task, cmd->id, is_done);
}

/* True to go on. */
static bool
take_commands(struct named *n)
{
    struct task_command cmd;
    enum err e;

    while ((e = task_next(n->task, &cmd, NULL)) == ERR_OK) {
        if (cmd.verb == TASK_STOP) {
            task_reply_end(n->task, cmd.id, true);
            return false;
        }
        on_modify(n, &cmd);
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
    char line[128];

    if (e != ERR_OK && e != ERR_NOT_FOUND) {
        log_error("%s", why.text);
        return 1;
    }
    if (!is_angel_name(name)) {
        say(&n, "SPT0305E THE ANGEL NAME IS NOT 1 TO 54 OF A-Z, 0-9 AND "
                "!#$+-/:<>=?@[]^_`{}|~");
        task_free(&n.task);
        return 8;
    }
    e = saf_connect(n.task != NULL ? task_token(n.task) : STR(""), &n.client,
                    &why);
    if (e == ERR_OK)
        e = saf_open_angel(n.client, str_of(name), &why);
    if (e != ERR_OK) {
        say(&n, why.text);
        saf_disconnect(&n.client);
        task_free(&n.task);
        return 8;
    }
    (void)snprintf(line, sizeof line, "SPT0303I ANGEL %s IS ACTIVE",
                   name[0] != '\0' ? name : "(DEFAULT)");
    say(&n, line);
    if (n.task != NULL)
        task_ready(n.task);
    e = serve(&n) == 0 ? ERR_OK : ERR_IO;
    say(&n, "SPT0304I ANGEL HAS ENDED");
    saf_disconnect(&n.client);
    task_free(&n.task);
    return e == ERR_OK ? 0 : 8;
}
