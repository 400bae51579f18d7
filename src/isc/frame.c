#include "isc/frame.h"

#include <string.h>
#include <unistd.h>

#include "base/reader.h"
#include "ipc/chan.h"

static const char magic[4] = { 'Z', 'R', 'G', '1' };

#define IN(type) (1u << (type))
#define BINDS                                                                  \
    (IN(ISC_HELLO) | IN(ISC_HELLO_ACK) | IN(ISC_HELLO_NAK) | IN(ISC_SESSION))
#define RUNS (IN(ISC_REQ) | IN(ISC_RSP))

/* What a field is, which decides the C type it is read into. */
enum form { TEXT, BYTES, U8, U16, U32, AREA };

struct field_row {
    uint16_t tag;
    const char *name;
    unsigned types; /* frames it may stand in */
    enum form form;
    uint32_t min, max;     /* bytes of TEXT, BYTES and AREA */
    size_t bind, req, rsp; /* offset in each struct, or NONE */
};

#define NONE ((size_t)-1)
#define B(f) offsetof(struct isc_bind, f)
#define Q(f) offsetof(struct isc_req, f)
#define R(f) offsetof(struct isc_rsp, f)

/* clang-format off */
static const struct field_row isc_field_rows[] = {
    { ISC_APPLID, "APPLID", BINDS | IN(ISC_RSP), TEXT, 1, 8,
      B(applid), NONE, R(applid) },
    { ISC_NETWORKID, "NETWORKID", BINDS, TEXT, 1, 8, B(networkid), NONE, NONE },
    { ISC_PARTNER_APPLID, "PARTNER-APPLID", IN(ISC_HELLO), TEXT, 1, 8,
      B(partner_applid), NONE, NONE },
    { ISC_PARTNER_NETWORKID, "PARTNER-NETWORKID", IN(ISC_HELLO), TEXT, 1, 8,
      B(partner_networkid), NONE, NONE },
    { ISC_SESSIONS, "SESSIONS", IN(ISC_HELLO) | IN(ISC_HELLO_ACK), U16, 0, 0,
      B(sessions), NONE, NONE },
    { ISC_PORT, "PORT", IN(ISC_HELLO), U16, 0, 0, B(port), NONE, NONE },
    { ISC_LEVEL, "LEVEL", IN(ISC_HELLO) | IN(ISC_HELLO_ACK), TEXT, 1, 64,
      B(level), NONE, NONE },
    { ISC_REASON, "REASON", IN(ISC_HELLO_NAK) | IN(ISC_RSP), TEXT, 1, 32,
      B(reason), NONE, R(reason) },
    { ISC_WORKER, "WORKER", IN(ISC_SESSION), U16, 0, 0,
      B(worker), NONE, NONE },
    { ISC_HEARTBEAT, "HEARTBEAT", IN(ISC_HELLO), U32, 0, 0,
      B(heartbeat_ms), NONE, NONE },
    { ISC_TRANSID, "TRANSID", RUNS, TEXT, 1, 4, NONE, Q(transid), R(transid) },
    { ISC_USAGE, "USAGE", IN(ISC_REQ), U8, 0, 1,
      NONE, Q(eib_and_mirror), NONE },
    { ISC_PROGRAM, "PROGRAM", RUNS, TEXT, 1, 8, NONE, Q(program), R(program) },
    { ISC_COMMAREA, "COMMAREA", RUNS, BYTES, 0, ISC_COMMAREA_MAX,
      NONE, Q(commarea), R(commarea) },
    { ISC_CHANNEL, "CHANNEL", RUNS, TEXT, 1, 16, NONE, Q(channel), R(channel) },
    { ISC_AREA, "AREA", RUNS, AREA, 5, ISC_FRAME_MAX, NONE, NONE, NONE },
    { ISC_ACEE, "ACEE", IN(ISC_REQ), BYTES, 1, 64u * 1024u,
      NONE, Q(acee), NONE },
    { ISC_USER, "USER", IN(ISC_REQ), TEXT, 1, 8, NONE, Q(user), NONE },
    { ISC_PASSWORD, "PASSWORD", IN(ISC_REQ), BYTES, 1, 100,
      NONE, Q(password), NONE },
    { ISC_DN, "DN", IN(ISC_REQ), BYTES, 1, 1024, NONE, Q(dn), NONE },
    { ISC_REALM, "REALM", IN(ISC_REQ), BYTES, 1, 255, NONE, Q(realm), NONE },
    { ISC_DEADLINE, "DEADLINE", IN(ISC_REQ), U32, 0, 0,
      NONE, Q(deadline_ms), NONE },
    { ISC_TRACKING, "TRACKING", IN(ISC_REQ), BYTES, 1, 256,
      NONE, Q(tracking), NONE },
    { ISC_CLASS, "CLASS", IN(ISC_RSP), U8, 0, ISC_N_CLASSES - 1,
      NONE, NONE, R(outcome) },
    { ISC_RESP, "RESP", IN(ISC_RSP), U32, 0, 0, NONE, NONE, R(resp) },
    { ISC_RESP2, "RESP2", IN(ISC_RSP), U32, 0, 0, NONE, NONE, R(resp2) },
    { ISC_ABCODE, "ABCODE", IN(ISC_RSP), TEXT, 4, 4, NONE, NONE, R(abcode) },
    { ISC_TASK, "TASK", IN(ISC_RSP), U32, 0, 0, NONE, NONE, R(task) },
    { ISC_ELAPSED, "ELAPSED", IN(ISC_RSP), U32, 0, 0,
      NONE, NONE, R(elapsed_us) },
    { ISC_TASKUSER, "TASKUSER", IN(ISC_RSP), TEXT, 1, 8, NONE, NONE, R(user) },
    { ISC_DETAIL, "DETAIL", IN(ISC_RSP), BYTES, 1, 512,
      NONE, NONE, R(detail) },
};
/* clang-format on */

