/*
 * What a rule says, however it is spread over its statements: a parameter of
 * the connection's takes the place of the environment's, this one that of the
 * group's. Where it goes the tables of the store say (schema.h).
 */
#include "assist/import_priv.h"

#include <string.h>

#include "assist/inferred.h"
#include "assist/param.h"
#include "assist/pieces.h"
#include "assist/schema.h"
#include "ttls/effective.h"

/* --- places ------------------------------------------------------------- */

static bool
has_text(struct import *im, const struct value *v)
{
    char why[PARAM_WHY_MAX];

    if (v->text.n == 0)
        import_loss(im, v->obj, v->line, "%s without a value", v->row->name);
    else if (!param_is_plain(v->text, why))
        import_loss(im, v->obj, v->line, "%s: %s", v->row->name, why);
    else
        return true;
    return false;
}

static void
add_text(struct import *im, struct store_texts *list, struct str text)
{
    struct str *v = (struct str *)(uintptr_t)list->v;

    if ((list->n & (list->n - 1)) == 0) { /* room for a power of two */
        v = ARENA_ARRAY(im->arena, struct str, list->n == 0 ? 1 : 2 * list->n);
        if (v == NULL) {
            im->no_memory = true;
            return;
        }
        if (list->n > 0)
            memcpy(v, list->v, list->n * sizeof *v);
    }
    v[list->n] = text;
    *list = (struct store_texts){ v, list->n + 1 };
}

/* Without what the keyword had before, when `is_first`. */
static void
add_param(struct import *im, struct store_params *list, bool is_first,
          struct store_param p)
{
    struct store_param *v =
        ARENA_ARRAY(im->arena, struct store_param, list->n + 1);
    size_t n = 0;

    if (v == NULL) {
        im->no_memory = true;
        return;
    }
    for (size_t i = 0; i < list->n; i++)
        if (!is_first || list->v[i].keyword != p.keyword)
            v[n++] = list->v[i];
    v[n++] = p;
    *list = (struct store_params){ v, n };
}

static bool
adds(const struct ttls_row *row)
{
    return row->kind == TTLS_K_TEXTS || row->kind == TTLS_K_PAIRS;
}

static bool
take_field(struct import *im, const struct schema *schema, void *object,
           const struct value *v, bool is_first)
{
    const struct field *f = schema_field(schema, v->row->name);
    void *place;

    if (f == NULL)
        return false;
    place = (char *)object + f->offset;
    if (f->kind == VALUE) {
        *(struct str *)place = v->text;
        return true;
    }
    if (is_first)
        *(struct store_texts *)place = (struct store_texts){ 0 };
    add_text(im, place, v->text);
    return true;
}

static void
take_advanced(struct import *im, struct part *p, const struct value *v,
              bool is_first)
{
    struct store_param param = { .text = v->text };
    const char *key;

    param.keyword = schema_advanced(str_of(v->row->name), &param.stmt, &key);
    if (param.keyword == NULL)
        import_loss(im, v->obj, v->line, "%s in %s", v->row->name,
                    ttls_type_of(v->obj->stmt)->keyword);
    else
        add_param(im, &p->level.advanced, is_first || !adds(v->row), param);
}

/* --- values ------------------------------------------------------------- */

static bool
is_word(const struct value *v, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcmp(v->row->name, *words) == 0)
            return true;
    return false;
}

static void
take_trace(struct import *im, struct part *p, const struct value *v,
           uint32_t bits)
{
    uint32_t boxes = 2 * TTLS_TRACE_DATA - 1;

    if (bits > boxes && bits != INFERRED_TRACE_ALL)
        import_loss(im, v->obj, v->line,
                    "Trace %u: of its bits %u are no box of the trace panel",
                    bits, bits & ~boxes);
    p->trace = (struct store_bits){ true, bits };
}

static void
take_value(struct import *im, struct part *p, const struct value *v,
           bool is_first)
{
    /* Read elsewhere, or without any effect, of which the parser warned. */
    static const char *const passed[] = { "TTLSEnabled",    "SSLv3",
                                          "TLSv1",          "TLSv1.1",
                                          "TLSv1.2",        "TLSv1.3",
                                          "ClientAuthType", NULL };

    if (is_word(v, passed))
        return;
    if (strcmp(v->row->name, "Trace") == 0) {
        take_trace(im, p, v, *(const uint32_t *)ttls_field(v->obj, v->row));
        return;
    }
    if (v->row->kind == TTLS_K_SECRET) {
        import_loss(im, v->obj, v->line, "%s: a store keeps no passwords%s",
                    v->row->name,
                    v->obj->stmt == TTLS_KEYRING
                        ? "; a KeyringStashFile takes its place"
                        : "");
        return;
    }
    if (!has_text(im, v))
        return;
    if (strcmp(v->row->name, "SyslogFacility") == 0)
        p->facility = v->text;
    else if (!take_field(im, &type_schema, &p->type, v, is_first) &&
             !take_field(im, &level_schema, &p->level, v, is_first))
        take_advanced(im, p, v, is_first);
}

