#include "assist/pieces.h"

#include <stdio.h>
#include <string.h>

#include "assist/inferred.h"
#include "ttls/stmt.h"

static const struct {
    const char *prefix;
    enum ttls_stmt stmt;
} kinds[PIECE_KINDS] = {
    [PIECE_GROUP] = { "gAct", TTLS_GROUP_ACTION },
    [PIECE_GROUP_ADV] = { INFERRED_GROUP_ADV, TTLS_GROUP_ADV },
    [PIECE_ENV] = { "eAct", TTLS_ENV_ACTION },
    [PIECE_ENV_ADV] = { "eAdv", TTLS_ENV_ADV },
    [PIECE_GSK] = { INFERRED_GSK_ADV, TTLS_GSK_ADV },
    [PIECE_CONN] = { "cAct", TTLS_CONN_ACTION },
    [PIECE_CONN_ADV] = { "cAdv", TTLS_CONN_ADV },
    [PIECE_IMAGE_RING] = { "keyR~", TTLS_KEYRING },
    [PIECE_RING] = { "keyR", TTLS_KEYRING },
    [PIECE_CIPHER] = { "cipher", TTLS_CIPHER },
    [PIECE_SIGNATURE] = { INFERRED_SIGNATURE, TTLS_SIGNATURE },
    [PIECE_LDAP] = { INFERRED_LDAP, TTLS_GSK_LDAP },
    [PIECE_CDP] = { INFERRED_CDP, TTLS_GSK_CDP },
    [PIECE_OCSP] = { INFERRED_OCSP, TTLS_GSK_OCSP },
    [PIECE_ADDR] = { "addr", TTLS_IPADDR },
    [PIECE_ADDR_SET] = { "addr", TTLS_IPADDR_SET },
    [PIECE_ADDR_GROUP] = { "addr", TTLS_IPADDR_GROUP },
    [PIECE_PORT] = { "portR", TTLS_PORT_RANGE },
    [PIECE_PORT_GROUP] = { "portG", TTLS_PORT_GROUP },
    [PIECE_TIME] = { INFERRED_TIME, TTLS_TIME },
};

const char *
piece_prefix(enum piece_kind kind)
{
    return kinds[kind].prefix;
}

enum ttls_stmt
piece_stmt(enum piece_kind kind)
{
    return kinds[kind].stmt;
}

static enum piece_kind
counted_as(enum piece_kind kind)
{
    return kind == PIECE_ADDR_SET || kind == PIECE_ADDR_GROUP ? PIECE_ADDR
                                                              : kind;
}

void
pieces_init(struct pieces *p, struct arena *arena, struct str image)
{
    *p = (struct pieces){ .arena = arena, .image = image };
    table_init(&p->same);
    table_init(&p->owners);
    p->last = &p->first;
}

void
pieces_fini(struct pieces *p)
{
    table_fini(&p->same);
    table_fini(&p->owners);
}

/* --- names -------------------------------------------------------------- */

static void
fill_blanks(char *name)
{
    for (; *name != '\0'; name++)
        *name = *name == ' ' ? INFERRED_BLANK : *name;
}

struct str
piece_rule_name(struct arena *arena, struct str rule, size_t i)
{
    char tail[24], name[STORE_NAME_MAX + 1];
    int n = snprintf(tail, sizeof tail, "~%zu", i);

    (void)snprintf(name, sizeof name, STR_FMT "%s",
                   STR_ARG(str_sub(rule, 0, STORE_NAME_MAX - (size_t)n)), tail);
    fill_blanks(name);
    return str_dup(arena, str_of(name));
}

/* What a name has left of an owner's says whose the piece is. */
static bool
is_owners(struct pieces *p, enum piece_kind kind, const struct store_obj *owner,
          struct str left)
{
    bool is_level = kind == PIECE_CIPHER;
    struct str key =
        str_fmt(p->arena, "%c" STR_FMT, is_level ? 'L' : 'T', STR_ARG(left));
    const struct store_obj *other = table_get(&p->owners, key);

