#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/reader.h"
#include "ttls/engine.h"
#include "ttls/envfile.h"

static enum err
map_files(struct engine_policy *p, int fd, struct err_info *why)
{
    struct stat st;
    void *map;

    if (fstat(fd, &st) != 0 || st.st_size <= 0 ||
        (map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)) ==
            MAP_FAILED)
        return err_sys(why, "the policy's key databases");
    p->files = str_n(map, (size_t)st.st_size);
    return ERR_OK;
}

enum err
engine_policy_new(int fd, int files, struct engine_policy **out,
                  struct err_info *why)
{
    struct engine_policy *p = calloc(1, sizeof *p);
    struct stat st;
    void *map = MAP_FAILED;
    enum err e = ERR_OK;

    if (p == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    p->n_refs = 1;
    table_init(&p->mapped);
    if (fstat(fd, &st) != 0 || (map = mmap(NULL, (size_t)st.st_size, PROT_READ,
                                           MAP_PRIVATE, fd, 0)) == MAP_FAILED)
        e = err_sys(why, "the policy");
    if (e == ERR_OK)
        e = ttls_policy_decode(str_n(map, (size_t)st.st_size), &p->policy, why);
    if (map != MAP_FAILED)
        munmap(map, (size_t)st.st_size);
    if (e == ERR_OK && files >= 0)
        e = map_files(p, files, why);
    if (e == ERR_OK)
        e = ttls_match_new(p->policy, &p->match, why);
    if (e == ERR_OK)
        *out = p;
    else
        engine_policy_unref(&p);
    return e;
}

bool
engine_policy_file(const struct engine_policy *p, struct str wanted,
                   struct engine_file *out)
{
    struct reader in = reader_of(p->files);
    struct str name;
    uint32_t n;

    if (!reader_u32(&in, &n))
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if (!reader_str(&in, 0, 4096, &name) ||
            !reader_u8(&in, &out->is_read) || !reader_u32(&in, &out->uid) ||
            !reader_u32(&in, &out->mode) ||
            !reader_str(&in, 0, 1u << 20, &out->bytes))
            return false;
        if (str_eq(name, wanted))
            return out->is_read != 0;
    }
    return false;
}

/* What the policy says, completed by the group's Envfile. */
static void
effective_of(const struct engine_policy *p, const struct ttls_rule *rule,
             struct ttls_effective *out)
{
    struct engine_file file;
    struct ttls_env_action env;
    struct ttls_gsk_adv gsk = { 0 };
    struct ttls_rule with = *rule;

    ttls_effective_of(rule, out);
    if (out->env_file.n == 0 || rule->env == NULL ||
        !engine_policy_file(p, out->env_file, &file))
        return;
    env = *rule->env;
    if (env.gsk != NULL)
        gsk = *env.gsk;
    (void)ttls_envfile_apply(file.bytes, &gsk);
    env.gsk = &gsk;
    with.env = &env;
    ttls_effective_of(&with, out);
    out->rule = rule;
}

struct engine_policy *
engine_policy_ref(struct engine_policy *p)
{
    p->n_refs++;
    return p;
}

void
engine_policy_unref(struct engine_policy **which)
{
    struct engine_policy *p = *which;
    struct str key;
    size_t pos = 0;
    void *value;

    *which = NULL;
    if (p == NULL || --p->n_refs > 0)
        return;
    while (table_next(&p->mapped, &pos, &key, &value))
        free(value);
    table_fini(&p->mapped);
    if (p->files.n > 0)
        (void)munmap((void *)(uintptr_t)p->files.p, p->files.n);
    ttls_match_free(&p->match);
    ttls_policy_unref(&p->policy);
    free(p);
}

struct mapped *
engine_policy_map(struct engine_policy *p, const struct ttls_rule *rule)
{
    struct str key = str_n(&rule, sizeof rule);
    struct mapped *m = table_get(&p->mapped, key);

    if (m != NULL)
        return m;
    m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->policy = p;
    m->rule = rule;
    effective_of(p, rule, &m->eff);
    if (table_put(&p->mapped, key, m, NULL))
        return m;
    free(m);
    return NULL;
}
