/* libattls: attls_ctl() asks the stacks of this image. */
#include "sallyport/ttls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/reader.h"
#include "ipc/stack.h"
#include "ttls/attls_user.h"

#define WAIT_MS 10000u
#define POLL_MS 5
#define ALL_REQUESTS 0x3fu

struct told {
    uint8_t is_found, policy, conn, type, flags, is_host_checked;
    uint32_t error;
    uint16_t protocol;
    struct str cipher, share, user, names[4], certificate;
};

static int
fail(int number)
{
    errno = number;
    return -1;
}

static void
put_addr(struct buf *out, const struct sockaddr_storage *at)
{
    const struct sockaddr_in *v4 = (const void *)at;
    const struct sockaddr_in6 *v6 = (const void *)at;
    unsigned char ip[16] = { [10] = 0xff, [11] = 0xff };

    if (at->ss_family == AF_INET) {
        memcpy(ip + 12, &v4->sin_addr, 4);
        buf_add(out, str_n(ip, 16));
        buf_u16(out, ntohs(v4->sin_port));
    } else {
        buf_add(out, str_n(&v6->sin6_addr, 16));
        buf_u16(out, ntohs(v6->sin6_port));
    }
}

/* Cookie, request, both names. Who asks is added by the stack. */
static int
put_question(int fd, uint32_t request, struct buf *out)
{
    struct sockaddr_storage own = { 0 }, peer = { 0 };
    socklen_t n_own = sizeof own, n_peer = sizeof peer;
    uint64_t cookie = 0;
    socklen_t n = sizeof cookie, n_type = sizeof(int);
    int type = 0;

    if (getsockname(fd, (struct sockaddr *)&own, &n_own) != 0 ||
        getpeername(fd, (struct sockaddr *)&peer, &n_peer) != 0)
        return fail(errno == ENOTSOCK || errno == EBADF ? errno : ENOTCONN);
    if ((own.ss_family != AF_INET && own.ss_family != AF_INET6) ||
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n_type) != 0 ||
        type != SOCK_STREAM)
        return fail(ENOTCONN);
    if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &n) != 0)
        cookie = 0;
    buf_u64(out, cookie);
    buf_u32(out, request);
    put_addr(out, &own);
    put_addr(out, &peer);
    return out->failed ? fail(ENOMEM) : 0;
}

static bool
read_told(struct reader *in, struct told *t)
{
    if (!reader_u8(in, &t->is_found))
        return false;
    if (t->is_found == CONTROL_IS_OFF) {
        t->is_found = 0;
        t->policy = TTLS_POL_OFF;
    }
    if (t->is_found != 1)
        return true;
    return reader_u32(in, &t->error) && reader_u8(in, &t->policy) &&
           reader_u8(in, &t->conn) && reader_u8(in, &t->type) &&
           reader_u8(in, &t->flags) && reader_u16(in, &t->protocol) &&
           reader_str(in, 0, 4, &t->cipher) &&
           reader_str(in, 0, 4, &t->share) && reader_str(in, 0, 8, &t->user) &&
           reader_str(in, 0, 64, &t->names[0]) &&
           reader_str(in, 0, 64, &t->names[1]) &&
           reader_str(in, 0, 64, &t->names[2]) &&
           reader_str(in, 0, 64, &t->names[3]) &&
           reader_u8(in, &t->is_host_checked) &&
           reader_str(in, 0, 16384, &t->certificate);
}

static bool
read_answer(const struct stack_answer *answer, struct told *t)
{
    struct reader in = reader_of(buf_view(&answer->payload));
    struct str text;

    if (answer->type != STACK_ROWS || !reader_str(&in, 0, 65536, &text))
        return false;
    in = reader_of(text);
    return read_told(&in, t);
}

/* One question to the stacks of the image: which of them has the connection
 * only they know. One that has not does nothing about it. */
struct inquiry {
    struct str question;
    struct stack_answer *answer; /* of the stack that has the connection */
    struct told *told;
    bool is_found;
    bool is_on;      /* AT-TLS, in a stack that has not */
    bool has_failed; /* a stack did not answer, or not in our words */
};