    if (other == NULL)
        p->no_memory |=
            !table_put(&p->owners, key, (void *)(uintptr_t)owner, NULL);
    if (other == NULL || other == owner)
        return true;
    p->is_clash = true;
    IGNORE(err_set(&p->why, ERR_EXISTS,
                   STR_FMT ".name: found \"" STR_FMT "\", which is " STR_FMT
                           " in the policy, as the name of " STR_FMT
                           "; expected names that differ in their first "
                           "characters",
                   STR_ARG(owner->path), STR_ARG(owner->name), STR_ARG(left),
                   STR_ARG(other->path)));
    return false;
}

/* At most 32 characters without blanks: the owner's name is cut. */
static struct str
name_of(struct pieces *p, enum piece_kind kind, const struct store_obj *owner)
{
    char name[STORE_NAME_MAX + 1];
    size_t k = ++p->n_of[counted_as(kind)];
    int head;

    if (kind == PIECE_IMAGE_RING)
        return str_fmt(p->arena, "%s" STR_FMT, kinds[kind].prefix,
                       STR_ARG(p->image));
    head = snprintf(name, sizeof name, "%s%zu%s", kinds[kind].prefix, k,
                    owner == NULL ? "" : "~");
    if (owner != NULL) {
        (void)snprintf(name + head, sizeof name - (size_t)head, STR_FMT,
                       STR_ARG(owner->name));
        fill_blanks(name);
        if (!is_owners(p, kind, owner, str_of(name + head)))
            return (struct str){ 0 };
    }
    return str_dup(p->arena, str_of(name));
}

/* --- pieces ------------------------------------------------------------- */

static struct piece *
new_piece(struct pieces *p, enum piece_kind kind, const struct store_obj *owner,
          struct str body, struct str key)
{
    struct piece *piece = ARENA_NEW(p->arena, struct piece);
    struct str name = name_of(p, kind, owner);

    if (p->is_clash)
        return NULL;
    if (piece == NULL || name.p == NULL) {
        p->no_memory = true;
        return NULL;
    }
    *piece = (struct piece){ .kind = kind,
                             .name = name,
                             .body = str_dup(p->arena, body) };
    if (piece->body.p == NULL || !table_put(&p->same, key, piece, NULL)) {
        p->no_memory = true;
        return NULL;
    }
    *p->last = piece;
    p->last = &piece->next;
    return piece;
}

struct piece *
pieces_get(struct pieces *p, enum piece_kind kind,
           const struct store_obj *owner, struct buf *body)
{
    struct piece *piece = NULL;
    struct buf key;

    p->no_memory |= body->failed;
    if (body->n == 0 || p->no_memory || p->is_clash)
        return NULL;
    buf_init(&key, body->n + 64);
    buf_printf(&key, "%u " STR_FMT "\n", (unsigned)kind,
               STR_ARG(owner == NULL ? (struct str){ 0 } : owner->name));
    buf_add(&key, buf_view(body));
    p->no_memory |= key.failed;
    if (!p->no_memory)
        piece = table_get(&p->same, buf_view(&key));
    if (!p->no_memory && piece == NULL)
        piece = new_piece(p, kind, owner, buf_view(body), buf_view(&key));
    buf_fini(&key);
    buf_clear(body);
    return piece;
}

void
piece_write(struct piece *piece, struct buf *out)
{
    if (piece == NULL || piece->is_written)
        return;
    piece->is_written = true;
    buf_printf(out, "%-34s" STR_FMT "\n{\n" STR_FMT "}\n",
               ttls_type_of(kinds[piece->kind].stmt)->keyword,
               STR_ARG(piece->name), STR_ARG(piece->body));
}

/* Keyrings, ciphers, addresses, ports, times; each in numeric order. */
void
pieces_write_tail(const struct pieces *p, struct buf *out)
{
    for (unsigned kind = PIECE_TAIL; kind < PIECE_KINDS; kind++)
        for (struct piece *piece = p->first; piece != NULL; piece = piece->next)
            if (counted_as(piece->kind) == kind)
                piece_write(piece, out);
}

/* --- parameters --------------------------------------------------------- */

void
piece_param(struct buf *body, const char *keyword, struct str value)
{
    if (value.n > 0)
        buf_printf(body, "  %-31s " STR_FMT "\n", keyword, STR_ARG(value));
}

void
piece_param_z(struct buf *body, const char *keyword, const char *value)
{
    piece_param(body, keyword, str_of(value));
}

void
piece_param_ref(struct buf *body, const char *keyword,
                const struct piece *piece)
{
    if (piece != NULL)
        piece_param(body, keyword, piece->name);
}
