#include "artefact/archive.h"

#include "base/table.h"
#include "parse/zip.h"

#include <stdint.h>
#include <stdlib.h>

struct member {
    struct str name; /* normalised */
    uint32_t index;  /* in the zip */
    struct str content;
    bool is_read;
};

struct archive {
    struct zip_reader *zip;
    struct arena arena;
    struct member *members;
    size_t n;
    struct table by_name;
};

/* Names, tables and twice the content. */
#define ARCHIVE_ARENA_MAX (2 * ARCHIVE_INFLATED_MAX)

static enum err
refuse(struct err_info *why, enum err code, struct str name, const char *reason)
{
    char shown[128];
    size_t n = 0;

    /* The name is hostile until proven otherwise: printable ASCII only. */
    for (size_t i = 0; i < name.n && n + 1 < sizeof shown; i++)
        shown[n++] = name.p[i] < ' ' || name.p[i] > '~' ? '?' : name.p[i];
    shown[n] = '\0';
    return err_set(why, code, "entry \"%s\": %s", shown, reason);
}

static bool
has_control_character(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] < ' ' || name.p[i] == 0x7f)
            return true;
    return false;
}

/*
 * `\` to `/`, "./" and a trailing slash dropped. Everything that could name
 * something outside the archive is refused rather than repaired.
 */
static enum err
normalise(struct arena *arena, struct str name, struct str *out,
          struct err_info *why)
{
    struct str rest, piece, slashed = str_dup(arena, name);
    char *p;
    size_t n = 0;

    if (name.n == 0)
        return refuse(why, ERR_DENIED, name, "empty name");
    if (name.n > ARCHIVE_NAME_MAX)
        return refuse(why, ERR_LIMIT, name, "name too long");
    if (has_control_character(name))
        return refuse(why, ERR_DENIED, name, "control character in the name");
    p = arena_alloc(arena, name.n + 1);
    if (p == NULL || slashed.p == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    for (size_t i = 0; i < name.n; i++)
        ((char *)(uintptr_t)slashed.p)[i] = name.p[i] == '\\' ? '/' : name.p[i];
    if (slashed.p[0] == '/')
        return refuse(why, ERR_DENIED, name, "absolute path");
    if (name.n > 1 && name.p[1] == ':')
        return refuse(why, ERR_DENIED, name, "drive letter in the path");
    rest = slashed;
    while (str_token(&rest, '/', &piece)) {
        if (str_eq_z(piece, ".."))
            return refuse(why, ERR_DENIED, name, "\"..\" in the path");
        if (piece.n == 0 || str_eq_z(piece, "."))
            continue;
        if (n > 0)
            p[n++] = '/';
        for (size_t i = 0; i < piece.n; i++)
            p[n++] = piece.p[i];
    }
    p[n] = '\0';
    *out = str_n(p, n);
    return ERR_OK;
}

static enum err
check_entry(struct archive *a, uint32_t index, uint64_t *total,
            struct err_info *why)
{
    struct zip_entry entry;
    struct member *member = &a->members[a->n];
    enum err e = zip_reader_entry(a->zip, index, &entry, why);

    if (e != ERR_OK)
        return e;
    e = normalise(&a->arena, entry.name, &member->name, why);
    if (e != ERR_OK)
        return e;
    if (!entry.is_regular)
        return refuse(why, ERR_DENIED, entry.name,
                      "neither a file nor a directory");
    if (entry.is_encrypted)
        return refuse(why, ERR_UNSUPPORTED, entry.name, "encrypted");
    if (entry.n_bytes > ARCHIVE_INFLATED_MAX ||
        (*total += entry.n_bytes) > ARCHIVE_INFLATED_MAX)
        return refuse(why, ERR_LIMIT, entry.name,
                      "the archive inflates to more than 64 MiB");
    if (entry.is_directory || member->name.n == 0)
        return ERR_OK;
    if (table_get(&a->by_name, member->name) != NULL)
        return refuse(why, ERR_EXISTS, entry.name,
                      "a second entry with this name");
    if (!table_put(&a->by_name, member->name, member, NULL))
        return err_set(why, ERR_MEMORY, "no storage");
    member->index = index;
    a->n++;
    return ERR_OK;
}

enum err
archive_open(struct str bytes, struct archive **out, struct err_info *why)
{
    struct archive *a = calloc(1, sizeof *a);
    uint64_t total = 0;
    uint32_t count;
    enum err e;

    if (a == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    arena_init(&a->arena, ARCHIVE_ARENA_MAX);
    table_init(&a->by_name);
    e = zip_reader_open(bytes, ARCHIVE_ENTRIES_MAX, &a->zip, why);
    if (e != ERR_OK)
        goto failed;
    count = zip_reader_count(a->zip);
    a->members = ARENA_ARRAY(&a->arena, struct member, count + 1);
    if (a->members == NULL) {
        e = err_set(why, ERR_MEMORY, "no storage");
        goto failed;
    }
    for (uint32_t i = 0; i < count && e == ERR_OK; i++)
        e = check_entry(a, i, &total, why);
    if (e != ERR_OK)
        goto failed;
    *out = a;
    return ERR_OK;
failed:
    archive_free(&a);
    return e;
}

void
archive_free(struct archive **a)
{
    if (*a == NULL)
        return;
    zip_reader_free(&(*a)->zip);
    table_fini(&(*a)->by_name);
    arena_fini(&(*a)->arena);
    free(*a);
    *a = NULL;
}

size_t
archive_count(const struct archive *a)
{
    return a->n;
}

struct str
archive_name(const struct archive *a, size_t i)
{
    return a->members[i].name;
}

/* As names inside manifests are written: "file:///schemas/x.json". */
static struct member *
find(const struct archive *a, struct arena *scratch, struct str name)
{
    struct str normal = { 0 };

    if (str_starts(name, STR("file:///")))
        name = str_sub(name, 8, name.n);
    if (normalise(scratch, name, &normal, NULL) != ERR_OK)
        return NULL;
    return table_get(&a->by_name, normal);
}

bool
archive_has(const struct archive *a, struct str name)
{
    struct arena scratch;
    bool is_there;

    arena_init(&scratch, 4 * ARCHIVE_NAME_MAX);
    is_there = find(a, &scratch, name) != NULL;
    arena_fini(&scratch);
    return is_there;
}

enum err
archive_read(struct archive *a, struct str name, struct str *out,
             struct err_info *why)
{
    struct member *member = find(a, &a->arena, name);
    struct err_info inner;
    enum err e;

    if (member == NULL)
        return refuse(why, ERR_NOT_FOUND, name, "not in the archive");
    if (!member->is_read) {
        e = zip_reader_read(a->zip, member->index, ARCHIVE_INFLATED_MAX,
                            &a->arena, &member->content, &inner);
        if (e != ERR_OK)
            return refuse(why, e, member->name, inner.text);
        member->is_read = true;
    }
    *out = member->content;
    return ERR_OK;
}
