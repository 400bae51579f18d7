#include "base/caps.h"
#include "base/filter.h"
#include "base/landlock.h"
#include "base/test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* In a child, which answers 0 when all is as it should be and else the line. */
static void
in_child(int (*run)(void *), void *arg)
{
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(run(arg));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

#define EXPECT(cond)                                                           \
    do {                                                                       \
        if (!(cond)) {                                                         \
            fprintf(stderr, "line %d: %s (%s)\n", __LINE__, #cond,             \
                    strerror(errno));                                          \
            return 1;                                                          \
        }                                                                      \
    } while (0)

static int
allows_what_is_listed(void *arg)
{
    static const struct filter_row rows[] = {
        FILTER_IF_2(socket, 0, AF_INET, 1, SOCK_STREAM),
        FILTER_FAIL(getppid, ENOSYS),
    };
    const struct filter_table tables[] = { filter_computing,
                                           FILTER_TABLE(rows) };
    struct err_info why;

    (void)arg;
    EXPECT(filter_allow(tables, ARRAY_LEN(tables), &why) == ERR_OK);
    EXPECT(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == -1 && errno == EPERM);
    EXPECT(socket(AF_INET, SOCK_STREAM, 0) >= 0);
    EXPECT(socket(AF_INET, SOCK_DGRAM, 0) == -1 && errno == EPERM);
    EXPECT(socket(AF_INET6, SOCK_STREAM, 0) == -1 && errno == EPERM);
    /* The kernel does not look at the upper half either. */
    EXPECT(syscall(SYS_socket, AF_INET | 1ul << 40, SOCK_STREAM, 0) >= 0);
    EXPECT(syscall(SYS_getppid) == -1 && errno == ENOSYS);
    EXPECT(open("/etc/hosts", O_RDONLY) == -1 && errno == EPERM);
    EXPECT(syscall(SYS_seccomp, 1, 0, NULL) == -1 && errno == EPERM);
    return 0;
}

static int
reads_only(void *arg)
{
    const struct filter_table tables[] = { filter_computing, filter_reading };

    EXPECT(filter_allow(tables, ARRAY_LEN(tables), NULL) == ERR_OK);
    EXPECT(open(arg, O_RDONLY | O_CLOEXEC) >= 0);
    EXPECT(open(arg, O_WRONLY) == -1 && errno == EPERM);
    EXPECT(open(arg, O_RDWR) == -1 && errno == EPERM);
    EXPECT(open(arg, O_RDONLY | O_TRUNC) == -1 && errno == EPERM);
    EXPECT(syscall(SYS_clone, 0, 0, 0, 0, 0) == -1 && errno == EPERM);
    EXPECT(syscall(SYS_clone3, NULL, 0) == -1 && errno == EPERM);
    return 0;
}

static pthread_barrier_t before, after;

static void *
try_there(void *arg)
{
    int *number = arg;

    pthread_barrier_wait(&before);
    pthread_barrier_wait(&after);
    *number = socket(AF_UNIX, SOCK_STREAM, 0) == -1 ? errno : 0;
    return NULL;
}

/* A thread that was there before is held to it too. */
static int
holds_for_threads(void *arg)
{
    const struct filter_table tables[] = { filter_computing, filter_threads };
    int number = 0;
    pthread_t t;

    (void)arg;
    pthread_barrier_init(&before, NULL, 2);
    pthread_barrier_init(&after, NULL, 2);
    EXPECT(pthread_create(&t, NULL, try_there, &number) == 0);
    pthread_barrier_wait(&before);
    EXPECT(filter_allow(tables, ARRAY_LEN(tables), NULL) == ERR_OK);
    pthread_barrier_wait(&after);
    EXPECT(pthread_join(t, NULL) == 0);
    EXPECT(number == EPERM);
    return 0;
}

static int
forbids_what_is_listed(void *arg)
{
    static const struct filter_row rows[] = { FILTER_FAIL(getppid, EPERM) };
    const struct filter_table more = FILTER_TABLE(rows);

    (void)arg;
    EXPECT(filter_forbid(&more, 1, NULL) == ERR_OK);
    EXPECT(syscall(SYS_getppid) == -1 && errno == EPERM);
    EXPECT(syscall(SYS_ptrace, 0, 0, 0, 0) == -1 && errno == EPERM);
    EXPECT(syscall(SYS_keyctl, 0, 0, 0, 0, 0) == -1 && errno == EPERM);
    EXPECT(syscall(SYS_unshare, 0) == -1 && errno == EPERM);
    EXPECT(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
    return 0;
}

static void
filters_hold(void **state)
{
    char file[] = "/tmp/sallyport-filter-XXXXXX";
    int fd = mkstemp(file);

    (void)state;
    assert_true(fd >= 0);
    if (!filter_is_here())
        skip();
    in_child(allows_what_is_listed, NULL);
    in_child(reads_only, file);
    in_child(holds_for_threads, NULL);
    in_child(forbids_what_is_listed, NULL);
    close(fd);
    unlink(file);
}

/* --- Landlock ------------------------------------------------------------- */

static int
reads_below_one_folder(void *arg)
{
    const char *folder = arg;
    char inside[100], outside[100];
    const char *paths[] = { inside, "/nowhere/at/all" };
    int fd;

    (void)snprintf(inside, sizeof inside, "%s/in", folder);
    (void)snprintf(outside, sizeof outside, "%s/out", folder);
    fd = open(outside, O_RDONLY);
    EXPECT(fd >= 0);
    EXPECT(landlock_read_only(paths, ARRAY_LEN(paths), NULL) == ERR_OK);
    (void)snprintf(inside, sizeof inside, "%s/in/file", folder);
    EXPECT(open(inside, O_RDONLY) >= 0);
    EXPECT(open(inside, O_WRONLY) == -1 && errno == EACCES);
    EXPECT(open(outside, O_RDONLY) == -1 && errno == EACCES);
    EXPECT(open("/", O_RDONLY | O_DIRECTORY) == -1 && errno == EACCES);
    EXPECT(unlink(inside) == -1 && errno == EACCES);
    EXPECT(truncate(outside, 0) == -1 ||
           landlock_version() < 3);   /* its third version's */
    EXPECT(read(fd, inside, 1) == 1); /* what was open stays so */
    return 0;
}

static void
landlock_holds(void **state)
{
    char folder[] = "/tmp/sallyport-landlock-XXXXXX", path[100];
    static const char *const names[] = { "out", "in/file" };

    (void)state;
    if (landlock_version() == 0)
        skip();
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/in", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        int fd;

        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        fd = open(path, O_WRONLY | O_CREAT, 0600);
        assert_int_equal(write(fd, "x", 1), 1);
        close(fd);
    }
    in_child(reads_below_one_folder, folder);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    (void)snprintf(path, sizeof path, "%s/in", folder);
    rmdir(path);
    rmdir(folder);
}

/* --- capabilities --------------------------------------------------------- */

static uint64_t
set_of(const char *name)
{
    char line[200];
    unsigned long long value = ~0ull;
    FILE *f = fopen("/proc/self/status", "r");

    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0)
            value = strtoull(line + strlen(name), NULL, 16);
    }
    if (f != NULL)
        fclose(f);
    return value;
}

