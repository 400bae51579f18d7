#include "ipc/chan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/reader.h"
#include "base/secret.h"

/* Wire: u16 type, u32 seq, u8 flags, payload or (flag) u64 size of a memfd
 * that is the first descriptor. */
#define HEAD_BYTES 7u
#define FLAG_MEMFD 1u
/* The kernel's SCM_MAX_FD. With room for all, none is closed by it, as it would
 * close: see close_foreign. */
#define PACKET_FDS_MAX 253u

static enum err
address_of(const char *path, struct sockaddr_un *sa, struct err_info *why)
{
    size_t n = strlen(path);

    *sa = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (n >= sizeof sa->sun_path)
        return err_set(why, ERR_LIMIT,
                       "socket path %s is longer than %zu bytes; choose a "
                       "shorter SALLYPORT_ROOT",
                       path, sizeof sa->sun_path - 1);
    memcpy(sa->sun_path, path, n + 1);
    return ERR_OK;
}

static int
socket_new(struct err_info *why)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    if (fd < 0)
        (void)err_sys(why, "socket");
    return fd;
}

enum err
chan_connect(const char *path, int *out, struct err_info *why)
{
    struct sockaddr_un sa;
    enum err e = address_of(path, &sa, why);
    int fd;

    if (e != ERR_OK)
        return e;
    fd = socket_new(why);
    if (fd < 0)
        return ERR_IO;
    if (connect(fd, (struct sockaddr *)&sa, sizeof sa) != 0) {
        e = err_sys(why, "%s", path);
        close(fd);
        return e == ERR_IO ? ERR_PEER : e;
    }
    *out = fd;
    return ERR_OK;
}

enum err
chan_listen(const char *path, mode_t mode, int *out, struct err_info *why)
{
    struct sockaddr_un sa;
    enum err e = address_of(path, &sa, why);
    int fd, live;

    if (e != ERR_OK)
        return e;
    if (chan_connect(path, &live, NULL) == ERR_OK) {
        close(live);
        return err_set(why, ERR_EXISTS, "%s: another process listens there",
                       path);
    }
    if (unlink(path) != 0 && errno != ENOENT)
        return err_sys(why, "%s", path);
    fd = socket_new(why);
    if (fd < 0)
        return ERR_IO;
    if (bind(fd, (struct sockaddr *)&sa, sizeof sa) != 0 ||
        chmod(path, mode) != 0 || listen(fd, 512) != 0) {
        e = err_sys(why, "%s", path);
        close(fd);
        return e;
    }
    *out = fd;
    return ERR_OK;
}

enum err
chan_peer_of(int fd, struct chan_peer *peer, struct err_info *why)
{
    struct ucred cred;
    socklen_t n = sizeof cred;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) != 0)
        return err_sys(why, "peer credentials");
    *peer = (struct chan_peer){ cred.pid, cred.uid, cred.gid };
    return ERR_OK;
}

enum err
chan_accept(int listener, int *out, struct chan_peer *peer,
            struct err_info *why)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    enum err e;

    if (fd < 0)
        return err_sys(why, "accept");
    if (peer != NULL && (e = chan_peer_of(fd, peer, why)) != ERR_OK) {
        close(fd);
        return e;
    }
    *out = fd;
    return ERR_OK;
}

enum err
chan_pair(int fds[2], struct err_info *why)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
        return err_sys(why, "socketpair");
    return ERR_OK;
}

int
chan_memfd(const char *name, struct str content, struct err_info *why)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0) {
        (void)err_sys(why, "memfd %s", name);
        return -1;
    }
    while (content.n > 0) {
        ssize_t n = write(fd, content.p, content.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            goto fail;
        content = str_sub(content, (size_t)n, content.n);
    }
    if (fcntl(fd, F_ADD_SEALS,
              F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
        goto fail;
    return fd;
fail:
    (void)err_sys(why, "memfd %s", name);
    close(fd);
    return -1;
}

static enum err
send_packet(int fd, struct iovec *iov, size_t n_iov, const int *fds,
            unsigned n_fds, struct err_info *why)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * (CHAN_FDS_MAX + 1))];
        struct cmsghdr align;
    } control;
    struct msghdr head = { .msg_iov = iov, .msg_iovlen = n_iov };

    if (n_fds > 0) {
        struct cmsghdr *cmsg;

        memset(&control, 0, sizeof control);
        head.msg_control = control.bytes;
        head.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
        cmsg = CMSG_FIRSTHDR(&head);
        cmsg->cmsg_level = SOL_SOCKET;
        cmsg->cmsg_type = SCM_RIGHTS;
        cmsg->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
        memcpy(CMSG_DATA(cmsg), fds, sizeof(int) * n_fds);
    }
    for (;;) {
        if (sendmsg(fd, &head, MSG_NOSIGNAL) >= 0)
            return ERR_OK;
        if (errno == EINTR)
            continue;
        if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
            return err_set(why, ERR_PEER, "the other side is gone");
        return err_sys(why, "send");
    }
}

