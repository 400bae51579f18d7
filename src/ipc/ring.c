#include "ipc/ring.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Both ends count bytes from the beginning of time; the place in `records` is
 * that count modulo its size. A record is its length (4 bytes of this machine)
 * and its bytes, filled up to 8. Each count is written by one side only and
 * lies in a cache line of its own.
 */
#define LINE 64u
#define ALIGN 8u
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

struct ring_memory {
    _Alignas(LINE) _Atomic uint64_t put;   /* the writer's */
    _Alignas(LINE) _Atomic uint64_t taken; /* the reader's */
    _Alignas(LINE) _Atomic uint64_t lost;
    _Alignas(LINE) _Atomic uint32_t is_asleep;
    _Alignas(4096) unsigned char records[RING_BYTES];
};
_Static_assert((RING_BYTES & (RING_BYTES - 1)) == 0, "a power of two");
_Static_assert(sizeof(struct ring_memory) == 4096 + RING_BYTES, "no padding");

static enum err
map(int fd, struct ring *out, struct err_info *why)
{
    void *p = mmap(NULL, sizeof *out->memory, PROT_READ | PROT_WRITE,
                   MAP_SHARED, fd, 0);

    if (p == MAP_FAILED)
        return err_sys(why, "map a ring");
    *out = (struct ring){ .memory = p, .fd = -1 };
    return ERR_OK;
}

enum err
ring_new(struct ring *out, struct err_info *why)
{
    int fd = memfd_create("ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    enum err e;

    if (fd < 0)
        return err_sys(why, "memfd for a ring");
    if (ftruncate(fd, sizeof *out->memory) != 0 ||
        fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) != 0) {
        e = err_sys(why, "memfd for a ring");
        close(fd);
        return e;
    }
    e = map(fd, out, why);
    if (e != ERR_OK)
        close(fd);
    else
        out->fd = fd;
    return e;
}

enum err
ring_attach(int fd, struct ring *out, struct err_info *why)
{
    struct stat st;
    int seals = fcntl(fd, F_GET_SEALS);
    enum err e;

    /* Memory that could shrink would end the reader by a signal. */
    if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &st) != 0 ||
        st.st_size != (off_t)sizeof *out->memory)
        return err_set(why, ERR_SYNTAX, "not a ring of %u bytes", RING_BYTES);
    e = map(fd, out, why);
    if (e == ERR_OK)
        out->at = atomic_load(&out->memory->taken);
    return e;
}

void
ring_fini(struct ring *r)
{
    if (r->memory == NULL)
        return;
    (void)munmap(r->memory, sizeof *r->memory);
    if (r->fd >= 0)
        close(r->fd);
    *r = (struct ring){ .memory = NULL, .fd = -1 };
}

static uint64_t
record_bytes(size_t n)
{
    return (sizeof(uint32_t) + n + ALIGN - 1) & ~(uint64_t)(ALIGN - 1);
}

/* To and from a place that may lie on both sides of the end. */
static void
copy_in(struct ring_memory *m, uint64_t at, const void *from, size_t n)
{
    size_t place = at & (RING_BYTES - 1), first = RING_BYTES - place;

    if (first > n)
        first = n;
    memcpy(m->records + place, from, first);
    memcpy(m->records, (const char *)from + first, n - first);
}

static void
copy_out(const struct ring_memory *m, uint64_t at, void *to, size_t n)
{
    size_t place = at & (RING_BYTES - 1), first = RING_BYTES - place;

    if (first > n)
        first = n;
    memcpy(to, m->records + place, first);
    memcpy((char *)to + first, m->records, n - first);
}

bool
ring_put(struct ring *r, struct str record)
{
    struct ring_memory *m = r->memory;
    uint64_t at = atomic_load_explicit(&m->put, memory_order_relaxed);
    uint64_t used = at - atomic_load_explicit(&m->taken, memory_order_acquire);
    uint32_t n = (uint32_t)record.n;

    if (record.n > RING_RECORD_MAX || used > RING_BYTES ||
        record_bytes(record.n) > RING_BYTES - used)
        return false;
    copy_in(m, at, &n, sizeof n);
    copy_in(m, at + sizeof n, record.p, record.n);
    /* In one order with the reader's going to sleep. */
    atomic_store(&m->put, at + record_bytes(record.n));
    return true;
}

bool
ring_is_asleep(struct ring *r)
{
    return atomic_load(&r->memory->is_asleep) != 0 &&
           atomic_exchange(&r->memory->is_asleep, 0) != 0;
}

void
ring_add_lost(struct ring *r)
{
    atomic_fetch_add(&r->memory->lost, 1);
}

enum err
ring_take(struct ring *r, struct buf *out, struct err_info *why)
{
    struct ring_memory *m = r->memory;
    uint64_t there = atomic_load(&m->put) - r->at;
    uint32_t n;
    char *to;

    buf_clear(out);
    if (there == 0)
        return ERR_NOT_FOUND;
    if (there > RING_BYTES || there < ALIGN)
        return err_set(why, ERR_SYNTAX, "a ring with more than it holds");
    copy_out(m, r->at, &n, sizeof n);
    if (n > RING_RECORD_MAX || record_bytes(n) > there)
        return err_set(why, ERR_SYNTAX, "a record longer than its ring");
    if (n > 0) {
        to = buf_grow(out, n);
        if (to == NULL)
            return err_set(why, ERR_MEMORY, "no storage for a record");
        copy_out(m, r->at + sizeof n, to, n);
    }
    r->at += record_bytes(n);
    atomic_store_explicit(&m->taken, r->at, memory_order_release);
    return ERR_OK;
}

bool
ring_sleep(struct ring *r)
{
    atomic_store(&r->memory->is_asleep, 1);
    if (atomic_load(&r->memory->put) == r->at)
        return true;
    atomic_store(&r->memory->is_asleep, 0);
    return false;
}

uint64_t
ring_lost(struct ring *r)
{
    return atomic_exchange(&r->memory->lost, 0);
}