static const char *const class_names[ISC_N_CLASSES] = {
    [ISC_OK] = "OK",
    [ISC_ABEND] = "ABEND",
    [ISC_NO_PROGRAM] = "PROGRAM",
    [ISC_TRANSACTION] = "TRANSACTION",
    [ISC_SECURITY] = "SECURITY",
    [ISC_CAPACITY] = "CAPACITY",
    [ISC_BAD_REQUEST] = "BAD-REQUEST",
};

const char *
isc_class_name(enum isc_class c)
{
    return (unsigned)c < ISC_N_CLASSES ? class_names[c] : "?";
}

static const struct field_row *
row_of(uint16_t tag)
{
    for (size_t i = 0; i < ARRAY_LEN(isc_field_rows); i++)
        if (isc_field_rows[i].tag == tag)
            return &isc_field_rows[i];
    return NULL;
}

/* --- reading --------------------------------------------------------------*/

enum err
isc_head_read(struct str bytes, struct isc_head *out, struct err_info *why)
{
    struct reader in = reader_of(bytes);
    struct isc_head head;
    struct str mark;
    uint8_t flags;

    if (!reader_take(&in, sizeof magic, &mark) ||
        memcmp(mark.p, magic, sizeof magic) != 0)
        return err_at(why, ERR_SYNTAX, 0, "frame does not begin with ZRG1");
    if (!reader_u8(&in, &head.type) || !reader_u8(&in, &flags) ||
        !reader_u16(&in, &head.session) || !reader_u32(&in, &head.sequence) ||
        !reader_u32(&in, &head.length))
        return err_at(why, ERR_SYNTAX, in.pos, "frame header is cut short");
    if (head.type < ISC_HELLO || head.type > ISC_BYE)
        return err_at(why, ERR_SYNTAX, 4, "frame type %u is not known",
                      head.type);
    if (flags != 0)
        return err_at(why, ERR_SYNTAX, 5, "frame flags %u, expected 0", flags);
    *out = head;
    return ERR_OK;
}

/* A name of the system: letters, digits and the characters of container names;
 * nothing a log or a terminal could trip over. */
static bool
is_plain_text(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] > '~')
            return false;
    return true;
}

static enum err
read_area(struct str value, size_t at, unsigned n_fds, struct isc_area *out,
          struct err_info *why)
{
    struct reader in = reader_of(value);
    struct isc_area area = { .fd_at = -1 };
    uint8_t n, type, place, index = 0;

