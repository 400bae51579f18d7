/*
 * EZD1281I to EZD1287I, by the trace bits of the connection's actions, to the
 * system log, and with facility and priority to the machine's syslog daemon.
 * EZD1287I is for the console, which is the image's own log.
 */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ttls/engine.h"
#include "ttls/engine_wire.h"
#include "ttls/syslogd.h"

#define ADDR_TEXT (INET6_ADDRSTRLEN + 16)

/* An IPv4 address on the program's IPv6 socket has that one's form. */
static const char *
addr_text(const struct conn *c, const struct capture_addr *a,
          char out[ADDR_TEXT])
{
    bool is_v6 =
        c->is_inbound ? c->who.is_v6 : (c->record.flags & CAPTURE_MAPPED4) != 0;
    char ip[INET6_ADDRSTRLEN];

    if (addr_is_v4(a))
        (void)inet_ntop(AF_INET, a->ip + 12, ip, sizeof ip);
    else
        (void)inet_ntop(AF_INET6, a->ip, ip, sizeof ip);
    (void)snprintf(out, ADDR_TEXT, "%s%s..%u",
                   is_v6 && addr_is_v4(a) ? "::FFFF:" : "", ip, a->port);
    return out;
}

static bool
wants(const struct conn *c, uint32_t bit)
{
    return c->mapped != NULL && (c->mapped->eff.trace & bit) != 0;
}

static struct str
name_of(const struct ttls_obj *o)
{
    return o == NULL ? STR("") : o->name;
}

/* " gAct eAct cAct"; an action that the rule does not have is **N/A**. */
static void
put_actions(struct buf *out, const struct conn *c)
{
    const struct ttls_rule *r = c->mapped->rule;
    struct str names[] = {
        name_of(&r->group->obj),
        name_of(r->env == NULL ? NULL : &r->env->obj),
        name_of(r->conn == NULL ? NULL : &r->conn->obj),
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (names[i].n == 0)
            names[i] = STR("**N/A**");
        buf_printf(out, " " STR_FMT, STR_ARG(names[i]));
    }
}

static void
finish(struct conn *c, enum syslogd_severity severity, struct buf *line)
{
    unsigned facility =
        c->mapped->eff.facility == TTLS_AUTH ? SYSLOGD_AUTH : SYSLOGD_DAEMON;

    ask_line(c->engine, (uint8_t)(facility | severity), buf_view(line));
    buf_fini(line);
}

void
say_map(struct conn *c)
{
    const struct ttls_effective *eff = &c->mapped->eff;
    char local[ADDR_TEXT], remote[ADDR_TEXT];
    struct buf line;

    if (!wants(c, TTLS_TRACE_INFO))
        return;
    buf_init(&line, ENGINE_LINE_MAX);
    buf_printf(
        &line,
        "EZD1281I TTLS Map CONNID: %08X LOCAL: %s REMOTE: %s "
        "JOBNAME: %s USERID: %s TYPE: %s STATUS: %s RULE: " STR_FMT " ACTIONS:",
        c->id, addr_text(c, &c->local, local), addr_text(c, &c->remote, remote),
        c->who.job, c->who.user, c->is_inbound ? "InBound" : "OutBound",
        !eff->is_enabled                 ? "Not Enabled"
        : eff->is_application_controlled ? "Appl Control"
                                         : "Enabled",
        STR_ARG(c->mapped->rule->obj.name));
    put_actions(&line, c);
    finish(c, SYSLOGD_INFO, &line);
}

void
say_start(struct conn *c, const char *event, const char *add)
{
    struct buf line;

    if (!wants(c, TTLS_TRACE_EVENT | TTLS_TRACE_FLOW))
        return;
    buf_init(&line, ENGINE_LINE_MAX);
    buf_printf(&line,
               "EZD1282I TTLS Start GRPID: %08X ENVID: %08X CONNID: %08X %s "
               "ACTIONS:",
               c->mapped->eff.group_id, c->mapped->eff.env_id, c->id, event);
    put_actions(&line, c);
    if (add != NULL)
        buf_printf(&line, " %s", add);
    finish(c, SYSLOGD_DEBUG, &line);
}

