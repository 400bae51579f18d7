/*
 * BAQCSTUB: what a program calls to use an API. The connection is kept for
 * the process until BAQCTERM; the environment is read at each call.
 */
#include "sallyport/baq.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "ipc/task.h"
#include "stub/wire.h"

#define COMP_LEVEL_MAX 3
#define VALUE_MAX 256

enum baqi { /* numbers of the BAQI messages, the program's status code */
            BAQI_PARAMETER = 1,
            BAQI_MEMORY = 3,
            BAQI_BAD_RESPONSE = 4,
            BAQI_EXCHANGE = 5,
            BAQI_TIMEOUT = 6,
            BAQI_TOO_LONG = 7,
            BAQI_TOO_SMALL = 8,
};

static struct stub_link server_link = { .fd = -1 };

static void
set_message(struct baq_response_info *info, struct str text)
{
    size_t n = text.n < sizeof info->status_message
                   ? text.n
                   : sizeof info->status_message;

    memset(info->status_message, ' ', sizeof info->status_message);
    if (n > 0)
        memcpy(info->status_message, text.p, n);
    info->status_message_len = (int32_t)n;
}

static int
answer(struct baq_response_info *info, enum baq_return_code rc, int32_t status,
       struct str text)
{
    info->return_code = (int32_t)rc;
    info->status_code = status;
    set_message(info, text);
    return (int)rc;
}

/* A failure of the stub itself: also a line of the job log. */
static int
fail(struct baq_response_info *info, enum baqi number, const char *text,
     const char *detail)
{
    char message[1024];
    int rc;

    (void)snprintf(message, sizeof message, "BAQI%04dE: %s", (int)number, text);
    rc = answer(info, BAQ_ERROR_IN_STUB, (int32_t)number, str_of(message));
    if (detail != NULL && detail[0] != '\0') {
        size_t n = strlen(message);

        (void)snprintf(message + n, sizeof message - n, " (%s)", detail);
    }
    task_wto_plain(str_of(message));
    return (int)rc;
}

static int
fail_exchange(struct baq_response_info *info, int reason, const char *text,
              const char *detail)
{
    char message[600];

    (void)snprintf(message, sizeof message,
                   "Unable to send request to or receive response from the "
                   "z/OS Connect EE server.HWTHRQST RC=262(0x106) RSC=%d "
                   "RSN=%s",
                   reason, text);
    return fail(info, BAQI_EXCHANGE, message, detail);
}

static bool
field(const char *text, int32_t n, size_t cap, struct str *out)
{
    if (n < 0 || (size_t)n > cap)
        return false;
    *out = str_n(text, (size_t)n);
    return true;
}

/* Lengths of what this level has; nothing beyond it is looked at. */
static bool
request_info_is_good(const struct baq_request_info *info)
{
    if (info->comp_level < 0 || info->comp_level > COMP_LEVEL_MAX + 1)
        return false;
    if (info->comp_level >= 1 &&
        ((uint32_t)info->oauth_username_len > VALUE_MAX ||
         (uint32_t)info->oauth_password_len > VALUE_MAX ||
         (uint32_t)info->oauth_clientid_len > VALUE_MAX ||
         (uint32_t)info->oauth_client_secret_len > VALUE_MAX))
        return false;
    return info->comp_level < 2 ||
           ((uint32_t)info->token_username_len <= VALUE_MAX &&
            (uint32_t)info->token_password_len <= VALUE_MAX);
}

static void
trace(const struct stub_settings *s, const char *what, long value)
{
    if (s->is_verbose)
        fprintf(stderr, "BAQCSTUB %s %ld\n", what, value);
}

static int
take_answer(struct baq_response_info *info, const struct stub_call *call,
            const struct stub_head *head, struct str body, void *response,
            int32_t *response_len)
{
    unsigned api = head->api_status;

    if (head->origin == STUB_ORIGIN_API && api >= 200 && api < 300) {
        if (body.n > call->response_bytes)
            return fail(info, BAQI_TOO_SMALL,
                        "The response area is too small for the response.", "");
        if (body.n > 0)
            memcpy(response, body.p, body.n);
        *response_len = (int32_t)body.n;
        return answer(info, BAQ_SUCCESS, (int32_t)api, (struct str){ 0 });
    }
    if (head->origin == STUB_ORIGIN_API)
        return api == 0 ? answer(info, BAQ_ERROR_NO_RESPONSE, 0, body)
                        : answer(info, BAQ_ERROR_IN_API, (int32_t)api, body);
    if (head->status >= 300 && head->status < 400)
        return head->has_location
                   ? fail_exchange(info, 7,
                                   "A redirect was returned and is not "
                                   "followed.",
                                   "")
                   : fail_exchange(info, 6,
                                   "A redirect status was returned but no "
                                   "redirect location was provided.",
                                   "");
    if (head->status < 300)
        return fail(info, BAQI_BAD_RESPONSE,
                    "The response of the server is not understood.",
                    "no Sallyport-Origin");
    return answer(info, BAQ_ERROR_IN_ZCEE, (int32_t)head->status, body);
}