    if (!reader_u8(&in, &n) || n < 1 || n > 16 ||
        !reader_take(&in, n, &area.name) || !is_plain_text(area.name))
        return err_at(why, ERR_SYNTAX, at, "AREA: name is not 1-16 characters");
    if (!reader_u8(&in, &type) || type > 1 || !reader_u16(&in, &area.ccsid) ||
        !reader_u8(&in, &place) || place > 1)
        return err_at(why, ERR_SYNTAX, at, "AREA " STR_FMT ": bad type",
                      STR_ARG(area.name));
    area.is_char = type == 1;
    if (place == 0) {
        area.data = reader_rest(&in);
        if (area.data.n > ISC_AREA_MAX)
            return err_at(why, ERR_SYNTAX, at,
                          "AREA " STR_FMT " has %zu bytes, at most %u",
                          STR_ARG(area.name), area.data.n, ISC_AREA_MAX);
    } else {
        if (!reader_u8(&in, &index) || !reader_u32(&in, &area.fd_bytes) ||
            !reader_at_end(&in) || index >= n_fds ||
            area.fd_bytes > ISC_AREA_MAX)
            return err_at(why, ERR_SYNTAX, at,
                          "AREA " STR_FMT ": bad descriptor %u of %u",
                          STR_ARG(area.name), index, n_fds);
        area.fd_at = index;
    }
    *out = area;
    return ERR_OK;
}

static enum err
read_number(const struct field_row *row, struct reader *in, char *target,
            size_t offset, struct err_info *why)
{
    uint8_t u8 = 0;
    uint16_t u16 = 0;
    uint32_t u32 = 0;
    bool ok = true;

    if (row->form == U8)
        ok = reader_u8(in, &u8) && u8 <= row->max;
    else if (row->form == U16)
        ok = reader_u16(in, &u16);
    else
        ok = reader_u32(in, &u32);
    if (!ok || !reader_at_end(in))
        return err_set(why, ERR_SYNTAX, "field %s is not a number it may be",
                       row->name);
    if (row->tag == ISC_USAGE)
        *(bool *)(void *)(target + offset) = u8 == 1;
    else if (row->tag == ISC_CLASS)
        *(enum isc_class *)(void *)(target + offset) = (enum isc_class)u8;
    else if (row->form == U16)
        memcpy(target + offset, &u16, sizeof u16);
    else
        memcpy(target + offset, &u32, sizeof u32);
    return ERR_OK;
}

/* Where the fields of a frame go. */
struct sink {
    char *target; /* the struct */
    size_t (*offset)(const struct field_row *);
    struct isc_area *areas;
    size_t *n_areas;
    bool *has_commarea;
    unsigned n_fds;
};

static size_t
bind_offset(const struct field_row *row)
{
    return row->bind;
}

static size_t
req_offset(const struct field_row *row)
{
    return row->req;
}

static size_t
rsp_offset(const struct field_row *row)
{
    return row->rsp;
}

static enum err
read_field(const struct field_row *row, struct str value, size_t at,
           struct sink *sink, struct err_info *why)
{
    struct reader in = reader_of(value);

    /* A frame without rows has no place for them (isc_plain_read). */
    REQUIRE(sink->target != NULL && sink->offset != NULL);
    if (row->form == AREA) {
        REQUIRE(sink->areas != NULL && sink->n_areas != NULL);
        if (*sink->n_areas == ISC_AREAS_MAX)
            return err_at(why, ERR_SYNTAX, at, "more than %u areas",
                          ISC_AREAS_MAX);
        return read_area(value, at, sink->n_fds,
                         &sink->areas[(*sink->n_areas)++], why);
    }
    if (row->form == TEXT || row->form == BYTES) {
        if (value.n < row->min || value.n > row->max)
            return err_at(why, ERR_SYNTAX, at,
                          "field %s has %zu bytes, expected %u to %u",
                          row->name, value.n, row->min, row->max);
        if (row->form == TEXT && !is_plain_text(value))
            return err_at(why, ERR_SYNTAX, at,
                          "field %s holds a character it may not", row->name);
        memcpy(sink->target + sink->offset(row), &value, sizeof value);
        if (row->tag == ISC_COMMAREA && sink->has_commarea != NULL)
            *sink->has_commarea = true;
        return ERR_OK;
    }
    return read_number(row, &in, sink->target, sink->offset(row), why);
}

