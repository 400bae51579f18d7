/*
 * A systemd unit for a server, hardened as far as a gateway allows, with the
 * identity it has otherwise: of its process while it runs, else what START
 * would give it; where there is no system to ask, of the owner of its folder.
 * Never root: who would run so is told what is missing.
 */
#include "systemd.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "doctor/whose.h"
#include "lock.h"

/* What the server may do at most, and why it needs no more. */
static const char hardening[] =
    "NoNewPrivileges=yes\n"
    "CapabilityBoundingSet=%s\n"
    "AmbientCapabilities=%s\n"
    "ProtectSystem=strict\n"
    "PrivateTmp=yes\n"
    "PrivateDevices=yes\n"
    "ProtectClock=yes\n"
    "ProtectControlGroups=yes\n"
    "ProtectHostname=yes\n"
    "ProtectKernelLogs=yes\n"
    "ProtectKernelModules=yes\n"
    "ProtectKernelTunables=yes\n"
    "RestrictNamespaces=yes\n"
    "RestrictRealtime=yes\n"
    "RestrictSUIDSGID=yes\n"
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK\n"
    "LockPersonality=yes\n"
    "MemoryDenyWriteExecute=yes\n"
    "SystemCallArchitectures=native\n"
    "SystemCallFilter=@system-service\n"
    "SystemCallErrorNumber=EPERM\n"
    "LimitCORE=0\n"
    "UMask=0027\n";

/* A word of a unit's list: quoted, with % and quotes as systemd reads them. */
static void
add_word(struct buf *out, const char *text)
{
    buf_add_char(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            buf_add_char(out, '\\');
        if (*text == '%')
            buf_add_char(out, '%');
        buf_add_char(out, *text);
    }
    buf_add_char(out, '"');
}

static void
add_environment(struct buf *out, const char *name, const char *value)
{
    struct buf pair;

    if (value == NULL)
        return;
    buf_init(&pair, 8192);
    buf_printf(&pair, "%s=%s", name, value);
    buf_add_z(out, "Environment=");
    add_word(out, buf_z(&pair));
    buf_add_z(out, "\n");
    buf_fini(&pair);
}

/* Who calls us decides these; server.env, read later, is read again by the
 * server itself. */
static const char *const places[] = { "WLP_USER_DIR", "WLP_OUTPUT_DIR",
                                      "LOG_DIR" };

struct environment {
    const char *value[ARRAY_LEN(places)]; /* NULL: not set */
};

static void
keep_environment(struct settings *s, struct environment *out)
{
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        const char *value = getenv(places[i]);

        out->value[i] = value == NULL ? NULL : str_z(&s->arena, str_of(value));
    }
}

struct identity {
    uint32_t uid, gid;
    const char *from; /* "the running server" */
    const char *user; /* SAF user, or "" */
};

static bool
of_process(const struct settings *s, struct identity *out)
{
    char proc[64];
    pid_t holder = 0;
    struct stat st;

    if (!lock_is_held(s, &holder) || holder <= 0)
        return false;
    snprintf(proc, sizeof proc, "/proc/%d", (int)holder);
    if (stat(proc, &st) != 0)
        return false;
    *out = (struct identity){ st.st_uid, st.st_gid, "the running server", "" };
    return true;
}

/* As START does it: ERR_NOT_FOUND with a reason when it names nobody;
 * ERR_PEER: the system is not up. */
static enum err
of_started(struct settings *s, struct identity *out, struct err_info *why)
{
    const struct whose_server server = {
        s->name, s->server_dir, str_trim(str_of(getenv("WLP_ZOS_PROCEDURE"))),
        str_trim(str_of(getenv("WLP_ZOS_JOBNAME")))
    };
    struct saf_client *saf = NULL;
    struct whose_ids ids;
    struct whose whose;
    enum err e = ERR_OK;

    if (saf_connect(STR(""), &saf, why) != ERR_OK)
        return ERR_PEER;
    whose = whose_runs(saf, &s->arena, &server);
    if (whose.user[0] == '\0')
        e = err_set(why, ERR_NOT_FOUND,
                    "no profile of class STARTED and no owner of %s says who "
                    "it is",
                    s->server_dir);
    else if (!whose_ids_get(saf, &s->arena, &whose, &ids, why))
        e = ERR_NOT_FOUND;
    else
        *out = (struct identity){ ids.uid, ids.gid, whose.from, whose.user };
    saf_disconnect(&saf);
    return e;
}

/* In private mode everything is the one user's. */
static enum err
find_identity(struct settings *s, struct identity *out, struct err_info *why)
{
    struct err_info own = { 0 };
    struct stat st;
    enum err e;

    if (of_process(s, out))
        return ERR_OK;
    if (stat(s->server_dir, &st) != 0)
        return err_sys(why, "%s", s->server_dir);
    e = root_is_private() ? ERR_PEER : of_started(s, out, &own);
    if (e != ERR_PEER && e != ERR_OK && why != NULL)
        *why = own;
    if (e != ERR_PEER)
        return e;
    if (st.st_uid == 0)
        return err_set(why, ERR_NOT_FOUND,
                       "%s belongs to root, and the system cannot be asked who "
                       "START would run it as: %s",
                       s->server_dir, own.text);
    *out = (struct identity){ st.st_uid, st.st_gid,
                              "the owner of the server's folder", "" };
    return ERR_OK;
}