static void
take(struct import *im, struct part *p, const struct ttls_obj *obj)
{
    size_t n;
    const struct value *v = import_values(im, obj, &n);

    for (size_t i = 0; i < n; i++) {
        bool is_first = true;

        for (size_t k = 0; k < i; k++)
            is_first &= v[k].row != v[i].row;
        take_value(im, p, &v[i], is_first);
    }
}
#define TAKE(im, p, o)                                                         \
    do {                                                                       \
        if ((o) != NULL)                                                       \
            take(im, p, &(o)->obj);                                            \
    } while (0)

/* As they stand, when they have four digits. */
static void
take_ciphers(struct import *im, struct part *p, const struct ttls_cipher *c)
{
    size_t n;
    const struct value *v = import_values(im, &c->obj, &n);

    for (size_t i = 0; i < n; i++)
        if (v[i].row->kind == TTLS_K_CIPHER4 && has_text(im, &v[i]))
            add_text(im, &p->level.ciphers, v[i].text);
    for (size_t i = 0; c->v3_4.n == 0 && i < c->v3.n; i++)
        add_text(im, &p->level.ciphers,
                 str_fmt(im->arena, "%04X", (unsigned)c->v3.v[i]));
    IGNORE(import_is_generated(c->obj.name, piece_prefix(PIECE_CIPHER),
                               &p->of_level.text));
    p->of_level.is_cut = c->obj.name.n == STORE_NAME_MAX;
}

static void
take_client_auth(struct import *im, struct part *p)
{
    size_t n = 0;
    const struct value *v =
        p->rule->env->adv == NULL
            ? NULL
            : import_values(im, &p->rule->env->adv->obj, &n);

    for (size_t i = 0; i < n; i++)
        if (strcmp(v[i].row->name, "ClientAuthType") == 0)
            p->level.text[LEVEL_CLIENT_AUTH] = v[i].text;
}

/* What the generator writes by itself is not said. */
static void
drop_written(struct part *p)
{
    static const struct {
        const char *keyword, *text;
    } rows[] = { { "EnvironmentUserInstance", "0" },
                 { "CtraceClearText", "Off" } };
    struct store_params *list = &p->level.advanced;
    struct store_param *v = (struct store_param *)(uintptr_t)list->v;
    size_t n = 0;

    for (size_t i = 0; i < list->n; i++) {
        bool is_written = false;

        for (size_t k = 0; k < ARRAY_LEN(rows); k++)
            is_written |= strcmp(v[i].keyword, rows[k].keyword) == 0 &&
                          str_eq_z(v[i].text, rows[k].text);
        if (!is_written)
            v[n++] = v[i];
    }
    list->n = n;
    if (str_eq_z(p->type.text[TYPE_SECONDARY], "Off"))
        p->type.text[TYPE_SECONDARY] = (struct str){ 0 };
}

static void
take_protocols(struct import *im, struct part *p)
{
    struct ttls_effective e;

    ttls_effective_of(p->rule, &e);
    p->level.protocols =
        (e.sslv3 ? PROTOCOL_SSLV3 : 0) | (e.tlsv1 ? PROTOCOL_TLSV1 : 0) |
        (e.tlsv11 ? PROTOCOL_TLSV11 : 0) | (e.tlsv12 ? PROTOCOL_TLSV12 : 0) |
        (e.tlsv13 ? PROTOCOL_TLSV13 : 0);
    if (p->level.protocols == 0)
        import_loss(im, &p->rule->obj, p->rule->obj.line,
                    "TTLSRule " STR_FMT ": no protocol is On; a security "
                    "level has one",
                    STR_ARG(p->rule->obj.name));
}

static void
check_ring(struct import *im, const struct part *p)
{
    const struct ttls_keyring *k = p->rule->env->keyring;
    bool is_path = k->keyring.n > 0 && k->keyring.p[0] == '/';

    if (k->password.n == 0 && is_path != (k->stash_file.n > 0))
        import_loss(im, &k->obj, k->obj.line,
                    is_path ? "Keyring: a key database without "
                              "KeyringStashFile%.0s"
                            : "KeyringStashFile with a Keyring that is no "
                              "path%.0s",
                    "");
}

