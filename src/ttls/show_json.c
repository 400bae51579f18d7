/*
 * Policies as JSON: the same facts as show.c, by the names of the file. What is
 * coded stands in "parameters", what holds because it is not in "defaults".
 */
#include <stdio.h>
#include <string.h>

#include "ttls/effective.h"
#include "ttls/match.h"
#include "ttls/show_priv.h"
#include "ttls/stmt.h"

void
ttls_json_text(struct buf *out, struct str text)
{
    buf_add_char(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];

        if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else if (c < 0x20)
            buf_printf(out, "\\u%04x", c);
        else
            buf_add_char(out, (char)c);
    }
    buf_add_char(out, '"');
}

static void
key(struct buf *out, const char *name)
{
    if (out->n > 0 && out->p[out->n - 1] != '{' && out->p[out->n - 1] != '[')
        buf_add_char(out, ',');
    ttls_json_text(out, str_of(name));
    buf_add_char(out, ':');
}

static void
comma(struct buf *out)
{
    if (out->n > 0 && out->p[out->n - 1] != '[')
        buf_add_char(out, ',');
}

static void object(struct buf *, const struct ttls_obj *);

static void
codes(struct buf *out, const struct ttls_row *row,
      const struct ttls_codes *list)
{
    buf_add_char(out, '[');
    for (size_t i = 0; i < list->n; i++)
        buf_printf(out,
                   row->kind == TTLS_K_GROUPS ? "%s\"%04u\"" : "%s\"%04X\"",
                   i == 0 ? "" : ",", list->v[i]);
    buf_add_char(out, ']');
}

static void
addrs(struct buf *out, const struct ttls_addrs *a)
{
    buf_add_char(out, '[');
    for (size_t i = 0; a != NULL && i < a->n; i++) {
        char from[48], to[48];

        ttls_addr_print(a->v[i].from, from);
        ttls_addr_print(a->v[i].to, to);
        buf_printf(out, "%s{\"from\":\"%s\",\"to\":\"%s\"}", i == 0 ? "" : ",",
                   from, to);
    }
    buf_add_char(out, ']');
}

static void
ports(struct buf *out, const struct ttls_ports *p)
{
    buf_add_char(out, '[');
    for (size_t i = 0; p != NULL && i < p->n; i++)
        buf_printf(out, "%s{\"from\":%u,\"to\":%u}", i == 0 ? "" : ",",
                   p->v[i].from, p->v[i].to);
    buf_add_char(out, ']');
}

static void
value(struct buf *out, const struct ttls_row *row, const void *at)
{
    const struct ttls_obj *obj;

    switch (row->kind) {
    case TTLS_K_WORD:
        ttls_json_text(out, str_of(ttls_word_of(row, *(const uint32_t *)at)));
        return;
    case TTLS_K_NUMBER:
        buf_printf(out, "%u", *(const uint32_t *)at);
        return;
    case TTLS_K_TEXT:
    case TTLS_K_LABEL:
    case TTLS_K_JOB:
        ttls_json_text(out, *(const struct str *)at);
        return;
    case TTLS_K_TEXTS:
        buf_add_char(out, '[');
        for (size_t i = 0; i < ((const struct ttls_texts *)at)->n; i++) {
            comma(out);
            ttls_json_text(out, ((const struct ttls_texts *)at)->v[i]);
        }
        buf_add_char(out, ']');
        return;
    case TTLS_K_CIPHER1:
    case TTLS_K_CIPHER2:
    case TTLS_K_CIPHER4:
    case TTLS_K_PAIRS:
    case TTLS_K_GROUPS:
        codes(out, row, at);
        return;
    case TTLS_K_OBJECT:
        obj = *(const struct ttls_obj *const *)at;
        if (obj == NULL || obj->stmt == TTLS_TIME)
            buf_add_z(out, "null");
        else
            object(out, obj);
        return;
    case TTLS_K_REF:
    case TTLS_K_SECRET:
    case TTLS_K_ADDR:
    case TTLS_K_PORT:
    case TTLS_K_ONE_ADDR:
    case TTLS_K_PREFIX:
    case TTLS_K_RANGE:
    case TTLS_K_ONE_PORT:
    case TTLS_K_MEMBER:
    case TTLS_K_PERIOD:
    case TTLS_K_MASK:
    case TTLS_K_DAY_MASK:
    case TTLS_K_OF_DAY:
        buf_add_z(out, "null");
        return;
    }
}

