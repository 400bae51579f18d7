#include "batch/client.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/file.h"
#include "base/reader.h"
#include "batch/master_wire.h"
#include "ipc/chan.h"
#include "saf/client.h"

struct batch_client {
    int fd;
};

struct listener {
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
take_accepted(struct listener *l, struct reader *in)
{
    struct str name, id;

    if (l->result == NULL || !reader_str(in, 1, 8, &name) ||
        !reader_str(in, 1, 8, &id) || !reader_at_end(in) ||
        !str_copy_z(name, l->result->name, sizeof l->result->name) ||
        !str_copy_z(id, l->result->id, sizeof l->result->id))
        return false;
    l->is_accepted = true;
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
        return take_accepted(l, &in);
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

static enum err
identity(struct str user, struct str password, struct saf_client **saf,
         struct err_info *why)
{
    struct saf_rc rc;
    enum err e = saf_connect((struct str){ 0 }, saf, why);

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