/* --- the rule ----------------------------------------------------------- */

static void
take_tls(struct import *im, struct part *p)
{
    const struct ttls_env_action *env = p->rule->env;
    const struct ttls_conn_action *conn = p->rule->conn;
    const struct ttls_cipher *cipher =
        conn != NULL && conn->cipher != NULL ? conn->cipher : env->cipher;

    take(im, p, &env->obj);
    TAKE(im, p, env->keyring);
    TAKE(im, p, env->adv);
    TAKE(im, p, env->signature);
    if (env->gsk != NULL) {
        take(im, p, &env->gsk->obj);
        TAKE(im, p, env->gsk->ldap);
        TAKE(im, p, env->gsk->cdp);
        TAKE(im, p, env->gsk->ocsp);
    }
    if (conn != NULL) {
        take(im, p, &conn->obj);
        TAKE(im, p, conn->adv);
        TAKE(im, p, conn->signature);
    }
    if (cipher != NULL)
        take_ciphers(im, p, cipher);
    take_protocols(im, p);
    if (str_eq_nocase_z(p->type.text[TYPE_ROLE], "ServerWithClientAuth"))
        take_client_auth(im, p);
    check_ring(im, p);
    drop_written(p);
}

/* Without TLS a rule has little to say; the rest, unless it is the default,
 * would be lost. */
static void
take_permit(struct import *im, struct part *p, const struct ttls_obj *obj)
{
    size_t n;
    const struct value *v = import_values(im, obj, &n);

    for (size_t i = 0; i < n; i++) {
        const struct ttls_row *row = v[i].row;
        bool is_default =
            row->dflt != NULL &&
            *(const uint32_t *)ttls_field(obj, row) == ttls_row_default(row);

        if (strcmp(row->name, "Trace") == 0)
            take_trace(im, p, &v[i], *(const uint32_t *)ttls_field(obj, row));
        else if (strcmp(row->name, "SyslogFacility") == 0)
            p->facility = v[i].text;
        else if (strcmp(row->name, "TTLSEnabled") != 0 && !is_default)
            import_loss(im, obj, v[i].line,
                        "%s of a group that says TTLSEnabled Off", row->name);
    }
    p->type.text[TYPE_ROLE] =
        p->rule->direction == TTLS_INBOUND ? STR("Server") : STR("Client");
}

static void
take_group(struct import *im, struct part *p)
{
    const struct ttls_rule *r = p->rule;

    p->is_tls = r->group->enabled == TTLS_ON;
    if (p->is_tls) {
        TAKE(im, p, r->group);
        TAKE(im, p, r->group->adv);
        take_tls(im, p);
        return;
    }
    take_permit(im, p, &r->group->obj);
    if (r->group->adv != NULL)
        take_permit(im, p, &r->group->adv->obj);
    if (r->env != NULL || r->conn != NULL)
        import_loss(im, &r->obj, r->obj.line,
                    "TTLSRule " STR_FMT ": environment and connection actions "
                    "of a rule whose group says TTLSEnabled Off",
                    STR_ARG(r->obj.name));
}

/* --- conditions --------------------------------------------------------- */

/* Of a parameter that is coded again the last one counts. */
static void
add_last(struct import *im, const struct ttls_obj *obj, struct store_texts *out)
{
    size_t n;
    const struct value *v = import_values(im, obj, &n);

    if (n > 0)
        add_text(im, out, v[n - 1].text);
}

static void
add_members(struct import *im, const struct ttls_obj *obj,
            struct store_texts *out)
{
    bool is_addrs = obj->stmt == TTLS_IPADDR_GROUP;
    const struct ttls_addrs *addrs = (const struct ttls_addrs *)obj;
    const struct ttls_ports *ports = (const struct ttls_ports *)obj;
    size_t n = is_addrs ? addrs->n_members : ports->n_members;

    if (!is_addrs && obj->stmt != TTLS_PORT_GROUP) {
        add_last(im, obj, out);
        return;
    }
    for (size_t i = 0; i < n && out->n <= STORE_ITEMS_MAX; i++)
        add_members(im, is_addrs ? addrs->members[i] : ports->members[i], out);
}

