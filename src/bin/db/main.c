/*
 * sallyport-db: the security database as a whole. It works on files, beside
 * the angel: for root, or the owner of a private image.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/secret.h"
#include "ipc/chan.h"
#include "saf/angelconf.h"
#include "saf/client.h"
#include "saf/masterkey.h"
#include "saf/rekey.h"
#include "saf/store.h"
#include "saf/store_copy.h"
#include "saf/unload.h"
#include "saf/wire.h"

#define STATUS_FAILED 1
#define STATUS_USAGE 2
#define FILE_BYTES_MAX (4ull << 30)

static const char *more_path, *output_path;
static bool loses_keys;

static const struct cli_opt opts[] = {
    { "more", 'm', CLI_STRING, &more_path, "FILE",
      "unload, load: the companion, with what the layout lacks" },
    { "output", 'o', CLI_STRING, &output_path, "FILE",
      "unload: write there instead of to standard output" },
    { "lost-keys", 0, CLI_FLAG, &loses_keys, NULL,
      "restore, load: also when the secrets in it do not open here: private "
      "keys and PassTicket keys are lost" },
};

static const struct cli cli = {
    .command = "sallyport db",
    .usage = "[options] WORD [FILE | PLACE]",
    .summary = "Copy, check, unload and load the security database.",
    .detail =
        "backup [FILE]   a copy, while the database is in use; without FILE\n"
        "                it is the standby that RVARY SWITCH takes into use\n"
        "restore FILE    make a copy the database: at once by RVARY SWITCH, "
        "or\n"
        "                while the system is down\n"
        "check [FILE]    is it whole? Without FILE: the database in use\n"
        "unload [FILE]   as text in the layout of IRRDBU00\n"
        "load FILE       make a database from such text; it becomes the\n"
        "                database when the system is down, else restore it\n"
        "masterkey [PLACE]  where the key of private keys is kept, or keep it\n"
        "                at PLACE from now on: file, keyring:user:NAME,\n"
        "                keyring:session:NAME or pkcs11:LABEL\n"
        "rekey           another master key, and everything sealed anew; the\n"
        "                system is down. Run it again when it was cut short\n"
        "Exit status: 0 done, 1 failed (nothing was changed), 2 usage.",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .min_args = 1,
    .max_args = 2,
};

static struct arena arena;

static int
failed(const struct err_info *why)
{
    fprintf(stderr, "sallyport db: %s\n", why->text);
    return STATUS_FAILED;
}

static const char *
in_root(const char *name)
{
    const char *path = root_path(&arena, "%s", name);

    REQUIRE(path != NULL);
    return path;
}

/* Does an angel serve this image? */
static bool
is_up(void)
{
    int fd;

    if (chan_connect(in_root(WIRE_SOCKET), &fd, NULL) != ERR_OK)
        return false;
    close(fd);
    return true;
}

/* --- backup, restore, check
 * ---------------------------------------------------- */

static int
backup(const char *to)
{
    struct err_info why = { 0 };
    struct store_facts f;

    if (strcmp(to, in_root(STORE_STANDBY)) == 0 &&
        access(in_root(STORE_FOLLOWS), F_OK) == 0) {
        (void)err_set(&why, ERR_EXISTS,
                      "%s follows the database, there is nothing to copy; to "
                      "keep it as it is: RVARY INACTIVE",
                      to);
        return failed(&why);
    }
    if (store_copy(in_root(STORE_FILE), to, &why) != ERR_OK ||
        store_check(to, &f, &why) != ERR_OK)
        return failed(&why);
    printf("%s: %lld users, %lld groups, %lld profiles\n", to,
           (long long)f.users, (long long)f.groups, (long long)f.profiles);
    return 0;
}

static int
check(const char *path)
{
    struct err_info why = { 0 };
    struct store_facts f;

    if (store_check(path, &f, &why) != ERR_OK)
        return failed(&why);
    printf("%s is whole: %lld users, %lld groups, %lld profiles\n", path,
           (long long)f.users, (long long)f.groups, (long long)f.profiles);
    return 0;
}

static void
print_line(void *arg, struct str text)
{
    (void)arg;
    printf(STR_FMT "\n", STR_ARG(text));
}

