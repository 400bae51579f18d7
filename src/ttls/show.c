/*
 * pasearch's layout. Values of a rule begin in column 25, of an action in
 * column 33, of GSK_ parameters in column 49; nested parameters are indented
 * by 5, items of lists by 6. Source: listings of pasearch -t of z/OS 3.1.
 */
#include "ttls/show.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ttls/match.h"
#include "ttls/show_priv.h"
#include "ttls/stmt.h"

#define RULE_COLUMN 24u
#define RIGHT_COLUMN 42u
#define RIGHT_VALUE 61u

void
show_label(struct buf *out, unsigned indent, const char *name, unsigned column)
{
    size_t n = indent + strlen(name) + 1;

    buf_printf(out, "%*s%s:", (int)indent, "", name);
    do
        buf_add_char(out, ' ');
    while (++n < column);
}

void
show_line(struct buf *out, unsigned indent, const char *name, unsigned column,
          struct str value)
{
    show_label(out, indent, name, column);
    buf_add(out, value);
    buf_add_char(out, '\n');
}

/* Two values on a line. */
static void
pair(struct buf *out, unsigned indent, const char *left, struct str a,
     const char *right, struct str b)
{
    size_t from = out->n, n;

    show_label(out, indent, left, RULE_COLUMN);
    buf_add(out, a);
    for (n = out->n - from; n < RIGHT_COLUMN && !out->failed; n++)
        buf_add_char(out, ' ');
    buf_printf(out, "%s:", right);
    for (n = out->n - from; n < RIGHT_VALUE && !out->failed; n++)
        buf_add_char(out, ' ');
    buf_add(out, b);
    buf_add_char(out, '\n');
}

static void
number_pair(struct buf *out, const char *left, unsigned a, const char *right,
            unsigned b)
{
    char x[16], y[16];

    (void)snprintf(x, sizeof x, "%u", a);
    (void)snprintf(y, sizeof y, "%u", b);
    pair(out, 3, left, str_of(x), right, str_of(y));
}

/* --- rules -------------------------------------------------------------- */

const char *
show_scope_name(enum ttls_stmt stmt)
{
    return stmt == TTLS_GROUP_ACTION ? "Group"
           : stmt == TTLS_ENV_ACTION ? "Environment"
                                     : "Connection";
}

void
show_mask(char *out, uint32_t bits, unsigned n, bool is_coded)
{
    for (unsigned i = 0; i < n; i++)
        out[i] = !is_coded || (bits & (1u << i)) != 0 ? '1' : '0';
    out[n] = '\0';
}

/* yyyymmddhhmmss as yyyy-mm-dd hh:mm:ss; "None" */
static void
moment(char out[32], uint64_t m)
{
    if (m == 0) {
        (void)snprintf(out, 32, "None");
        return;
    }
    (void)snprintf(out, 32, "%04u/%02u/%02u %02u:%02u:%02u",
                   (unsigned)(m / 10000000000u),
                   (unsigned)(m / 100000000u % 100),
                   (unsigned)(m / 1000000u % 100), (unsigned)(m / 10000u % 100),
                   (unsigned)(m / 100u % 100), (unsigned)(m % 100));
}

static void
clock_text(char out[16], unsigned minutes)
{
    (void)snprintf(out, 16, "%02u:%02u", minutes / 60, minutes % 60);
}

/* Minutes to add to local time for UTC, now. */
static int
utc_offset(uint64_t now_s)
{
    time_t now = (time_t)now_s;
    struct tm tm;

    return localtime_r(&now, &tm) == NULL ? 0 : (int)(-tm.tm_gmtoff / 60);
}

static void
show_of_day(struct buf *out, const struct ttls_time *t, uint64_t now_s)
{
    static const struct ttls_port all = { 0, 1440 };
    size_t n = t == NULL || t->n_of_day == 0 ? 1 : t->n_of_day;

    for (size_t i = 0; i < n; i++) {
        const struct ttls_port *p =
            t == NULL || t->n_of_day == 0 ? &all : &t->of_day[i];
        int shift = t != NULL && t->is_utc != 0 ? 0 : utc_offset(now_s);
        char from[16], to[16];

        clock_text(from, p->from);
        clock_text(to, p->to);
        pair(out, 3, "Fr TimeOfDay", str_of(from), "To TimeOfDay", str_of(to));
        clock_text(from, (unsigned)(p->from + shift + 1440) % 1440);
        clock_text(to, (unsigned)(p->to + shift + 1440) % 1440);
        pair(out, 3, "Fr TimeOfDay UTC", str_of(from), "To TimeOfDay UTC",
             str_of(to));
    }
}

