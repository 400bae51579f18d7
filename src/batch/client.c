#include "batch/client.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/file.h"
#include "base/reader.h"
#include "batch/master_wire.h"
#include "ipc/chan.h"
#include "ipc/task.h"
#include "saf/client.h"

struct batch_client {
    int fd;
};

struct listener {
    int *terminal; /* su */
    void (*line)(void *arg, struct str text);
    void (*file)(void *arg, struct str name, int fd);
    void *arg;
    struct batch_result *result;
    bool is_accepted;
    bool has_ended;
    bool is_done;
    uint8_t status;
};

static bool
take_line(struct listener *l, struct reader *in)
{
    struct str text;

    if (!reader_str(in, 0, MASTER_LINE_MAX, &text) || !reader_at_end(in))
        return false;
    if (l->line != NULL)
        l->line(l->arg, text);
    return true;
}

static bool
take_accepted(struct listener *l, struct reader *in, struct chan_msg *msg)
{
    struct str name, id;

    if (l->result == NULL || !reader_str(in, 1, 8, &name) ||
        !reader_str(in, 1, 8, &id) || !reader_at_end(in) ||
        !str_copy_z(name, l->result->name, sizeof l->result->name) ||
        !str_copy_z(id, l->result->id, sizeof l->result->id))
        return false;
    l->is_accepted = true;
    if (l->terminal != NULL)
        *l->terminal = chan_take_fd(msg, 0);
    return true;
}

static bool
take_ended(struct listener *l, struct reader *in)
{
    struct str text;
    uint8_t end;

    l->has_ended = true;
    if (l->result == NULL)
        return true;
    if (!reader_u8(in, &end) || end > JOB_CANCELLED ||
        !reader_u32(in, &l->result->code) || !reader_str(in, 0, 255, &text) ||
        !reader_at_end(in) ||
        !str_copy_z(text, l->result->text, sizeof l->result->text))
        return false;
    l->result->end = (enum job_end)end;
    return true;
}

static bool
take_file(struct listener *l, struct reader *in, struct chan_msg *msg)
{
    struct str name;
    int fd;

    if (!reader_str(in, 1, 255, &name) || !reader_at_end(in))
        return false;
    fd = chan_take_fd(msg, 0);
    if (fd < 0)
        return false;
    if (l->file != NULL)
        l->file(l->arg, name, fd);
    close(fd);
    return true;
}

static bool
take(struct listener *l, struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);

    switch (msg->type) {
    case MASTER_LINE:
        return take_line(l, &in);
    case MASTER_ACCEPTED:
        return take_accepted(l, &in, msg);
    case MASTER_ENDED:
        return take_ended(l, &in);
    case MASTER_FILE:
        return take_file(l, &in, msg);
    case MASTER_DONE:
        l->is_done = reader_u8(&in, &l->status) && reader_at_end(&in);
        return l->is_done;
    }
    return false;
}

static enum err
receive(struct batch_client *client, struct listener *l, struct err_info *why)
{
    struct chan_msg msg;
    enum err e;
    bool is_good;

    (void)cli_wait(client->fd,
                   l->is_accepted ? l->result->id : "waiting for the system",
                   -1);
    e = chan_recv(client->fd, &msg, why);
    if (e == ERR_PEER)
        return err_set(why, ERR_PEER, "the master ended");
    if (e != ERR_OK)
        return e;
    is_good = take(l, &msg);
    chan_msg_fini(&msg);
    return is_good
               ? ERR_OK
               : err_set(why, ERR_PEER, "the master sent something unexpected");
}

static void
keep_text(void *arg, struct str text)
{
    struct err_info *why = arg;

    (void)err_set(why, ERR_DENIED, "%.*s", STR_ARG(text));
}

static enum err
hello(struct batch_client *client, struct str wire, struct err_info *why)
{
    struct err_info refused = { 0 };
    struct listener l = { .line = keep_text, .arg = &refused };
    struct buf out;
    enum err e;

    buf_init(&out, MASTER_ACEE_MAX + 8);
    buf_str(&out, wire);
    e = buf_check(&out, why);
    if (e == ERR_OK)
        e = chan_send(client->fd, MASTER_HELLO, 0, buf_view(&out), NULL, 0,
                      why);
    buf_fini(&out);
    while (e == ERR_OK && !l.is_done)
        e = receive(client, &l, why);
    if (e == ERR_OK && l.status != 0)
        e = err_set(why, ERR_DENIED, "%s", refused.text);
    return e;
}

