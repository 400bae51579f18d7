/*
 * <include>: which file is meant, whether it may be read, and with which
 * onConflict. A folder (its name ends with "/") stands for the .xml files in
 * it. Nothing is fetched over a network: what a server does must not depend on
 * who answers when it starts.
 */
#include "config/raw.h"

#include <sys/stat.h>

#include "base/file.h"
#include "base/msg.h"
#include "base/reader.h"
#include "parse/xml.h"

static const char *const behaviour_words[] = { "MERGE", "REPLACE", "IGNORE",
                                               NULL };

/* One <include> being followed. */
struct include {
    struct loading *l;
    const struct raw_doc *doc; /* the file it stands in */
    const struct xml_node *node;
    enum raw_behaviour behaviour;
    bool is_optional;
};

static struct str
where(const struct include *in)
{
    return raw_where(in->l, in->doc, in->node->line, in->node->column);
}

/* ---- which file ---- */

static bool
is_scheme(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

/* "http" of "http://host/x.xml"; "" when the text is a path. */
static struct str
scheme_of(struct str location)
{
    struct reader in = reader_of(location);
    struct str word = reader_span(&in, is_scheme);

    if (word.n < 2 || reader_peek(&in) != ':' ||
        (word.p[0] >= '0' && word.p[0] <= '9'))
        return STR("");
    return word;
}

static int
hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* %20 is a blank; p NULL: malformed, or a NUL. */
static struct str
unescape(struct arena *arena, struct str text)
{
    char *out = arena_alloc(arena, text.n + 1);
    size_t n = 0;

    for (size_t i = 0; out != NULL && i < text.n; i++) {
        int high, low;

        out[n++] = text.p[i];
        if (text.p[i] != '%')
            continue;
        high = i + 2 < text.n ? hex(text.p[i + 1]) : -1;
        low = i + 2 < text.n ? hex(text.p[i + 2]) : -1;
        if (high < 0 || low < 0 || high + low == 0)
            return (struct str){ NULL, 0 };
        out[n - 1] = (char)(high * 16 + low);
        i += 2;
    }
    return out == NULL ? (struct str){ NULL, 0 } : str_n(out, n);
}

/* file:/x, file:///x, file://localhost/x, file:x; p NULL: none of them. */
static struct str
file_url(struct arena *arena, struct str url)
{
    struct str rest = str_sub(url, 5, url.n);

    if (str_starts(rest, STR("//"))) {
        size_t slash = str_find_char(str_sub(rest, 2, rest.n), '/');
        struct str host =
            str_sub(rest, 2, slash == STR_NPOS ? rest.n : slash + 2);

        if (slash == STR_NPOS ||
            (host.n > 0 && !str_eq_nocase_z(host, "localhost")))
            return (struct str){ NULL, 0 };
        rest = str_sub(rest, slash + 2, rest.n);
    }
    return unescape(arena, rest);
}

/* Absolute and normalised; a relative one stands beside the including file. */
static struct str
full_path(struct arena *arena, struct str file, struct str path)
{
    struct str folder = str_sub(file, 0, str_rfind_char(file, '/'));

    if (path.p[0] != '/' && path.p[0] != '\\')
        path =
            str_fmt(arena, STR_FMT "/" STR_FMT, STR_ARG(folder), STR_ARG(path));
    return str_of(path_normalise(arena, path));
}

bool
cfg_include_path(struct arena *arena, struct str file, struct str location,
                 struct str *path, bool *is_folder)
{
    struct str scheme = scheme_of(location), name = location;

    if (str_eq_nocase_z(scheme, "file"))
        name = file_url(arena, location);
    else if (scheme.n > 0)
        return false;
    if (name.n == 0)
        return false;
    *is_folder = name.p[name.n - 1] == '/' || name.p[name.n - 1] == '\\';
    *path = full_path(arena, file, name);
    return path->n > 0;
}

/* ---- reading it ---- */

void
raw_identify(struct raw_doc *doc)
{
    struct stat st;

    if (stat(doc->path.p, &st) == 0) {
        doc->device = (uint64_t)st.st_dev;
        doc->node = (uint64_t)st.st_ino;
    }
}

static bool
is_readable(struct loading *l, const char *path)
{
    struct buf text;
    enum err e;

    if (l->options->read_file == NULL)
        return raw_is_regular(path);
    buf_init(&text, l->limits.max_file_bytes);
    e = l->options->read_file(l->options->arg, path, &text, NULL);
    buf_fini(&text);
    return e != ERR_NOT_FOUND;
}

static bool
is_same(const struct raw_doc *a, const struct raw_doc *b)
{
    return str_eq(a->path, b->path) ||
           (a->node != 0 && a->node == b->node && a->device == b->device);
}

static bool
is_on_stack(const struct raw_doc *doc, const struct raw_doc *child)
{
    for (; doc != NULL; doc = doc->parent)
        if (is_same(doc, child))
            return true;
    return false;
}

/* "a.xml, b.xml, a.xml" from the first time `child` is on the stack. */
static struct str
cycle_text(struct loading *l, const struct raw_doc *doc,
           const struct raw_doc *child)
{
    struct str text = child->path;

    for (; doc != NULL; doc = doc->parent) {
        text = loading_fmt(l, STR_FMT ", " STR_FMT, STR_ARG(doc->path),
                           STR_ARG(text));
        if (is_same(doc, child))
            break;
    }
    return text;
}

static enum err
include_file(const struct include *in, struct str path, struct err_info *why)
{
    struct loading *l = in->l;
    struct raw_doc *child = ARENA_NEW(l->arena, struct raw_doc);

    l->at = (struct cfg_place){ in->doc->path, in->node->line };
    if (child == NULL || !raw_monitor(l, path))
        return raw_no_storage(why);
    *child = (struct raw_doc){ .path = path,
                               .parent = in->doc,
                               .behaviour = in->behaviour,
                               .depth = in->doc->depth + 1 };
    if (l->options->read_file == NULL)
        raw_identify(child);
    if (is_on_stack(in->doc, child)) {
        SAY(l, "CWWKG0042W", cycle_text(l, in->doc, child));
        return ERR_OK;
    }
    if (child->depth > l->limits.max_inc_depth)
        return err_pos(why, ERR_LIMIT, in->node->line, in->node->column,
                       "files include each other deeper than %u",
                       l->limits.max_inc_depth);
    if (++l->n_files > l->limits.max_includes)
        return err_pos(why, ERR_LIMIT, in->node->line, in->node->column,
                       "more than %u files are included",
                       l->limits.max_includes);
    if (!is_readable(l, path.p)) {
        if (!in->is_optional)
            SAY(l, "CWWKG0090E", path, where(in));
        return ERR_OK;
    }
    SAY(l, "CWWKG0028A", path);
    return raw_read_document(l, child, false, why);
}

static bool
is_folder(struct loading *l, const char *path)
{
    struct stat st;

    return l->options->read_file == NULL && stat(path, &st) == 0 &&
           S_ISDIR(st.st_mode);
}

/* The files directly inside, by lower-case name. */
static enum err
include_folder(const struct include *in, struct str folder,
               struct err_info *why)
{
    struct loading *l = in->l;
    char **names = NULL;
    size_t n = 0;
    enum err e;

    if (!raw_monitor(l, folder))
        return raw_no_storage(why);
    if (!is_folder(l, folder.p)) {
        if (!in->is_optional)
            SAY(l, "CWWKG0090E", folder, where(in));
        return ERR_OK;
    }
    e = raw_list_folder(l, folder.p, &names, &n, why);
    for (size_t i = 0; i < n && e == ERR_OK && !l->is_stopped; i++) {
        struct str path =
            loading_fmt(l, STR_FMT "/%s", STR_ARG(folder), names[i]);

        if (str_ends(str_lower(l->arena, path), STR(".xml")) &&
            raw_is_regular(path.p))
            e = include_file(in, path, why);
    }
    raw_names_free(names, n);
    return e;
}

/* ---- the element ---- */

static enum raw_behaviour
behaviour_of(struct loading *l, const struct raw_doc *doc,
             const struct xml_node *node)
{
    struct str word = xml_attr_get(node, "onConflict");
    unsigned value;

    if (word.p == NULL)
        return doc->behaviour;
    if (value_word(word, behaviour_words, &value))
        return (enum raw_behaviour)value;
    SAY(l, "CWWKG0094W", word, raw_where(l, doc, node->line, node->column));
    return RAW_MERGE;
}

/* A location that names no file. */
static enum err
say_unresolved(const struct include *in, struct str location)
{
    if (in->is_optional)
        SAY(in->l, "CWWKG0084W", location, where(in));
    else
        SAY(in->l, "CWWKG0090E", location, where(in));
    return ERR_OK;
}

static enum err
follow(const struct include *in, struct str location, struct err_info *why)
{
    struct str scheme = scheme_of(location), path;
    bool is_whole_folder;

    if (scheme.n > 0 && !str_eq_nocase_z(scheme, "file") && !in->is_optional)
        SAY(in->l, "SPT0402E",
            loading_fmt(in->l, STR_FMT ":%u:%u", STR_ARG(in->doc->path),
                        in->node->line, in->node->column),
            location);
    if (!cfg_include_path(in->l->arena, in->doc->path, location, &path,
                          &is_whole_folder))
        return say_unresolved(in, location);
    return is_whole_folder ? include_folder(in, path, why)
                           : include_file(in, path, why);
}

enum err
raw_include(struct loading *l, const struct raw_doc *doc,
            const struct xml_node *node, struct err_info *why)
{
    struct str raw = xml_attr_get(node, "location");
    struct include in = { .l = l, .doc = doc, .node = node };
    struct err_info loop;
    struct str location;

    unknown_in_file(l, doc, node, &cfg_type_include);
    if (raw.p == NULL) {
        SAY(l, "CWWKG0089E", loading_fmt(l, "%u", node->line), doc->path);
        return ERR_OK;
    }
    in.is_optional = str_eq_nocase_z(xml_attr_get(node, "optional"), "true");
    in.behaviour = behaviour_of(l, doc, node);
    if (vars_expand(l, NULL, raw, &location, &loop) != ERR_OK)
        location = raw;
    return follow(&in, str_trim(location), why);
}