static void
show_time(struct buf *out, const struct ttls_time *t, uint64_t now_s)
{
    bool has_days = t != NULL && ttls_is_coded(&t->obj, "DayOfMonthMask");
    char text[40];

    buf_add_z(out, "  Time Periods:\n   Day of Month Mask:\n");
    show_mask(text, has_days ? t->day_mask : 0, 31, has_days);
    show_line(out, 3, "First to Last", RULE_COLUMN, str_of(text));
    show_mask(text, has_days ? t->day_mask_end : 0, 31, has_days);
    show_line(out, 3, "Last to First", RULE_COLUMN, str_of(text));
    show_mask(text, t == NULL ? 0 : t->month_mask, 12,
              t != NULL && ttls_is_coded(&t->obj, "MonthOfYearMask"));
    show_line(out, 3, "Month of Yr Mask", RULE_COLUMN, str_of(text));
    show_mask(text, t == NULL ? 0 : t->week_mask, 7,
              t != NULL && ttls_is_coded(&t->obj, "DayOfWeekMask"));
    show_label(out, 3, "Day of Week Mask", RULE_COLUMN);
    buf_printf(out, "%s  (Sunday - Saturday)\n", text);
    moment(text, t == NULL ? 0 : t->from);
    show_line(out, 3, "Start Date Time", RULE_COLUMN, str_of(text));
    moment(text, t == NULL ? 0 : t->to);
    show_line(out, 3, "End Date Time", RULE_COLUMN, str_of(text));
    show_of_day(out, t, now_s);
    show_line(out, 3, "TimeZone", RULE_COLUMN,
              t != NULL && t->is_utc != 0 ? STR("UTC") : STR("Local"));
}

static void
show_addrs(struct buf *out, const char *title, const struct ttls_addrs *a)
{
    size_t n = a == NULL ? 0 : a->n;

    buf_printf(out, "   %s:\n", title);
    if (n == 0) {
        show_line(out, 4, "FromAddr", RULE_COLUMN, STR("All"));
        show_line(out, 4, "ToAddr", RULE_COLUMN, STR("All"));
    }
    for (size_t i = 0; i < n; i++) {
        char text[48];

        ttls_addr_print(a->v[i].from, text);
        show_line(out, 4, "FromAddr", RULE_COLUMN, str_of(text));
        ttls_addr_print(a->v[i].to, text);
        show_line(out, 4, "ToAddr", RULE_COLUMN, str_of(text));
    }
}

static void
show_ports(struct buf *out, const char *from, const char *to,
           const struct ttls_ports *p)
{
    size_t n = p == NULL ? 0 : p->n;

    if (n == 0)
        number_pair(out, from, 0, to, 0);
    for (size_t i = 0; i < n; i++)
        number_pair(out, from, p->v[i].from, to, p->v[i].to);
}

static void
show_conditions(struct buf *out, const struct ttls_rule *r)
{
    bool is_ref;
    const struct ttls_row *direction =
        ttls_row_find(ttls_type_of(TTLS_RULE), STR("Direction"), &is_ref);

    buf_add_z(out, "  TTLS Condition Summary:                 "
                   "NegativeIndicator: Off\n");
    show_addrs(out, "Local Address", r->local_addr);
    show_addrs(out, "Remote Address", r->remote_addr);
    show_ports(out, "LocalPortFrom", "LocalPortTo", r->local_port);
    show_ports(out, "RemotePortFrom", "RemotePortTo", r->remote_port);
    pair(out, 3, "JobName", r->job, "UserId", r->user);
    show_line(out, 3, "ServiceDirection", RULE_COLUMN,
              str_of(ttls_word_of(direction, r->direction)));
}