static enum err
read_frame(struct str bytes, unsigned types, struct isc_head *head,
           struct sink *sink, struct err_info *why)
{
    enum err e = isc_head_read(bytes, head, why);
    struct reader in = reader_of(bytes);
    uint64_t seen = 0; /* one bit for each row of the table */
    struct str skip;

    if (e != ERR_OK)
        return e;
    if ((IN(head->type) & types) == 0)
        return err_at(why, ERR_SYNTAX, 4, "frame type %u is not expected here",
                      head->type);
    if (!reader_take(&in, ISC_HEAD_BYTES, &skip) ||
        head->length != reader_left(&in))
        return err_at(why, ERR_SYNTAX, 12, "frame says %u bytes follow, %zu do",
                      head->length, reader_left(&in));
    while (!reader_at_end(&in)) {
        const struct field_row *row;
        size_t at = in.pos;
        struct str value;
        uint16_t tag;
        uint64_t bit;

        if (!reader_u16(&in, &tag) ||
            !reader_str(&in, 0, ISC_STREAM_MAX, &value))
            return err_at(why, ERR_SYNTAX, at, "field is cut short");
        row = row_of(tag);
        if (row == NULL || (row->types & IN(head->type)) == 0)
            return err_at(why, ERR_SYNTAX, at,
                          "field %u may not stand in frame type %u", tag,
                          head->type);
        bit = UINT64_C(1) << (row - isc_field_rows);
        if (row->form != AREA && (seen & bit) != 0)
            return err_at(why, ERR_SYNTAX, at, "field %s is there twice",
                          row->name);
        seen |= bit;
        if ((e = read_field(row, value, at, sink, why)) != ERR_OK)
            return e;
    }
    return ERR_OK;
}

enum err
isc_bind_read(struct str bytes, struct isc_head *head, struct isc_bind *out,
              struct err_info *why)
{
    struct isc_bind bind = { 0 };
    struct sink sink = { .target = (char *)&bind, .offset = bind_offset };
    enum err e = read_frame(bytes, BINDS, head, &sink, why);

    if (e == ERR_OK)
        *out = bind;
    return e;
}

static enum err
check_areas(const struct isc_area *areas, size_t n, struct str channel,
            bool has_commarea, struct err_info *why)
{
    if (n > 0 && channel.n == 0)
        return err_set(why, ERR_SYNTAX, "areas without a CHANNEL");
    if (channel.n > 0 && has_commarea)
        return err_set(why, ERR_SYNTAX, "both CHANNEL and COMMAREA");
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (str_eq(areas[i].name, areas[j].name))
                return err_set(why, ERR_SYNTAX,
                               "container " STR_FMT " is there twice",
                               STR_ARG(areas[i].name));
    return ERR_OK;
}

enum err
isc_req_read(struct str bytes, unsigned n_fds, struct isc_head *head,
             struct isc_req *out, struct err_info *why)
{
    struct sink sink = { .target = (char *)out,
                         .offset = req_offset,
                         .areas = out->areas,
                         .n_areas = &out->n_areas,
                         .has_commarea = &out->has_commarea,
                         .n_fds = n_fds };
    enum err e;

    /* The areas' array is large and fully described by n_areas. */
    memset(out, 0, offsetof(struct isc_req, areas));
    memset(&out->n_areas, 0, sizeof *out - offsetof(struct isc_req, n_areas));
    e = read_frame(bytes, IN(ISC_REQ), head, &sink, why);
    if (e != ERR_OK)
        return e;
    if (out->program.n == 0)
        return err_set(why, ERR_SYNTAX, "request without a PROGRAM");
    return check_areas(out->areas, out->n_areas, out->channel,
                       out->has_commarea, why);
}

enum err
isc_rsp_read(struct str bytes, unsigned n_fds, struct isc_head *head,
             struct isc_rsp *out, struct err_info *why)
{
    struct sink sink = { .target = (char *)out,
                         .offset = rsp_offset,
                         .areas = out->areas,
                         .n_areas = &out->n_areas,
                         .has_commarea = &out->has_commarea,
                         .n_fds = n_fds };
    enum err e;

