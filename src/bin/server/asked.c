/*
 * What the parent is asked from outside, on the command socket and by the
 * operator, and the replies to it.
 */
#include "process_private.h"

#include <stdio.h>
#include <unistd.h>

#include "base/msg.h"

/* ---- replies to whoever asked ---- */

struct pending *
pending_find(struct process *p, uint32_t id)
{
    for (unsigned i = 0; i < PENDING_MAX; i++)
        if (p->pending[i].id == id && id != 0)
            return &p->pending[i];
    return NULL;
}

void
asked_close(struct process *p, unsigned i)
{
    if (p->clients[i].fd >= 0)
        close(p->clients[i].fd);
    p->clients[i].fd = -1;
    for (unsigned j = 0; j < PENDING_MAX; j++)
        if (!p->pending[j].is_task && p->pending[j].client == i)
            p->pending[j].id = 0;
}

static void
to_client(struct process *p, unsigned i, enum parent_message type,
          struct str payload)
{
    struct err_info ignored;

    if (p->clients[i].fd >= 0 &&
        chan_send(p->clients[i].fd, (uint16_t)type, 0, payload, NULL, 0,
                  &ignored) != ERR_OK)
        asked_close(p, i);
}

void
pending_reply(struct process *p, const struct pending *to, struct str line)
{
    struct buf out;

    if (to->is_task) {
        task_reply(p->task, to->task_id, line);
        return;
    }
    buf_init(&out, PARENT_TEXT_MAX + 64);
    buf_str(&out, line);
    to_client(p, to->client, PARENT_C_LINE, buf_view(&out));
    buf_fini(&out);
}

void
pending_end(struct process *p, struct pending *to, bool is_done)
{
    char byte = is_done ? 1 : 0;

    if (to->is_task)
        task_reply_end(p->task, to->task_id, is_done);
    else
        to_client(p, to->client, PARENT_C_END, str_n(&byte, 1));
    to->id = 0;
}

void
pending_refuse(struct process *p, struct pending *to, const char *id,
               struct str reason)
{
    struct buf line;

    buf_init(&line, 1024);
    MSG_LINE(&line, id, reason);
    pending_reply(p, to, buf_view(&line));
    buf_clear(&line);
    MSG_LINE(&line, "CWWKB0002I", str_of(to->text), STR("UNSUCCESSFULLY"));
    pending_reply(p, to, buf_view(&line));
    buf_fini(&line);
    pending_end(p, to, false);
}

static struct pending *
pending_new(struct process *p, struct str text)
{
    for (unsigned i = 0; i < PENDING_MAX; i++)
        if (p->pending[i].id == 0) {
            struct pending *new = &p->pending[i];

            *new = (struct pending){ .id = ++p->next_id };
            if (new->id == 0)
                new->id = ++p->next_id;
            (void)!str_copy_z(str_sub(text, 0, sizeof new->text - 1), new->text,
                              sizeof new->text);
            return new;
        }
    return NULL;
}

static void
modify(struct process *p, struct pending *to, struct str text)
{
    char reason[512];

    if (p->worker_fd >= 0 && p->is_ready && !p->is_stopping) {
        process_command(p, PARENT_MODIFY, to->id, text);
        return;
    }
    snprintf(reason, sizeof reason, "server %s is %s.", p->settings->name,
             p->is_stopping ? "stopping" : "starting");
    pending_refuse(p, to, "CWWKB0004I", str_of(reason));
}

/* ---- what the command socket asks ---- */

void
asked_accept(struct process *p)
{
    struct chan_peer peer;
    struct err_info why;
    int fd;

    if (chan_accept(p->command_fd, &fd, &peer, &why) != ERR_OK)
        return;
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        if (p->clients[i].fd < 0 && (peer.uid == geteuid() || peer.uid == 0)) {
            p->clients[i].fd = fd;
            return;
        }
    close(fd); /* a stranger, or too many at once */
}

static bool
on_status(struct process *p, unsigned client, struct reader *in)
{
    struct buf out;

    if (!reader_at_end(in))
        return false;
    buf_init(&out, 64);
    buf_u32(&out, (uint32_t)getpid());
    buf_u8(&out, p->is_ready);
    to_client(p, client, PARENT_C_STATE, buf_view(&out));
    buf_fini(&out);
    return true;
}

static bool
on_stop(struct process *p, unsigned client, struct reader *in)
{
    uint8_t is_forced;

    (void)client;
    if (!reader_u8(in, &is_forced) || is_forced > 1 || !reader_at_end(in))
        return false;
    process_stop(p, is_forced == 1);
    return true;
}

static bool
on_modify(struct process *p, unsigned client, struct reader *in)
{
    struct pending *to;
    struct str text;

    if (!reader_str(in, 0, PARENT_TEXT_MAX, &text) || !reader_at_end(in))
        return false;
    to = pending_new(p, text);
    if (to == NULL)
        return false;
    to->client = client;
    modify(p, to, text);
    return true;
}

/* All the command socket may ask. */
static const struct {
    uint16_t type;
    bool (*run)(struct process *, unsigned client, struct reader *);
} client_requests[] = {
    { PARENT_C_STATUS, on_status },
    { PARENT_C_STOP, on_stop },
    { PARENT_C_MODIFY, on_modify },
};

void
asked_by_client(struct process *p, unsigned i)
{
    struct err_info why;
    struct chan_msg msg;
    enum err e = chan_recv(p->clients[i].fd, &msg, &why);
    bool is_understood = false;

    if (e == ERR_AGAIN)
        return;
    if (e == ERR_OK) {
        struct reader in = reader_of(msg.payload);

        for (size_t j = 0; j < ARRAY_LEN(client_requests); j++)
            if (client_requests[j].type == msg.type)
                is_understood = client_requests[j].run(p, i, &in);
        chan_msg_fini(&msg);
    }
    if (!is_understood)
        asked_close(p, i);
}

/* ---- what the operator asks ---- */

static void
on_task_stop(struct process *p, const struct task_command *command)
{
    struct buf line;

    buf_init(&line, 1024);
    MSG_LINE(&line, "CWWKB0001I", str_of(p->settings->name));
    task_reply(p->task, command->id, buf_view(&line));
    buf_fini(&line);
    task_reply_end(p->task, command->id, true);
    (void)unlink(p->settings->pid_file);
    process_stop(p, false);
}

void
asked_by_operator(struct process *p)
{
    struct task_command command;
    struct pending *to;
    struct err_info why;
    enum err e = task_next(p->task, &command, &why);

    if (e == ERR_AGAIN)
        return;
    if (e != ERR_OK) { /* the master is gone: so is the image */
        task_free(&p->task);
        process_stop(p, false);
        return;
    }
    if (command.verb == TASK_STOP) {
        on_task_stop(p, &command);
        return;
    }
    to = pending_new(p, command.text);
    if (to == NULL) {
        task_reply(p->task, command.id,
                   STR("too many commands wait for the server"));
        task_reply_end(p->task, command.id, false);
        return;
    }
    to->is_task = true;
    to->task_id = command.id;
    modify(p, to, command.text);
}
