/* Do the conditions of one rule hold? */
#include "ttls/holds.h"

#include <string.h>
#include <time.h>

static bool
addr_in(const struct ttls_addrs *a, const struct in6_addr *addr)
{
    size_t low = 0, high;

    if (a == NULL)
        return true;
    high = a->n_sorted;
    while (low < high) { /* the last that begins at or before addr */
        size_t middle = (low + high) / 2;

        if (memcmp(a->sorted[middle].from, addr, 16) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && memcmp(addr, a->sorted[low - 1].to, 16) <= 0;
}

static bool
port_in(const struct ttls_ports *p, uint16_t port)
{
    size_t low = 0, high;

    if (p == NULL)
        return true;
    high = p->n_sorted;
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (p->sorted[middle].from <= port)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && port <= p->sorted[low - 1].to;
}

/* Exact, or what stands before a '*' at the end. */
static bool
name_fits(struct str pattern, struct str name)
{
    if (pattern.n == 0)
        return true;
    if (pattern.p[pattern.n - 1] == '*')
        return str_starts(name, str_sub(pattern, 0, pattern.n - 1));
    return str_eq(pattern, name);
}

static bool
is_coded(const struct ttls_time *t, const char *name)
{
    return ttls_is_coded(&t->obj, name);
}

static unsigned
days_of_month(int year, int month)
{
    static const unsigned days[] = { 31, 28, 31, 30, 31, 30,
                                     31, 31, 30, 31, 30, 31 };
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month] + (month == 1 && is_leap);
}

static bool
day_holds(const struct ttls_time *t, const struct tm *tm)
{
    unsigned day = (unsigned)tm->tm_mday - 1; /* 0 is the first */
    unsigned left = days_of_month(tm->tm_year + 1900, tm->tm_mon) - 1 - day;

    if (is_coded(t, "MonthOfYearMask") &&
        (t->month_mask & (1u << tm->tm_mon)) == 0)
        return false;
    if (is_coded(t, "DayOfWeekMask") &&
        (t->week_mask & (1u << tm->tm_wday)) == 0)
        return false;
    return !is_coded(t, "DayOfMonthMask") || (t->day_mask & (1u << day)) != 0 ||
           (t->day_mask_end & (1u << left)) != 0;
}

/* As ConditionTimeRange is written: yyyymmddhhmmss. */
static uint64_t
moment_of(const struct tm *tm)
{
    const unsigned parts[] = {
        (unsigned)tm->tm_mon + 1, (unsigned)tm->tm_mday, (unsigned)tm->tm_hour,
        (unsigned)tm->tm_min,     (unsigned)tm->tm_sec,
    };
    uint64_t moment = (unsigned)tm->tm_year + 1900u;

    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        moment = moment * 100 + parts[i];
    return moment;
}

bool
ttls_time_holds(const struct ttls_time *t, uint64_t now_s)
{
    time_t now = (time_t)now_s;
    uint64_t moment;
    unsigned minute;
    struct tm tm;

    if (t == NULL)
        return true;
    if ((t->is_utc != 0 ? gmtime_r(&now, &tm) : localtime_r(&now, &tm)) == NULL)
        return false;
    moment = moment_of(&tm);
    if (is_coded(t, "ConditionTimeRange") &&
        (moment < t->from || moment > t->to))
        return false;
    if (!day_holds(t, &tm))
        return false;
    minute = (unsigned)(tm.tm_hour * 60 + tm.tm_min);
    for (size_t i = 0; i < t->n_of_day; i++) {
        if (minute >= t->of_day[i].from && minute < t->of_day[i].to)
            return true;
    }
    return t->n_of_day == 0;
}

bool
ttls_rule_holds(const struct ttls_rule *rule, const struct ttls_facts *f)
{
    return (rule->direction & f->direction) != 0 &&
           port_in(rule->remote_port, f->remote_port) &&
           (f->is_local_port_unknown ||
            port_in(rule->local_port, f->local_port)) &&
           name_fits(rule->job, f->job) && name_fits(rule->user, f->user) &&
           addr_in(rule->remote_addr, &f->remote) &&
           (f->is_local_addr_unknown || addr_in(rule->local_addr, &f->local)) &&
           ttls_time_holds(rule->time, f->now_s);
}

const struct ttls_rule *
ttls_match_slowly(const struct ttls_policy *p, const struct ttls_facts *f)
{
    const struct ttls_rule *const *rules;
    size_t n = ttls_policy_rules(p, &rules);

    for (size_t i = 0; i < n; i++) {
        if (ttls_rule_holds(rules[i], f))
            return rules[i];
    }
    return NULL;
}
