#include "ttls/nft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"

#define RULES_MAX (2u * 1024u * 1024u)

/* `nft -f -` with this input; what it says is in why. */
static enum err
run(struct str rules, struct err_info *why)
{
    int in[2], out[2], status = -1;
    char said[256] = "";
    ssize_t n;
    pid_t pid;

    if (pipe(in) != 0)
        return err_sys(why, "nft");
    if (pipe(out) != 0) {
        close(in[0]);
        close(in[1]);
        return err_sys(why, "nft");
    }
    pid = fork();
    if (pid == 0) {
        IGNORE(dup2(in[0], 0));
        IGNORE(dup2(out[1], 1));
        IGNORE(dup2(out[1], 2));
        IGNORE(close_range(3, ~0u, 0));
        IGNORE(setenv("PATH", "/usr/sbin:/sbin:/usr/bin:/bin", 1));
        execlp("nft", "nft", "-f", "-", (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    for (size_t at = 0; pid > 0 && at < rules.n;) {
        n = write(in[1], rules.p + at, rules.n - at);
        if (n <= 0)
            break;
        at += (size_t)n;
    }
    close(in[1]);
    n = pid > 0 ? read(out[0], said, sizeof said - 1) : 0;
    close(out[0]);
    said[n > 0 ? n : 0] = '\0';
    said[strcspn(said, "\n")] = '\0';
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return err_sys(why, "nft");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return ERR_OK;
    return err_set(why, ERR_UNSUPPORTED, "nft: %s",
                   WIFEXITED(status) && WEXITSTATUS(status) == 127
                       ? "there is no such command"
                       : said);
}

/* Ports as ranges; false: none. */
static bool
put_set(struct buf *out, const char *name, const uint8_t *bits)
{
    bool is_any = false;

    for (uint32_t p = 0; bits != NULL && p < 65536; p++) {
        uint32_t from = p;

        if ((bits[p >> 3] & (1u << (p & 7))) == 0)
            continue;
        while (p < 65535 && (bits[(p + 1) >> 3] & (1u << ((p + 1) & 7))) != 0)
            p++;
        if (!is_any)
            buf_printf(out,
                       " set %s { type inet_service; flags interval; "
                       "elements = { ",
                       name);
        buf_printf(out, "%s%u-%u", is_any ? ", " : "", from, p);
        is_any = true;
    }
    if (is_any)
        buf_add_z(out, " } }\n");
    return is_any;
}

/* Jobs only: a match by itself, as who lies less deep has no such cgroup, and
 * neither equals nor differs. */
static void
put_redirects(struct buf *out, const struct nft_options *o, const char *set,
              const char *who)
{
    if (o->port4 != 0)
        buf_printf(out,
                   "  meta nfproto ipv4 tcp dport @%s %s redirect to :%u\n",
                   set, who, o->port4);
    if (o->port6 != 0)
        buf_printf(out,
                   "  meta nfproto ipv6 tcp dport @%s %s redirect to :%u\n",
                   set, who, o->port6);
}

/* When the stack has died somebody else may listen on the engines' port: what
 * was turned over there reaches its own sockets or none. */
static void
put_guard(struct buf *b, const struct nft_options *o)
{
    const uint16_t ports[] = { o->port4, o->port6 };

    buf_add_z(b, " chain guard {\n  type filter hook input priority 0; policy "
                 "accept;\n");
    for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
        if (ports[i] != 0)
            buf_printf(b,
                       "  ct state new ct status dnat tcp dport %u socket "
                       "cgroupv2 level %u \"%s/%s\" accept\n"
                       "  ct state new ct status dnat tcp dport %u reject with "
                       "tcp reset\n",
                       ports[i], o->level + 1, o->image, o->stack, ports[i]);
    }
    buf_add_z(b, " }\n");
}

static void
put_rules(struct buf *b, const struct nft_options *o, const uint8_t *out,
          const uint8_t *in)
{
    char who[400] = "";

    if (!o->is_wide)
        (void)snprintf(who, sizeof who, "socket cgroupv2 level %u \"%s\"",
                       o->level, o->image);
    buf_printf(b, "table inet %s { }\ndelete table inet %s\ntable inet %s {\n",
               o->name, o->name, o->name);
    if (put_set(b, "outports", out)) {
        buf_printf(b,
                   " chain out {\n  type nat hook output priority -100; policy "
                   "accept;\n  meta skuid %u accept\n",
                   o->engine_uid);
        put_redirects(b, o, "outports", who);
        buf_add_z(b, " }\n");
    }
    if (put_set(b, "inports", in)) {
        buf_add_z(b, " chain in {\n  type nat hook prerouting priority -100; "
                     "policy accept;\n");
        put_redirects(b, o, "inports", "");
        buf_add_z(b, " }\n");
    }
    put_guard(b, o);
    buf_add_z(b, "}\n");
}

enum err
nft_policy(const struct nft_options *o, const uint8_t *out, const uint8_t *in,
           struct err_info *why)
{
    struct buf rules;
    enum err e;

    buf_init(&rules, RULES_MAX);
    put_rules(&rules, o, out, in);
    e = buf_check(&rules, why);
    if (e == ERR_OK)
        e = run(buf_view(&rules), why);
    buf_fini(&rules);
    return e;
}

/* Rules for a port that nobody uses show what the kernel can do; what a
 * predecessor left stays as it is. */
enum err
nft_try(const struct nft_options *o, struct err_info *why)
{
    struct nft_options probe = *o;
    uint8_t bits[8192] = { 0 };
    char name[128];
    enum err e;

    (void)snprintf(name, sizeof name, "%s_probe", o->name);
    probe.name = name;
    probe.port4 = probe.port6 = 1;
    bits[0] = 1; /* port 0 */
    e = nft_policy(&probe, bits, bits, why);
    if (e == ERR_OK)
        nft_remove(&probe);
    return e;
}

void
nft_remove(const struct nft_options *o)
{
    struct buf rules;

    buf_init(&rules, 512);
    buf_printf(&rules, "table inet %s { }\ndelete table inet %s\n", o->name,
               o->name);
    IGNORE(run(buf_view(&rules), NULL));
    buf_fini(&rules);
}
