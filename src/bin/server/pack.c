#include "pack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>
#include <zlib.h>

#include "base/clock.h"
#include "base/vec.h"

#define DEPTH_MAX 32u
#define BLOCK 512u
#define LEVEL 1 /* zlib's fastest: programs gain little by more; "wb1e" too */

struct pack {
    enum pack_kind kind;
    char path[4096], part[4104];
    const char *head;
    zip_t *zip;
    gzFile tar; /* transparent for .tar */
    uint64_t now_s;
    struct {
        char **v;
        size_t n, cap;
    } texts; /* of a zip: they are read when it is closed */
};

/* Folders above the one being read: a link back to one of them is not
 * followed. */
struct above {
    const struct above *up;
    dev_t device;
    ino_t node;
    unsigned depth;
};

bool
pack_kind_of(struct str path, enum pack_kind *out)
{
    static const struct {
        const char *end;
        enum pack_kind kind;
    } rows[] = {
        { ".zip", PACK_ZIP },       { ".jar", PACK_ZIP }, { ".tar", PACK_TAR },
        { ".tar.gz", PACK_TAR_GZ }, { ".pax", PACK_TAR }, /* pax reads and
                                                             writes tar */
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t n = strlen(rows[i].end);

        if (path.n > n && str_eq_nocase(str_sub(path, path.n - n, path.n),
                                        str_of(rows[i].end))) {
            *out = rows[i].kind;
            return true;
        }
    }
    return false;
}

/* ---- zip ---- */

static enum err
zip_failed(struct pack *p, struct err_info *why)
{
    return err_set(why, ERR_IO, "%s: %s", p->path, zip_strerror(p->zip));
}

static enum err
zip_put(struct pack *p, const char *name, zip_source_t *source, mode_t mode,
        struct err_info *why)
{
    zip_int64_t index;

    if (source == NULL)
        return zip_failed(p, why);
    index = zip_file_add(p->zip, name, source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
        zip_source_free(source);
        return zip_failed(p, why);
    }
    if (zip_set_file_compression(p->zip, (zip_uint64_t)index, ZIP_CM_DEFLATE,
                                 LEVEL) != 0 ||
        zip_file_set_external_attributes(p->zip, (zip_uint64_t)index, 0,
                                         ZIP_OPSYS_UNIX,
                                         (zip_uint32_t)mode << 16) != 0)
        return zip_failed(p, why);
    return ERR_OK;
}

static enum err
zip_folder(struct pack *p, const char *name, mode_t mode, struct err_info *why)
{
    zip_int64_t index = zip_dir_add(p->zip, name, ZIP_FL_ENC_UTF_8);

    if (index < 0) /* a second time: it is there */
        return zip_error_code_zip(zip_get_error(p->zip)) == ZIP_ER_EXISTS
                   ? ERR_OK
                   : zip_failed(p, why);
    IGNORE(zip_file_set_external_attributes(
        p->zip, (zip_uint64_t)index, 0, ZIP_OPSYS_UNIX,
        (zip_uint32_t)(S_IFDIR | mode) << 16));
    return ERR_OK;
}

/* ---- tar (POSIX ustar; a pax record for long names) ---- */

struct tar_head {
    char name[100], mode[8], uid[8], gid[8], size[12], time[12], sum[8], type,
        link[100], magic[6], version[2], owner[32], group[32], major[8],
        minor[8], prefix[155], rest[12];
};

static enum err
tar_bytes(struct pack *p, const void *bytes, size_t n, struct err_info *why)
{
    int failed;

    if (n == 0 || gzwrite(p->tar, bytes, (unsigned)n) == (int)n)
        return ERR_OK;
    return err_set(why, ERR_IO, "%s: %s", p->path, gzerror(p->tar, &failed));
}

static enum err
tar_pad(struct pack *p, uint64_t size, struct err_info *why)
{
    static const char zeros[BLOCK];

    return tar_bytes(p, zeros, (size_t)(-size % BLOCK), why);
}

/* A size of 8 GiB and more would need another form. */
static bool
put_octal(char *to, size_t cap, uint64_t value)
{
    char text[32];

    if ((size_t)snprintf(text, sizeof text, "%0*llo", (int)cap - 1,
                         (unsigned long long)value) >= cap)
        return false;
    memcpy(to, text, cap);
    return true;
}