/* What will not work, or should not be so, though the unit is one. */
static void
warn(const struct settings *s, const struct identity *who)
{
    struct stat st;
    char text[128];

    if (who->uid == 0)
        control_say("SPT0461W", s->name, "the running server is root's", "");
    if (stat(s->server_dir, &st) != 0 || st.st_uid == who->uid)
        return;
    snprintf(text, sizeof text,
             "its folder belongs to uid %u, the unit runs it as %u",
             (unsigned)st.st_uid, (unsigned)who->uid);
    control_say("SPT0461W", s->name, text, "");
}

static void
add_unit(struct buf *out, const struct settings *s)
{
    buf_printf(out,
               "[Unit]\n"
               "Description=Sallyport server %s\n"
               "Documentation=man:sallyport-server(1)\n"
               "Wants=network-online.target\n"
               "After=network-online.target\n\n",
               s->name);
}

static void
add_identity(struct buf *out, const struct settings *s,
             const struct identity *who, const struct environment *ours)
{
    const struct passwd *user = getpwuid(who->uid);
    const char *name = who->user[0] != '\0' ? who->user
                       : user == NULL       ? ""
                                            : user->pw_name;

    buf_printf(out, "# identity of %s%s%s\n", who->from,
               name[0] == '\0' ? "" : ": ", name);
    buf_printf(out, "User=%u\nGroup=%u\n", (unsigned)who->uid,
               (unsigned)who->gid);
    add_environment(out, "SALLYPORT_ROOT", root_dir());
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        add_environment(out, places[i], ours->value[i]);
    buf_add_z(out, "WorkingDirectory=");
    for (const char *p = s->server_dir; *p != '\0'; p++) /* takes no quotes */
    {
        buf_add_char(out, *p);
        if (*p == '%')
            buf_add_char(out, '%');
    }
    buf_add_z(out, "\n");
}

static void
add_command(struct buf *out, const struct settings *s, const char *key,
            const char *action, const char *more)
{
    buf_printf(out, "%s=", key);
    add_word(out, s->program);
    buf_printf(out, " %s %s%s\n", action, s->name, more);
}

/* What it writes: its output, logs, process id and dumps (a folder that is made
 * when it is needed), nothing else of the disk. */
static void
add_paths(struct buf *out, struct settings *s)
{
    struct str pid = str_of(s->pid_file);
    char folder[4096];
    const char *paths[] = { s->output_dir, s->log_dir, NULL, NULL };
    struct str dumps = str_of(s->dump_dir);

    if (str_copy_z(str_sub(pid, 0, str_rfind_char(pid, '/')), folder,
                   sizeof folder))
        paths[2] = folder;
    if (!str_starts(dumps, str_of(s->output_dir)))
        paths[3] = str_fmt(&s->arena, "-" STR_FMT, STR_ARG(dumps)).p;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        if (paths[i] == NULL)
            continue;
        buf_add_z(out, "ReadWritePaths=");
        add_word(out, paths[i]);
        buf_add_z(out, "\n");
    }
    if (!str_starts(str_of(s->output_dir), STR("/home/")) &&
        !str_starts(str_of(s->server_dir), STR("/home/")) &&
        !str_starts(str_of(s->program), STR("/home/")) &&
        !str_starts(str_of(root_dir()), STR("/home/")))
        buf_add_z(out, "ProtectHome=yes\n");
}

int
control_systemd(struct settings *s, const struct control_options *o)
{
    struct err_info why = { 0 };
    struct environment ours;
    struct identity who;
    struct buf out;

    if (!settings_server_exists(s))
        return control_no_server(s);
    keep_environment(s, &ours);
    settings_find_places(s); /* and WLP_ZOS_PROCEDURE */
    if (find_identity(s, &who, &why) != ERR_OK) {
        control_say("SPT0460E", s->name, why.text, "");
        return EXIT_LOCATION;
    }
    warn(s, &who);
    buf_init(&out, 64u * 1024u);
    add_unit(&out, s);
    buf_add_z(&out, "[Service]\nType=notify\n");
    add_identity(&out, s, &who, &ours);
    add_command(&out, s, "ExecStart", "run", o->is_clean ? " --clean" : "");
    add_command(&out, s, "ExecReload", "modify", " REFRESH,CONFIG");
    buf_printf(&out,
               "KillMode=mixed\nTimeoutStartSec=%u\nTimeoutStopSec=45\n"
               "Restart=on-failure\nRestartSec=1\n\n",
               s->start_wait_s * 2);
    add_paths(&out, s);
    buf_printf(&out, hardening, o->low_ports ? "CAP_NET_BIND_SERVICE" : "",
               o->low_ports ? "CAP_NET_BIND_SERVICE" : "");
    buf_add_z(&out, "\n[Install]\nWantedBy=multi-user.target\n");
    printf(STR_FMT, STR_ARG(buf_view(&out)));
    buf_fini(&out);
    return EXIT_OK;
}

/* A path, or an abstract name after '@'. */
void
systemd_ready(void)
{
    static const char text[] = "READY=1";
    const char *name = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    size_t n = name == NULL ? 0 : strlen(name);
    int fd;

    if (n == 0 || n >= sizeof to.sun_path)
        return;
    memcpy(to.sun_path, name, n);
    if (to.sun_path[0] == '@')
        to.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    (void)!sendto(fd, text, sizeof text - 1, 0, (struct sockaddr *)&to,
                  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
    close(fd);
}