    memset(out, 0, offsetof(struct isc_rsp, areas));
    memset(&out->n_areas, 0, sizeof *out - offsetof(struct isc_rsp, n_areas));
    e = read_frame(bytes, IN(ISC_RSP), head, &sink, why);
    if (e != ERR_OK)
        return e;
    return check_areas(out->areas, out->n_areas, out->channel,
                       out->has_commarea, why);
}

enum err
isc_plain_read(struct str bytes, struct isc_head *head, struct err_info *why)
{
    struct sink sink = { 0 };

    return read_frame(
        bytes, IN(ISC_PING) | IN(ISC_PONG) | IN(ISC_BYE) | IN(ISC_CANCEL), head,
        &sink, why);
}

/* --- writing --------------------------------------------------------------*/

static void
write_head(struct buf *out, enum isc_type type, uint16_t session,
           uint32_t sequence)
{
    buf_add(out, str_n(magic, sizeof magic));
    buf_u8(out, (uint8_t)type);
    buf_u8(out, 0);
    buf_u16(out, session);
    buf_u32(out, sequence);
    buf_u32(out, 0); /* patched by write_end */
}

static enum err
write_end(struct buf *out, size_t from, struct err_info *why)
{
    enum err e = buf_check(out, why);
    uint32_t n;

    if (e != ERR_OK)
        return e;
    n = (uint32_t)(out->n - from - ISC_HEAD_BYTES);
    for (unsigned i = 0; i < 4; i++)
        out->p[from + 12 + i] = (char)(n >> (24 - 8 * i));
    return ERR_OK;
}

static enum err
write_text(struct buf *out, const struct field_row *row, struct str value,
           bool is_present, struct err_info *why)
{
    if (!is_present)
        return ERR_OK;
    if (value.n < row->min || value.n > row->max ||
        (row->form == TEXT && !is_plain_text(value)))
        return err_set(
            why, ERR_RANGE, "%s \"" STR_FMT "\" is not %u to %u characters",
            row->name, STR_ARG(str_sub(value, 0, 32)), row->min, row->max);
    buf_u16(out, row->tag);
    buf_str(out, value);
    return ERR_OK;
}

static void
write_number(struct buf *out, const struct field_row *row, const char *source)
{
    uint16_t u16 = 0;
    uint32_t u32 = 0;

    if (row->tag == ISC_USAGE)
        u32 = *(const bool *)(const void *)source;
    else if (row->tag == ISC_CLASS)
        u32 = *(const enum isc_class *)(const void *)source;
    else if (row->form == U16)
        memcpy(&u16, source, sizeof u16);
    else
        memcpy(&u32, source, sizeof u32);
    if (u16 == 0 && u32 == 0)
        return; /* zero is what a missing field means */
    buf_u16(out, row->tag);
    buf_u32(out, row->form == U8 ? 1 : row->form == U16 ? 2 : 4);
    if (row->form == U8)
        buf_u8(out, (uint8_t)u32);
    else if (row->form == U16)
        buf_u16(out, u16);
    else
        buf_u32(out, u32);
}

