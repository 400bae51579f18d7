/* A rule as its connections have it (NETSTAT): lists and references are
 * resolved, what was not coded is there as what it means. */
#include <stdio.h>
#include <string.h>

#include "ttls/show_priv.h"
#include "ttls/stmt.h"

static void
line(struct buf *out, const char *name, const char *text)
{
    show_line(out, 4, name, SHOW_ACTION_COLUMN, str_of(text));
}

static void
addrs(struct buf *out, const char *name, const struct ttls_addrs *a)
{
    if (a == NULL || a->n == 0)
        line(out, name, "All");
    for (size_t i = 0; a != NULL && i < a->n; i++) {
        char from[48], to[48], both[100];
        bool is_one = memcmp(a->v[i].from, a->v[i].to, 16) == 0;

        ttls_addr_print(a->v[i].from, from);
        ttls_addr_print(a->v[i].to, to);
        (void)snprintf(both, sizeof both, "%s%s%s", from, is_one ? "" : "-",
                       is_one ? "" : to);
        line(out, name, both);
    }
}

static void
ports(struct buf *out, const char *name, const struct ttls_ports *p)
{
    if (p == NULL || p->n == 0)
        line(out, name, "1-65535");
    for (size_t i = 0; p != NULL && i < p->n; i++) {
        char text[16];

        (void)snprintf(text, sizeof text,
                       p->v[i].from == p->v[i].to ? "%u" : "%u-%u",
                       p->v[i].from, p->v[i].to);
        line(out, name, text);
    }
}

static void
times(struct buf *out, const struct ttls_time *t)
{
    bool has_days = ttls_is_coded(&t->obj, "DayOfMonthMask");
    char text[80];

    buf_add_z(out, "    IpTimeCondition:\n");
    if (t->from != 0 || t->to != 0) {
        (void)snprintf(text, sizeof text, "%014llu:%014llu",
                       (unsigned long long)t->from, (unsigned long long)t->to);
        line(out, " ConditionTimeRange", text);
    }
    show_mask(text, t->month_mask, 12,
              ttls_is_coded(&t->obj, "MonthOfYearMask"));
    line(out, " MonthOfYearMask", text);
    show_mask(text, t->day_mask, 31, has_days);
    show_mask(text + 31, t->day_mask_end, 31, has_days);
    line(out, " DayOfMonthMask", text);
    show_mask(text, t->week_mask, 7, ttls_is_coded(&t->obj, "DayOfWeekMask"));
    line(out, " DayOfWeekMask", text);
    for (size_t i = 0; i < t->n_of_day; i++) {
        (void)snprintf(text, sizeof text, "%02u:%02u-%02u:%02u",
                       t->of_day[i].from / 60u, t->of_day[i].from % 60u,
                       t->of_day[i].to / 60u, t->of_day[i].to % 60u);
        line(out, " TimeOfDayRange", text);
    }
    line(out, " TimeZone", t->is_utc != 0 ? "UTC" : "Local");
}

void
ttls_show_rule(const struct ttls_rule *r, struct buf *out)
{
    bool is_ref;
    const struct ttls_row *direction =
        ttls_row_find(ttls_type_of(TTLS_RULE), STR("Direction"), &is_ref);
    char number[16];

    (void)snprintf(number, sizeof number, "%u", r->priority);
    line(out, "Priority", number);
    addrs(out, "LocalAddr", r->local_addr);
    ports(out, "LocalPortRange", r->local_port);
    addrs(out, "RemoteAddr", r->remote_addr);
    ports(out, "RemotePortRange", r->remote_port);
    if (r->job.n > 0)
        show_line(out, 4, "Jobname", SHOW_ACTION_COLUMN, r->job);
    if (r->user.n > 0)
        show_line(out, 4, "Userid", SHOW_ACTION_COLUMN, r->user);
    line(out, "Direction", ttls_word_of(direction, r->direction));
    if (r->time != NULL)
        times(out, r->time);
}