static void
default_of(struct buf *out, const struct ttls_row *row,
           enum show_defaults dflts)
{
    uint16_t v[SHOW_CODES_MAX];
    struct ttls_codes list = { v, 0 };

    if (row->kind == TTLS_K_GROUPS || row->kind == TTLS_K_PAIRS) {
        list.n = show_default_codes(row, dflts, v);
        codes(out, row, &list);
    } else if (row->kind == TTLS_K_NUMBER) {
        buf_add_z(out, row->dflt);
    } else {
        ttls_json_text(out, str_of(row->dflt));
    }
}

/* What is not coded, here and in the blocks below. obj may be NULL. */
static void
defaults(struct buf *out, enum ttls_stmt stmt, const struct ttls_obj *obj,
         enum show_defaults dflts)
{
    const struct ttls_type *type = ttls_type_of(stmt);

    buf_add_char(out, '{');
    for (size_t i = 0; i < type->n_rows; i++) {
        const struct ttls_row *row = &type->rows[i];
        bool is_coded = obj != NULL && (obj->coded & ((uint64_t)1 << i)) != 0;

        if (row->kind == TTLS_K_OBJECT && show_has_defaults(row->target)) {
            key(out, row->name);
            defaults(out, row->target,
                     is_coded
                         ? *(const struct ttls_obj *const *)ttls_field(obj, row)
                         : NULL,
                     dflts);
        } else if (!is_coded && row->kind != TTLS_K_OBJECT &&
                   row->dflt != NULL && !show_is_open(stmt, row, obj)) {
            key(out, row->name);
            default_of(out, row, dflts);
        }
    }
    buf_add_char(out, '}');
}

/* What is coded, by its name. */
static void
object(struct buf *out, const struct ttls_obj *obj)
{
    const struct ttls_type *type = ttls_type_of(obj->stmt);

    buf_add_char(out, '{');
    for (size_t i = 0; i < type->n_rows; i++) {
        const struct ttls_row *row = &type->rows[i];

        if ((obj->coded & ((uint64_t)1 << i)) == 0 ||
            row->kind == TTLS_K_SECRET)
            continue;
        key(out, row->name);
        value(out, row, ttls_field(obj, row));
    }
    buf_add_char(out, '}');
}

static void
text(struct buf *out, const char *name, struct str s)
{
    key(out, name);
    ttls_json_text(out, s);
}

static void
place(struct buf *out, const struct ttls_obj *obj)
{
    text(out, "file", obj->file);
    key(out, "line");
    buf_printf(out, "%u", obj->line);
}

static void
dates(struct buf *out, const struct ttls_obj *obj)
{
    key(out, "created");
    buf_printf(out, "%llu", (unsigned long long)obj->created_s);
    key(out, "updated");
    buf_printf(out, "%llu", (unsigned long long)obj->updated_s);
}

/* Bit 0 first, as the masks are written in a policy. */
static void
mask(struct buf *out, const char *name, const struct ttls_time *t,
     const char *coded, uint32_t bits, unsigned n)
{
    bool is_coded = ttls_is_coded(&t->obj, coded);

    key(out, name);
    buf_add_char(out, '"');
    for (unsigned i = 0; i < n; i++)
        buf_add_char(out, !is_coded || (bits & (1u << i)) != 0 ? '1' : '0');
    buf_add_char(out, '"');
}

static void
moment(struct buf *out, const char *name, uint64_t at)
{
    key(out, name);
    if (at == 0)
        buf_add_z(out, "null");
    else
        buf_printf(out, "\"%llu\"", (unsigned long long)at);
}

/* When a rule is active; null: always. */
static void
period(struct buf *out, const struct ttls_time *t)
{
    key(out, "time");
    if (t == NULL) {
        buf_add_z(out, "null");
        return;
    }
    buf_add_char(out, '{');
    moment(out, "from", t->from);
    moment(out, "to", t->to);
    mask(out, "months", t, "MonthOfYearMask", t->month_mask, 12);
    mask(out, "days", t, "DayOfMonthMask", t->day_mask, 31);
    mask(out, "daysFromEnd", t, "DayOfMonthMask", t->day_mask_end, 31);
    mask(out, "weekdays", t, "DayOfWeekMask", t->week_mask, 7);
    key(out, "timesOfDay");
    buf_add_char(out, '[');
    for (size_t i = 0; i < t->n_of_day; i++)
        buf_printf(out, "%s{\"from\":\"%02u:%02u\",\"to\":\"%02u:%02u\"}",
                   i == 0 ? "" : ",", t->of_day[i].from / 60,
                   t->of_day[i].from % 60, t->of_day[i].to / 60,
                   t->of_day[i].to % 60);
    buf_add_char(out, ']');
    text(out, "zone", t->is_utc != 0 ? STR("UTC") : STR("Local"));
    buf_add_char(out, '}');
}

