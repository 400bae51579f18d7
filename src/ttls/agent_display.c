/* What pasearch asks: policies as the agent holds them, without secrets. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/reader.h"
#include "ipc/chan.h"
#include "ttls/agent_priv.h"
#include "ttls/handover.h"

static char *
socket_path(struct arena *arena)
{
    return root_path(arena, PAGENT_SOCKET);
}

enum err
agent_display_open(struct agent *a, struct err_info *why)
{
    struct arena arena;
    char *path, *folder;
    enum err e = ERR_MEMORY;

    arena_init(&arena, 16 * 1024);
    folder = root_path(&arena, "tcpip");
    path = socket_path(&arena);
    if (folder != NULL && path != NULL) {
        e = dir_make(folder, 0755, why);
        if (e == ERR_OK)
            e = chan_listen(path, 0666, &a->display_fd, why);
        if (e == ERR_EXISTS)
            e = err_set(why, e, "another PAGENT is active in this image");
        if (e == ERR_OK)
            (void)fcntl(a->display_fd, F_SETFL, O_NONBLOCK);
    }
    arena_fini(&arena);
    return e;
}

void
agent_display_close(struct agent *a)
{
    struct arena arena;
    char *path;

    if (a->display_fd < 0)
        return;
    close(a->display_fd);
    a->display_fd = -1;
    arena_init(&arena, 8192);
    path = socket_path(&arena);
    if (path != NULL)
        (void)unlink(path);
    arena_fini(&arena);
}

static void
reply(int fd, enum err code, struct str text, int policy_fd)
{
    struct buf out;

    buf_init(&out, STACK_TEXT_MAX + 16);
    buf_u8(&out, (uint8_t)code);
    buf_str(&out, text);
    IGNORE(chan_send(fd, PAGENT_ANSWER, 1, buf_view(&out), &policy_fd,
                     policy_fd >= 0 ? 1 : 0, NULL));
    buf_fini(&out);
}

/* One name a line: "TCPIP1". */
static void
on_images(struct agent *a, int fd)
{
    struct buf out;

    buf_init(&out, STACK_TEXT_MAX);
    for (size_t i = 0; i < a->n_images; i++)
        buf_printf(&out, "%s\n", a->images[i].name);
    reply(fd, ERR_OK, buf_view(&out), -1);
    buf_fini(&out);
}

/* READ to EZB.PAGENT.sysname.image.TTLS in class SERVAUTH; without a profile
 * superusers only. The kernel says who asks. */
static bool
is_permitted(uid_t uid, const char *image)
{
    struct saf_client *client = NULL;
    struct saf_decision decision;
    struct err_info why;
    char resource[64];
    bool is_allowed;

    if (uid == 0 || uid == geteuid())
        return true;
    if (root_is_private() ||
        saf_connect_as((struct str){ 0 }, uid, &client, &why) != ERR_OK)
        return false;
    (void)snprintf(resource, sizeof resource, "EZB.PAGENT.SPRT.%s.TTLS", image);
    is_allowed = saf_self(client) != NULL &&
                 saf_check_remote(client, saf_self(client), STR("SERVAUTH"),
                                  str_of(resource), SAF_READ, &decision,
                                  &why) == ERR_OK &&
                 decision.rc.saf == 0;
    saf_disconnect(&client);
    return is_allowed;
}

static void
on_policy(struct agent *a, uid_t uid, int fd, struct str name)
{
    struct image *image = NULL;
    struct err_info why;
    int policy_fd = -1;

    for (size_t i = 0; i < a->n_images && image == NULL; i++) {
        if (name.n == 0 || str_eq_z(name, a->images[i].name))
            image = &a->images[i];
    }
    if (image == NULL) {
        reply(fd, ERR_OK, name, -1); /* no policies */
        return;
    }
    if (!is_permitted(uid, image->name)) {
        reply(fd, ERR_DENIED,
              STR("expected READ to EZB.PAGENT.SPRT.image.TTLS in class "
                  "SERVAUTH"),
              -1);
        return;
    }
    if (image->policy != NULL &&
        handover_make(image->policy, false, &policy_fd, &why) != ERR_OK) {
        reply(fd, ERR_MEMORY, str_of(why.text), -1);
        return;
    }
    reply(fd, ERR_OK, str_of(image->name), policy_fd);
    if (policy_fd >= 0)
        close(policy_fd);
}

static void
serve(struct agent *a, uid_t uid, int fd)
{
    struct chan_msg msg;
    struct reader in;
    struct str name;

    if (chan_recv(fd, &msg, NULL) != ERR_OK)
        return;
    in = reader_of(msg.payload);
    if (msg.type == PAGENT_IMAGES && reader_at_end(&in))
        on_images(a, fd);
    else if (msg.type == PAGENT_POLICY &&
             reader_str(&in, 0, STACK_NAME_MAX, &name) && reader_at_end(&in))
        on_policy(a, uid, fd, name);
    chan_msg_fini(&msg);
}

/* Callers are served one by one, each with little time to say what it wants. */
void
agent_display_run(struct agent *a)
{
    struct timeval limit = { .tv_sec = 2 };
    struct chan_peer peer;
    int fd;

    if (chan_accept(a->display_fd, &fd, &peer, NULL) != ERR_OK)
        return;
    (void)fcntl(fd, F_SETFL, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    serve(a, peer.uid, fd);
    chan_close(fd);
}
