/*
 * The configuration as it was written, file by file: where secrets stand and
 * who may read them, which files are included and who may write them.
 */
#include "doctor/doctor.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "config/encoding.h"
#include "config/password.h"
#include "config/registry.h"
#include "parse/xml.h"

#define FILE_BYTES_MAX (4u * 1024u * 1024u)
#define DEPTH_MAX 32u

struct document {
    struct doctor *d;
    const char *path;
    struct stat st;
    struct stat main;      /* of server.xml, or what stands for it */
    uint32_t first_secret; /* its line; 0: none */
};

/* ---- secrets ---- */

static bool
names_secret(struct str name)
{
    static const char *const words[] = { "password", "passwd", "secret",
                                         "passphrase", "token" };
    char lower[128];
    size_t n = name.n < sizeof lower ? name.n : sizeof lower;

    for (size_t i = 0; i < n; i++)
        lower[i] = name.p[i] >= 'A' && name.p[i] <= 'Z'
                       ? (char)(name.p[i] + ('a' - 'A'))
                       : name.p[i];
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_find(str_n(lower, n), str_of(words[i])) != STR_NPOS)
            return true;
    }
    return false;
}

/* The registry knows which attributes are passwords. */
static bool
is_password(struct str element, struct str attr)
{
    size_t n;
    const struct cfg_type *const *types = cfg_types(&n);

    for (size_t i = 0; i < n; i++) {
        const struct cfg_type *t = types[i];

        if (!str_eq_z(element, t->name) &&
            (t->also == NULL || !str_eq_z(element, t->also)))
            continue;
        for (size_t k = 0; k < t->n_attrs; k++) {
            if ((t->attrs[k].kind == CFG_KIND_PASSWORD ||
                 t->attrs[k].kind == CFG_KIND_PASSWORD_OR_HASH) &&
                str_eq_z(attr, t->attrs[k].name))
                return true;
        }
    }
    return false;
}

/* A key ring's password is a word that Java asks for; it opens nothing. */
static bool
is_ring(const struct xml_node *node)
{
    return str_starts_nocase(xml_attr_get(node, "location"), STR("safkeyring"));
}

static const char *
encoded(struct doctor *d, const char *file, uint32_t line)
{
    return doctor_text(d, "sallyport encode --encoding=aes; %s",
                       doctor_edit(d, file, line,
                                   "what it prints goes there; or {file}, "
                                   "{env}, {cred}, which stand elsewhere"));
}

static void
see_value(struct document *doc, struct str element, struct str attr,
          struct str value, uint32_t line)
{
    struct doctor *d = doc->d;
    struct str tag, payload;
    bool is_encoded;

    value = str_trim(value);
    if (value.n == 0 || str_starts(value, STR("${")))
        return;
    is_encoded = password_split(value, &tag, &payload);
    if (is_encoded &&
        (str_eq_nocase_z(tag, "file") || str_eq_nocase_z(tag, "env") ||
         str_eq_nocase_z(tag, "cred")))
        return; /* it stands elsewhere */
    if (doc->first_secret == 0)
        doc->first_secret = line;
    if (!is_encoded)
        doctor_find(d, RULE_SECRET_CLEAR, doc->path, line,
                    encoded(d, doc->path, line),
                    STR_FMT " " STR_FMT " is in clear text", STR_ARG(element),
                    STR_ARG(attr));
    else if (str_eq_nocase_z(tag, "xor"))
        doctor_find(d, RULE_SECRET_XOR, doc->path, line,
                    encoded(d, doc->path, line),
                    STR_FMT " " STR_FMT " is encoded with {xor}",
                    STR_ARG(element), STR_ARG(attr));
}

static void
see_secrets(struct document *doc, const struct xml_node *node)
{
    bool is_variable = str_eq_z(node->name, "variable") &&
                       names_secret(xml_attr_get(node, "name"));

    if (str_eq_z(node->name, "keyStore") && is_ring(node))
        return;
    for (size_t i = 0; i < node->n_attrs; i++) {
        const struct xml_attr *a = &node->attrs[i];

        if (is_password(node->name, a->name) ||
            (is_variable &&
             (str_eq_z(a->name, "value") || str_eq_z(a->name, "defaultValue"))))
            see_value(doc, node->name, a->name, a->value, a->line);
    }
}

static void
who_reads(struct doctor *d, const char *path, uint32_t line,
          const struct stat *st, const char *what)
{
    if ((st->st_mode & 0004u) != 0)
        doctor_find(d, RULE_SECRET_WORLD, path, line,
                    doctor_text(d, "chmod go-rwx %s", doctor_quote(d, path)),
                    "%s in a file of mode %04o", what,
                    (unsigned)st->st_mode & 07777u);
    else if ((st->st_mode & 0040u) != 0)
        doctor_find(d, RULE_SECRET_GROUP, path, line,
                    doctor_text(d, "chmod g-rwx %s", doctor_quote(d, path)),
                    "%s in a file of mode %04o, group %u", what,
                    (unsigned)st->st_mode & 07777u, (unsigned)st->st_gid);
}