static int
switch_now(void)
{
    struct saf_client *saf = NULL;
    struct err_info why = { 0 };
    uint32_t rc = 12;
    enum err e = saf_connect((struct str){ 0 }, &saf, &why);

    if (e == ERR_OK)
        e = saf_command(saf, STR("RVARY SWITCH"), print_line, NULL, &rc, &why);
    saf_disconnect(&saf);
    if (e != ERR_OK)
        return failed(&why);
    return rc == 0 ? 0 : STATUS_FAILED;
}

/* The key stays open for that long only. */
static enum err
with_master(enum err (*run)(const char *path, const struct store_facts *,
                            const unsigned char *, struct err_info *),
            const char *path, const struct store_facts *facts,
            struct err_info *why)
{
    unsigned char key[SEALING_KEY_BYTES] = { 0 };
    struct angel_conf conf = { .module = NULL };
    struct token *token = NULL;
    enum err e = angel_conf_read(&arena, in_root(ANGEL_CONF), &conf, why);

    if (e == ERR_OK && conf.module != NULL)
        e = token_start(&conf, &token, why);
    if (e == ERR_OK)
        e = master_key_open(in_root("saf/master.key"), STR(""), token, key,
                            why);
    if (e == ERR_OK)
        e = run(path, facts, key, why);
    secret_wipe(key, sizeof key);
    token_stop(&token);
    angel_conf_wipe(&conf);
    return e;
}

/* What a database cannot open it must not be taken for: its servers would come
 * up without their keys. */
static enum err
opens_here(const char *path, const struct store_facts *facts,
           struct err_info *why)
{
    struct buf sealed, owner;
    enum err e;

    if (loses_keys)
        return ERR_OK;
    buf_init(&sealed, 1u << 16);
    buf_init(&owner, 1024);
    e = store_sealed(path, &sealed, &owner, why);
    buf_fini(&sealed);
    buf_fini(&owner);
    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    if (e == ERR_OK && access(in_root("saf/master.key"), F_OK) != 0) {
        fprintf(stderr,
                "sallyport db: %s has secrets, and there is no master key "
                "here: put saf/master.key and saf/angel.key of that system in "
                "place before the next start\n",
                path);
        return ERR_OK;
    }
    if (e == ERR_OK)
        e = with_master(rekey_check_copy, path, facts, why);
    if (e != ERR_OK)
        fprintf(stderr,
                "sallyport db: put the master key of that time in place "
                "(saf/master.key, saf/angel.key) while the system is down, "
                "restore, then sallyport db rekey; or give these secrets up: "
                "--lost-keys\n");
    return e;
}

/* Its log must be in it before it goes; what is damaged is kept as it is. */
static enum err
put_aside(const char *primary, struct err_info *why)
{
    static const char *const parts[] = { "", "-wal" };
    const char *aside = in_root("saf/racf.db.damaged");
    struct err_info reason = { 0 };
    struct store_facts f;

    if (store_check(primary, &f, &reason) == ERR_OK) {
        enum err e = store_copy(primary, in_root(STORE_STANDBY), why);

        if (e == ERR_OK)
            printf("the database before is %s\n", in_root(STORE_STANDBY));
        return e;
    }
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        char from[4096], to[4096];

        (void)snprintf(from, sizeof from, "%s%s", primary, parts[i]);
        (void)snprintf(to, sizeof to, "%s%s", aside, parts[i]);
        if (rename(from, to) != 0 && errno != ENOENT)
            return err_sys(why, "%s", to);
    }
    printf("the database before cannot be used and is %s: %s\n", aside,
           reason.text);
    return ERR_OK;
}

/* Nobody uses it: the old one stays as the standby. */
static int
place(const char *from, struct err_info *why)
{
    const char *primary = in_root(STORE_FILE);
    char side[2][4096];

    (void)snprintf(side[0], sizeof side[0], "%s-wal", primary);
    (void)snprintf(side[1], sizeof side[1], "%s-shm", primary);
    if (access(primary, F_OK) == 0 && put_aside(primary, why) != ERR_OK)
        return failed(why);
    for (unsigned i = 0; i < 2; i++)
        (void)unlink(side[i]);
    if (rename(from, primary) != 0) {
        (void)err_sys(why, "%s", primary);
        return failed(why);
    }
    if (store_sync_folder(primary, why) != ERR_OK)
        return failed(why);
    printf("%s is the database now\n", primary);
    return 0;
}

