/*
 * The database under a process that ends at any write, sync or truncation, and
 * under a power failure there: writes that were not synced yet are taken back,
 * the last one in its middle. What was told to be committed is there; what was
 * not is there as a whole or not at all; the file is whole.
 *
 * Ours is a VFS between SQLite and the file system, in a child that dies.
 */
#include "base/test.h"

#include <errno.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "saf/store.h"

#define NOW_MS 1600000000000ull
#define ROUNDS 2
#define UNSYNCED_MAX 512
#define PAGE_MAX 65536

/* --- the VFS
 * ------------------------------------------------------------------
 */

struct file {
    sqlite3_file base;
    sqlite3_file *real;
};

struct undo { /* a write that was not synced */
    sqlite3_file *real;
    sqlite3_int64 at, size_before;
    int n;
    unsigned char *before;
};

static sqlite3_vfs *real_vfs;
static long steps, die_at;
static bool is_power_failure;
static bool is_fault; /* the file system refuses, once; nobody dies */
static struct undo undo[UNSYNCED_MAX];
static int n_undo;

static sqlite3_file *
real_of(sqlite3_file *f)
{
    return ((struct file *)f)->real;
}

static NORETURN void
die(void)
{
    /* The newest first; the oldest one that is taken back only in part. */
    int keep = is_power_failure ? (int)(die_at % (n_undo + 1)) : n_undo;

    for (int i = n_undo; i-- > keep;) {
        struct undo *u = &undo[i];
        int n = i == keep ? u->n / 2 : u->n;

        (void)u->real->pMethods->xWrite(u->real, u->before + (u->n - n), n,
                                        u->at + (u->n - n));
        if (i != keep)
            (void)u->real->pMethods->xTruncate(u->real, u->size_before);
    }
    _exit(77);
}

/* False: this write or sync fails. */
static bool
step(void)
{
    if (++steps != die_at)
        return true;
    if (is_fault)
        return false;
    die();
}

static int
x_close(sqlite3_file *f)
{
    return real_of(f)->pMethods->xClose(real_of(f));
}

static int
x_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    return real_of(f)->pMethods->xRead(real_of(f), p, n, at);
}

static int
x_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    sqlite3_file *real = real_of(f);

    if (die_at > 0 && !is_fault && n_undo < UNSYNCED_MAX && n <= PAGE_MAX) {
        struct undo *u = &undo[n_undo++];

        u->real = real;
        u->at = at;
        u->n = n;
        u->before = calloc(1, (size_t)n + 1);
        (void)real->pMethods->xFileSize(real, &u->size_before);
        (void)real->pMethods->xRead(real, u->before, n, at);
    }
    if (steps + 1 == die_at && !is_power_failure)
        (void)real->pMethods->xWrite(real, p, n / 2, at); /* torn */
    if (!step())
        return SQLITE_FULL;
    return real->pMethods->xWrite(real, p, n, at);
}

static int
x_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    if (!step())
        return SQLITE_IOERR_TRUNCATE;
    return real_of(f)->pMethods->xTruncate(real_of(f), size);
}

static int
x_sync(sqlite3_file *f, int flags)
{
    int kept = 0;

    if (!step())
        return SQLITE_IOERR_FSYNC;
    for (int i = 0; i < n_undo; i++) {
        if (undo[i].real == real_of(f))
            free(undo[i].before);
        else
            undo[kept++] = undo[i];
    }
    n_undo = kept;
    return real_of(f)->pMethods->xSync(real_of(f), flags);
}

static int
x_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return real_of(f)->pMethods->xFileSize(real_of(f), size);
}

static int
x_lock(sqlite3_file *f, int lock)
{
    return real_of(f)->pMethods->xLock(real_of(f), lock);
}

static int
x_unlock(sqlite3_file *f, int lock)
{
    return real_of(f)->pMethods->xUnlock(real_of(f), lock);
}

static int
x_reserved(sqlite3_file *f, int *out)
{
    return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}

static int
x_control(sqlite3_file *f, int op, void *arg)
{
    return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

static int
x_sector(sqlite3_file *f)
{
    return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int
x_device(sqlite3_file *f)
{
    return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f)) &
           ~SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int
x_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **p)
{
    return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, p);
}

static int
x_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return real_of(f)->pMethods->xShmLock(real_of(f), offset, n, flags);
}

static void
x_shm_barrier(sqlite3_file *f)
{
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int
x_shm_unmap(sqlite3_file *f, int is_delete)
{
    return real_of(f)->pMethods->xShmUnmap(real_of(f), is_delete);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = x_close,
    .xRead = x_read,
    .xWrite = x_write,
    .xTruncate = x_truncate,
    .xSync = x_sync,
    .xFileSize = x_size,
    .xLock = x_lock,
    .xUnlock = x_unlock,
    .xCheckReservedLock = x_reserved,
    .xFileControl = x_control,
    .xSectorSize = x_sector,
    .xDeviceCharacteristics = x_device,
    .xShmMap = x_shm_map,
    .xShmLock = x_shm_lock,
    .xShmBarrier = x_shm_barrier,
    .xShmUnmap = x_shm_unmap,
};

static int
x_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags,
       int *out_flags)
{
    struct file *file = (struct file *)f;
    int code;

    (void)vfs;
    file->real = (sqlite3_file *)(file + 1);
    code = real_vfs->xOpen(real_vfs, name, file->real, flags, out_flags);
    f->pMethods = file->real->pMethods == NULL ? NULL : &methods;
    return code;
}

