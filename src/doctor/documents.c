/*
 * The configuration as it was written, file by file: where secrets stand and
 * who may read them, which files are included and who may write them.
 */
#include "doctor/doctor.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "config/password.h"
#include "config/registry.h"
#include "parse/xml.h"

#define FILE_BYTES_MAX (4u * 1024u * 1024u)
#define DEPTH_MAX 32u

struct document {
    struct doctor *d;
    const char *path;
    struct stat st;
    struct stat main; /* of server.xml, or what stands for it */
    bool has_secret;
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
    doc->has_secret = true;
    if (!is_encoded)
        doctor_find(d, RULE_SECRET_CLEAR, doc->path, line,
                    "sallyport encode --encoding=aes, or {file}, {env}, {cred}",
                    STR_FMT " " STR_FMT " is in clear text", STR_ARG(element),
                    STR_ARG(attr));
    else if (str_eq_nocase_z(tag, "xor"))
        doctor_find(d, RULE_SECRET_XOR, doc->path, line,
                    "sallyport encode --encoding=aes",
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
who_reads(struct doctor *d, const char *path, const struct stat *st,
          const char *what)
{
    if ((st->st_mode & 0004u) != 0)
        doctor_find(d, RULE_SECRET_WORLD, path, 0,
                    doctor_text(d, "chmod go-rwx %s", doctor_quote(d, path)),
                    "%s in a file of mode %04o", what,
                    (unsigned)st->st_mode & 07777u);
    else if ((st->st_mode & 0040u) != 0)
        doctor_find(d, RULE_SECRET_GROUP, path, 0,
                    doctor_text(d, "chmod g-rwx %s", doctor_quote(d, path)),
                    "%s in a file of mode %04o, group %u", what,
                    (unsigned)st->st_mode & 07777u, (unsigned)st->st_gid);
}

/* ---- includes ---- */

/* Who but the owner of server.xml and root may write it? "" for nobody. */
static const char *
other_writers(struct doctor *d, const struct stat *main, const struct stat *st)
{
    if ((st->st_mode & 0002u) != 0)
        return "everybody";
    if ((st->st_mode & 0020u) != 0)
        return doctor_text(d, "group %u", (unsigned)st->st_gid);
    if (st->st_uid != main->st_uid && st->st_uid != 0)
        return doctor_text(d, "its owner %u, who does not own server.xml,",
                           (unsigned)st->st_uid);
    return "";
}

static void
see_included(struct document *doc, const struct xml_node *node,
             const char *path, struct str on_conflict)
{
    struct doctor *d = doc->d;
    bool is_ignore = str_eq_nocase_z(on_conflict, "IGNORE");
    const char *who, *fix;
    struct stat st, folder;
    size_t slash = str_rfind_char(str_of(path), '/');

    if (stat(path, &st) != 0)
        return; /* the engine has said so */
    who = other_writers(d, &doc->main, &st);
    if (who[0] == '\0' && slash != STR_NPOS && slash > 0 &&
        stat(doctor_text(d, "%.*s", (int)slash, path), &folder) == 0 &&
        (folder.st_mode & S_ISVTX) == 0)
        who = other_writers(d, &doc->main, &folder);
    fix = doctor_text(d, "chmod go-w %s; or do not include what others write",
                      doctor_quote(d, path));
    if (who[0] != '\0' && !is_ignore)
        doctor_find(d, RULE_INCLUDE_WRITABLE, doc->path, node->line, fix,
                    "%s may write %s or its folder, which is included with "
                    "onConflict=\"%.*s\"",
                    who, path,
                    STR_ARG(on_conflict.n > 0 ? on_conflict : STR("MERGE")));
    else if (who[0] != '\0')
        doctor_find(d, RULE_INCLUDE_INJECTS, doc->path, node->line, fix,
                    "%s may write %s or its folder, which is included with "
                    "onConflict=\"IGNORE\"",
                    who, path);
    else if (is_ignore)
        doctor_find(d, RULE_INCLUDE_IGNORE, doc->path, node->line, "",
                    "%s is included with onConflict=\"IGNORE\"", path);
}

static void
see_include(struct document *doc, const struct xml_node *node)
{
    struct doctor *d = doc->d;
    struct str location = str_trim(xml_attr_get(node, "location"));
    struct str folder = str_of(doc->path);
    const char *path;
    struct err_info why;
    struct dirent *entry;
    DIR *dir;

    if (location.n == 0 ||
        cfg_expand(d->tree, d->arena, location, &location, &why) != ERR_OK)
        return;
    folder = str_sub(folder, 0, str_rfind_char(folder, '/'));
    path =
        location.p[0] == '/'
            ? path_normalise(d->arena, location)
            : path_normalise(d->arena,
                             str_of(doctor_text(d, "%.*s/%.*s", STR_ARG(folder),
                                                STR_ARG(location))));
    if (path == NULL)
        return;
    dir = opendir(path);
    if (dir == NULL) {
        see_included(doc, node, path, xml_attr_get(node, "onConflict"));
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (str_ends(str_of(entry->d_name), STR(".xml")))
            see_included(doc, node,
                         doctor_text(d, "%s/%s", path, entry->d_name),
                         xml_attr_get(node, "onConflict"));
    }
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
    struct arena arena;
    struct buf text;

    if (stat(path, &doc.st) != 0 || !S_ISREG(doc.st.st_mode))
        return;
    buf_init(&text, FILE_BYTES_MAX);
    arena_init(&arena, 64u * 1024u * 1024u);
    if (file_read(path, &text, NULL) != ERR_OK)
        doctor_find(d, RULE_NOT_CHECKED, path, 0, "", "cannot be read");
    else if (xml_parse(&arena, buf_view(&text), NULL, &root, NULL) == ERR_OK)
        see_element(&doc, root, 0);
    arena_fini(&arena);
    buf_fini(&text);
    if (doc.has_secret)
        who_reads(d, path, &doc.st, "a password");
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

    if (stat(path, &st) != 0)
        return;
    buf_init(&text, FILE_BYTES_MAX);
    if (file_read(path, &text, NULL) == ERR_OK) {
        rest = buf_view(&text);
        while (first == NULL && str_line(&rest, &line)) {
            size_t eq = str_find_char(line, '=');
            struct str key = str_trim(str_sub(line, 0, eq));

            if (eq != STR_NPOS && key.n > 0 && key.p[0] != '#' &&
                eq + 1 < line.n && names_secret(key))
                first = doctor_text(d, "%.*s", STR_ARG(str_sub(key, 0, 100)));
        }
        if (first != NULL)
            who_reads(d, path, &st, first);
    }
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
                who_reads(d, path, &st, "keys");
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
