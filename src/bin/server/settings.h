/*
 * Where a server lives and what the small files beside server.xml say. Made
 * once by every process of the server, in the same way.
 */
#ifndef SALLYPORT_BIN_SERVER_SETTINGS_H
#define SALLYPORT_BIN_SERVER_SETTINGS_H

#include "base/arena.h"
#include "config/properties.h"

/* Exit codes of Liberty's server command. */
enum server_exit {
    EXIT_OK = 0,
    EXIT_REDUNDANT = 1, /* already so, or not running */
    EXIT_NO_SERVER = 2,
    EXIT_ACTIVE = 3,
    EXIT_INACTIVE = 4,
    EXIT_UNKNOWN = 5,
    EXIT_NO_COMMAND_PORT = 6,
    EXIT_BAD_ARGUMENT = 20,
    EXIT_STOP = 21,
    EXIT_START = 22,
    EXIT_LOCATION = 23,
    EXIT_LAUNCH = 24,
    EXIT_RUNTIME = 25,
    EXIT_PACKAGE = 28,
    EXIT_DUMP = 29,
    EXIT_JVM_OPTIONS = 32,
    EXIT_NO_CONTACT = 34,
    EXIT_PAUSE = 36,
    EXIT_RESUME = 37,
};

/* Paths are absolute, without a slash at the end. */
struct settings {
    struct arena arena;
    const char *program; /* this executable */
    const char *name;
    const char *install_dir;
    const char *user_dir;
    const char *servers_dir; /* user_dir/servers */
    const char *folder;      /* of a server that stands elsewhere, or NULL */
    const char *server_dir;
    const char *output_root; /* WLP_OUTPUT_DIR, or servers_dir */
    const char *output_dir;
    const char *log_dir;
    const char *dump_dir; /* SERVER_WORKING_DIR, or dumps/ of output_dir */
    const char *log_file; /* of the console's lines */
    const char *pid_file;
    struct pairs command_line; /* -- --name=value */
    struct pairs properties;   /* -Dname=value */
    struct pairs bootstrap;
    unsigned start_wait_s;
    bool has_command_port; /* the command socket is offered */
    unsigned inherited_umask;
    unsigned umask; /* in effect */
};

/* Sets the umask (4.5), then finds the folders of that server; reads nothing
 * of it but the installation's etc/server.env. */
MUST_CHECK enum err settings_locate(struct settings *, const char *name,
                                    struct err_info *why);
/* The same for a server's folder, wherever it is; its output goes there too. */
MUST_CHECK enum err settings_locate_at(struct settings *, const char *folder,
                                       struct err_info *why);
/* What is wrong with a file without keeping us from using it has been said by
 * another process of this server. */
void settings_be_quiet(void);
/* server.env into the environment, jvm.options, bootstrap.properties. On
 * failure *exit_status says how the program should end, and why is a message
 * with its id, file and line. */
MUST_CHECK enum err settings_load(struct settings *, int *exit_status,
                                  struct err_info *why);
/* Output, logs and pid file where server.env sends them, for asking a server
 * that runs. A file that may not be read says nothing. */
void settings_find_places(struct settings *);
/* "--name=value" of the command line; false when it is none. */
bool settings_add_variable(struct settings *, const char *arg);
void settings_fini(struct settings *);

bool settings_server_exists(const struct settings *); /* has a server.xml */
/* There is something where its folder would be, or one cannot tell. */
bool settings_folder_exists(const struct settings *);
/* What the configuration engine needs; on_message is left to the caller. */
struct cfg_options settings_options(const struct settings *);
/* A path below a folder; NULL only without storage. */
char *settings_path(struct settings *, const char *folder, const char *name);

#endif