static int
exchange_failed(struct baq_response_info *info, enum err e,
                const struct err_info *why)
{
    if (e == ERR_TIMEOUT)
        return fail(info, BAQI_TIMEOUT,
                    "No response from the z/OS Connect EE server in time.",
                    why->text);
    if (e == ERR_MEMORY)
        return fail(info, BAQI_MEMORY, "No storage.", why->text);
    if (e == ERR_SYNTAX || e == ERR_LIMIT)
        return fail(info, BAQI_BAD_RESPONSE,
                    "The response of the server is not understood.", why->text);
    return fail_exchange(info, 0, "Connectivity appears to be lost", why->text);
}

static int
run(const struct stub_settings *settings, const struct stub_call *call,
    struct baq_response_info *info, void *response, int32_t *response_len)
{
    struct stub_head answer_head = { 0 };
    struct buf head, body;
    struct err_info why = { 0 };
    enum err e;
    int rc;

    buf_init(&head, STUB_HEAD_MAX);
    buf_init(&body, STUB_BODY_MAX);
    e = stub_request_head(settings, call, &head, &why);
    if (e != ERR_OK) {
        rc = fail(info, BAQI_PARAMETER, why.text, "");
    } else {
        trace(settings, "request bytes", (long)call->request.n);
        e = stub_exchange(&server_link, settings, buf_view(&head),
                          call->request, &answer_head, &body, &why);
        trace(settings, "status", (long)answer_head.status);
        rc = e != ERR_OK ? exchange_failed(info, e, &why)
                         : take_answer(info, call, &answer_head,
                                       buf_view(&body), response, response_len);
    }
    if (head.p != NULL)
        secret_wipe(head.p, head.n); /* holds the password */
    buf_fini(&head);
    buf_fini(&body);
    return (int)rc;
}

__attribute__((visibility("default"))) int
BAQCSTUB(const struct baq_api_info *api, const struct baq_request_info *request,
         void *const *request_area, const int32_t *request_len,
         struct baq_response_info *info, void *const *response_area,
         int32_t *response_len)
{
    struct stub_settings settings;
    struct stub_call call = { 0 };
    struct err_info why = { 0 };

    if (info == NULL)
        return BAQ_ERROR_IN_STUB;
    memcpy(info->stub_name, "BAQCSTUB", sizeof info->stub_name);
    if (api == NULL || request == NULL || request_area == NULL ||
        request_len == NULL || response_area == NULL || response_len == NULL)
        return fail(info, BAQI_PARAMETER, "Seven arguments are needed.", "");
    if (!field(api->name, api->name_len, sizeof api->name, &call.name) ||
        !field(api->path, api->path_len, sizeof api->path, &call.path) ||
        !field(api->method, api->method_len, sizeof api->method, &call.method))
        return fail(info, BAQI_PARAMETER,
                    "A length in the API information is not 0 to 255.", "");
    if (!request_info_is_good(request))
        return fail(info, BAQI_PARAMETER,
                    "A length in BAQ-REQUEST-INFO is not 0 to 256, or its "
                    "level is not known.",
                    "");
    if (*request_len < 0 || *response_len < 0 ||
        (*request_area == NULL && *request_len > 0) ||
        (*response_area == NULL && *response_len > 0))
        return fail(info, BAQI_PARAMETER,
                    "The request or response area is not given.", "");
    if (*request_len > (int32_t)STUB_REQUEST_MAX)
        return fail(info, BAQI_TOO_LONG, "The request is too long.", "");
    if (stub_settings_read(&settings, &why) != ERR_OK)
        return fail(info, BAQI_PARAMETER, why.text, "");
    call.request = str_n(*request_area, (size_t)*request_len);
    call.response_bytes = (size_t)*response_len;
    return run(&settings, &call, info, *response_area, response_len);
}

__attribute__((visibility("default"))) int
BAQCTERM(struct baq_response_info *info)
{
    stub_link_close(&server_link);
    if (info == NULL)
        return BAQ_SUCCESS;
    memcpy(info->stub_name, "BAQCTERM", sizeof info->stub_name);
    return answer(info, BAQ_SUCCESS, 0, (struct str){ 0 });
}