void
say_event(struct conn *c, unsigned rc, const char *event, const char *add)
{
    struct buf line;

    if (!wants(c, TTLS_TRACE_EVENT))
        return;
    buf_init(&line, ENGINE_LINE_MAX);
    buf_printf(&line,
               "EZD1283I TTLS Event GRPID: %08X ENVID: %08X CONNID: %08X RC: "
               "%u %s%s%s",
               c->mapped->eff.group_id, c->mapped->eff.env_id, c->id, rc, event,
               add == NULL ? "" : " ", add == NULL ? "" : add);
    finish(c, SYSLOGD_DEBUG, &line);
}

void
say_flow(struct conn *c, unsigned rc, const char *action, const char *what,
         const char *add)
{
    struct buf line;

    if (!wants(c, TTLS_TRACE_FLOW))
        return;
    buf_init(&line, ENGINE_LINE_MAX);
    buf_printf(&line,
               "EZD1284I TTLS Flow GRPID: %08X ENVID: %08X CONNID: %08X RC: "
               "%u %s %s - %s",
               c->mapped->eff.group_id, c->mapped->eff.env_id, c->id, rc,
               action, what, add);
    finish(c, SYSLOGD_DEBUG, &line);
}

/* Lengths only: data is never written to a log, encrypted or not. */
void
say_data(struct conn *c, bool is_sent, bool is_cipher, size_t n)
{
    struct buf line;

    if (!wants(c, TTLS_TRACE_DATA))
        return;
    buf_init(&line, ENGINE_LINE_MAX);
    buf_printf(&line, "EZD1285I TTLS Data CONNID: %08X %s %s %zu bytes", c->id,
               is_sent ? "SEND" : "RECV", is_cipher ? "CIPHER" : "CLEAR", n);
    finish(c, SYSLOGD_DEBUG, &line);
}

static void PRINTF_LIKE(2, 3) say_line(struct conn *c, const char *fmt, ...)
{
    char text[ENGINE_LINE_MAX];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n > 0)
        ask_line(c->engine, SYSLOGD_NONE, str_of(text));
}

void
say_error(struct conn *c, unsigned rc, const char *event)
{
    char local[ADDR_TEXT], remote[ADDR_TEXT];
    const struct ttls_effective *eff;
    struct buf line;

    if (c->mapped == NULL)
        return;
    eff = &c->mapped->eff;
    (void)addr_text(c, &c->local, local);
    (void)addr_text(c, &c->remote, remote);
    if (wants(c, TTLS_TRACE_JOBLOG)) {
        say_line(c, "EZD1287I TTLS Error RC: %u %s", rc, event);
        say_line(c, "  LOCAL: %s", local);
        say_line(c, "  REMOTE: %s", remote);
        say_line(c, "  JOBNAME: %s RULE: " STR_FMT, c->who.job,
                 STR_ARG(c->mapped->rule->obj.name));
        say_line(c, "  USERID: %s GRPID: %08X ENVID: %08X CONNID: %08X",
                 c->who.user, eff->group_id, eff->env_id, c->id);
    }
    if (wants(c, TTLS_TRACE_ERROR)) {
        buf_init(&line, ENGINE_LINE_MAX);
        buf_printf(&line,
                   "EZD1286I TTLS Error GRPID: %08X ENVID: %08X CONNID: %08X "
                   "LOCAL: %s REMOTE: %s JOBNAME: %s USERID: %s RULE: " STR_FMT
                   " RC: %u %s",
                   eff->group_id, eff->env_id, c->id, local, remote, c->who.job,
                   c->who.user, STR_ARG(c->mapped->rule->obj.name), rc, event);
        finish(c, SYSLOGD_ERROR, &line);
    }
}