static int
restore(const char *from)
{
    const char *next = in_root("saf/restore.db");
    struct err_info why = { 0 };
    struct store_facts f;
    int status;

    if (store_check(from, &f, &why) != ERR_OK ||
        opens_here(from, &f, &why) != ERR_OK)
        return failed(&why);
    if (is_up()) {
        if (strcmp(from, in_root(STORE_STANDBY)) != 0 &&
            store_copy(from, in_root(STORE_STANDBY), &why) != ERR_OK)
            return failed(&why);
        return switch_now();
    }
    if (store_copy(from, next, &why) != ERR_OK)
        return failed(&why);
    status = place(next, &why);
    (void)unlink(next);
    return status;
}

/* --- unload
 * ------------------------------------------------------------------------ */

static void
write_line(void *arg, struct str text)
{
    FILE *f = arg;

    (void)fwrite(text.p, 1, text.n, f);
    (void)fputc('\n', f);
}

static FILE *
create(const char *path, struct err_info *why)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

    if (f == NULL)
        (void)err_sys(why, "%s", path);
    return f;
}

static enum err
finish(FILE *f, const char *path, enum err e, struct err_info *why)
{
    bool is_bad = fflush(f) != 0 || ferror(f) != 0;

    if (f != stdout && fclose(f) != 0)
        is_bad = true;
    if (e == ERR_OK && is_bad)
        e = err_sys(why, "%s", path);
    return e;
}

static enum err
unload_from(struct saf_db *db, const char *path, struct err_info *why)
{
    FILE *f = path == NULL ? stdout : create(path, why);
    struct unload_out out = { write_line, f };
    enum err e;

    if (f == NULL)
        return ERR_IO;
    e = finish(f, path == NULL ? "standard output" : path,
               unload_write(db, &out, why), why);
    if (e != ERR_OK || more_path == NULL)
        return e;
    out.arg = f = create(more_path, why);
    return f == NULL
               ? ERR_IO
               : finish(f, more_path, unload_write_more(db, &out, why), why);
}

/* From a copy, so that the state is one and nobody waits. */
static int
unload(const char *path)
{
    const char *copy = in_root("saf/unload.db");
    struct err_info why = { 0 };
    struct saf_db *db = NULL;
    enum err e = store_copy(in_root(STORE_FILE), copy, &why);

    if (e == ERR_OK)
        e = saf_db_open(copy, clock_wall_ms(), &db, &why);
    if (e == ERR_OK)
        e = unload_from(db, path, &why);
    saf_db_close(&db);
    (void)unlink(copy);
    (void)unlink(in_root("saf/unload.db-wal"));
    (void)unlink(in_root("saf/unload.db-shm"));
    return e == ERR_OK ? 0 : failed(&why);
}

/* --- load
 * -------------------------------------------------------------------------- */

static const char *load_path;

static void
print_mistake(void *arg, uint64_t line, struct str text)
{
    const struct load_report *r = arg;

    fprintf(stderr, "sallyport db: %s:%llu: " STR_FMT "\n",
            r->is_companion ? more_path : load_path, (unsigned long long)line,
            STR_ARG(text));
}

static enum err
load_into(const char *db_path, const char *path, struct load_report *report,
          struct err_info *why)
{
    struct saf_db *db = NULL;
    struct buf text, more;
    enum err e;

    buf_init(&text, FILE_BYTES_MAX);
    buf_init(&more, FILE_BYTES_MAX);
    e = file_read(path, &text, why);
    if (e == ERR_OK && more_path != NULL)
        e = file_read(more_path, &more, why);
    if (e == ERR_OK)
        e = saf_db_open(db_path, clock_wall_ms(), &db, why);
    if (e == ERR_OK)
        e = load_all(db, buf_view(&text),
                     more_path == NULL ? STR("") : buf_view(&more), report,
                     why);
    saf_db_close(&db);
    buf_fini(&text);
    buf_fini(&more);
    return e;
}

