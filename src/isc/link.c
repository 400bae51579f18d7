#include "isc/link.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"

/* Room for the largest frame and the kernel's own share of it. */
#define SOCKET_BUFFER (512 * 1024)

static void
set_buffers(int fd)
{
    int n = SOCKET_BUFFER;

    /* The kernel cuts it to its limit, whose default still holds a frame. */
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &n, sizeof n);
}

enum err
isc_connect(const char *path, int *out, struct err_info *why)
{
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    enum err e;
    int fd;

    if (!str_copy_z(str_of(path), sa.sun_path, sizeof sa.sun_path))
        return err_set(why, ERR_LIMIT, "socket path %s is too long", path);
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_sys(why, "socket");
    if (connect(fd, (struct sockaddr *)&sa, sizeof sa) != 0) {
        e = errno == EAGAIN ? ERR_AGAIN : ERR_OK;
        if (e == ERR_OK) {
            e = err_sys(why, "%s", path);
            if (e == ERR_IO)
                e = ERR_PEER;
        } else {
            (void)err_sys(why, "%s", path);
        }
        close(fd);
        return e;
    }
    set_buffers(fd);
    *out = fd;
    return ERR_OK;
}

enum err
isc_pair(int fds[2], struct err_info *why)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                   fds) != 0)
        return err_sys(why, "socketpair");
    set_buffers(fds[0]);
    set_buffers(fds[1]);
    return ERR_OK;
}

enum err
isc_send(int fd, struct str frame, const int *fds, unsigned n_fds,
         struct err_info *why)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(ISC_FDS_MAX * sizeof(int))];
    } control;
    struct iovec iov = { (void *)(uintptr_t)frame.p, frame.n };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
    ssize_t n;

    REQUIRE(n_fds <= ISC_FDS_MAX);
    if (n_fds > 0) {
        struct cmsghdr *head;

        memset(&control, 0, sizeof control);
        msg.msg_control = control.bytes;
        msg.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
        head = CMSG_FIRSTHDR(&msg);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
        memcpy(CMSG_DATA(head), fds, n_fds * sizeof(int));
    }
    do
        n = sendmsg(fd, &msg, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n >= 0)
        return ERR_OK;
    if (errno == EAGAIN || errno == ENOBUFS)
        return err_set(why, ERR_AGAIN, "the link's buffer is full");
    if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
        return err_set(why, ERR_PEER, "the partner closed the link");
    return err_sys(why, "send on the link");
}

void
isc_packet_init(struct isc_packet *packet)
{
    buf_init(&packet->bytes, ISC_FRAME_MAX);
    packet->n_fds = 0;
}

void
isc_packet_close_fds(struct isc_packet *packet)
{
    while (packet->n_fds > 0)
        close(packet->fds[--packet->n_fds]);
}

void
isc_packet_fini(struct isc_packet *packet)
{
    isc_packet_close_fds(packet);
    buf_fini(&packet->bytes);
}

static void
take_fds(struct msghdr *msg, struct isc_packet *packet)
{
    for (struct cmsghdr *head = CMSG_FIRSTHDR(msg); head != NULL;
         head = CMSG_NXTHDR(msg, head)) {
        size_t n;

        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
            continue;
        n = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(head) + i * sizeof fd, sizeof fd);
            if (packet->n_fds < ISC_FDS_MAX)
                packet->fds[packet->n_fds++] = fd;
            else
                close(fd);
        }
    }
}

