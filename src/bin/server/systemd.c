/*
 * A systemd unit for a server, hardened as far as a gateway allows, with the
 * identity it has otherwise: of its process while it runs (so of class STARTED
 * when it is a started task), else of the owner of its folder.
 */
#include "systemd.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
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

static bool
find_owner(const struct settings *s, uid_t *uid, gid_t *gid, const char **from)
{
    char proc[64];
    pid_t holder = 0;
    struct stat st;

    if (lock_is_held(s, &holder) && holder > 0) {
        snprintf(proc, sizeof proc, "/proc/%d", (int)holder);
        if (stat(proc, &st) == 0) {
            *uid = st.st_uid;
            *gid = st.st_gid;
            *from = "the running server";
            return true;
        }
    }
    if (stat(s->server_dir, &st) != 0)
        return false;
    *uid = st.st_uid;
    *gid = st.st_gid;
    *from = "the owner of the server's folder";
    return true;
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
add_identity(struct buf *out, const struct settings *s, uid_t uid, gid_t gid,
             const char *from)
{
    const struct passwd *user = getpwuid(uid);

    buf_printf(out, "# identity of %s%s%s\n", from, user == NULL ? "" : ": ",
               user == NULL ? "" : user->pw_name);
    buf_printf(out, "User=%u\nGroup=%u\n", (unsigned)uid, (unsigned)gid);
    add_environment(out, "SALLYPORT_ROOT", root_dir());
    add_environment(out, "WLP_USER_DIR", getenv("WLP_USER_DIR"));
    add_environment(out, "WLP_OUTPUT_DIR", getenv("WLP_OUTPUT_DIR"));
    add_environment(out, "LOG_DIR", getenv("LOG_DIR"));
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

/* What it writes: its output, logs and process id, nothing else of the disk. */
static void
add_paths(struct buf *out, const struct settings *s)
{
    struct str pid = str_of(s->pid_file);
    char folder[4096];
    const char *paths[] = { s->output_dir, s->log_dir, NULL };

    if (str_copy_z(str_sub(pid, 0, str_rfind_char(pid, '/')), folder,
                   sizeof folder))
        paths[2] = folder;
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
    const char *from;
    struct buf out;
    uid_t uid;
    gid_t gid;

    if (!settings_server_exists(s)) {
        printf("Server %s does not exist.\n", s->name);
        return EXIT_NO_SERVER;
    }
    if (!find_owner(s, &uid, &gid, &from)) {
        fprintf(stderr, "%s: %s\n", s->server_dir, strerror(errno));
        return EXIT_LOCATION;
    }
    buf_init(&out, 64u * 1024u);
    add_unit(&out, s);
    buf_add_z(&out, "[Service]\nType=notify\n");
    add_identity(&out, s, uid, gid, from);
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
