#include "io/uring.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

struct uring {
    int fd;
    unsigned n; /* put down */
    unsigned tail;
    void *queues; /* both, in one piece */
    size_t queues_bytes;
    struct io_uring_sqe *sqes;
    size_t sqes_bytes;
    _Atomic unsigned *sq_tail, *cq_head, *cq_tail;
    unsigned sq_mask, cq_mask;
    const struct io_uring_cqe *cqes;
};

/* Receive and send, and no flag of a request. */
static bool
restrict_ring(int fd)
{
    struct io_uring_restriction only[] = {
        { .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_RECV },
        { .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_SEND },
    };

    return syscall(SYS_io_uring_register, fd, IORING_REGISTER_RESTRICTIONS,
                   only, ARRAY_LEN(only)) == 0 &&
           syscall(SYS_io_uring_register, fd, IORING_REGISTER_ENABLE_RINGS,
                   NULL, 0) == 0;
}

static void *
map(int fd, size_t n, uint64_t what)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
                   fd, (off_t)what);

    return p == MAP_FAILED ? NULL : p;
}

static bool
map_queues(struct uring *r, const struct io_uring_params *p)
{
    size_t sq = p->sq_off.array + p->sq_entries * sizeof(unsigned);
    size_t cq = p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe);
    uint8_t *at;
    unsigned *order;

    r->queues_bytes = sq > cq ? sq : cq;
    r->sqes_bytes = p->sq_entries * sizeof(struct io_uring_sqe);
    r->queues = map(r->fd, r->queues_bytes, IORING_OFF_SQ_RING);
    r->sqes = map(r->fd, r->sqes_bytes, IORING_OFF_SQES);
    if (r->queues == NULL || r->sqes == NULL)
        return false;
    at = r->queues;
    r->sq_tail = (void *)(at + p->sq_off.tail);
    r->cq_head = (void *)(at + p->cq_off.head);
    r->cq_tail = (void *)(at + p->cq_off.tail);
    r->cqes = (void *)(at + p->cq_off.cqes);
    r->sq_mask = p->sq_entries - 1;
    r->cq_mask = p->cq_entries - 1;
    order = (void *)(at + p->sq_off.array);
    for (unsigned i = 0; i < p->sq_entries; i++)
        order[i] = i;
    return true;
}

enum err
uring_new(struct uring **out, struct err_info *why)
{
    struct io_uring_params p = { .flags = IORING_SETUP_R_DISABLED |
                                          IORING_SETUP_SINGLE_ISSUER |
                                          IORING_SETUP_DEFER_TASKRUN };
    struct uring *r = calloc(1, sizeof *r);
    enum err e = ERR_OK;

    if (r == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a ring");
    r->fd = (int)syscall(SYS_io_uring_setup, URING_MAX, &p);
    if (r->fd < 0)
        e = err_sys(why, "io_uring_setup");
    else if ((p.features & IORING_FEAT_SINGLE_MMAP) == 0)
        e = err_set(why, ERR_UNSUPPORTED, "io_uring of an old kernel");
    else if (!map_queues(r, &p))
        e = err_sys(why, "memory of io_uring");
    else if (!restrict_ring(r->fd))
        e = err_sys(why, "io_uring_register");
    if (e != ERR_OK)
        uring_free(&r);
    else
        *out = r;
    return e;
}

void
uring_free(struct uring **p)
{
    struct uring *r = *p;

    if (r == NULL)
        return;
    if (r->queues != NULL)
        (void)munmap(r->queues, r->queues_bytes);
    if (r->sqes != NULL)
        (void)munmap(r->sqes, r->sqes_bytes);
    if (r->fd >= 0)
        close(r->fd);
    free(r);
    *p = NULL;
}

static void
put(struct uring *r, uint8_t what, int fd, const void *p, size_t n, int flags)
{
    struct io_uring_sqe *e = &r->sqes[(r->tail + r->n) & r->sq_mask];

    REQUIRE(r->n < URING_MAX && n <= INT32_MAX);
    *e = (struct io_uring_sqe){
        .opcode = what,
        .fd = fd,
        .addr = (uint64_t)(uintptr_t)p,
        .len = (uint32_t)n,
        .msg_flags = (uint32_t)(flags | MSG_DONTWAIT),
        .user_data = r->n,
    };
    r->n++;
}

void
uring_recv(struct uring *r, int fd, uint8_t *p, size_t n)
{
    put(r, IORING_OP_RECV, fd, p, n, 0);
}

void
uring_send(struct uring *r, int fd, const uint8_t *p, size_t n)
{
    put(r, IORING_OP_SEND, fd, p, n, MSG_NOSIGNAL);
}

/* How many have ended. */
static unsigned
take_results(struct uring *r, int *results)
{
    unsigned head = atomic_load_explicit(r->cq_head, memory_order_relaxed);
    unsigned tail = atomic_load_explicit(r->cq_tail, memory_order_acquire);
    unsigned n = tail - head;

    for (; head != tail; head++) {
        const struct io_uring_cqe *e = &r->cqes[head & r->cq_mask];

        results[e->user_data] = e->res;
    }
    atomic_store_explicit(r->cq_head, head, memory_order_release);
    return n;
}

void
uring_run(struct uring *r, int *results)
{
    unsigned n = r->n, begun = 0, ended = 0;

    for (unsigned i = 0; i < n; i++)
        results[i] = -EINTR;
    atomic_store_explicit(r->sq_tail, r->tail + n, memory_order_release);
    while (ended < n) {
        long done = syscall(SYS_io_uring_enter, r->fd, n - begun, n - ended,
                            IORING_ENTER_GETEVENTS, NULL, 0);

        if (done > 0)
            begun += (unsigned)done;
        else if (done < 0 && errno != EINTR)
            n = begun; /* no memory: the rest is not done */
        ended += take_results(r, results);
    }
    r->tail += begun;
    atomic_store_explicit(r->sq_tail, r->tail, memory_order_release);
    r->n = 0;
}