static void
ask_stack(struct inquiry *q, const char *name)
{
    struct stack_answer answer = { .fd = -1 };
    struct told told = { 0 };
    char socket[64];
    bool is_read;
    enum err e;

    if (!stack_socket(str_of(name), socket))
        return;
    e = stack_ask(socket, STACK_CONTROL, q->question, -1, WAIT_MS, &answer,
                  NULL);
    is_read = e == ERR_OK && read_answer(&answer, &told);
    if (is_read && told.is_found != 0) {
        q->is_found = true;
        *q->answer = answer;
        *q->told = told;
        return;
    }
    if (is_read)
        q->is_on = q->is_on || told.policy != TTLS_POL_OFF;
    else if (e != ERR_NOT_FOUND) /* a process holds the stack */
        q->has_failed = true;
    stack_answer_fini(&answer);
}

static void
ask_next(void *arg, const char *name)
{
    struct inquiry *q = arg;

    if (!q->is_found && !str_eq_z(str_of(name), STACK_DEFAULT))
        ask_stack(q, name);
}

/* The default's first: most images have no other one. */
static int
ask_once(int fd, uint32_t request, struct stack_answer *answer, struct told *t)
{
    struct inquiry q = { .answer = answer, .told = t };
    struct buf question;
    int status;

    memset(t, 0, sizeof *t);
    buf_init(&question, 256);
    status = put_question(fd, request, &question);
    if (status == 0) {
        q.question = buf_view(&question);
        ask_stack(&q, STACK_DEFAULT);
        if (!q.is_found)
            stack_each(ask_next, &q);
        if (!q.is_found && q.has_failed)
            status = fail(EIO); /* that one may have it */
        else if (!q.is_found && !q.is_on)
            t->policy = TTLS_POL_OFF;
    }
    buf_fini(&question);
    return status;
}

/* What the program has written must be with the engine before TLS begins or
 * ends: no byte may wait for another segment's acknowledgement. */
static void
flush(int fd)
{
    int was = 0, on = 1, left = 0;
    socklen_t n = sizeof was;

    if (getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &was, &n) != 0)
        return;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    for (unsigned waited_ms = 0; waited_ms < WAIT_MS; waited_ms++) {
        if (ioctl(fd, SIOCOUTQ, &left) != 0 || left == 0)
            break;
        (void)poll(NULL, 0, 1);
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &was, sizeof was);
}

/* A connection that has just been made may not be mapped yet. */
static int
ask(int fd, uint32_t request, struct stack_answer *answer, struct told *t)
{
    for (unsigned waited_ms = 0;; waited_ms += POLL_MS) {
        int status = ask_once(fd, request, answer, t);

        if (status != 0 || t->is_found != 2)
            return status;
        stack_answer_fini(answer);
        if (waited_ms >= WAIT_MS)
            return fail(EIO);
        (void)poll(NULL, 0, POLL_MS);
    }
}

/* --- what the program gets
 * --------------------------------------------------------- */

static void
put_status(struct TTLS_IOCTL *io, const struct told *t)
{
    io->TTLSi_Stat_Policy = t->is_found ? t->policy
                            : t->policy ? t->policy
                                        : TTLS_POL_NO_POLICY;
    io->TTLSi_Stat_Conn = t->is_found ? t->conn : TTLS_CONN_NOTSECURE;
    io->TTLSi_Sec_Type = t->type;
    io->TTLSi_SSL_Prot = t->protocol;
    memset(io->TTLSi_Neg_Cipher, ' ', sizeof io->TTLSi_Neg_Cipher);
    memset(io->TTLSi_Neg_Cipher4, ' ', sizeof io->TTLSi_Neg_Cipher4);
    memset(io->TTLSi_Neg_KeyShare, ' ', sizeof io->TTLSi_Neg_KeyShare);
    if (t->cipher.n == 4) {
        bool is_short = memcmp(t->cipher.p, "00", 2) == 0;

        memcpy(io->TTLSi_Neg_Cipher, is_short ? t->cipher.p + 2 : "4X", 2);
        memcpy(io->TTLSi_Neg_Cipher4, t->cipher.p, 4);
    }
    if (t->share.n == 4)
        memcpy(io->TTLSi_Neg_KeyShare, t->share.p, 4);
    io->TTLSi_UserID_Len = (uint8_t)t->user.n;
    memset(io->TTLSi_UserID, ' ', sizeof io->TTLSi_UserID);
    if (t->user.n > 0)
        memcpy(io->TTLSi_UserID, t->user.p, t->user.n);
    io->TTLSi_Cert_Len = 0;
}

