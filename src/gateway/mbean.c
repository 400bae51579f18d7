/*
 * FileNotificationMBean by the JMX REST connector (Liberty, restConnector-2.0):
 *
 *   POST <root>/mbeans/<object name>/operations/<operation>
 *
 * The caller is an administrator by now. What the call asks for the control
 * thread does; the answer leaves when it is done.
 */
#include <stdlib.h>

#include "gateway/mbean_body.h"
#include "gateway/serve.h"
#include "parse/json_read.h"
#include "parse/url.h"

#define LOGGER "com.ibm.ws.jmx.connector.server.rest.MBeanServerConnector"
#define OBJECT_NAME                                                            \
    "WebSphere:service=com.ibm.ws.kernel.filemonitor.FileNotificationMBean"

/* A call on its way to the control thread and back; r waits for it. */
struct call {
    struct loop_post there, back;
    struct request *r;
    struct loop *home;
    const struct control *control;
    struct mbean_notice notice; /* in the request's arena */
    enum err result;
    struct err_info why;
};

/* As the original writes a Throwable, without a serialized one: "class: text"
 */
static void
answer_throwable(struct request *r, unsigned status, const char *class,
                 struct str text)
{
    struct buf body, stack;

    buf_init(&body, 16384);
    buf_init(&stack, 4096);
    buf_printf(&stack, "%s: ", class);
    buf_add(&stack, str_sub(text, 0, 1000));
    buf_add_z(&body, "{\"throwable\":null,\"stackTrace\":");
    json_write_string(&body, buf_view(&stack));
    buf_add_char(&body, '}');
    answer(r, status, STR("application/json"), buf_view(&body), NULL, 0);
    buf_fini(&body);
    buf_fini(&stack);
}

static void
call_is_back(struct loop_post *post)
{
    struct call *call = CONTAINER_OF(post, struct call, back);

    if (call->result == ERR_OK)
        answer(call->r, 200, STR("application/json"),
               STR("{\"value\":null,\"type\":null}"), NULL, 0);
    else
        answer_throwable(call->r, 500, "javax.management.MBeanException",
                         str_of(call->why.text));
    free(call);
}

/* On the control thread. */
static void
call_is_there(struct loop_post *post)
{
    struct call *call = CONTAINER_OF(post, struct call, there);

    call->result =
        call->control->notice(call->control->arg, &call->notice, &call->why);
    call->back = (struct loop_post){ .run = call_is_back };
    loop_post(call->home, &call->back);
}

static void
send_call(struct request *r, const struct mbean_notice *notice)
{
    struct call *call =
        r->serve->control == NULL ? NULL : calloc(1, sizeof *call);

    if (call == NULL) {
        answer_plain(r, 503, "Service Unavailable");
        return;
    }
    call->r = r;
    call->home = r->serve->loop;
    call->control = r->serve->control;
    call->notice = *notice;
    call->there = (struct loop_post){ .run = call_is_there };
    loop_post(call->control->loop, &call->there);
}

/* "/<word>" off the front of a raw path, decoded. */
static bool
take(struct arena *arena, struct str *path, struct str *word)
{
    struct str raw;
    size_t slash;

    if (path->n < 2 || path->p[0] != '/')
        return false;
    raw = str_sub(*path, 1, path->n);
    slash = str_find_char(raw, '/');
    *path = slash == STR_NPOS ? STR("") : str_sub(raw, slash, raw.n);
    raw = str_sub(raw, 0, slash == STR_NPOS ? raw.n : slash);
    return url_decode(arena, raw, false, word, NULL) == ERR_OK;
}

static bool
is_json(const struct request *r)
{
    struct str type;

    if (!http_header_get(r->http, "Content-Type", &type))
        return false;
    type = str_trim(str_sub(type, 0, str_find_char(type, ';')));
    return str_eq_nocase_z(type, "application/json");
}

static void
invoke(struct request *r, struct str name, struct str operation)
{
    struct mbean_notice notice;
    struct err_info why = { 0 };
    enum mbean_call call;
    enum err e;

    if (!str_eq_z(name, OBJECT_NAME)) {
        answer_throwable(r, 400, "javax.management.InstanceNotFoundException",
                         name);
        return;
    }
    if (!mbean_call_of(operation, &call)) {
        answer_throwable(r, 400, "javax.management.ReflectionException",
                         operation);
        return;
    }
    e = mbean_body_parse(r->http->arena, call, r->http->body, &notice, &why);
    if (e == ERR_NOT_FOUND)
        answer_throwable(r, 400, "javax.management.ReflectionException",
                         str_of(why.text));
    else if (e != ERR_OK)
        answer_throwable(
            r, 400, "com.ibm.ws.jmx.connector.datatypes.ConversionException",
            str_of(why.text));
    else
        send_call(r, &notice);
}

void
mbean_start(struct request *r)
{
    struct http_header allow = { STR("Allow"), STR("POST") };
    struct arena *arena = r->http->arena;
    struct str rest =
        str_sub(r->http->path, sizeof MBEAN_ROOT - 1, r->http->path.n);
    struct str mbeans, name, operations, operation;

    if (!take(arena, &rest, &mbeans) || !take(arena, &rest, &name) ||
        !take(arena, &rest, &operations) || !take(arena, &rest, &operation) ||
        rest.n > 0 || !str_eq_z(mbeans, "mbeans") ||
        !str_eq_z(operations, "operations"))
        answer_plain(r, 404, "Not Found");
    else if (!str_eq_z(r->http->method, "POST"))
        answer(r, 405, STR("text/plain"), STR("Method Not Allowed"), &allow, 1);
    else if (!is_json(r))
        answer_plain(r, 415, "Unsupported Media Type");
    else
        invoke(r, name, operation);
}
