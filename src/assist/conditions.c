/* Whom a rule is for: addresses, ports, time. */
#include "assist/generate_priv.h"

#include <stdio.h>

#include "assist/inferred.h"
#include "assist/param.h"

bool
gen_is_done(const struct gen *g)
{
    return g->pieces.no_memory || g->pieces.is_clash;
}

/* The piece of g->body. */
struct piece *
gen_made(struct gen *g, enum piece_kind kind, const struct store_obj *owner)
{
    return pieces_get(&g->pieces, kind, owner, &g->body);
}

static struct piece *
one_piece(struct gen *g, struct str text, bool is_address)
{
    const char *keyword = "Port";
    enum ttls_stmt stmt =
        is_address ? param_of_address(text, &keyword) : TTLS_PORT_RANGE;

    piece_param(&g->body, keyword, text);
    return gen_made(g,
                    stmt == TTLS_PORT_RANGE ? PIECE_PORT
                    : stmt == TTLS_IPADDR   ? PIECE_ADDR
                                            : PIECE_ADDR_SET,
                    NULL);
}

static struct piece *
make_list(struct gen *g, struct store_texts texts, bool is_address)
{
    struct piece *p = NULL;
    struct buf group;

    buf_init(&group, GENERATE_FILE_MAX);
    for (size_t i = 0; i < texts.n && !gen_is_done(g); i++) {
        p = one_piece(g, texts.v[i], is_address);
        piece_param_ref(&group,
                        !is_address                          ? "PortRangeRef"
                        : p != NULL && p->kind == PIECE_ADDR ? "IpAddrRef"
                                                             : "IpAddrSetRef",
                        p);
    }
    if (texts.n > 1)
        p = pieces_get(&g->pieces,
                       is_address ? PIECE_ADDR_GROUP : PIECE_PORT_GROUP, NULL,
                       &group);
    buf_fini(&group);
    return p;
}

/* One of them, or a group that names each; NULL for none. A list that many
 * rules have is gone through once. */
struct piece *
gen_list(struct gen *g, struct store_texts texts, bool is_address)
{
    struct str key = str_n(&texts, sizeof texts); /* which one, not what of */
    struct piece *p = texts.n == 0 ? NULL : table_get(&g->lists, key);

    if (p != NULL || texts.n == 0)
        return p;
    p = make_list(g, texts, is_address);
    if (p != NULL && !table_put(&g->lists, key, p, NULL))
        g->pieces.no_memory = true;
    return p;
}

void
gen_address_param(struct buf *rule, const char *side, const struct piece *p)
{
    char keyword[32];

    (void)snprintf(keyword, sizeof keyword, "%sAddr%s", side,
                   p == NULL                   ? ""
                   : p->kind == PIECE_ADDR     ? "Ref"
                   : p->kind == PIECE_ADDR_SET ? "SetRef"
                                               : "GroupRef");
    piece_param(rule, keyword, p == NULL ? STR("ALL") : p->name);
}

void
gen_port_param(struct buf *rule, const char *side, const struct piece *p)
{
    char keyword[32];

    (void)snprintf(keyword, sizeof keyword, "%sPort%sRef", side,
                   p != NULL && p->kind == PIECE_PORT ? "Range" : "Group");
    piece_param_ref(rule, keyword, p);
}

struct piece *
gen_time(struct gen *g, const struct store_rule *r)
{
    static const char *const keywords[TIME_TEXTS] = {
        [TIME_RANGE] = "ConditionTimeRange", [TIME_MONTHS] = "MonthOfYearMask",
        [TIME_DAYS] = "DayOfMonthMask",      [TIME_WEEKDAYS] = "DayOfWeekMask",
        [TIME_OF_DAY] = "TimeOfDayRange",    [TIME_ZONE] = "TimeZone",
    };

    for (size_t i = 0; i < TIME_TEXTS; i++)
        piece_param(&g->body, keywords[i], r->time[i]);
    return gen_made(g, PIECE_TIME, NULL);
}