static int
x_delete(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
    (void)vfs;
    if (!step())
        return SQLITE_IOERR_DELETE;
    return real_vfs->xDelete(real_vfs, name, sync_dir);
}

static sqlite3_vfs crash_vfs;

static void
install(long at, bool power)
{
    die_at = at;
    steps = 0;
    is_power_failure = power;
    n_undo = 0;
    if (real_vfs == NULL) {
        real_vfs = sqlite3_vfs_find(NULL);
        crash_vfs = *real_vfs;
        crash_vfs.zName = "crash";
        crash_vfs.szOsFile = (int)sizeof(struct file) + real_vfs->szOsFile;
        crash_vfs.xOpen = x_open;
        crash_vfs.xDelete = x_delete;
    }
    assert_int_equal(sqlite3_vfs_register(&crash_vfs, 1), SQLITE_OK);
}

/* --- what is done, and what must be there afterwards
 * ------------------------------
 */

static char folder[64], path[96];

static struct str
name_of(struct arena *a, int i)
{
    return str_fmt(a, "USER%d", i);
}

/* Commit number i: a user, his connection and a field, or none of them. Then
 * a failed logon of his, which is durable by itself. */
static bool
commit_one(struct saf_db *db, int i)
{
    struct arena a;
    struct saf_connect c = { .group = STR("SYS1"), .owner = STR("IBMUSER") };
    struct saf_user u = { .owner = STR("IBMUSER"), .dfltgrp = STR("SYS1") };
    bool ok;

    arena_init(&a, 65536);
    u.user = c.user = name_of(&a, i);
    u.name = u.user;
    ok = saf_db_begin(db, NULL) == ERR_OK;
    saf_user_put(db, &u);
    saf_connect_put(db, &c);
    saf_field_put(db, SAF_KIND_USER, u.id, "OMVS", "HOME",
                  str_fmt(&a, "%0*d", 3000, i));
    ok = ok && saf_db_commit(db, NULL) == ERR_OK;
    arena_fini(&a);
    return ok;
}

static struct str
batch_name(struct arena *a, int i, int k)
{
    return str_fmt(a, "B%dK%d", i, k);
}

/* Three commands that share a commit, and one between them that is abandoned.
 */
static bool
commit_batch(struct saf_db *db, int i)
{
    struct arena a;
    bool ok = saf_db_batch_begin(db, NULL) == ERR_OK;

    if (!ok)
        return false;
    arena_init(&a, 65536);
    for (int k = 0; k < 4; k++) {
        struct saf_user u = { .user = batch_name(&a, i, k),
                              .owner = STR("IBMUSER"),
                              .dfltgrp = STR("SYS1") };

        if (saf_db_begin(db, NULL) != ERR_OK)
            continue; /* lost before: the batch's commit tells */
        saf_user_put(db, &u);
        saf_field_put(db, SAF_KIND_USER, u.id, "OMVS", "HOME",
                      str_fmt(&a, "%0*d", 3000, i));
        if (k == 2)
            saf_db_rollback(db);
        else if (saf_db_commit(db, NULL) != ERR_OK)
            ok = false; /* and was told so */
    }
    ok = saf_db_batch_commit(db, NULL) == ERR_OK && ok;
    arena_fini(&a);
    return ok;
}

/* How many of the three are there; none is whoever was abandoned. */
static int
count_batch(struct saf_db *db, int i)
{
    struct arena a;
    int n = 0;

    arena_init(&a, 1u << 20);
    for (int k = 0; k < 4; k++) {
        struct saf_user u;
        bool is_there = saf_user_get(db, &a, batch_name(&a, i, k), &u);

        assert_false(is_there && k == 2);
        n += is_there;
    }
    arena_fini(&a);
    return n;
}

static NORETURN void
child(long at, bool power, int report)
{
    struct saf_db *db = NULL;

    install(at, power);
    if (saf_db_open(path, NOW_MS, &db, NULL) != ERR_OK)
        _exit(1);
    for (int i = 0; i < ROUNDS; i++) {
        char c = (char)('A' + i);

        if (!commit_one(db, i))
            _exit(2);
        if (write(report, &c, 1) != 1)
            _exit(3);
        saf_user_failed_logon(db, str_of("USER0"), (uint32_t)i + 1, false);
        if (saf_db_check(db, NULL) != ERR_OK)
            _exit(4);
        c = (char)('a' + i);
        if (write(report, &c, 1) != 1)
            _exit(3);
        if (i > 0)
            continue; /* one batch has all the kinds of steps */
        if (!commit_batch(db, i))
            _exit(5);
        c = (char)('0' + i);
        if (write(report, &c, 1) != 1)
            _exit(3);
    }
    saf_db_close(&db);
    _exit(0);
}