static enum err
tar_header(struct pack *p, struct str name, char type, mode_t mode,
           uint64_t size, struct err_info *why)
{
    struct tar_head h;
    unsigned sum = 0;

    memset(&h, 0, sizeof h);
    memcpy(h.name, name.p, name.n < sizeof h.name ? name.n : sizeof h.name);
    IGNORE(put_octal(h.mode, sizeof h.mode, mode & 07777));
    IGNORE(put_octal(h.uid, sizeof h.uid, 0));
    IGNORE(put_octal(h.gid, sizeof h.gid, 0));
    if (!put_octal(h.size, sizeof h.size, size))
        return err_set(why, ERR_LIMIT, STR_FMT " is too long for a tar",
                       STR_ARG(name));
    IGNORE(put_octal(h.time, sizeof h.time, p->now_s));
    memset(h.sum, ' ', sizeof h.sum);
    h.type = type;
    memcpy(h.magic, "ustar", 6);
    memcpy(h.version, "00", 2);
    for (size_t i = 0; i < sizeof h; i++)
        sum += ((unsigned char *)&h)[i];
    snprintf(h.sum, sizeof h.sum, "%06o", sum & 0777777u);
    return tar_bytes(p, &h, sizeof h, why);
}

/* record = length " path=" name LF, where length counts itself */
static enum err
tar_long_name(struct pack *p, struct str name, struct err_info *why)
{
    char record[4200];
    size_t n = name.n + 7, digits = 1;
    int made;
    enum err e;

    for (; (size_t)snprintf(NULL, 0, "%zu", n + digits) != digits;)
        digits++;
    made = snprintf(record, sizeof record, "%zu path=" STR_FMT "\n", n + digits,
                    STR_ARG(name));
    if (made < 0 || (size_t)made >= sizeof record)
        return err_set(why, ERR_LIMIT, STR_FMT ": the name is too long",
                       STR_ARG(str_sub(name, 0, 60)));
    if ((e = tar_header(p, STR("pax"), 'x', 0600, (uint64_t)made, why)) !=
            ERR_OK ||
        (e = tar_bytes(p, record, (size_t)made, why)) != ERR_OK)
        return e;
    return tar_pad(p, (uint64_t)made, why);
}

static enum err
tar_start(struct pack *p, const char *name, char type, mode_t mode,
          uint64_t size, struct err_info *why)
{
    struct str s = str_of(name);
    enum err e = ERR_OK;

    if (s.n > sizeof((struct tar_head *)0)->name)
        e = tar_long_name(p, s, why);
    return e == ERR_OK ? tar_header(p, s, type, mode, size, why) : e;
}

/* Exactly as many bytes as the header says, also when the file changes. */
static enum err
tar_copy(struct pack *p, int fd, uint64_t size, struct err_info *why)
{
    char bytes[65536];
    uint64_t left = size;
    enum err e = ERR_OK;

    while (left > 0 && e == ERR_OK) {
        size_t want = left < sizeof bytes ? (size_t)left : sizeof bytes;
        ssize_t n = read(fd, bytes, want);

        if (n <= 0) {
            memset(bytes, 0, want);
            n = (ssize_t)want;
        }
        e = tar_bytes(p, bytes, (size_t)n, why);
        left -= (uint64_t)n;
    }
    return e == ERR_OK ? tar_pad(p, size, why) : e;
}

/* ---- both ---- */

enum err
pack_open(const char *path, enum pack_kind kind, const char *head,
          struct pack **out, struct err_info *why)
{
    struct pack *p = calloc(1, sizeof *p);
    int code = 0;

    if (p == NULL)
        return err_set(why, ERR_MEMORY, "no storage for an archive");
    p->kind = kind;
    p->head = head;
    p->now_s = clock_wall_ms() / 1000;
    if ((size_t)snprintf(p->path, sizeof p->path, "%s", path) >=
        sizeof p->path) {
        free(p);
        return err_set(why, ERR_LIMIT, "%s: path too long", path);
    }
    snprintf(p->part, sizeof p->part, "%s.part", p->path);
    (void)unlink(p->part);
    errno = 0;
    if (kind == PACK_ZIP)
        p->zip = zip_open(p->part, ZIP_CREATE | ZIP_EXCL, &code);
    else
        p->tar = gzopen(p->part, kind == PACK_TAR ? "wbeT" : "wb1e");
    if (p->zip != NULL || p->tar != NULL) {
        *out = p;
        return ERR_OK;
    }
    free(p);
    return err_sys(why, "%s", path);
}