static void
show_when(struct buf *out, unsigned indent, const char *what, uint64_t when_s)
{
    time_t when = (time_t)when_s;
    struct tm tm;
    char text[64] = "";

    if (localtime_r(&when, &tm) != NULL)
        IGNORE(strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y", &tm));
    buf_printf(out, "%*sPolicy %s: %s\n", (int)indent, "", what, text);
}

void
show_dates(struct buf *out, unsigned indent, const struct ttls_obj *obj)
{
    show_when(out, indent, "created", obj->created_s);
    show_when(out, indent, "updated", obj->updated_s);
    buf_add_char(out, '\n');
}

static void
show_names(struct buf *out, const struct ttls_rule *r)
{
    const struct ttls_obj *actions[TTLS_ACTIONS];
    size_t n = ttls_rule_actions(r, actions);

    for (size_t i = 0; i < n; i++) {
        show_line(out, 2, "policyAction", RULE_COLUMN, actions[i]->name);
        show_label(out, 3, "ActionType", RULE_COLUMN);
        buf_printf(out, "TTLS %s\n", show_scope_name(actions[i]->stmt));
        show_line(out, 3, "Action Sequence", RULE_COLUMN, STR("0"));
    }
}

static void
show_rule(struct buf *out, const struct ttls_rule *r,
          const struct show_options *o)
{
    unsigned n = 1u + (r->env != NULL) + (r->conn != NULL);
    char number[16];

    show_line(out, 0, "policyRule", RULE_COLUMN, r->obj.name);
    if (o->names_only)
        return;
    (void)snprintf(number, sizeof number, "%u", r->priority);
    show_line(out, 2, "Rule Type", RULE_COLUMN, STR("TTLS"));
    pair(out, 2, "Version", STR("3"), "Status",
         ttls_time_holds(r->time, o->now_s) ? STR("Active") : STR("Inactive"));
    pair(out, 2, "Weight", str_of(number), "ForLoadDist", STR("False"));
    pair(out, 2, "Priority", str_of(number), "Sequence Actions",
         STR("Don't Care"));
    (void)snprintf(number, sizeof number, "%u", n);
    show_line(out, 2, "No. Policy Action", RULE_COLUMN, str_of(number));
    show_names(out, r);
    show_time(out, r->time, o->now_s);
    show_conditions(out, r);
    show_dates(out, 2, &r->obj);
}

/* --- all ---------------------------------------------------------------- */

bool
show_wants(const struct show_options *o, struct str name)
{
    struct str f = o->filter;

    if (f.n == 0)
        return true;
    if (f.p[f.n - 1] == '*')
        return str_starts(name, str_sub(f, 0, f.n - 1));
    return str_eq(f, name);
}

bool
show_scope(const struct show_options *o, enum ttls_stmt stmt)
{
    return o->scope == '\0' || o->scope == show_scope_name(stmt)[0];
}

bool
show_status(const struct show_options *o, bool is_active)
{
    return is_active ? o->active || !o->inactive : o->inactive;
}

static void
head(struct buf *out, const struct ttls_policy *p, const struct show_options *o)
{
    time_t now = (time_t)o->now_s;
    char date[16] = "", clock[16] = "";
    struct tm tm;

    if (localtime_r(&now, &tm) != NULL) {
        IGNORE(strftime(date, sizeof date, "%m/%d/%Y", &tm));
        IGNORE(strftime(clock, sizeof clock, "%H:%M:%S", &tm));
    }
    buf_printf(out,
               "\nTCP/IP pasearch CS V2R3                   "
               "Image Name: %-25s\n",
               o->image);
    buf_printf(out, "  Date:                 %-18sTime:  %s \n", date, clock);
    buf_printf(out, "  TTLS Instance Id:     %llu\n\n",
               (unsigned long long)ttls_policy_instance(p));
}

static size_t
show_actions_of(struct buf *out, const struct ttls_rule *r,
                const struct show_options *o)
{
    const struct ttls_obj *actions[TTLS_ACTIONS];
    size_t n_actions = ttls_rule_actions(r, actions), n = 0;

    for (size_t i = 0; i < n_actions; i++) {
        if (!show_scope(o, actions[i]->stmt))
            continue;
        show_action(out, actions[i], o);
        n++;
    }
    return n;
}

/* -a: each action once, whoever names it. */
static size_t
show_all_actions(struct buf *out, const struct ttls_policy *p,
                 const struct show_options *o)
{
    const struct ttls_obj *const *objs;
    size_t n_objs = ttls_policy_objects(p, &objs), n = 0;

    for (size_t i = 0; i < n_objs; i++) {
        enum ttls_stmt stmt = objs[i]->stmt;

        if ((stmt != TTLS_GROUP_ACTION && stmt != TTLS_ENV_ACTION &&
             stmt != TTLS_CONN_ACTION) ||
            !show_scope(o, stmt) || !show_wants(o, objs[i]->name))
            continue;
        show_action(out, objs[i], o);
        n++;
    }
    return n;
}

size_t
ttls_show(const struct ttls_policy *p, const struct show_options *o,
          struct buf *out)
{
    const struct ttls_rule *const *rules;
    size_t n_rules = ttls_policy_rules(p, &rules), n = 0;
    bool is_both = !o->rules && !o->actions;

    head(out, p, o);
    if (o->actions && !o->rules)
        return show_all_actions(out, p, o);
    for (size_t i = 0; i < n_rules; i++) {
        if (!show_wants(o, rules[i]->obj.name) ||
            !show_status(o, ttls_time_holds(rules[i]->time, o->now_s)))
            continue;
        show_rule(out, rules[i], o);
        n++;
        if (is_both || o->actions)
            n += show_actions_of(out, rules[i], o);
    }
    return n;
}
