/*
 * Users that no outbound rule is for: their connections are not looked at.
 * Only those of /etc/passwd: whom nobody can list is not spared, and a name is
 * asked for as the broker asks when a connection comes.
 */
#include "ttls/enforce_priv.h"

#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>

#include "ttls/enforce_ports.h"
#include "ttls/owner.h"

#define USERS_FILE "/etc/passwd"

/* The file is another one since: has somebody else got a uid? */
static struct enforce_seen
seen_of(const struct stat *st)
{
    return (struct enforce_seen){ (uint64_t)st->st_ino, (uint64_t)st->st_size,
                                  st->st_mtim };
}

static void
take_users(FILE *file, const struct enforce_users *users, struct buf *out)
{
    struct passwd *p;

    while ((p = fgetpwent(file)) != NULL) {
        uint32_t uid = p->pw_uid;
        char name[9];

        owner_user(uid, name);
        if (!enforce_users_may(users, name))
            buf_add(out, str_n(&uid, sizeof uid));
    }
}

void
enforce_spare(const struct ttls_policy *policy, struct enforce_seen *seen,
              struct buf *out)
{
    struct enforce_users users;
    struct stat st = { 0 };
    FILE *file = NULL;

    *seen = (struct enforce_seen){ 0 };
    enforce_users_of(policy, &users);
    if (!users.is_any && users.names.n > 0)
        file = fopen(USERS_FILE, "re");
    if (file != NULL && fstat(fileno(file), &st) == 0) {
        *seen = seen_of(&st);
        take_users(file, &users, out);
    }
    if (file != NULL)
        fclose(file);
    enforce_users_fini(&users);
}

bool
enforce_users_changed(const struct enforce_seen *seen)
{
    struct enforce_seen now = { 0 };
    struct stat st;

    if (seen->inode == 0)
        return false;
    if (stat(USERS_FILE, &st) == 0)
        now = seen_of(&st);
    return now.inode != seen->inode || now.size != seen->size ||
           now.at.tv_sec != seen->at.tv_sec ||
           now.at.tv_nsec != seen->at.tv_nsec;
}