static void
rule(struct buf *out, const struct ttls_rule *r, const struct show_options *o)
{
    static const char *const directions[] = { "", "Inbound", "Outbound",
                                              "Both" };

    comma(out);
    buf_add_char(out, '{');
    text(out, "name", r->obj.name);
    if (!o->names_only) {
        place(out, &r->obj);
        text(out, "status",
             ttls_time_holds(r->time, o->now_s) ? STR("Active")
                                                : STR("Inactive"));
        key(out, "priority");
        buf_printf(out, "%u", r->priority);
        key(out, "localAddresses");
        addrs(out, r->local_addr);
        key(out, "remoteAddresses");
        addrs(out, r->remote_addr);
        key(out, "localPorts");
        ports(out, r->local_port);
        key(out, "remotePorts");
        ports(out, r->remote_port);
        text(out, "jobname", r->job);
        text(out, "userid", r->user);
        text(out, "direction", str_of(directions[r->direction & 3]));
        text(out, "groupAction", r->group->obj.name);
        if (r->env != NULL)
            text(out, "environmentAction", r->env->obj.name);
        if (r->conn != NULL)
            text(out, "connectionAction", r->conn->obj.name);
        period(out, r->time);
        dates(out, &r->obj);
    }
    buf_add_char(out, '}');
}

static size_t
rules(struct buf *out, const struct ttls_policy *p,
      const struct show_options *o)
{
    const struct ttls_rule *const *v;
    size_t n = ttls_policy_rules(p, &v), shown = 0;

    key(out, "rules");
    buf_add_char(out, '[');
    for (size_t i = 0; i < n; i++) {
        if (!show_wants(o, v[i]->obj.name) ||
            !show_status(o, ttls_time_holds(v[i]->time, o->now_s)))
            continue;
        rule(out, v[i], o);
        shown++;
    }
    buf_add_char(out, ']');
    return shown;
}

static void
action(struct buf *out, const struct ttls_obj *obj,
       const struct show_options *o)
{
    comma(out);
    buf_add_char(out, '{');
    text(out, "name", obj->name);
    text(out, "scope", str_of(show_scope_name(obj->stmt)));
    if (!o->names_only) {
        place(out, obj);
        if (obj->stmt != TTLS_CONN_ACTION) {
            key(out, "id");
            buf_printf(out, "\"%08X\"",
                       obj->stmt == TTLS_GROUP_ACTION
                           ? ((const struct ttls_group_action *)obj)->id
                           : ((const struct ttls_env_action *)obj)->id);
        }
        dates(out, obj);
        key(out, "parameters");
        object(out, obj);
        key(out, "defaults");
        if (show_defaults_of(obj) == DFLT_NO)
            buf_add_z(out, "{}"); /* the environment's */
        else
            defaults(out, obj->stmt, obj, show_defaults_of(obj));
    }
    buf_add_char(out, '}');
}

static size_t
actions(struct buf *out, const struct ttls_policy *p,
        const struct show_options *o)
{
    const struct ttls_obj *const *v;
    size_t n = ttls_policy_objects(p, &v), shown = 0;

    key(out, "actions");
    buf_add_char(out, '[');
    for (size_t i = 0; i < n; i++) {
        enum ttls_stmt stmt = v[i]->stmt;

        if ((stmt != TTLS_GROUP_ACTION && stmt != TTLS_ENV_ACTION &&
             stmt != TTLS_CONN_ACTION) ||
            !show_scope(o, stmt) || (o->actions && !show_wants(o, v[i]->name)))
            continue;
        action(out, v[i], o);
        shown++;
    }
    buf_add_char(out, ']');
    return shown;
}

size_t
ttls_show_json(const struct ttls_policy *p, const struct show_options *o,
               struct buf *out)
{
    bool is_both = !o->rules && !o->actions;
    size_t n = 0;

    buf_add_char(out, '{');
    text(out, "image", str_of(o->image));
    key(out, "instance");
    buf_printf(out, "%llu", (unsigned long long)ttls_policy_instance(p));
    if (is_both || o->rules)
        n += rules(out, p, o);
    if (is_both || o->actions)
        n += actions(out, p, o);
    buf_add_z(out, "}\n");
    return n;
}
