#include "io/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct resolve_job {
    struct loop *loop;
    struct loop_post post;
    char host[RESOLVE_HOST_MAX + 1];
    unsigned port;
    resolve_done done;
    void *arg;
    int result; /* of getaddrinfo */
    union address addresses[RESOLVE_ADDRESSES_MAX];
    size_t n_addresses;
    /* of an address, instead: host becomes its name */
    resolve_named named;
    struct sockaddr_storage address;
    socklen_t address_bytes;
    bool is_confirmed;
    bool is_abandoned; /* guarded by `lock` */
};

/* Decides between a thread that has finished and a loop that gave up. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned n_threads, n_names;

socklen_t
address_bytes(const union address *address)
{
    return address->any.sa_family == AF_INET ? sizeof address->v4
                                             : sizeof address->v6;
}

int
address_connect(const union address *address, struct err_info *why)
{
    const int on = 1;
    int fd = socket(address->any.sa_family,
                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        (void)err_sys(why, "cannot open a socket");
        return -1;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, &address->any, address_bytes(address)) < 0 &&
        errno != EINPROGRESS) {
        (void)err_set(why, ERR_PEER, "%s", strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

bool
address_parse(struct str host, unsigned port, union address *out)
{
    char text[INET6_ADDRSTRLEN];
    union address address = { 0 };

    if (!str_copy_z(host, text, sizeof text))
        return false;
    if (inet_pton(AF_INET, text, &address.v4.sin_addr) == 1) {
        address.v4.sin_family = AF_INET;
        address.v4.sin_port = htons((uint16_t)port);
    } else if (inet_pton(AF_INET6, text, &address.v6.sin6_addr) == 1) {
        address.v6.sin6_family = AF_INET6;
        address.v6.sin6_port = htons((uint16_t)port);
    } else {
        return false;
    }
    *out = address;
    return true;
}

static void
look_up(struct resolve_job *job)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_ADDRCONFIG };
    struct addrinfo *list = NULL;

    job->result = getaddrinfo(job->host, NULL, &hints, &list);
    for (struct addrinfo *at = list;
         at != NULL && job->n_addresses < RESOLVE_ADDRESSES_MAX;
         at = at->ai_next) {
        union address *address = &job->addresses[job->n_addresses];

        if (at->ai_addrlen > sizeof *address)
            continue;
        memcpy(address, at->ai_addr, at->ai_addrlen);
        if (at->ai_family == AF_INET)
            address->v4.sin_port = htons((uint16_t)job->port);
        else if (at->ai_family == AF_INET6)
            address->v6.sin6_port = htons((uint16_t)job->port);
        else
            continue;
        job->n_addresses++;
    }
    if (list != NULL)
        freeaddrinfo(list);
}

/* The address alone: IPv4 seen through an IPv6 socket is IPv4. */
static size_t
bytes_of(const struct sockaddr *from, const unsigned char **out)
{
    const struct sockaddr_in *four = (const void *)from;
    const struct sockaddr_in6 *six = (const void *)from;

    if (from->sa_family == AF_INET) {
        *out = (const unsigned char *)&four->sin_addr;
        return 4;
    }
    if (from->sa_family != AF_INET6)
        return 0;
    *out = six->sin6_addr.s6_addr;
    if (!IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
        return 16;
    *out += 12;
    return 4;
}

static bool
is_same_address(const struct sockaddr *a, const struct sockaddr *b)
{
    const unsigned char *left = NULL, *right = NULL;
    size_t n = bytes_of(a, &left);

    return n > 0 && n == bytes_of(b, &right) && memcmp(left, right, n) == 0;
}

/* Who owns an address decides what its name says; only a name that leads back
 * to it is its owner's. */
static void
look_up_name(struct resolve_job *job)
{
    const struct sockaddr *address = (struct sockaddr *)&job->address;
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;
    struct sockaddr_in four = { .sin_family = AF_INET };
    const unsigned char *bytes = NULL;

    if (bytes_of(address, &bytes) == 4) { /* the resolver knows it as such */
        memcpy(&four.sin_addr, bytes, 4);
        job->result =
            getnameinfo((struct sockaddr *)&four, sizeof four, job->host,
                        sizeof job->host, NULL, 0, NI_NAMEREQD);
    } else {
        job->result = getnameinfo(address, job->address_bytes, job->host,
                                  sizeof job->host, NULL, 0, NI_NAMEREQD);
    }
    if (job->result != 0) {
        job->host[0] = '\0';
        return;
    }
    if (getaddrinfo(job->host, NULL, &hints, &list) != 0)
        return;
    for (struct addrinfo *at = list; at != NULL; at = at->ai_next)
        job->is_confirmed =
            job->is_confirmed || is_same_address(at->ai_addr, address);
    freeaddrinfo(list);
}

static void *
run_thread(void *arg)
{
    struct resolve_job *job = arg;

    if (job->named != NULL)
        look_up_name(job);
    else
        look_up(job);
    pthread_mutex_lock(&lock);
    n_threads--;
    n_names -= job->named != NULL;
    if (job->is_abandoned)
        free(job);
    else
        loop_post(job->loop, &job->post);
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void
tell(struct loop_post *post)
{
    struct resolve_job *job = CONTAINER_OF(post, struct resolve_job, post);
    struct err_info why = { 0 };
    bool is_abandoned;

    pthread_mutex_lock(&lock);
    is_abandoned = job->is_abandoned;
    pthread_mutex_unlock(&lock);
    if (is_abandoned) {
        free(job);
        return;
    }
    if (job->named != NULL) {
        job->named(job->arg, str_of(job->host), job->is_confirmed,
                   job->result != 0 && job->result != EAI_NONAME);
    } else if (job->n_addresses > 0) {
        job->done(job->arg, ERR_OK, job->addresses, job->n_addresses, NULL);
    } else {
        (void)err_set(&why, ERR_NOT_FOUND, "host %s: %s", job->host,
                      job->result == 0 ? "no usable address"
                                       : gai_strerror(job->result));
        job->done(job->arg, ERR_NOT_FOUND, NULL, 0, &why);
    }
    free(job);
}

static bool
start_thread(struct resolve_job *job)
{
    pthread_attr_t attr;
    sigset_t all, old;
    pthread_t thread;
    bool is_started;

    pthread_mutex_lock(&lock);
    /* Strangers cause look-ups of names: the others keep their threads. */
    is_started = n_threads < RESOLVE_THREADS_MAX &&
                 (job->named == NULL || n_names < RESOLVE_NAMES_MAX);
    n_threads += is_started;
    n_names += is_started && job->named != NULL;
    pthread_mutex_unlock(&lock);
    if (!is_started)
        return false;
    /* Signals are the main thread's. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    is_started = pthread_create(&thread, &attr, run_thread, job) == 0;
    pthread_attr_destroy(&attr);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (!is_started) {
        pthread_mutex_lock(&lock);
        n_threads--;
        n_names -= job->named != NULL;
        pthread_mutex_unlock(&lock);
    }
    return is_started;
}

enum err
resolve_start(struct loop *loop, struct str host, unsigned port,
              resolve_done done, void *arg, struct resolve_job **out,
              struct err_info *why)
{
    struct resolve_job *job = calloc(1, sizeof *job);

    if (job == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a name look-up");
    job->loop = loop;
    job->post.run = tell;
    job->port = port;
    job->done = done;
    job->arg = arg;
    if (!str_copy_z(host, job->host, sizeof job->host)) {
        free(job);
        return err_set(why, ERR_LIMIT, "a host name is longer than %u",
                       RESOLVE_HOST_MAX);
    }
    *out = job;
    if (start_thread(job))
        return ERR_OK;
    *out = NULL;
    free(job);
    return err_set(why, ERR_LIMIT, "%u host name look-ups are under way",
                   RESOLVE_THREADS_MAX);
}

enum err
resolve_name(struct loop *loop, const struct sockaddr *address, socklen_t n,
             resolve_named done, void *arg, struct resolve_job **out,
             struct err_info *why)
{
    struct resolve_job *job = calloc(1, sizeof *job);

    if (job == NULL || n > sizeof job->address) {
        free(job);
        return err_set(why, ERR_MEMORY, "no storage for a name look-up");
    }
    job->loop = loop;
    job->post.run = tell;
    job->named = done;
    job->arg = arg;
    memcpy(&job->address, address, n);
    job->address_bytes = n;
    *out = job;
    if (start_thread(job))
        return ERR_OK;
    *out = NULL;
    free(job);
    return err_set(why, ERR_LIMIT, "%u look-ups of names are under way",
                   RESOLVE_NAMES_MAX);
}

void
resolve_cancel(struct resolve_job **job_p)
{
    struct resolve_job *job = *job_p;

    *job_p = NULL;
    if (job == NULL)
        return;
    pthread_mutex_lock(&lock);
    job->is_abandoned = true; /* whoever comes last frees it */
    pthread_mutex_unlock(&lock);
}
