/* EXEC CICS commands about channels and containers. */
#include <string.h>

#include "region/task.h"

/* Data of the region is ASCII or UTF-8; other code pages need a table that it
 * does not have. 0: not given. */
static bool
ccsid_ok(int64_t ccsid)
{
    return ccsid == 0 || ccsid == 819 || ccsid == 1208;
}

/* The channel a command means: CHANNEL, or the current one. */
static struct response
find_channel(struct cics_task *task, const struct plan *plan, bool make,
             struct channel **out)
{
    struct str name = arg_text(plan, OPT_CHANNEL);

    if (!plan->has[OPT_CHANNEL]) {
        *out = task->top->channel;
        return *out == NULL ? RESPONSE(RESP_INVREQ, 4) : NORMAL;
    }
    if (!channel_name_ok(name))
        return RESPONSE(RESP_CHANNELERR, 1);
    *out = make ? channel_make(&task->channels, name)
                : channel_find(&task->channels, name);
    return *out == NULL
               ? RESPONSE(make ? RESP_NOSTG : RESP_CHANNELERR, make ? 0 : 2)
               : NORMAL;
}

static struct response
find_container(struct cics_task *task, const struct plan *plan,
               struct channel **channel, struct container **out)
{
    struct response r = find_channel(task, plan, false, channel);

    if (r.resp != 0)
        return r;
    *out = container_find(*channel, arg_text(plan, OPT_CONTAINER));
    return *out == NULL ? RESPONSE(RESP_CONTAINERERR, 10) : NORMAL;
}

struct response
do_get_container(struct cics_task *task, const struct plan *plan)
{
    struct container *container;
    struct channel *channel;
    struct response r = find_container(task, plan, &channel, &container);
    int64_t offset = arg_number(plan, OPT_BYTEOFFSET, 0), want;
    struct str data;
    unsigned char *into;
    size_t room;

    if (r.resp != 0)
        return r;
    data = container_data(container);
    if (!ccsid_ok(arg_number(plan, OPT_INTOCCSID, 0)))
        return RESPONSE(RESP_CCSIDERR, 1);
    if (plan->has[OPT_INTOCCSID] && !container->is_char)
        return RESPONSE(RESP_CCSIDERR, 3);
    if (offset < 0 || (uint64_t)offset > data.n)
        return RESPONSE(RESP_LENGERR, 1);
    data = str_sub(data, (size_t)offset, data.n);
    if (plan->has[OPT_NODATA]) {
        arg_put_number(plan, OPT_FLENGTH, (int64_t)data.n);
        return NORMAL;
    }
    into = arg_data(plan, OPT_INTO, &room);
    if (into == NULL && !plan->has[OPT_SET])
        return RESPONSE(RESP_INVREQ, 1);
    if (into == NULL) {
        into = arg_data(plan, OPT_SET, &room);
        if (room != sizeof data.p)
            return RESPONSE(RESP_INVREQ, 1);
        memcpy(into, &data.p, sizeof data.p);
        arg_put_number(plan, OPT_FLENGTH, (int64_t)data.n);
        return NORMAL;
    }
    want = arg_number(plan, OPT_FLENGTH, (int64_t)room);
    if (want < 0)
        return RESPONSE(RESP_LENGERR, 1);
    if ((uint64_t)want < room)
        room = (size_t)want;
    memcpy(into, data.p == NULL ? "" : data.p, data.n < room ? data.n : room);
    arg_put_number(plan, OPT_FLENGTH, (int64_t)data.n);
    return data.n > room ? RESPONSE(RESP_LENGERR, 11) : NORMAL;
}