/* In an address space: its user. */
static enum err
identity(struct str user, struct str password, struct saf_client **saf,
         struct err_info *why)
{
    struct saf_rc rc;
    struct buf token = { 0 };
    enum err e = task_token_read(&token, why);

    if (e == ERR_OK || e == ERR_NOT_FOUND)
        e = saf_connect(buf_view(&token), saf, why);
    if (token.p != NULL)
        secret_wipe(token.p, token.n);
    buf_fini(&token);
    if (e == ERR_OK && user.n > 0)
        e = saf_logon(*saf, user, password, STR(""), &rc, why);
    return e;
}

static enum err
connect_master(int *fd, struct err_info *why)
{
    struct arena arena;
    char *path;
    enum err e;

    arena_init(&arena, 8192);
    path = root_path(&arena, MASTER_SOCKET);
    e = path == NULL ? ERR_MEMORY : chan_connect(path, fd, why);
    if (e == ERR_PEER || e == ERR_NOT_FOUND)
        e = err_set(why, ERR_PEER,
                    "the system is not up (%s); start it with: sallyport ipl",
                    root_dir());
    arena_fini(&arena);
    return e;
}

enum err
batch_connect(struct str user, struct str password, struct batch_client **out,
              struct err_info *why)
{
    struct batch_client *client = calloc(1, sizeof *client);
    struct saf_client *saf = NULL;
    enum err e;

    if (client == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a connection");
    client->fd = -1;
    if ((e = connect_master(&client->fd, why)) == ERR_OK &&
        (e = identity(user, password, &saf, why)) == ERR_OK)
        e = hello(client, saf_self(saf)->wire, why);
    saf_disconnect(&saf);
    if (e != ERR_OK)
        batch_disconnect(&client);
    else
        *out = client;
    return e;
}

void
batch_disconnect(struct batch_client **client)
{
    if (*client == NULL)
        return;
    if ((*client)->fd >= 0)
        close((*client)->fd);
    free(*client);
    *client = NULL;
}

enum err
batch_submit(struct batch_client *client, struct str jcl, bool wait,
             void (*line)(void *arg, struct str text), void *arg,
             struct batch_result *result, struct err_info *why)
{
    struct listener l = { .line = line, .arg = arg, .result = result };
    struct buf out;
    enum err e;

    *result = (struct batch_result){ .end = JOB_BROKEN };
    buf_init(&out, JCL_TEXT_MAX + 64);
    buf_str(&out, jcl);
    buf_u8(&out, wait);
    e = buf_check(&out, why);
    if (e == ERR_OK)
        e = chan_send(client->fd, MASTER_SUBMIT, 0, buf_view(&out), NULL, 0,
                      why);
    buf_fini(&out);
    while (e == ERR_OK && !l.has_ended && (wait || !l.is_accepted))
        e = receive(client, &l, why);
    return e;
}

enum err
batch_output(struct batch_client *client, struct str id,
             void (*file)(void *arg, struct str name, int fd),
             void (*line)(void *arg, struct str text), void *arg,
             struct err_info *why)
{
    struct listener l = { .file = file, .line = line, .arg = arg };
    struct buf out;
    enum err e;

