#include "ipc/task.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/reader.h"
#include "base/secret.h"
#include "ipc/chan.h"
#include "ipc/task_wire.h"

struct task {
    int fd;
    char job_name[9];
    char job_id[9];
    char user[9];
    struct buf token;
    struct chan_msg last; /* owns the text of the last command */
};

/* A descriptor number the master put into the environment. */
static enum err
descriptor_of(const char *name, int *fd, struct err_info *why)
{
    const char *text = getenv(name);
    uint64_t number;

    if (text == NULL || text[0] == '\0')
        return err_set(why, ERR_NOT_FOUND, "%s is not set: no address space",
                       name);
    if (!str_to_u64(str_of(text), &number) || number > 0xffff ||
        fcntl((int)number, F_GETFD) < 0)
        return err_set(why, ERR_SYNTAX, "%s does not name a descriptor", name);
    *fd = (int)number;
    return ERR_OK;
}

/* pread, not read: every process of the address space shares the offset. */
enum err
task_token_read(struct buf *out, struct err_info *why)
{
    int fd, seals;
    off_t at = 0;
    enum err e = descriptor_of("SALLYPORT_TOKEN_FD", &fd, why);

    if (e != ERR_OK)
        return e;
    seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & F_SEAL_WRITE) == 0)
        return err_set(why, ERR_SYNTAX,
                       "SALLYPORT_TOKEN_FD is not a sealed job token");
    buf_init(out, TASK_TOKEN_MAX);
    for (;;) {
        char piece[512];
        ssize_t n = pread(fd, piece, sizeof piece, at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            buf_fini(out);
            return err_sys(why, "job token");
        }
        if (n == 0)
            break;
        buf_add(out, str_n(piece, (size_t)n));
        at += n;
    }
    e = buf_check(out, why);
    if (e != ERR_OK)
        buf_fini(out);
    return e;
}

static bool
read_welcome(struct task *task, struct str payload)
{
    struct reader in = reader_of(payload);
    struct str name, id, user;

    return reader_str(&in, 1, 8, &name) && reader_str(&in, 1, 8, &id) &&
           reader_str(&in, 1, 8, &user) && reader_at_end(&in) &&
           str_copy_z(name, task->job_name, sizeof task->job_name) &&
           str_copy_z(id, task->job_id, sizeof task->job_id) &&
           str_copy_z(user, task->user, sizeof task->user);
}

static enum err
greet(struct task *task, struct err_info *why)
{
    struct chan_msg msg;
    bool is_welcome;
    enum err e =
        chan_send(task->fd, TASK_HELLO, 0, (struct str){ 0 }, NULL, 0, why);

    if (e != ERR_OK || (e = chan_recv(task->fd, &msg, why)) != ERR_OK)
        return e;
    is_welcome = msg.type == TASK_WELCOME && read_welcome(task, msg.payload);
    chan_msg_fini(&msg);
    return is_welcome ? ERR_OK
                      : err_set(why, ERR_PEER,
                                "the master answered something unexpected");
}

enum err
task_attach(struct task **out, struct err_info *why)
{
    struct task *task;
    enum err e;
    int fd;

    if ((e = descriptor_of("SALLYPORT_TASK_FD", &fd, why)) != ERR_OK)
        return e;
    task = calloc(1, sizeof *task);
    if (task == NULL)
        return err_set(why, ERR_MEMORY, "no storage for the task");
    task->fd = fd;
    buf_init(&task->token, TASK_TOKEN_MAX);
    if ((e = task_token_read(&task->token, why)) != ERR_OK ||
        (e = greet(task, why)) != ERR_OK) {
        task->fd = -1; /* still the environment's */
        task_free(&task);
        return e;
    }
    /* A program the task starts is not the task. */
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    *out = task;
    return ERR_OK;
}

void
task_free(struct task **task)
{
    if (*task == NULL)
        return;
    chan_msg_fini(&(*task)->last);
    if ((*task)->token.p != NULL)
        secret_wipe((*task)->token.p, (*task)->token.n);
    buf_fini(&(*task)->token);
    if ((*task)->fd >= 0)
        close((*task)->fd);
    free(*task);
    *task = NULL;
}

const char *
task_job_name(const struct task *task)
{
    return task->job_name;
}

const char *
task_job_id(const struct task *task)
{
    return task->job_id;
}

const char *
task_user(const struct task *task)
{
    return task->user;
}

struct str
task_token(const struct task *task)
{
    return buf_view(&task->token);
}

int
task_fd(const struct task *task)
{
    return task->fd;
}

enum err
task_next(struct task *task, struct task_command *out, struct err_info *why)
{
    enum err e;

    chan_msg_fini(&task->last);
    e = chan_recv(task->fd, &task->last, why);
    if (e != ERR_OK)
        return e;

    struct reader in = reader_of(task->last.payload);
    uint8_t verb;
    struct str user;

    *out = (struct task_command){ .id = task->last.seq };
    if (task->last.type != TASK_COMMAND || !reader_u8(&in, &verb) ||
        verb > TASK_STOP || !reader_str(&in, 0, 8, &user) ||
        !str_copy_z(user, out->user, sizeof out->user) ||
        !reader_str(&in, 0, TASK_TEXT_MAX, &out->text) || !reader_at_end(&in))
        return err_set(why, ERR_PEER, "malformed command from the master");
    out->verb = (enum task_verb)verb;
    return ERR_OK;
}

/* The descriptor does not block; a master that cannot keep up for a moment is
 * waited for, one that is gone is not. */
static void
send_payload(struct task *task, uint16_t type, uint32_t id, struct str payload)
{
    for (int tries = 0; tries < 200; tries++) {
        if (chan_send(task->fd, type, id, payload, NULL, 0, NULL) != ERR_AGAIN)
            break;
        usleep(5000);
    }
}

static void
send_line(struct task *task, uint16_t type, uint32_t id, struct str line)
{
    struct buf payload;

    buf_init(&payload, TASK_LINE_MAX + 8);
    buf_str(&payload, str_sub(line, 0, TASK_LINE_MAX));
    send_payload(task, type, id, buf_view(&payload));
    buf_fini(&payload);
}

void
task_reply(struct task *task, uint32_t id, struct str line)
{
    send_line(task, TASK_REPLY, id, line);
}

void
task_reply_end(struct task *task, uint32_t id, bool is_done)
{
    char byte = is_done ? 1 : 0;

    send_payload(task, TASK_REPLY_END, id, str_n(&byte, 1));
}

void
task_wto(struct task *task, struct str line)
{
    send_line(task, TASK_WTO, 0, line);
}

void
task_hard_copy(struct task *task, struct str line)
{
    send_line(task, TASK_HARD_COPY, 0, line);
}

void
task_wto_plain(struct str line)
{
    struct task task = { 0 };

    if (descriptor_of("SALLYPORT_TASK_FD", &task.fd, NULL) == ERR_OK)
        send_line(&task, TASK_WTO, 0, line);
}

void
task_ready(struct task *task)
{
    send_line(task, TASK_READY, 0, (struct str){ 0 });
}
