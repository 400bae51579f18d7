/*
 * Files that a policy names, key databases and Envfiles, and that of the keys
 * which systems share: read by the stack,
 * which is root, when the policy is installed, and handed to the engines with
 * it. Only what the policy names is ever read, whatever an engine asks; who may
 * use it is told by the file's owner and mode, which go along.
 *
 *   u32 n, n x { str name, u8 is_read, u32 uid, u32 mode, str bytes }
 */
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "ipc/chan.h"
#include "ttls/enforce_priv.h"

#define FILE_BYTES_MAX (1u << 20)
#define FILES_BYTES_MAX (16u << 20)

static void
put_file(struct buf *out, struct str name)
{
    struct err_info why = { 0 };
    struct stat st = { 0 };
    struct arena arena;
    struct buf bytes;
    char *path;
    bool is_read;

    arena_init(&arena, 8192);
    buf_init(&bytes, FILE_BYTES_MAX);
    path =
        root_path(&arena, STR_FMT,
                  STR_ARG(str_sub(name, str_starts(name, STR("/")), name.n)));
    is_read = path != NULL && file_read_plain(path, &bytes, &why) == ERR_OK &&
              stat(path, &st) == 0;
    if (!is_read)
        log_warn("file " STR_FMT ": %s", STR_ARG(name), why.text);
    buf_str(out, name);
    buf_u8(out, is_read);
    buf_u32(out, st.st_uid);
    buf_u32(out, st.st_mode & 07777);
    buf_str(out, is_read ? buf_view(&bytes) : STR(""));
    if (bytes.p != NULL)
        secret_wipe(bytes.p, bytes.n);
    buf_fini(&bytes);
    arena_fini(&arena);
}

static bool
is_file(const struct ttls_keyring *k)
{
    return k->password.n > 0 || k->stash_file.n > 0 ||
           str_starts(k->keyring, STR("/"));
}

/* How many this statement names. */
static uint32_t
put_named(struct buf *list, const struct ttls_obj *obj)
{
    const struct ttls_group_adv *group = (const void *)obj;
    const struct ttls_gsk_adv *gsk = (const void *)obj;
    const struct ttls_keyring *k = (const void *)obj;

    if (obj->stmt == TTLS_GSK_ADV && (gsk->sysplex_ticket_cache == TTLS_ON ||
                                      gsk->sysplex_sid_cache == TTLS_ON)) {
        put_file(list, STR(TTLS_SYSPLEX_FILE));
        return 1;
    }
    if (obj->stmt == TTLS_GROUP_ADV && group->env_file.n > 0) {
        put_file(list, group->env_file);
        return 1;
    }
    if (obj->stmt != TTLS_KEYRING || !is_file(k))
        return 0;
    put_file(list, k->keyring);
    if (k->stash_file.n == 0)
        return 1;
    put_file(list, k->stash_file);
    return 2;
}

int
enforce_files(const struct ttls_policy *policy)
{
    const struct ttls_obj *const *objs;
    size_t n = policy == NULL ? 0 : ttls_policy_objects(policy, &objs);
    uint32_t n_files = 0;
    struct buf list, out;
    int fd = -1;

    buf_init(&list, FILES_BYTES_MAX);
    buf_init(&out, FILES_BYTES_MAX + 16u);
    for (size_t i = 0; i < n; i++) {
        n_files += put_named(&list, objs[i]);
    }
    buf_u32(&out, n_files);
    buf_add(&out, buf_view(&list));
    if (n_files > 0 && !list.failed && !out.failed)
        fd = chan_memfd("ttls-files", buf_view(&out), NULL);
    if (list.p != NULL)
        secret_wipe(list.p, list.n);
    if (out.p != NULL)
        secret_wipe(out.p, out.n);
    buf_fini(&list);
    buf_fini(&out);
    return fd;
}