static void
print_report(const struct load_report *r)
{
    printf("%llu lines: %llu users, %llu groups, %llu connections, %llu "
           "profiles, %llu access entries\n",
           (unsigned long long)r->lines, (unsigned long long)r->users,
           (unsigned long long)r->groups, (unsigned long long)r->connects,
           (unsigned long long)r->profiles, (unsigned long long)r->permits);
    if (r->kept > 0)
        printf("%llu lines of types nobody here uses were kept for unload\n",
               (unsigned long long)r->kept);
    if (r->certificates > 0)
        printf("%llu certificates are only named: an unload holds none, add "
               "them with RACDCERT or a companion\n",
               (unsigned long long)r->certificates);
}

static int
load(const char *path)
{
    struct load_report report = { .mistake = print_mistake, .arg = &report };
    const char *work = in_root("saf/load.db"), *made = in_root("saf/loaded.db");
    struct store_facts facts;
    struct err_info why = { 0 };
    mode_t old = umask(0077);
    enum err e = dir_make(in_root("saf"), 0700, &why);
    int status;

    load_path = path;
    (void)unlink(work);
    if (e == ERR_OK)
        e = load_into(work, path, &report, &why);
    if (e == ERR_OK)
        e = store_copy(work, made, &why);
    (void)unlink(work);
    (void)unlink(in_root("saf/load.db-wal"));
    (void)unlink(in_root("saf/load.db-shm"));
    (void)umask(old);
    if (e == ERR_OK)
        e = store_check(made, &facts, &why);
    if (e == ERR_OK && (e = opens_here(made, &facts, &why)) != ERR_OK)
        (void)unlink(made);
    if (e != ERR_OK)
        return failed(&why);
    print_report(&report);
    if (is_up()) {
        printf("%s is ready: end the system, then sallyport db restore it\n",
               made);
        return 0;
    }
    status = place(made, &why);
    return status;
}

/* --- master key
 * -------------------------------------------------------------------- */

/* The key stays, so an angel that is up goes on with it. */
static enum err
move_master(const char *path, const char *place, struct err_info *why)
{
    struct master_source source;
    struct angel_conf conf = { .module = NULL };
    struct token *token = NULL;
    enum err e = master_source_parse(str_of(place), &source, why);

    if (e == ERR_OK)
        e = angel_conf_read(&arena, in_root(ANGEL_CONF), &conf, why);
    if (e == ERR_OK && conf.module != NULL)
        e = token_start(&conf, &token, why);
    if (e == ERR_OK)
        e = master_key_move(path, source.text, token, why);
    if (e == ERR_OK && conf.masterkey.n > 0 &&
        !str_eq(conf.masterkey, source.text))
        printf("change masterkey=" STR_FMT " in %s, or the next start fails\n",
               STR_ARG(conf.masterkey), in_root(ANGEL_CONF));
    token_stop(&token);
    angel_conf_wipe(&conf);
    return e;
}

static int
masterkey(const char *place)
{
    const char *path = in_root("saf/master.key");
    struct err_info why = { 0 };
    struct buf now;
    enum err e = place == NULL ? ERR_OK : move_master(path, place, &why);

    buf_init(&now, 4096);
    if (e == ERR_OK)
        e = master_source_of(path, &now, &why);
    if (e == ERR_OK)
        printf("%s: " STR_FMT "\n", path, STR_ARG(buf_view(&now)));
    buf_fini(&now);
    return e == ERR_OK ? 0 : failed(&why);
}

/* What the keeper keeps beside the database, under the same key. */
static enum err
rekey_file(const char *path, const unsigned char *old,
           const unsigned char *fresh, struct err_info *why)
{
    struct buf file, plain, sealed;
    enum err e;

    buf_init(&file, 4096);
    buf_init(&plain, 4096);
    buf_init(&sealed, 4096);
    e = file_read(path, &file, why);
    if (e == ERR_OK && sealing_open(fresh, buf_view(&file), STR("angel"),
                                    &plain, NULL) != ERR_OK) {
        buf_clear(&plain);
        e = sealing_open(old, buf_view(&file), STR("angel"), &plain, why);
        if (e == ERR_OK)
            e = sealing_close(fresh, buf_view(&plain), STR("angel"), &sealed,
                              why);
        if (e == ERR_OK)
            e = file_write_atomic(path, buf_view(&sealed), 0600, why);
    }
    if (e == ERR_NOT_FOUND)
        e = ERR_OK; /* the next start makes one */
    else if (e != ERR_OK)
        err_prefix(why, "%s", path);
    if (plain.p != NULL)
        secret_wipe(plain.p, plain.n);
    buf_fini(&file);
    buf_fini(&plain);
    buf_fini(&sealed);
    return e;
}