/* ---- includes ---- */

/* Who may change what is read, where, and what ends that. who "": nobody. */
struct writers {
    const char *who;
    const char *what; /* "write /a/b.xml" */
    const char *fix;
};

/* Who but the owner of server.xml and root may write what has that status? */
static struct writers
other_writers(struct doctor *d, const struct stat *main, const struct stat *st,
              const char *what, const char *path)
{
    struct writers w = { "", doctor_text(d, "%s %s", what, path),
                         doctor_text(d, "chmod go-w %s",
                                     doctor_quote(d, path)) };

    if ((st->st_mode & 0002u) != 0)
        w.who = "everybody";
    else if ((st->st_mode & 0020u) != 0)
        w.who = doctor_text(d, "group %u", (unsigned)st->st_gid);
    else if (st->st_uid != main->st_uid && st->st_uid != 0) {
        w.who = doctor_text(d, "user %u, who does not own server.xml,",
                            (unsigned)st->st_uid);
        w.fix = doctor_text(d, "chown %u %s", (unsigned)main->st_uid,
                            doctor_quote(d, path));
    }
    return w;
}

static const char *
parent_of(struct doctor *d, const char *path)
{
    size_t slash = str_rfind_char(str_of(path), '/');

    return slash == STR_NPOS || slash == 0
               ? "/"
               : doctor_text(d, "%.*s", (int)slash, path);
}

/*
 * Who may put another file in the place of this one: whoever writes one of the
 * folders above it. A sticky folder (/tmp) keeps what is there, but what is not
 * there anybody may make.
 */
static struct writers
who_replaces(struct doctor *d, const struct stat *main, const char *path)
{
    struct stat st;
    bool is_there = lstat(path, &st) == 0;
    struct writers w = { "", "", "" };

    while (w.who[0] == '\0' && strcmp(path, "/") != 0) {
        path = parent_of(d, path);
        if (stat(path, &st) != 0)
            continue;
        if (!is_there || (st.st_mode & S_ISVTX) == 0)
            w = other_writers(d, main, &st,
                              is_there ? "replace it in" : "create it in",
                              path);
        is_there = true;
    }
    return w;
}

static struct writers
who_decides(struct doctor *d, const struct stat *main, const char *path,
            bool is_folder)
{
    struct stat st;
    struct writers w = { "", "", "" };

    if (stat(path, &st) == 0)
        w = other_writers(d, main, &st, is_folder ? "add files to" : "write",
                          path);
    return w.who[0] != '\0' ? w : who_replaces(d, main, path);
}

static void
see_included(struct document *doc, const struct xml_node *node,
             const char *path, bool is_folder, struct str on_conflict)
{
    struct doctor *d = doc->d;
    bool is_ignore = str_eq_nocase_z(on_conflict, "IGNORE");
    struct writers w = who_decides(d, &doc->main, path, is_folder);

    if (w.who[0] != '\0')
        doctor_find(d, is_ignore ? RULE_INCLUDE_INJECTS : RULE_INCLUDE_WRITABLE,
                    doc->path, node->line, w.fix,
                    "%s may %s; %s is included with onConflict=\"" STR_FMT
                    "\"%s",
                    w.who, w.what, path,
                    STR_ARG(on_conflict.n > 0 ? on_conflict : STR("MERGE")),
                    access(path, F_OK) == 0 ? "" : ", and is not there");
    else if (is_ignore && !is_folder)
        doctor_find(d, RULE_INCLUDE_IGNORE, doc->path, node->line,
                    doctor_text(d, "sallyport config dump --written %s; %s",
                                d->server_name,
                                doctor_edit(d, doc->path, node->line,
                                            "move what the file adds into "
                                            "this one, without the include")),
                    "%s is included with onConflict=\"IGNORE\"", path);
}

static void
see_include(struct document *doc, const struct xml_node *node)
{
    struct doctor *d = doc->d;
    struct str location = str_trim(xml_attr_get(node, "location")), found;
    struct str on_conflict = str_trim(xml_attr_get(node, "onConflict"));
    const char *path;
    struct err_info why;
    struct dirent *entry;
    bool is_folder;
    DIR *dir;

    if (location.n == 0 ||
        cfg_expand(d->tree, d->arena, location, &location, &why) != ERR_OK ||
        !cfg_include_path(d->arena, str_of(doc->path), location, &found,
                          &is_folder))
        return;
    path = doctor_text(d, STR_FMT, STR_ARG(found));
    see_included(doc, node, path, is_folder, on_conflict);
    dir = is_folder ? opendir(path) : NULL;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (str_ends(str_lower(d->arena, str_of(entry->d_name)), STR(".xml")))
            see_included(doc, node,
                         doctor_text(d, "%s/%s", path, entry->d_name), false,
                         on_conflict);
    }
    if (dir != NULL)
        closedir(dir);
}