/* What an object holds, gone through once for all rules that name it. */
static struct store_texts
list_of(struct import *im, const struct ttls_obj *obj)
{
    struct str key = str_n(&obj, sizeof obj);
    struct store_texts *list = table_get(&im->lists, key);

    if (list != NULL)
        return *list;
    list = ARENA_NEW(im->arena, struct store_texts);
    if (list == NULL || !table_put(&im->lists, key, list, NULL)) {
        im->no_memory = true;
        return (struct store_texts){ 0 };
    }
    add_members(im, obj, list);
    if (list->n > STORE_ITEMS_MAX)
        import_loss(im, obj, obj->line,
                    "%s " STR_FMT ": more than %u addresses or ports",
                    ttls_type_of(obj->stmt)->keyword, STR_ARG(obj->name),
                    STORE_ITEMS_MAX);
    return *list;
}

/* In the rule itself, or in what it names. */
static void
take_list(struct import *im, const struct ttls_rule *r, const char *keyword,
          const struct ttls_obj *named, struct store_texts *out)
{
    size_t n;
    const struct value *v = import_values(im, &r->obj, &n);

    for (size_t i = n; i-- > 0;) {
        if (strcmp(v[i].row->name, keyword) != 0)
            continue;
        if (!str_eq_nocase_z(v[i].text, "ALL"))
            add_text(im, out, v[i].text);
        return;
    }
    if (named != NULL)
        *out = list_of(im, named);
}
#define OBJ(o) ((o) == NULL ? NULL : &(o)->obj)

/* Ranges of the day add up, in one value. */
static void
take_time(struct import *im, struct part *p)
{
    size_t n;
    const struct value *v = import_values(im, &p->rule->time->obj, &n);

    for (size_t i = 0; i < n; i++) {
        const struct field *f = schema_field(&rule_schema, v[i].row->name);
        size_t which = (f->offset - offsetof(struct store_rule, time)) /
                       sizeof(struct str);
        struct str *text = &p->time[which];

        *text = which != TIME_OF_DAY || text->n == 0
                    ? v[i].text
                    : str_fmt(im->arena, STR_FMT "," STR_FMT, STR_ARG(*text),
                              STR_ARG(v[i].text));
        im->no_memory |= text->p == NULL;
    }
}

static void
take_conditions(struct import *im, struct part *p)
{
    const struct ttls_rule *r = p->rule;
    size_t n;
    const struct value *v = import_values(im, &r->obj, &n);

    take_list(im, r, "LocalAddr", OBJ(r->local_addr), &p->local);
    take_list(im, r, "RemoteAddr", OBJ(r->remote_addr), &p->remote);
    take_list(im, r, "LocalPortRange", OBJ(r->local_port),
              &p->type.local_ports);
    take_list(im, r, "RemotePortRange", OBJ(r->remote_port),
              &p->type.remote_ports);
    for (size_t i = 0; i < n; i++)
        IGNORE(take_field(im, &type_schema, &p->type, &v[i], true));
    if (r->time != NULL)
        take_time(im, p);
}

/* --- labels ------------------------------------------------------------- */

/* All statements bear the name of one traffic descriptor, each as much of it
 * as there is room for. */
static void
take_label(struct part *p)
{
    const struct ttls_rule *r = p->rule;
    const struct ttls_obj *group_adv = OBJ(r->group->adv);
    const struct ttls_obj *env_adv = r->env == NULL ? NULL : OBJ(r->env->adv);
    const struct ttls_obj *gsk = r->env == NULL ? NULL : OBJ(r->env->gsk);
    const struct ttls_obj *conn_adv =
        r->conn == NULL ? NULL : OBJ(r->conn->adv);
    const struct {
        enum piece_kind kind;
        const struct ttls_obj *obj;
    } rows[] = {
        { PIECE_GROUP, &r->group->obj }, { PIECE_ENV, OBJ(r->env) },
        { PIECE_CONN, OBJ(r->conn) },    { PIECE_GROUP_ADV, group_adv },
        { PIECE_ENV_ADV, env_adv },      { PIECE_GSK, gsk },
        { PIECE_CONN_ADV, conn_adv }
    };
    struct label l = { 0 };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str owner;
        bool is_cut;

        if (rows[i].obj == NULL)
            continue;
        is_cut = rows[i].obj->name.n == STORE_NAME_MAX;
        if (!import_is_generated(rows[i].obj->name, piece_prefix(rows[i].kind),
                                 &owner))
            return;
        if (l.text.n > 0 &&
            !(owner.n <= l.text.n
                  ? str_starts(l.text, owner) && (is_cut || owner.n == l.text.n)
                  : str_starts(owner, l.text) && l.is_cut))
            return;
        if (owner.n > l.text.n)
            l = (struct label){ owner, is_cut };
    }
    p->of_traffic = l;
}

void
import_rule(struct import *im, struct part *p)
{
    take_conditions(im, p);
    take_group(im, p);
    take_label(p);
}