enum err
chan_send(int fd, uint16_t type, uint32_t seq, struct str payload,
          const int *fds, unsigned n_fds, struct err_info *why)
{
    unsigned char head[HEAD_BYTES + 8];
    int all[CHAN_FDS_MAX + 1];
    struct iovec iov[2] = { { head, HEAD_BYTES },
                            { (void *)(uintptr_t)payload.p, payload.n } };
    bool is_large = payload.n > CHAN_INLINE_MAX;
    enum err e;

    if (payload.n > CHAN_BYTES_MAX || n_fds > CHAN_FDS_MAX - is_large)
        return err_set(why, ERR_LIMIT, "message of %zu bytes is too large",
                       payload.n);
    head[0] = (unsigned char)(type >> 8);
    head[1] = (unsigned char)type;
    for (unsigned i = 0; i < 4; i++)
        head[2 + i] = (unsigned char)(seq >> (24 - 8 * i));
    head[6] = is_large ? FLAG_MEMFD : 0;
    if (!is_large)
        return send_packet(fd, iov, payload.n > 0 ? 2 : 1, fds, n_fds, why);
    for (unsigned i = 0; i < 8; i++)
        head[HEAD_BYTES + i] =
            (unsigned char)((uint64_t)payload.n >> (56 - 8 * i));
    iov[0].iov_len = sizeof head;
    all[0] = chan_memfd("message", payload, why);
    if (all[0] < 0)
        return ERR_IO;
    for (unsigned i = 0; i < n_fds; i++)
        all[i + 1] = fds[i];
    e = send_packet(fd, iov, 1, all, n_fds + 1, why);
    close(all[0]);
    return e;
}

/* Who has sent a socket may have asked that its last close waits for its peer
 * (SO_LINGER): that would be we. */
static void
close_foreign(int fd)
{
    const struct linger none = { 0, 0 };

    IGNORE(setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none));
    close(fd);
}

static void
take_fds(struct msghdr *head, struct chan_msg *msg)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(head); c != NULL;
         c = CMSG_NXTHDR(head, c)) {
        size_t n;
        int fds[PACKET_FDS_MAX];

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        if (n > ARRAY_LEN(fds))
            n = ARRAY_LEN(fds);
        memcpy(fds, CMSG_DATA(c), n * sizeof(int));
        for (size_t i = 0; i < n; i++) {
            if (msg->n_fds < CHAN_FDS_MAX)
                msg->fds[msg->n_fds++] = fds[i];
            else
                close_foreign(fds[i]);
        }
    }
}

static enum err
map_payload(struct chan_msg *msg, struct reader *in, struct err_info *why)
{
    struct stat st;
    uint64_t size;
    int fd, seals;

    if (!reader_u64(in, &size) || !reader_at_end(in) || msg->n_fds == 0 ||
        size == 0 || size > CHAN_BYTES_MAX)
        return err_set(why, ERR_SYNTAX, "malformed large message");
    fd = chan_take_fd(msg, 0);
    memmove(msg->fds, msg->fds + 1, sizeof(int) * --msg->n_fds);
    /* -1 for what cannot be sealed at all: a file that its sender may cut
     * while we read it would be our SIGBUS. */
    seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 ||
        (seals & (F_SEAL_SHRINK | F_SEAL_WRITE)) !=
            (F_SEAL_SHRINK | F_SEAL_WRITE) ||
        fstat(fd, &st) != 0 || (uint64_t)st.st_size != size) {
        close_foreign(fd);
        return err_set(why, ERR_SYNTAX, "large message is not sealed");
    }
    msg->map = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (msg->map == MAP_FAILED) {
        msg->map = NULL;
        return err_sys(why, "map message");
    }
    msg->map_bytes = (size_t)size;
    msg->payload = str_n(msg->map, msg->map_bytes);
    return ERR_OK;
}

static enum err
parse(struct chan_msg *msg, struct str packet, struct err_info *why)
{
    struct reader in = reader_of(packet);
    uint8_t flags;

    if (!reader_u16(&in, &msg->type) || !reader_u32(&in, &msg->seq) ||
        !reader_u8(&in, &flags) || flags > FLAG_MEMFD)
        return err_set(why, ERR_SYNTAX, "malformed message of %zu bytes",
                       packet.n);
    if (flags == FLAG_MEMFD)
        return map_payload(msg, &in, why);
    msg->payload = reader_rest(&in);
    return ERR_OK;
}