static enum err
write_fields(struct buf *out, enum isc_type type, const char *source,
             size_t (*offset)(const struct field_row *), bool has_commarea,
             struct err_info *why)
{
    for (size_t i = 0; i < ARRAY_LEN(isc_field_rows); i++) {
        const struct field_row *row = &isc_field_rows[i];
        size_t at = offset(row);
        struct str value;
        enum err e;

        if ((row->types & IN(type)) == 0 || at == NONE)
            continue;
        if (row->form != TEXT && row->form != BYTES) {
            write_number(out, row, source + at);
            continue;
        }
        memcpy(&value, source + at, sizeof value);
        e = write_text(out, row, value,
                       row->tag == ISC_COMMAREA ? has_commarea : value.n > 0,
                       why);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

static enum err
write_area(struct buf *out, const struct isc_area *area, size_t *room, int *fds,
           unsigned *n_fds, struct err_info *why)
{
    bool is_inline = fds == NULL || area->data.n <= *room;
    size_t body = is_inline ? area->data.n : 5;

    if (area->name.n < 1 || area->name.n > 16 || !is_plain_text(area->name))
        return err_set(why, ERR_RANGE,
                       "container name \"" STR_FMT
                       "\" is not 1 to 16 characters",
                       STR_ARG(str_sub(area->name, 0, 32)));
    if (area->data.n > ISC_AREA_MAX)
        return err_set(why, ERR_LIMIT,
                       "container " STR_FMT " has %zu bytes, at most %u",
                       STR_ARG(area->name), area->data.n, ISC_AREA_MAX);
    buf_u16(out, ISC_AREA);
    buf_u32(out, (uint32_t)(1 + area->name.n + 4 + body));
    buf_u8(out, (uint8_t)area->name.n);
    buf_add(out, area->name);
    buf_u8(out, area->is_char ? 1 : 0);
    buf_u16(out, area->ccsid);
    buf_u8(out, is_inline ? 0 : 1);
    if (is_inline) {
        if (fds != NULL)
            *room -= area->data.n;
        buf_add(out, area->data);
        return ERR_OK;
    }
    fds[*n_fds] = chan_memfd("container", area->data, why);
    if (fds[*n_fds] < 0)
        return ERR_IO;
    buf_u8(out, (uint8_t)*n_fds);
    buf_u32(out, (uint32_t)area->data.n);
    ++*n_fds;
    return ERR_OK;
}

static enum err
write_areas(struct buf *out, const struct isc_area *areas, size_t n, int *fds,
            unsigned *n_fds, struct err_info *why)
{
    size_t room = ISC_INLINE_MAX;

    if (n > ISC_AREAS_MAX)
        return err_set(why, ERR_LIMIT, "%zu containers, at most %u", n,
                       ISC_AREAS_MAX);
    for (size_t i = 0; i < n; i++) {
        enum err e = write_area(out, &areas[i], &room, fds, n_fds, why);

        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

static void
close_all(int *fds, unsigned *n_fds)
{
    while (*n_fds > 0)
        close(fds[--*n_fds]);
}

enum err
isc_bind_write(struct buf *out, enum isc_type type, uint16_t session,
               const struct isc_bind *bind, struct err_info *why)
{
    size_t from = out->n;
    enum err e;

    write_head(out, type, session, 0);
    e = write_fields(out, type, (const char *)bind, bind_offset, false, why);
    return e == ERR_OK ? write_end(out, from, why) : e;
}

enum err
isc_req_write(struct buf *out, uint16_t session, uint32_t sequence,
              const struct isc_req *req, int *fds, unsigned *n_fds,
              struct err_info *why)
{
    size_t from = out->n;
    enum err e;

    *n_fds = 0;
    if (req->program.n == 0)
        return err_set(why, ERR_RANGE, "no program");
    if (check_areas(req->areas, req->n_areas, req->channel, req->has_commarea,
                    why) != ERR_OK)
        return ERR_RANGE;
    write_head(out, ISC_REQ, session, sequence);
    e = write_fields(out, ISC_REQ, (const char *)req, req_offset,
                     req->has_commarea, why);
    if (e == ERR_OK)
        e = write_areas(out, req->areas, req->n_areas, fds, n_fds, why);
    if (e == ERR_OK)
        e = write_end(out, from, why);
    if (e != ERR_OK)
        close_all(fds, n_fds);
    return e;
}

enum err
isc_rsp_write(struct buf *out, uint16_t session, uint32_t sequence,
              const struct isc_rsp *rsp, int *fds, unsigned *n_fds,
              struct err_info *why)
{
    size_t from = out->n;
    enum err e;

    *n_fds = 0;
    write_head(out, ISC_RSP, session, sequence);
    e = write_fields(out, ISC_RSP, (const char *)rsp, rsp_offset,
                     rsp->has_commarea, why);
    if (e == ERR_OK)
        e = write_areas(out, rsp->areas, rsp->n_areas, fds, n_fds, why);
    if (e == ERR_OK)
        e = write_end(out, from, why);
    if (e != ERR_OK)
        close_all(fds, n_fds);
    return e;
}

enum err
isc_plain_write(struct buf *out, enum isc_type type, uint16_t session,
                uint32_t sequence, struct err_info *why)
{
    size_t from = out->n;

    write_head(out, type, session, sequence);
    return write_end(out, from, why);
}