/* ---- one document ---- */

static void
see_element(struct document *doc, const struct xml_node *node, unsigned depth)
{
    see_secrets(doc, node);
    if (depth == 1 && str_eq_z(node->name, "include"))
        see_include(doc, node);
    for (const struct xml_node *c = node->child; c != NULL && depth < DEPTH_MAX;
         c = c->next)
        see_element(doc, c, depth + 1);
}

static void
see_document(struct doctor *d, const char *path, const struct stat *main)
{
    struct document doc = { .d = d, .path = path, .main = *main };
    struct xml_node *root;
    bool is_converted = false;
    struct buf text, utf8;
    struct arena arena;

    if (stat(path, &doc.st) != 0 || !S_ISREG(doc.st.st_mode))
        return;
    buf_init(&text, FILE_BYTES_MAX);
    buf_init(&utf8, FILE_BYTES_MAX);
    arena_init(&arena, 64u * 1024u * 1024u);
    if (file_read(path, &text, NULL) != ERR_OK)
        doctor_find(d, RULE_NOT_CHECKED, path, 0,
                    doctor_text(d, "sudo sallyport doctor %s", d->server_name),
                    "cannot be read");
    else if (encoding_to_utf8(buf_view(&text), &utf8, &is_converted, NULL) ==
                 ERR_OK &&
             xml_parse(&arena, buf_view(is_converted ? &utf8 : &text), NULL,
                       &root, NULL) == ERR_OK)
        see_element(&doc, root, 0);
    arena_fini(&arena);
    buf_fini(&utf8);
    buf_fini(&text);
    if (doc.first_secret > 0)
        who_reads(d, path, doc.first_secret, &doc.st, "a password");
}

/* NAME=value lines that name a secret. */
static void
see_pairs(struct doctor *d, const char *name)
{
    const char *path = doctor_text(d, "%s/%s", d->server_dir, name);
    const char *first = NULL;
    struct str rest, line;
    struct stat st;
    struct buf text;
    uint32_t n = 0;

    if (stat(path, &st) != 0)
        return;
    buf_init(&text, FILE_BYTES_MAX);
    if (file_read(path, &text, NULL) != ERR_OK)
        doctor_find(d, RULE_NOT_CHECKED, path, 0,
                    doctor_text(d, "sudo sallyport doctor %s", d->server_name),
                    "cannot be read");
    rest = buf_view(&text);
    while (first == NULL && str_line(&rest, &line)) {
        size_t eq = str_find_char(line, '=');
        struct str key = str_trim(str_sub(line, 0, eq));

        n++;
        if (eq != STR_NPOS && key.n > 0 && key.p[0] != '#' && eq + 1 < line.n &&
            names_secret(key))
            first = doctor_text(d, "%.*s", STR_ARG(str_sub(key, 0, 100)));
    }
    if (first != NULL)
        who_reads(d, path, n, &st, first);
    buf_fini(&text);
}

/* Key stores and LTPA keys of resources/security. */
static void
see_key_files(struct doctor *d)
{
    static const char *const ends[] = { ".p12",  ".jks", ".jceks", ".pfx",
                                        ".keys", ".pem", ".key" };
    const char *folder = doctor_text(d, "%s/resources/security", d->server_dir);
    DIR *dir = opendir(folder);
    struct dirent *entry;
    struct stat st;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        const char *path = doctor_text(d, "%s/%s", folder, entry->d_name);

        for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
            if (str_ends(str_of(entry->d_name), str_of(ends[i])) &&
                stat(path, &st) == 0)
                who_reads(d, path, 0, &st, "keys");
        }
    }
    if (dir != NULL)
        closedir(dir);
}

void
doctor_check_documents(struct doctor *d)
{
    const char *main_path = doctor_text(d, "%s/server.xml", d->server_dir);
    struct cfg_list files;
    struct stat main;

    see_pairs(d, "server.env");
    see_pairs(d, "bootstrap.properties");
    see_pairs(d, "jvm.options");
    see_key_files(d);
    if (d->tree == NULL || stat(main_path, &main) != 0)
        return;
    files = cfg_monitored(d->tree);
    for (size_t i = 0; i < files.n; i++) {
        if (str_ends(files.v[i], STR(".xml")))
            see_document(d, files.v[i].p, &main);
    }
}