static bool
is_whole(struct saf_db *db)
{
    struct saf_query q = saf_db_query(
        db, "SELECT 1 FROM pragma_integrity_check WHERE integrity_check='ok'",
        "");
    bool ok = saf_query_next(&q);

    saf_query_close(&q);
    return ok;
}

static void
verify(int committed, int failures, int batches, long at)
{
    struct saf_db *db = NULL;
    struct err_info why = { 0 };
    struct arena a;

    if (saf_db_open(path, NOW_MS, &db, &why) != ERR_OK)
        fail_msg("step %ld: %s", at, why.text);
    assert_true(is_whole(db));
    arena_init(&a, 1u << 20);
    for (int i = 0; i < ROUNDS; i++) {
        struct saf_connect c;
        struct saf_user u;
        bool is_there = saf_user_get(db, &a, name_of(&a, i), &u);
        bool is_connected =
            saf_connect_get(db, &a, name_of(&a, i), STR("SYS1"), &c);
        bool has_field =
            is_there &&
            saf_field_get(db, &a, SAF_KIND_USER, u.id, "OMVS", "HOME").n ==
                3000;

        if (i < committed && !is_there)
            fail_msg("step %ld: commit %d was told and is lost", at, i);
        int n = count_batch(db, i);

        if (n != 3 && (i < batches || n != 0))
            fail_msg("step %ld: %d of batch %d are there", at, n, i);
        assert_int_equal(is_connected, is_there);
        assert_int_equal(has_field, is_there);
        if (i == 0 && is_there && u.failures < (uint32_t)failures)
            fail_msg("step %ld: failed logon %d was told and is lost", at,
                     failures);
    }
    arena_fini(&a);
    saf_db_close(&db);
}

static void
remove_files(void)
{
    static const char *const ends[] = { "", "-wal", "-shm", "-journal" };
    char name[128];

    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
        (void)unlink(name);
    }
}

/* False when nothing died any more. */
static bool
one_death(long at, bool power)
{
    int committed = 0, failures = 0, batches = 0, status, pipe_fds[2];
    char told;
    pid_t pid;

    remove_files();
    assert_int_equal(pipe(pipe_fds), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(pipe_fds[0]);
        child(at, power, pipe_fds[1]);
    }
    close(pipe_fds[1]);
    while (read(pipe_fds[0], &told, 1) == 1) {
        if (told >= 'a')
            failures++;
        else if (told <= '9')
            batches++;
        else
            committed++;
    }
    close(pipe_fds[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 0)
        return false;
    assert_int_equal(WEXITSTATUS(status), 77);
    /* A database that was never created is created now. */
    verify(committed, failures, batches, at);
    return true;
}

static void
dies_everywhere(bool power)
{
    long at = 1;

    while (one_death(at, power))
        at++;
    assert_true(at > 40); /* the steps of six commits and their opening */
    remove_files();
}

static void
survives_kill(void **state)
{
    (void)state;
    dies_everywhere(false);
}

static void
survives_power_failure(void **state)
{
    (void)state;
    dies_everywhere(true);
}

/* The disk is full, or refuses, at one write or sync of the second batch: what
 * was refused is not there, what was not is, and the next one works. */
static bool
one_fault(long at)
{
    struct saf_db *db = NULL;
    bool was_done, was_hit;

    remove_files();
    install(0, false);
    assert_int_equal(saf_db_open(path, NOW_MS, &db, NULL), ERR_OK);
    assert_true(commit_batch(db, 0));
    is_fault = true;
    steps = 0;
    die_at = at;
    was_done = commit_batch(db, 1);
    was_hit = steps >= at;
    die_at = 0;
    is_fault = false;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(saf_db_check(db, NULL), ERR_OK);
        assert_int_equal(count_batch(db, 0), 3);
        assert_int_equal(count_batch(db, 1), was_done ? 3 : 0);
        if (i == 0) {
            assert_true(commit_batch(db, 2));
            assert_int_equal(count_batch(db, 2), 3);
            saf_db_close(&db);
            assert_int_equal(saf_db_open(path, NOW_MS, &db, NULL), ERR_OK);
        }
    }
    assert_true(is_whole(db));
    assert_int_equal(count_batch(db, 2), 3);
    saf_db_close(&db);
    return was_hit;
}

static void
survives_full_disk(void **state)
{
    long at = 1;

    (void)state;
    while (one_fault(at))
        at++;
    assert_true(at > 5);
    remove_files();
}

static int
make_folder(void **state)
{
    const char *shm = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

    (void)state;
    (void)snprintf(folder, sizeof folder, "%s/spt-crash.XXXXXX", shm);
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/racf.db", folder);
    return 0;
}

static int
remove_folder(void **state)
{
    (void)state;
    remove_files();
    return rmdir(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_kill),
        cmocka_unit_test(survives_power_failure),
        cmocka_unit_test(survives_full_disk),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