enum err
pack_text(struct pack *p, const char *name, struct str text, mode_t mode,
          struct err_info *why)
{
    char *copy;
    enum err e;

    if (p->kind != PACK_ZIP) {
        if ((e = tar_start(p, name, '0', mode, text.n, why)) != ERR_OK ||
            (e = tar_bytes(p, text.p, text.n, why)) != ERR_OK)
            return e;
        return tar_pad(p, text.n, why);
    }
    copy = malloc(text.n + 1);
    if (copy == NULL || !VEC_PUSH(&p->texts, copy)) {
        free(copy);
        return err_set(why, ERR_MEMORY, "no storage for an archive");
    }
    if (text.n > 0)
        memcpy(copy, text.p, text.n);
    return zip_put(p, name, zip_source_buffer(p->zip, copy, text.n, 0),
                   S_IFREG | mode, why);
}

enum err
pack_file(struct pack *p, const char *name, const char *path,
          struct err_info *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    enum err e;

    if (fd < 0)
        return err_sys(why, "%s", path);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return ERR_OK; /* sockets and pipes are nobody's data */
    }
    if (p->kind == PACK_ZIP) {
        close(fd);
        return zip_put(p, name, zip_source_file(p->zip, path, 0, -1),
                       st.st_mode, why);
    }
    e = tar_start(p, name, '0', st.st_mode, (uint64_t)st.st_size, why);
    if (e == ERR_OK)
        e = tar_copy(p, fd, (uint64_t)st.st_size, why);
    close(fd);
    return e;
}

static enum err
put_folder(struct pack *p, const char *name, mode_t mode, struct err_info *why)
{
    char with_slash[4100];

    if (p->kind == PACK_ZIP)
        return zip_folder(p, name, mode, why);
    if ((size_t)snprintf(with_slash, sizeof with_slash, "%s/", name) >=
        sizeof with_slash)
        return err_set(why, ERR_LIMIT, "%s: path too long", name);
    return tar_start(p, with_slash, '5', mode, 0, why);
}

struct walk {
    struct pack *pack;
    size_t n_folder; /* bytes of the folder's path and its slash */
    bool (*wanted)(void *arg, const char *below);
    void *arg;
};

static enum err walk_folder(struct walk *, const char *name, const char *folder,
                            const struct above *, struct err_info *why);

/* What is being written, or an earlier archive in its place. */
static bool
is_itself(const struct pack *p, const struct stat *st)
{
    const char *const own[] = { p->path, p->part };
    struct stat archive;

    for (size_t i = 0; i < ARRAY_LEN(own); i++)
        if (stat(own[i], &archive) == 0 && archive.st_dev == st->st_dev &&
            archive.st_ino == st->st_ino)
            return true;
    return false;
}

static enum err
walk_entry(struct walk *w, const char *name, const char *path,
           const struct above *above, struct err_info *why)
{
    struct stat st;

    if (w->wanted != NULL && !w->wanted(w->arg, path + w->n_folder))
        return ERR_OK;
    if (stat(path, &st) != 0) /* a link to nowhere, or just removed */
        return ERR_OK;
    if (S_ISREG(st.st_mode))
        return is_itself(w->pack, &st) ? ERR_OK
                                       : pack_file(w->pack, name, path, why);
    if (!S_ISDIR(st.st_mode))
        return ERR_OK;
    for (const struct above *a = above; a != NULL; a = a->up)
        if (a->device == st.st_dev && a->node == st.st_ino)
            return ERR_OK;
    return walk_folder(w, name, path, above, why);
}