static int
keeps_one(void *arg)
{
    const uint64_t kept = CAPS_BIT(CAP_KILL) | CAPS_BIT(CAP_BPF);

    (void)arg;
    EXPECT(caps_keep(kept, NULL) == ERR_OK);
    EXPECT(set_of("CapEff:") == kept && set_of("CapPrm:") == kept);
    EXPECT(set_of("CapInh:") == 0 && set_of("CapAmb:") == 0);
    EXPECT(set_of("CapBnd:") == kept);
    /* Without CAP_SETPCAP still less can be kept, never more. */
    EXPECT(caps_keep(~0ull, NULL) == ERR_OK);
    EXPECT(set_of("CapEff:") == kept);
    EXPECT(caps_keep(0, NULL) == ERR_OK);
    EXPECT(set_of("CapEff:") == 0 && set_of("CapPrm:") == 0);
    EXPECT(caps_keep(~0ull, NULL) == ERR_OK);
    EXPECT(set_of("CapEff:") == 0);
    return 0;
}

static void
capabilities_are_kept(void **state)
{
    const uint64_t needed =
        CAPS_BIT(CAP_KILL) | CAPS_BIT(CAP_BPF) | CAPS_BIT(CAP_SETPCAP);

    (void)state;
    if ((set_of("CapEff:") & needed) != needed)
        skip(); /* nothing to drop */
    in_child(keeps_one, NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_hold),
        cmocka_unit_test(landlock_holds),
        cmocka_unit_test(capabilities_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