enum err
chan_recv(int fd, struct chan_msg *msg, struct err_info *why)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * PACKET_FDS_MAX)];
        struct cmsghdr align;
    } control;
    /* Storage of the largest packet for each message would cost more than a
     * small one does in all: the heap grows and shrinks with every one. */
    static _Thread_local char packet[CHAN_INLINE_MAX + HEAD_BYTES + 8];
    struct iovec iov = { packet, sizeof packet };
    struct msghdr head = { .msg_iov = &iov,
                           .msg_iovlen = 1,
                           .msg_control = control.bytes,
                           .msg_controllen = sizeof control };
    ssize_t n;
    enum err e;

    *msg = (struct chan_msg){ .n_fds = 0 };
    do
        n = recvmsg(fd, &head, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return n == 0 || errno == ECONNRESET
                   ? err_set(why, ERR_PEER, "the other side is gone")
                   : err_sys(why, "receive");
    take_fds(&head, msg);
    msg->heap = malloc((size_t)n);
    if (msg->heap != NULL)
        memcpy(msg->heap, packet, (size_t)n);
    secret_wipe(packet, (size_t)n);
    if (msg->heap == NULL) {
        chan_msg_fini(msg);
        return err_set(why, ERR_MEMORY, "no storage for a message");
    }
    e = (head.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0
            ? err_set(why, ERR_SYNTAX, "message too large")
            : parse(msg, str_n(msg->heap, (size_t)n), why);
    if (e != ERR_OK)
        chan_msg_fini(msg);
    return e;
}

int
chan_take_fd(struct chan_msg *msg, unsigned i)
{
    int fd = -1;

    if (i < msg->n_fds) {
        fd = msg->fds[i];
        msg->fds[i] = -1;
    }
    return fd;
}

void
chan_msg_fini(struct chan_msg *msg)
{
    for (unsigned i = 0; i < msg->n_fds; i++) {
        if (msg->fds[i] >= 0)
            close_foreign(msg->fds[i]);
    }
    if (msg->map != NULL)
        munmap(msg->map, msg->map_bytes);
    if (msg->heap != NULL && msg->map == NULL && msg->payload.n > 0)
        secret_wipe(msg->heap, HEAD_BYTES + msg->payload.n);
    free(msg->heap);
    *msg = (struct chan_msg){ .n_fds = 0 };
}

void
chan_close(int fd)
{
    const int yes = 1;

    if (fd < 0)
        return;
    /* Nothing more can come. With its sender's name each packet is more than
     * nothing, which an empty one would not be. */
    IGNORE(shutdown(fd, SHUT_RDWR));
    IGNORE(setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes));
    for (;;) {
        union {
            char bytes[CMSG_SPACE(sizeof(int) * PACKET_FDS_MAX) +
                       CMSG_SPACE(sizeof(struct ucred))];
            struct cmsghdr align;
        } control;
        char byte;
        struct iovec iov = { &byte, 1 };
        struct msghdr head = { .msg_iov = &iov,
                               .msg_iovlen = 1,
                               .msg_control = control.bytes,
                               .msg_controllen = sizeof control };
        struct chan_msg msg = { .n_fds = 0 };

        if (recvmsg(fd, &head, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) < 0 ||
            head.msg_controllen == 0)
            break;
        take_fds(&head, &msg);
        chan_msg_fini(&msg);
    }
    close(fd);
}

void
chan_answer_write(struct buf *payload, enum err code,
                  const struct err_info *why, struct str result)
{
    buf_u8(payload, (uint8_t)code);
    buf_str(payload, str_of(why->text));
    if (code == ERR_OK)
        buf_add(payload, result);
}

enum err
chan_answer_send(int fd, uint16_t type, uint32_t seq, enum err code,
                 const struct err_info *why, struct str result)
{
    struct buf reply;
    enum err e;

    buf_init(&reply, CHAN_BYTES_MAX);
    chan_answer_write(&reply, code, why, result);
    e = buf_check(&reply, NULL);
    if (e == ERR_OK)
        e = chan_send(fd, type, seq, buf_view(&reply), NULL, 0, NULL);
    if (reply.p != NULL)
        secret_wipe(reply.p, reply.n);
    buf_fini(&reply);
    return e;
}

enum err
chan_answer_read(const struct chan_msg *msg, const char *who,
                 struct str *result, struct err_info *why)
{
    struct reader in = reader_of(msg->payload);
    struct str text;
    uint8_t code;

    if (!reader_u8(&in, &code) || code > ERR_MEMORY ||
        !reader_str(&in, 0, ERR_TEXT_MAX, &text))
        return err_set(why, ERR_PEER, "%s: malformed answer", who);
    *result = reader_rest(&in);
    return code == ERR_OK
               ? ERR_OK
               : err_set(why, (enum err)code, STR_FMT, STR_ARG(text));
}