static enum err
walk_folder(struct walk *w, const char *name, const char *folder,
            const struct above *up, struct err_info *why)
{
    struct dirent **list = NULL;
    struct above here = { .up = up, .depth = up == NULL ? 0 : up->depth + 1 };
    char path[4096], entry[4096];
    struct stat st;
    enum err e;
    int n;

    if (here.depth > DEPTH_MAX)
        return err_set(why, ERR_LIMIT, "%s: more than %u folders deep", folder,
                       DEPTH_MAX);
    if (stat(folder, &st) != 0)
        return up == NULL && errno == ENOENT ? ERR_OK
                                             : err_sys(why, "%s", folder);
    here.device = st.st_dev;
    here.node = st.st_ino;
    if ((e = put_folder(w->pack, name, st.st_mode & 07777, why)) != ERR_OK)
        return e;
    n = scandir(folder, &list, NULL, alphasort);
    if (n < 0)
        return err_sys(why, "%s", folder);
    for (int i = 0; i < n; i++) {
        const char *own = list[i]->d_name;

        if (e == ERR_OK && strcmp(own, ".") != 0 && strcmp(own, "..") != 0) {
            if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, own) >=
                    sizeof path ||
                (size_t)snprintf(entry, sizeof entry, "%s/%s", name, own) >=
                    sizeof entry)
                e = err_set(why, ERR_LIMIT, "%s: path too long", folder);
            else
                e = walk_entry(w, entry, path, &here, why);
        }
        free(list[i]);
    }
    free(list);
    return e;
}

enum err
pack_tree(struct pack *p, const char *name, const char *folder,
          bool (*wanted)(void *arg, const char *below), void *arg,
          struct err_info *why)
{
    struct walk w = { p, strlen(folder) + 1, wanted, arg };

    return walk_folder(&w, name, folder, NULL, why);
}

/* ---- the end ---- */

static enum err
finish_tar(struct pack *p, struct err_info *why)
{
    static const char zeros[2 * BLOCK];
    enum err e = tar_bytes(p, zeros, sizeof zeros, why);
    gzFile tar = p->tar;

    p->tar = NULL;
    if (gzclose(tar) != Z_OK && e == ERR_OK)
        e = err_set(why, ERR_IO, "%s: cannot be written", p->path);
    return e;
}

static enum err
finish_zip(struct pack *p, struct err_info *why)
{
    enum err e;

    if (zip_close(p->zip) != 0) {
        e = zip_failed(p, why);
        zip_discard(p->zip);
    } else {
        e = ERR_OK;
    }
    p->zip = NULL;
    return e;
}

/* The head, then the zip; readers find a zip by its end. */
static enum err
put_head(struct pack *p, struct err_info *why)
{
    char whole[4112], bytes[65536];
    size_t n = strlen(p->head);
    FILE *from, *to;
    bool is_ok;

    snprintf(whole, sizeof whole, "%s.whole", p->path);
    from = fopen(p->part, "rbe");
    to = fopen(whole, "wbe");
    is_ok = from != NULL && to != NULL && fwrite(p->head, 1, n, to) == n;
    while (is_ok && (n = fread(bytes, 1, sizeof bytes, from)) > 0)
        is_ok = fwrite(bytes, 1, n, to) == n;
    if (is_ok)
        is_ok = fchmod(fileno(to), 0750) == 0;
    if (from != NULL)
        fclose(from);
    if (to != NULL)
        is_ok = fclose(to) == 0 && is_ok;
    if (!is_ok || rename(whole, p->part) != 0) {
        enum err e = err_sys(why, "%s", p->path);

        (void)unlink(whole);
        return e;
    }
    return ERR_OK;
}

enum err
pack_finish(struct pack **at, struct err_info *why)
{
    struct pack *p = *at;
    enum err e = p->kind == PACK_ZIP ? finish_zip(p, why) : finish_tar(p, why);

    if (e == ERR_OK && p->head != NULL)
        e = put_head(p, why);
    if (e == ERR_OK && rename(p->part, p->path) != 0)
        e = err_sys(why, "%s", p->path);
    pack_abandon(at);
    return e;
}

void
pack_abandon(struct pack **at)
{
    struct pack *p = *at;

    *at = NULL;
    if (p == NULL)
        return;
    if (p->zip != NULL)
        zip_discard(p->zip);
    if (p->tar != NULL)
        (void)gzclose(p->tar);
    for (size_t i = 0; i < p->texts.n; i++)
        free(p->texts.v[i]);
    VEC_FREE(&p->texts);
    (void)unlink(p->part); /* renamed away when all went well */
    free(p);
}
