#include "base/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's own numbers: its headers may be older than it is. */
#define CREATE_VERSION 1u
#define RULE_PATH_BENEATH 1
#define FS_READ_FILE (1ull << 2)
#define FS_READ_DIR (1ull << 3)
#define SCOPES (1ull << 0 | 1ull << 1) /* abstract Unix sockets, signals */
#define SCOPES_VERSION 6

/* How many kinds of access to files each version knows. */
static const uint8_t n_accesses[] = { 0, 13, 14, 15, 15, 16 };

struct ruleset {
    uint64_t files, ports, scopes;
};

struct beneath {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

int
landlock_version(void)
{
    long r = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);

    return r < 0 ? 0 : (int)r;
}

static enum err
allow(int rules, const char *path, struct err_info *why)
{
    struct beneath b = { FS_READ_FILE, -1 };
    struct stat st;
    enum err e = ERR_OK;

    b.parent = open(path, O_PATH | O_CLOEXEC);
    if (b.parent < 0)
        return errno == ENOENT || errno == ENOTDIR ? ERR_OK
                                                   : err_sys(why, "%s", path);
    if (fstat(b.parent, &st) == 0 && S_ISDIR(st.st_mode))
        b.allowed |= FS_READ_DIR;
    if (syscall(SYS_landlock_add_rule, rules, RULE_PATH_BENEATH, &b, 0) != 0)
        e = err_sys(why, "landlock: %s", path);
    close(b.parent);
    return e;
}

enum err
landlock_read_only(const char *const *paths, size_t n, struct err_info *why)
{
    int version = landlock_version();
    size_t known = (size_t)version < ARRAY_LEN(n_accesses)
                       ? (size_t)version
                       : ARRAY_LEN(n_accesses) - 1;
    struct ruleset set = { .files = (1ull << n_accesses[known]) - 1 };
    /* An older kernel takes the fields that it knows. */
    size_t size = version < SCOPES_VERSION ? sizeof set.files : sizeof set;
    enum err e = ERR_OK;
    int rules;

    if (version == 0)
        return err_set(why, ERR_UNSUPPORTED, "this system has no Landlock");
    set.scopes = version < SCOPES_VERSION ? 0 : SCOPES;
    rules = (int)syscall(SYS_landlock_create_ruleset, &set, size, 0);
    if (rules < 0)
        return err_sys(why, "landlock");
    for (size_t i = 0; i < n && e == ERR_OK; i++)
        e = allow(rules, paths[i], why);
    if (e == ERR_OK && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
                        syscall(SYS_landlock_restrict_self, rules, 0) != 0))
        e = err_sys(why, "landlock");
    close(rules);
    return e;
}
