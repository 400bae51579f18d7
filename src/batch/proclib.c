/*
 * The first IPL of a system puts the procedures that come with the product
 * into SYS1.PROCLIB; later ones leave that library alone.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "batch/master_priv.h"

#define MEMBER_MAX (64u * 1024u)
#define CARD_MAX 71u
#define USERDIR "USERDIR='"

/* Beside an installed program, or in the source tree it was built in. */
static const char *const beside[] = { "../../share/sallyport/proclib",
                                      "../../../samples/proclib" };

/* USERDIR='...' becomes this system's folder, where a card has room for it. */
static void
add_line(struct buf *out, struct str line)
{
    size_t at = str_find(line, STR(USERDIR)), value, end;
    struct str root = str_of(root_dir());

    value = at == STR_NPOS ? at : at + sizeof USERDIR - 1;
    end =
        at == STR_NPOS ? at : str_find_char(str_sub(line, value, line.n), '\'');
    if (end == STR_NPOS || line.n - end + root.n > CARD_MAX) {
        buf_add(out, line);
    } else {
        buf_add(out, str_sub(line, 0, value));
        buf_add(out, root);
        buf_add(out, str_sub(line, value + end, line.n));
    }
    buf_add_char(out, '\n');
}

static enum err
copy_member(const char *from, const char *to, struct err_info *why)
{
    struct buf text, out;
    struct str rest, line;
    enum err e;

    buf_init(&text, MEMBER_MAX);
    buf_init(&out, 2 * MEMBER_MAX);
    e = file_read(from, &text, why);
    rest = buf_view(&text);
    while (e == ERR_OK && str_line(&rest, &line))
        add_line(&out, line);
    if (e == ERR_OK && (e = buf_check(&out, why)) == ERR_OK)
        e = file_write_atomic(to, buf_view(&out), 0644, why);
    buf_fini(&text);
    buf_fini(&out);
    return e;
}

static bool
copy_folder(struct arena *arena, const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    struct err_info why;

    if (dir == NULL)
        return false;
    while ((entry = readdir(dir)) != NULL) {
        char *to, *from;

        if (!jcl_is_name(str_of(entry->d_name)))
            continue;
        to = root_path(arena, "datasets/SYS1.PROCLIB/%s", entry->d_name);
        from = path_join(arena, str_of(folder), str_of(entry->d_name));
        if (to == NULL || from == NULL)
            break;
        if (copy_member(from, to, &why) != ERR_OK)
            log_warn("procedure %s: %s", entry->d_name, why.text);
    }
    closedir(dir);
    return true;
}

bool
proclib_exists(void)
{
    struct arena arena;
    char *path;
    bool exists;

    arena_init(&arena, 8192);
    path = root_path(&arena, "datasets/SYS1.PROCLIB");
    exists = path != NULL && access(path, F_OK) == 0;
    arena_fini(&arena);
    return exists;
}

void
proclib_fill(const char *program_dir)
{
    struct arena arena;

    arena_init(&arena, 1024 * 1024);
    for (size_t i = 0; i < ARRAY_LEN(beside); i++) {
        char *folder =
            path_join(&arena, str_of(program_dir), str_of(beside[i]));

        if (folder != NULL && copy_folder(&arena, folder))
            break;
    }
    arena_fini(&arena);
}