    buf_init(&out, 64);
    buf_str(&out, id);
    e = chan_send(client->fd, MASTER_OUTPUT, 0, buf_view(&out), NULL, 0, why);
    buf_fini(&out);
    while (e == ERR_OK && !l.is_done)
        e = receive(client, &l, why);
    return e != ERR_OK || l.status == 0
               ? e
               : err_set(why, ERR_DENIED, "%.*s: the output is not available",
                         STR_ARG(id));
}

enum err
batch_command(struct batch_client *client, struct str text,
              void (*line)(void *arg, struct str text), void *arg,
              uint8_t *status, struct err_info *why)
{
    struct listener l = { .line = line, .arg = arg };
    struct buf out;
    enum err e;

    if (text.n == 0 || text.n > MASTER_COMMAND_MAX)
        return err_set(why, ERR_LIMIT,
                       "a command has 1 to %u characters, found %zu",
                       MASTER_COMMAND_MAX, text.n);
    buf_init(&out, MASTER_COMMAND_MAX + 8);
    buf_str(&out, text);
    e = chan_send(client->fd, MASTER_COMMAND, 0, buf_view(&out), NULL, 0, why);
    buf_fini(&out);
    /* P is done when the task has ended. */
    while (e == ERR_OK && !l.is_done && !l.has_ended)
        e = receive(client, &l, why);
    *status = l.status;
    return e;
}

/* --- su ----------------------------------------------------------------- */

/* Which of the standard streams are terminals, and how large. */
static uint8_t
find_terminals(struct winsize *size)
{
    uint8_t mask = 0;

    for (int i = 0; i < 3; i++) {
        if (!isatty(i))
            continue;
        if (mask == 0)
            IGNORE(ioctl(i, TIOCGWINSZ, size)); /* 0 x 0 then */
        mask |= (uint8_t)(1u << i);
    }
    return mask;
}

static enum err
send_su(struct batch_client *client, const struct batch_su *su, int folder,
        struct err_info *why)
{
    struct winsize size = { 0 };
    uint8_t mask = find_terminals(&size);
    int fds[4] = { folder };
    unsigned n = 1;
    struct buf out;
    enum err e;

    for (int i = 0; i < 3; i++) {
        if ((mask & 1u << i) == 0)
            fds[n++] = i;
    }
    buf_init(&out, 2 * MASTER_ARGS_BYTES_MAX);
    buf_str(&out, su->user);
    buf_u8(&out, mask);
    buf_u16(&out, size.ws_row);
    buf_u16(&out, size.ws_col);
    buf_str(&out, str_sub(str_of(su->term), 0, MASTER_TERM_MAX));
    buf_u32(&out, (uint32_t)su->n);
    for (size_t i = 0; i < su->n; i++)
        buf_str(&out, str_of(su->arguments[i]));
    e = out.n > MASTER_ARGS_BYTES_MAX || su->n > MASTER_ARGS_MAX
            ? err_set(why, ERR_LIMIT,
                      "a command has %u arguments and %u bytes at most",
                      MASTER_ARGS_MAX, MASTER_ARGS_BYTES_MAX)
            : chan_send(client->fd, MASTER_SU, 0, buf_view(&out), fds, n, why);
    buf_fini(&out);
    return e;
}

enum err
batch_su(struct batch_client *client, const struct batch_su *su,
         void (*line)(void *arg, struct str text), void *arg, int *terminal,
         struct err_info *why)
{
    struct batch_result unused;
    struct listener l = {
        .line = line, .arg = arg, .result = &unused, .terminal = terminal
    };
    int folder;
    enum err e;

    *terminal = -1;
    if (su->user.n == 0 || su->user.n > 8)
        return err_set(why, ERR_RANGE,
                       "\"%.*s\" is no user ID; expected 1 to 8 characters",
                       STR_ARG(str_sub(su->user, 0, 40)));
    folder = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        folder = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return err_sys(why, "the working directory");
    e = send_su(client, su, folder, why);
    close(folder);
    while (e == ERR_OK && !l.is_accepted && !l.has_ended)
        e = receive(client, &l, why);
    if (e == ERR_OK && !l.is_accepted)
        e = err_set(why, ERR_DENIED, "refused");
    return e;
}

int
batch_fd(const struct batch_client *client)
{
    return client->fd;
}

void
batch_su_signal(struct batch_client *client, int number)
{
    char byte = (char)number;

    /* A master that is gone is seen where its answer is read. */
    IGNORE(chan_send(client->fd, MASTER_SIGNAL, 0, str_n(&byte, 1), NULL, 0,
                     NULL));
}

enum err
batch_su_end(struct batch_client *client, struct batch_result *result,
             struct err_info *why)
{
    struct listener l = { .result = result };
    enum err e = ERR_OK;

    while (e == ERR_OK && !l.has_ended)
        e = receive(client, &l, why);
    return e;
}
