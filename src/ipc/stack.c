#include "ipc/stack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/reader.h"
#include "ipc/chan.h"

bool
stack_name_ok(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];

        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '$' ||
              c == '#' || c == '@'))
            return false;
    }
    return name.n > 0 && name.n <= STACK_NAME_MAX;
}

bool
stack_socket(struct str stack, char out[64])
{
    char name[STACK_NAME_MAX + 1];

    if (!stack_name_ok(stack) || !str_copy_z(stack, name, sizeof name))
        return false;
    (void)snprintf(out, 64, STACK_SOCKET, name);
    return true;
}

void
stack_each(void (*run)(void *arg, const char *name), void *arg)
{
    struct arena arena;
    struct dirent *d;
    char *path;
    DIR *dir;

    arena_init(&arena, 8192);
    path = root_path(&arena, STACK_FOLDER);
    dir = path == NULL ? NULL : opendir(path);
    while (dir != NULL && (d = readdir(dir)) != NULL) {
        if (stack_name_ok(str_of(d->d_name)))
            run(arg, d->d_name);
    }
    if (dir != NULL)
        (void)closedir(dir);
    arena_fini(&arena);
}

static enum err
open_socket(const char *socket, int *fd, struct err_info *why)
{
    struct arena arena;
    struct err_info local;
    char *path;
    enum err e = ERR_MEMORY;

    arena_init(&arena, 8192);
    path = root_path(&arena, "%s", socket);
    if (path != NULL)
        e = chan_connect(path, fd, &local);
    arena_fini(&arena);
    if (e == ERR_PEER || e == ERR_NOT_FOUND ||
        (e == ERR_IO && errno == ECONNREFUSED))
        return err_set(why, ERR_NOT_FOUND, "nobody listens at %s", socket);
    if (e != ERR_OK && why != NULL)
        *why = local;
    return e;
}

static enum err
take(struct chan_msg *msg, struct stack_answer *out, struct err_info *why)
{
    out->type = msg->type;
    buf_add(&out->payload, msg->payload);
    out->fd = chan_take_fd(msg, 0);
    chan_msg_fini(msg);
    return buf_check(&out->payload, why);
}

enum err
stack_ask(const char *socket, uint16_t type, struct str payload, int fd,
          uint32_t wait_ms, struct stack_answer *out, struct err_info *why)
{
    uint64_t until_ms = clock_mono_ms() + wait_ms;
    struct chan_msg msg;
    enum err e;
    int sock = -1;

    *out = (struct stack_answer){ .fd = -1 };
    buf_init(&out->payload, CHAN_BYTES_MAX);
    if ((e = open_socket(socket, &sock, why)) != ERR_OK)
        return e;
    (void)fcntl(sock, F_SETFL, O_NONBLOCK);
    e = chan_send(sock, type, 1, payload, &fd, fd >= 0 ? 1 : 0, why);
    while (e == ERR_OK) {
        struct pollfd p = { .fd = sock, .events = POLLIN };
        uint64_t now_ms = clock_mono_ms();

        if (now_ms >= until_ms || poll(&p, 1, (int)(until_ms - now_ms)) == 0) {
            e = err_set(why, ERR_TIMEOUT, "no answer at %s", socket);
            break;
        }
        e = chan_recv(sock, &msg, why);
        if (e == ERR_OK) {
            e = take(&msg, out, why);
            break;
        }
        if (e == ERR_AGAIN)
            e = ERR_OK;
    }
    close(sock);
    return e;
}

void
stack_answer_fini(struct stack_answer *a)
{
    buf_fini(&a->payload);
    if (a->fd >= 0)
        close(a->fd);
    a->fd = -1;
}

enum err
stack_done(const struct stack_answer *a, struct err_info *why)
{
    struct reader in = reader_of(buf_view(&a->payload));
    struct str text;
    uint8_t code;

    if ((a->type != STACK_DONE && a->type != PAGENT_ANSWER) ||
        !reader_u8(&in, &code) || code > ERR_MEMORY ||
        !reader_str(&in, 0, STACK_TEXT_MAX, &text) || !reader_at_end(&in))
        return err_set(why, ERR_PEER, "an answer that makes no sense");
    if (code != ERR_OK)
        return err_set(why, (enum err)code, STR_FMT, STR_ARG(text));
    return ERR_OK;
}