struct response
do_put_container(struct cics_task *task, const struct plan *plan)
{
    struct str name = arg_text(plan, OPT_CONTAINER), data;
    int64_t ccsid = arg_number(plan, OPT_FROMCCSID, 0);
    struct channel *channel;
    struct response r;
    bool is_char = plan->has[OPT_CHAR] || plan->has[OPT_FROMCCSID];
    enum err e;

    if (plan->has[OPT_BIT] && is_char)
        return RESPONSE(RESP_INVREQ, 1);
    if (!ccsid_ok(ccsid))
        return RESPONSE(RESP_CCSIDERR, 1);
    if (!channel_name_ok(name))
        return RESPONSE(RESP_CONTAINERERR, 18);
    if (!arg_area(plan, OPT_FROM, OPT_FLENGTH, &data))
        return RESPONSE(RESP_LENGERR, 1);
    r = find_channel(task, plan, true, &channel);
    if (r.resp != 0)
        return r;
    e = container_put(&task->channels, channel, name, data, is_char,
                      is_char && ccsid == 0 ? 1208 : (uint16_t)ccsid,
                      plan->has[OPT_APPEND]);
    return e == ERR_OK ? NORMAL : RESPONSE(RESP_NOSTG, 0);
}

struct response
do_delete_container(struct cics_task *task, const struct plan *plan)
{
    struct container *container;
    struct channel *channel;
    struct response r = find_container(task, plan, &channel, &container);

    if (r.resp == 0)
        (void)container_delete(&task->channels, channel,
                               arg_text(plan, OPT_CONTAINER));
    return r;
}

struct response
do_move_container(struct cics_task *task, const struct plan *plan)
{
    struct str as = arg_text(plan, OPT_AS);
    struct str to = arg_text(plan, OPT_TOCHANNEL);
    struct container *container;
    struct channel *channel, *target;
    struct response r = find_container(task, plan, &channel, &container);

    if (r.resp != 0)
        return r;
    if (!channel_name_ok(as))
        return RESPONSE(RESP_CONTAINERERR, 18);
    target = channel;
    if (plan->has[OPT_TOCHANNEL]) {
        if (!channel_name_ok(to))
            return RESPONSE(RESP_CHANNELERR, 3);
        target = channel_make(&task->channels, to);
    }
    if (target == channel && str_eq_z(as, container->name))
        return NORMAL;
    if (target == NULL ||
        container_put(&task->channels, target, as, container_data(container),
                      container->is_char, container->ccsid, false) != ERR_OK)
        return RESPONSE(RESP_NOSTG, 0);
    (void)container_delete(&task->channels, channel,
                           arg_text(plan, OPT_CONTAINER));
    return NORMAL;
}

struct response
do_startbrowse_container(struct cics_task *task, const struct plan *plan)
{
    struct channel *channel;
    struct response r = find_channel(task, plan, false, &channel);
    uint32_t token;

    if (r.resp != 0)
        return r;
    token = browse_start(&task->channels, channel);
    if (token == 0)
        return RESPONSE(RESP_NOSTG, 0);
    arg_put_number(plan, OPT_BROWSETOKEN, token);
    return NORMAL;
}

struct response
do_getnext_container(struct cics_task *task, const struct plan *plan)
{
    int64_t token = arg_number(plan, OPT_BROWSETOKEN, 0);
    struct browse *browse = token < 1 || token > UINT32_MAX
                                ? NULL
                                : browse_find(&task->channels, (uint32_t)token);

    if (browse == NULL)
        return RESPONSE(RESP_TOKENERR, 3);
    if (browse->at == browse->n)
        return RESPONSE(RESP_END, 2);
    arg_put_text(plan, OPT_CONTAINER, str_of(browse->names[browse->at++]));
    return NORMAL;
}

struct response
do_endbrowse_container(struct cics_task *task, const struct plan *plan)
{
    int64_t token = arg_number(plan, OPT_BROWSETOKEN, 0);

    if (token < 1 || token > UINT32_MAX ||
        browse_find(&task->channels, (uint32_t)token) == NULL)
        return RESPONSE(RESP_TOKENERR, 3);
    browse_end(&task->channels, (uint32_t)token);
    return NORMAL;
}