/*
 * The next key lies beside the old one until everything is under it; each step
 * is whole or not done, and knows whether it was. Last the next key takes the
 * old one's name.
 */
static enum err
rekey_steps(const char *path, struct token *token, size_t *n,
            struct err_info *why)
{
    unsigned char old[SEALING_KEY_BYTES] = { 0 };
    unsigned char fresh[SEALING_KEY_BYTES] = { 0 };
    const char *next = in_root("saf/master.key" MASTER_NEXT);
    struct saf_db *db = NULL;
    struct buf source;
    enum err e;

    buf_init(&source, 4096);
    e = master_source_of(path, &source, why);
    if (e == ERR_OK)
        e = master_key_open(path, STR(""), token, old, why);
    if (e == ERR_OK)
        e = master_key_open(next, buf_view(&source), token, fresh, why);
    if (e == ERR_OK)
        e = saf_db_open(in_root(STORE_FILE), clock_wall_ms(), &db, why);
    if (e == ERR_OK && !rekey_is_under(db, fresh))
        e = rekey_database(db, old, fresh, n, why);
    saf_db_close(&db);
    if (e == ERR_OK)
        e = rekey_file(in_root("saf/angel.key"), old, fresh, why);
    if (e == ERR_OK && rename(next, path) != 0)
        e = err_sys(why, "%s", path);
    secret_wipe(old, sizeof old);
    secret_wipe(fresh, sizeof fresh);
    buf_fini(&source);
    return e;
}

static int
rekey(const char *ignored)
{
    const char *path = in_root("saf/master.key");
    struct angel_conf conf = { .module = NULL };
    struct token *token = NULL;
    struct err_info why = { 0 };
    size_t n = 0;
    enum err e = ERR_OK;

    (void)ignored;
    if (is_up())
        e = err_set(&why, ERR_NOT_NOW,
                    "the security database is in use; end the system first");
    if (e == ERR_OK)
        e = angel_conf_read(&arena, in_root(ANGEL_CONF), &conf, &why);
    if (e == ERR_OK && conf.module != NULL)
        e = token_start(&conf, &token, &why);
    if (e == ERR_OK)
        e = rekey_steps(path, token, &n, &why);
    token_stop(&token);
    angel_conf_wipe(&conf);
    if (e != ERR_OK)
        return failed(&why);
    printf("%zu secrets are under another master key. Copies of the database "
           "made before need the old one; make new ones.\n",
           n);
    return 0;
}

static const struct {
    const char *word;
    int (*run)(const char *file);
    const char *without; /* file below the root when none is named */
    bool needs_file;
} words[] = {
    { "backup", backup, STORE_STANDBY, false },
    { "restore", restore, NULL, true },
    { "check", check, STORE_FILE, false },
    { "unload", unload, NULL, false },
    { "load", load, NULL, true },
    { "masterkey", masterkey, NULL, false },
    { "rekey", rekey, NULL, false },
};

int
main(int argc, char **argv)
{
    int n = cli_parse(&cli, argc, argv, STATUS_USAGE);

    arena_init(&arena, 1u << 20);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        const char *file = n == 2 ? argv[2] : NULL;

        if (strcmp(argv[1], words[i].word) != 0)
            continue;
        if (file == NULL && words[i].needs_file)
            break;
        if (words[i].run == unload && output_path != NULL)
            file = output_path;
        return words[i].run(file != NULL ? file
                            : words[i].without != NULL
                                ? in_root(words[i].without)
                                : NULL);
    }
    fprintf(stderr,
            "sallyport db: \"%s\" is no word of this command, or a "
            "file is missing; see sallyport db --help\n",
            argv[1]);
    return STATUS_USAGE;
}