enum err
isc_recv_noted(int fd, bool wait, struct isc_packet *packet,
               char head[ISC_HEAD_BYTES], struct err_info *why)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(ISC_FDS_MAX * sizeof(int))];
    } control;
    struct iovec iov[2];
    struct msghdr msg = { .msg_iov = iov,
                          .msg_iovlen = ARRAY_LEN(iov),
                          .msg_control = control.bytes,
                          .msg_controllen = sizeof control.bytes };
    char *start;
    ssize_t n;

    isc_packet_close_fds(packet);
    buf_clear(&packet->bytes);
    start = buf_grow(&packet->bytes, ISC_FRAME_MAX);
    if (start == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a frame");
    iov[0] = (struct iovec){ head, ISC_HEAD_BYTES };
    iov[1] = (struct iovec){ start + ISC_HEAD_BYTES,
                             ISC_FRAME_MAX - ISC_HEAD_BYTES };
    do
        n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    while (n < 0 && errno == EINTR);
    packet->bytes.n = n > 0 ? (size_t)n : 0;
    if (n > 0)
        memcpy(start, head,
               n < (ssize_t)ISC_HEAD_BYTES ? (size_t)n : ISC_HEAD_BYTES);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return err_set(why, ERR_AGAIN, "nothing waits on the link");
    if (n < 0 && errno != ECONNRESET)
        return err_sys(why, "receive on the link");
    if (n <= 0)
        return err_set(why, ERR_PEER, "the partner closed the link");
    take_fds(&msg, packet);
    if ((msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
        isc_packet_close_fds(packet);
        return err_set(why, ERR_SYNTAX, "frame larger than %u bytes",
                       ISC_FRAME_MAX);
    }
    return ERR_OK;
}

enum err
isc_recv(int fd, bool wait, struct isc_packet *packet, struct err_info *why)
{
    char head[ISC_HEAD_BYTES];

    return isc_recv_noted(fd, wait, packet, head, why);
}

#define NEEDED_SEALS (F_SEAL_WRITE | F_SEAL_SHRINK)

static enum err
map_area(struct isc_area *area, int fd, struct err_info *why)
{
    int seals = fcntl(fd, F_GET_SEALS);
    struct stat st;
    void *p;

    /* Without these the sender could change or cut it under our feet. */
    if (seals < 0 || (seals & NEEDED_SEALS) != NEEDED_SEALS ||
        fstat(fd, &st) != 0 || (uint64_t)st.st_size != area->fd_bytes)
        return err_set(why, ERR_SYNTAX,
                       "container " STR_FMT ": descriptor is not sealed or "
                       "of another size than %u",
                       STR_ARG(area->name), area->fd_bytes);
    if (area->fd_bytes == 0) {
        area->data = STR("");
        area->fd_at = -1;
        return ERR_OK;
    }
    p = mmap(NULL, area->fd_bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return err_sys(why, "map of a container");
    area->data = str_n(p, area->fd_bytes);
    return ERR_OK;
}

enum err
isc_areas_map(struct isc_area *areas, size_t n, const struct isc_packet *packet,
              struct err_info *why)
{
    for (size_t i = 0; i < n; i++) {
        enum err e;

        if (areas[i].fd_at < 0)
            continue;
        e = map_area(&areas[i], packet->fds[areas[i].fd_at], why);
        if (e != ERR_OK) {
            areas[i].fd_at = -1;
            for (size_t j = i + 1; j < n; j++)
                areas[j].fd_at = -1; /* never mapped */
            isc_areas_unmap(areas, i);
            return e;
        }
    }
    return ERR_OK;
}

void
isc_areas_unmap(struct isc_area *areas, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (areas[i].fd_at < 0)
            continue;
        (void)munmap((void *)(uintptr_t)areas[i].data.p, areas[i].data.n);
        areas[i].data = (struct str){ 0 };
        areas[i].fd_at = -1;
    }
}

enum err
isc_connect_port(unsigned port, int *out, struct err_info *why)
{
    char path[512];
    struct dirent *entry;
    enum err e = ERR_NOT_FOUND;
    DIR *dir;

    (void)snprintf(path, sizeof path, "%s/regions", root_dir());
    dir = opendir(path);
    while (dir != NULL && e != ERR_OK && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "%s/regions/%s/port.%u.sock",
                       root_dir(), entry->d_name, port);
        if (access(path, F_OK) == 0)
            e = isc_connect(path, out, why);
    }
    if (dir != NULL)
        closedir(dir);
    if (e == ERR_NOT_FOUND)
        return err_set(why, e, "no region of this image has port %u open",
                       port);
    return e;
}