static int
put_certificate(struct TTLS_IOCTL *io, const struct told *t)
{
    if ((io->TTLSi_Req_Type & TTLS_RETURN_CERTIFICATE) == 0)
        return 0;
    io->TTLSi_Cert_Len = (uint32_t)t->certificate.n;
    if (t->certificate.n > io->TTLSi_BufferLen)
        return fail(ENOBUFS);
    return user_put(io->TTLSi_BufferPtr, t->certificate.p, t->certificate.n)
               ? 0
               : fail(EFAULT);
}

static struct str
value_of(uint32_t key, const struct told *t)
{
    if (key >= TTLSK_TTLSRuleName && key <= TTLSK_TTLSConnectionActionName)
        return t->names[key - TTLSK_TTLSRuleName];
    if (key == TTLSK_Certificate)
        return t->certificate;
    if (key == TTLSK_Host_Status)
        return str_n(&t->is_host_checked, 1);
    return (struct str){ 0 };
}

/* The header and the quadruplets of a version 2 buffer, our own copy. */
struct quads {
    struct TTLSHeader head;
    struct TTLSQuadruplet q[];
};

static size_t
quads_size(const struct quads *v)
{
    return sizeof v->head + v->head.TTLSHdr_GetCount * sizeof v->q[0];
}

/* Version 2: values follow the quadruplets, as they fit. */
static int
put_quadruplets(struct TTLS_IOCTL *io, struct quads *v, const struct told *t)
{
    char *base = io->TTLSi_BufferPtr;
    size_t at = quads_size(v);

    for (unsigned i = 0; i < v->head.TTLSHdr_GetCount; i++) {
        struct TTLSQuadruplet *q = &v->q[i];
        struct str value = value_of(q->TTLSQ_Key, t);

        q->TTLSQ_Length = (uint32_t)value.n;
        q->TTLSQ_Offset = 0;
        if (value.n > 0 && at + value.n <= io->TTLSi_BufferLen) {
            if (!user_put(base + at, value.p, value.n))
                return fail(EFAULT);
            q->TTLSQ_Offset = (uint32_t)at;
        }
        at += value.n;
    }
    v->head.TTLSHdr_BytesNeeded = at > UINT32_MAX ? UINT32_MAX : (uint32_t)at;
    if (!user_put(base, v, quads_size(v)))
        return fail(EFAULT);
    return at <= io->TTLSi_BufferLen ? 0 : fail(ENOBUFS);
}

/* --- what the program asks
 * --------------------------------------------------------- */

/* Requests that may not be made together: EPERM. */
static bool
may_combine(uint32_t r)
{
    uint32_t others =
        TTLS_RESET_SESSION | TTLS_RESET_CIPHER | TTLS_STOP_CONNECTION;

    if ((r & TTLS_INIT_CONNECTION) != 0)
        return (r & others) == 0;
    if ((r & TTLS_STOP_CONNECTION) != 0)
        return (r & others) == TTLS_STOP_CONNECTION &&
               (r & TTLS_ALLOW_HSTIMEOUT) == 0;
    return (r & TTLS_ALLOW_HSTIMEOUT) == 0;
}

static int
check(const struct TTLS_IOCTL *io)
{
    uint32_t r = io->TTLSi_Req_Type;
    bool has_pointer = io->TTLSi_BufferPtr != NULL;
    bool has_length = io->TTLSi_BufferLen != 0;

    if (io->TTLSi_Ver != TTLS_VERSION1 && io->TTLSi_Ver != TTLS_VERSION2)
        return fail(EINVAL);
    if ((r & ~ALL_REQUESTS) != 0)
        return fail(EINVAL);
    /* A buffer is for a certificate, and a certificate for a buffer. */
    if (io->TTLSi_Ver == TTLS_VERSION1 &&
        ((r & TTLS_RETURN_CERTIFICATE) != 0 ? !has_pointer || !has_length
                                            : has_pointer || has_length))
        return fail(EINVAL);
    return may_combine(r) ? 0 : fail(EPERM);
}

/* NULL: the program has given none, which is no error. */
static int
take_quadruplets(const struct TTLS_IOCTL *io, struct quads **out)
{
    struct TTLSHeader head;
    struct quads *v;
    size_t size;

    *out = NULL;
    if (io->TTLSi_Ver == TTLS_VERSION1 || io->TTLSi_BufferPtr == NULL)
        return 0;
    if (io->TTLSi_BufferLen < sizeof head)
        return fail(EINVAL);
    if (!user_take(&head, io->TTLSi_BufferPtr, sizeof head))
        return fail(EFAULT);
    size = sizeof head + head.TTLSHdr_GetCount * sizeof v->q[0];
    if (memcmp(head.TTLSHeaderIdent, TTLS_HEADER_IDENT, 8) != 0 ||
        head.TTLSHdr_SetCount != 0 || io->TTLSi_BufferLen < size)
        return fail(EINVAL);
    v = malloc(size);
    if (v == NULL)
        return fail(ENOMEM);
    if (!user_take(v, io->TTLSi_BufferPtr, size)) {
        free(v);
        return fail(EFAULT);
    }
    v->head = head; /* as it was checked */
    *out = v;
    return 0;
}

static bool
is_blocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags < 0 || (flags & O_NONBLOCK) == 0;
}

/* A blocking socket waits: for the handshake, as each call of the original
 * does, and for the partner's answer to STOP. */
static int
wait_done(int fd, struct stack_answer *answer, struct told *t)
{
    bool is_stop = (t->flags & CONTROL_IS_STOPPING) != 0;

    while ((t->flags & CONTROL_IS_STOPPING) != 0 ||
           t->conn == TTLS_CONN_HS_INPROGRESS) {
        (void)poll(NULL, 0, POLL_MS);
        stack_answer_fini(answer);
        /* A reset socket is not connected any more. */
        if (ask(fd, TTLS_RETURN_CERTIFICATE, answer, t) != 0)
            return errno == ENOTCONN ? fail(ECONNRESET) : -1;
        if (t->is_found != 1)
            return fail(ECONNRESET);
    }
    if ((t->flags & CONTROL_IS_TIMED_OUT) != 0)
        return fail(ETIME);
    return is_stop || t->conn == TTLS_CONN_SECURE ? 0 : fail(ECONNRESET);
}

/* What the stack has answered, or is still to. */
static int
follow(int fd, uint32_t request, struct stack_answer *answer, struct told *t)
{
    if (!t->is_found) /* no rule: nothing to control */
        return (request & ~(uint32_t)TTLS_RETURN_CERTIFICATE) != 0
                   ? fail(EACCES)
                   : 0;
    if (t->error != 0 && t->error != EINPROGRESS)
        return fail((int)t->error);
    if (t->error == 0 && t->conn != TTLS_CONN_HS_INPROGRESS)
        return 0;
    if (is_blocking(fd))
        return wait_done(fd, answer, t);
    return t->error == 0 ? 0 : fail(EINPROGRESS);
}

/* Are the query fields valid? Of somebody else's connection, and of one that
 * is not there any more, nothing is told. */
static bool
has_status(int status)
{
    return status == 0 || errno == EINPROGRESS || errno == EACCES ||
           errno == EALREADY || errno == EPROTO || errno == ETIME;
}

static int
control(int fd, struct TTLS_IOCTL *io, struct quads *quads)
{
    struct stack_answer answer = { .fd = -1 };
    struct told t;
    int status;

    if ((io->TTLSi_Req_Type & (TTLS_INIT_CONNECTION | TTLS_STOP_CONNECTION)) !=
        0)
        flush(fd);
    status = ask(fd, io->TTLSi_Req_Type, &answer, &t);
    if (status == 0) {
        status = follow(fd, io->TTLSi_Req_Type, &answer, &t);
        if (has_status(status))
            put_status(io, &t);
    }
    if (status == 0)
        status = io->TTLSi_Ver == TTLS_VERSION1 ? put_certificate(io, &t)
                 : quads != NULL                ? put_quadruplets(io, quads, &t)
                                                : 0;
    stack_answer_fini(&answer);
    return status;
}

int
attls_ctl(int fd, struct TTLS_IOCTL *program)
{
    struct TTLS_IOCTL io;
    struct quads *quads = NULL;
    int status, number;

    if (!user_take(&io, program, sizeof io))
        return fail(EFAULT);
    if (check(&io) != 0 || take_quadruplets(&io, &quads) != 0)
        return -1;
    status = control(fd, &io, quads);
    number = errno;
    free(quads);
    if (!user_put(program, &io, sizeof io))
        return fail(EFAULT);
    errno = number;
    return status;
}
