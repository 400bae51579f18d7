/*
 * EXEC CICS at run time: decode the plan (cached by its text), run the
 * command's function, set the EIB, and act on a condition nobody handles.
 */
#include "region/exec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libcob.h>

#include "base/table.h"
#include "region/task.h"

static struct cics_task *current;

struct cics_task *
task_current(void)
{
    return current;
}

const command_fn command_table[N_CICS_COMMANDS] = {
    [CMD_ABEND] = do_abend,
    [CMD_ASKTIME] = do_asktime,
    [CMD_ASSIGN] = do_assign,
    [CMD_DELETE_CONTAINER] = do_delete_container,
    [CMD_DELETE] = do_delete,
    [CMD_ENDBROWSE_CONTAINER] = do_endbrowse_container,
    [CMD_FORMATTIME] = do_formattime,
    [CMD_GET_CONTAINER] = do_get_container,
    [CMD_GETNEXT_CONTAINER] = do_getnext_container,
    [CMD_HANDLE_ABEND] = do_handle_abend,
    [CMD_HANDLE_CONDITION] = do_handle_condition,
    [CMD_IGNORE_CONDITION] = do_ignore_condition,
    [CMD_LINK] = do_link,
    [CMD_MOVE_CONTAINER] = do_move_container,
    [CMD_PUT_CONTAINER] = do_put_container,
    [CMD_READ] = do_read,
    [CMD_RETURN] = do_return,
    [CMD_REWRITE] = do_rewrite,
    [CMD_STARTBROWSE_CONTAINER] = do_startbrowse_container,
    [CMD_SYNCPOINT] = do_syncpoint,
    [CMD_UNLOCK] = do_unlock,
    [CMD_WRITE] = do_write,
    [CMD_WRITEQ_TD] = do_writeq_td,
    [CMD_XCTL] = do_xctl,
};

/* --- arguments ------------------------------------------------------------*/

unsigned char *
arg_data(const struct plan *plan, enum cics_option option, size_t *n)
{
    int i = plan->param[option];

    *n = 0;
    if (i == 0)
        return NULL;
    *n = (size_t)cob_get_param_size(i);
    return cob_get_param_data(i);
}

struct str
arg_text(const struct plan *plan, enum cics_option option)
{
    size_t n;
    const unsigned char *p = arg_data(plan, option, &n);

    return p == NULL ? STR("") : str_trim_right(str_n(p, n));
}

int64_t
arg_number(const struct plan *plan, enum cics_option option, int64_t otherwise)
{
    int i = plan->param[option];

    return i == 0 ? otherwise : (int64_t)cob_get_s64_param(i);
}

void
arg_put_number(const struct plan *plan, enum cics_option option, int64_t value)
{
    int i = plan->param[option];

    if (i != 0 && cob_get_param_constant(i) == 0)
        cob_put_s64_param(i, (cob_s64_t)value);
}

void
arg_put_text(const struct plan *plan, enum cics_option option, struct str s)
{
    size_t n;
    unsigned char *p = arg_data(plan, option, &n);

    if (p == NULL)
        return;
    memset(p, ' ', n);
    memcpy(p, s.p == NULL ? "" : s.p, s.n < n ? s.n : n);
}

bool
arg_area(const struct plan *plan, enum cics_option area,
         enum cics_option length, struct str *out)
{
    size_t n;
    const unsigned char *p = arg_data(plan, area, &n);
    int64_t want = arg_number(plan, length, (int64_t)n);

    if (want < 0 || want > INT32_MAX)
        return false;
    /* The program may say more than the item it names holds: z/OS would read
     * on; we stop at its storage. */
    *out = str_n(p, (size_t)want < n ? (size_t)want : n);
    return true;
}

/* --- EIB ------------------------------------------------------------------*/

void
eib_number(struct cics_task *task, size_t at, size_t bytes, int64_t value)
{
    for (size_t i = 0; i < bytes; i++)
        task->eib[at + i] =
            (unsigned char)((uint64_t)value >> (8 * (bytes - 1 - i)));
}

void
eib_text(struct cics_task *task, size_t at, size_t n, struct str s)
{
    memset(task->eib + at, ' ', n);
    memcpy(task->eib + at, s.p == NULL ? "" : s.p, s.n < n ? s.n : n);
}

/* --- plans ----------------------------------------------------------------*/

/* Plans are literals of programs; a region has few thousand at most. */
static const struct plan *
plan_of(struct str text)
{
    static struct table cache;
    struct plan *plan = table_get(&cache, text);
    struct err_info why;

    if (plan != NULL)
        return plan;
    plan = malloc(sizeof *plan);
    if (plan == NULL || plan_read(text, plan, &why) != ERR_OK ||
        !table_put(&cache, text, plan, NULL)) {
        free(plan);
        return NULL;
    }
    return plan;
}

/* --- conditions -----------------------------------------------------------*/

static const struct handle *
handle_of(const struct frame *frame, uint32_t resp)
{
    const struct handle *error = NULL;

    for (size_t i = 0; i < frame->n_handles; i++) {
        if (frame->handles[i].resp == resp)
            return &frame->handles[i];
        if (frame->handles[i].resp == 1) /* ERROR catches the rest */
            error = &frame->handles[i];
    }
    return error;
}

/* HANDLE ABEND LABEL of this program: go there, once. */
static bool
catch_abend(struct cics_task *task, const char *abcode)
{
    if (task->top->abend_label == 0)
        return false;
    (void)snprintf(task->abcode, sizeof task->abcode, "%.4s", abcode);
    eib_number(task, EIB_GDI, 2, task->top->abend_label);
    task->top->abend_label = 0;
    return true;
}

static void
act_on(struct cics_task *task, const struct plan *plan, struct response r)
{
    const struct condition_row *row = condition_by_resp(r.resp);
    const struct handle *handle = handle_of(task->top, r.resp);
    char detail[128];

    if (handle != NULL && handle->ignore)
        return;
    if (handle != NULL && handle->label != 0) {
        eib_number(task, EIB_GDI, 2, handle->label);
        return;
    }
    if (catch_abend(task, row == NULL ? "AEIA" : row->abcode))
        return;
    (void)snprintf(detail, sizeof detail, "%s: %s, RESP2 %u, in program %s",
                   plan->row->verb, row == NULL ? "?" : row->name, r.resp2,
                   task->top->program);
    task_abend(task, row == NULL ? "AEIA" : row->abcode, detail);
}

int
zexec(void *first, ...)
{
    struct cics_task *task = current;
    const struct plan *plan;
    struct response r;

    (void)first;
    if (task == NULL || cob_get_num_params() < 1) {
        cob_runtime_error("EXEC CICS outside a task of a region");
        cob_stop_run(1);
    }
    plan = plan_of(str_n(cob_get_param_data(1), (size_t)cob_get_param_size(1)));
    if (plan == NULL)
        task_abend(task, "AEIP", "call of zexec with a plan that is not one");
    eib_number(task, EIB_FN, 2, plan->row->fn);
    eib_number(task, EIB_GDI, 2, 0);
    r = command_table[plan->row->command](task, plan);
    eib_number(task, EIB_RESP, 4, r.resp);
    eib_number(task, EIB_RESP2, 4, r.resp2);
    if (r.resp != 0 && !plan->handles_response)
        act_on(task, plan, r);
    return 0;
}

/* --- programs -------------------------------------------------------------*/

enum { LEAVE_BY_GOBACK = -1, LEAVE_RETURN = 1, LEAVE_XCTL, LEAVE_ABEND };

void
task_abend(struct cics_task *task, const char *abcode, const char *detail)
{
    struct frame *frame = task->top;

    (void)snprintf(task->abcode, sizeof task->abcode, "%.4s", abcode);
    (void)snprintf(task->detail, sizeof task->detail, "%s", detail);
    task->is_abended = true;
    longjmp(frame->leave, LEAVE_ABEND);
}

/* Modules that a longjmp left behind are no longer active. */
static void
unwind_modules(void *keep)
{
    cob_global *global = cob_get_global_ptr();
    cob_module *m = global->cob_current_module;

    while (m != NULL && m != keep) {
        if (m->module_active > 0)
            m->module_active--;
        m = m->next;
    }
    global->cob_current_module = keep;
}

static void
note_ran(struct cics_task *task, const char *program)
{
    for (size_t i = 0; i < task->n_ran; i++)
        if (strcmp(task->ran[i], program) == 0)
            return;
    if (task->n_ran < ARRAY_LEN(task->ran))
        memcpy(task->ran[task->n_ran++], program, sizeof task->ran[0]);
}

/* A program's name, which find_program has checked. */
static void
copy_name(struct str name, char out[9])
{
    size_t n = name.n < 8 ? name.n : 8;

    memcpy(out, name.p, n);
    out[n] = '\0';
}

static void *
find_program(struct cics_task *task, struct str name, uint32_t *resp2,
             struct err_info *why)
{
    const struct program_def *def = defs_program(task->defs, name);
    char text[9];
    void *entry;

    *resp2 = 1;
    if (!str_copy_z(name, text, sizeof text) || text[0] == '\0' ||
        (def == NULL && !task->defs->sit.autoinstall_programs)) {
        (void)err_set(why, ERR_NOT_FOUND, "program " STR_FMT " is not defined",
                      STR_ARG(str_sub(name, 0, 8)));
        return NULL;
    }
    *resp2 = 2;
    if (def != NULL && !def->is_enabled) {
        (void)err_set(why, ERR_NOT_FOUND, "program %s is disabled", text);
        return NULL;
    }
    *resp2 = 3;
    entry = cob_resolve(text);
    if (entry == NULL)
        (void)err_set(why, ERR_NOT_FOUND, "program %s cannot be loaded: %s",
                      text, cob_resolve_error());
    return entry;
}

/* Call it; everything that does not simply return comes back by longjmp. */
static void
call_program(struct cics_task *task, struct frame *frame, void *entry)
{
    typedef int (*program_fn)(void *, void *);
    cob_global *global = cob_get_global_ptr();
    program_fn fn;
    int how;

    memcpy(&fn, &entry, sizeof fn);
    frame->module = global->cob_current_module;
    how = setjmp(frame->leave);
    if (how == 0) {
        note_ran(task, frame->program);
        eib_number(task, EIB_CALEN, 2, (int64_t)frame->n_commarea);
        global->cob_call_params = 2;
        (void)fn(task->eib, frame->commarea);
        return;
    }
    unwind_modules(frame->module);
}

enum err
task_run(struct cics_task *task, struct str program, struct channel *channel,
         unsigned char *commarea, size_t n_commarea, uint32_t *resp2,
         struct err_info *why)
{
    static unsigned char no_commarea[1];
    struct frame *frame;
    uint32_t reason = 0;
    struct cics_task *outer = current;
    void *entry = find_program(task, program, &reason, why);

    if (resp2 != NULL)
        *resp2 = reason;
    if (entry == NULL)
        return ERR_NOT_FOUND;
    frame = calloc(1, sizeof *frame);
    if (frame == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a program's frame");
    copy_name(program, frame->program);
    if (task->top != NULL)
        memcpy(frame->invoker, task->top->program, sizeof frame->invoker);
    frame->channel = channel;
    frame->commarea = commarea == NULL ? no_commarea : commarea;
    frame->n_commarea = n_commarea;
    frame->up = task->top;
    task->top = frame;
    task->depth++;
    current = task;
    do {
        task->xctl[0] = '\0';
        call_program(task, frame, entry);
        if (task->xctl[0] == '\0' || task->is_abended)
            break;
        memcpy(frame->program, task->xctl, sizeof frame->program);
        frame->n_handles = 0;
        frame->abend_label = 0;
        entry = find_program(task, str_of(frame->program), &reason, why);
    } while (entry != NULL);
    task->xctl[0] = '\0';
    task->top = frame->up;
    task->depth--;
    current = outer;
    free(frame);
    return ERR_OK;
}

void
task_end(struct cics_task *task)
{
    while (task->top != NULL) {
        struct frame *frame = task->top;

        task->top = frame->up;
        free(frame);
    }
    for (size_t i = 0; i < task->n_ran; i++)
        cob_cancel(task->ran[i]);
    channels_fini(&task->channels);
    current = NULL;
}

/* --- the commands about programs ------------------------------------------*/

static struct channel *
channel_option(struct cics_task *task, const struct plan *plan, bool *bad)
{
    struct str name = arg_text(plan, OPT_CHANNEL);

    *bad = false;
    if (!plan->has[OPT_CHANNEL])
        return NULL;
    *bad = !channel_name_ok(name);
    return *bad ? NULL : channel_make(&task->channels, name);
}

struct response
do_link(struct cics_task *task, const struct plan *plan)
{
    struct str program = arg_text(plan, OPT_PROGRAM);
    struct err_info why;
    struct channel *channel;
    unsigned char *area;
    struct frame *caller = task->top;
    uint32_t resp2 = 0;
    size_t n;
    int64_t length;
    bool bad;
    enum err e;

    if (plan->has[OPT_SYSID] &&
        !str_eq(arg_text(plan, OPT_SYSID), task->defs->sit.sysid))
        return RESPONSE(RESP_SYSIDERR, 1);
    channel = channel_option(task, plan, &bad);
    if (bad)
        return RESPONSE(RESP_CHANNELERR, 1);
    area = arg_data(plan, OPT_COMMAREA, &n);
    length = arg_number(plan, OPT_LENGTH, (int64_t)n);
    if (length < 0 || length > 32767)
        return RESPONSE(RESP_LENGERR, 11);
    if ((size_t)length < n)
        n = (size_t)length;
    if (task->depth >= LINK_DEPTH_MAX)
        return RESPONSE(RESP_NOSTG, 0);
    e = task_run(task, program, channel, area, n, &resp2, &why);
    if (e == ERR_NOT_FOUND) {
        eib_text(task, EIB_RSRCE, 8, program);
        return RESPONSE(RESP_PGMIDERR, resp2);
    }
    if (e != ERR_OK)
        return RESPONSE(RESP_NOSTG, 0);
    eib_number(task, EIB_CALEN, 2, (int64_t)caller->n_commarea);
    if (!task->is_abended)
        return NORMAL;
    /* The abend goes on to this level: handled here, or further up. */
    if (caller->abend_label == 0)
        longjmp(caller->leave, LEAVE_ABEND);
    task->is_abended = false;
    eib_number(task, EIB_GDI, 2, caller->abend_label);
    caller->abend_label = 0;
    return NORMAL;
}

struct response
do_xctl(struct cics_task *task, const struct plan *plan)
{
    struct str program = arg_text(plan, OPT_PROGRAM);
    struct err_info why;
    struct channel *channel;
    uint32_t resp2;
    bool bad;

    if (find_program(task, program, &resp2, &why) == NULL)
        return RESPONSE(RESP_PGMIDERR, resp2);
    channel = channel_option(task, plan, &bad);
    if (bad)
        return RESPONSE(RESP_CHANNELERR, 1);
    if (channel != NULL)
        task->top->channel = channel;
    if (!plan->has[OPT_COMMAREA])
        task->top->n_commarea = 0;
    else {
        /* The caller's storage stays until the task's end, as libcob keeps
         * it; the length is what may be used of it. */
        size_t n;
        int64_t length;

        task->top->commarea = arg_data(plan, OPT_COMMAREA, &n);
        length = arg_number(plan, OPT_LENGTH, (int64_t)n);
        if (length < 0 || length > (int64_t)n)
            return RESPONSE(RESP_LENGERR, 11);
        task->top->n_commarea = (size_t)length;
    }
    copy_name(program, task->xctl);
    longjmp(task->top->leave, LEAVE_XCTL);
}

struct response
do_return(struct cics_task *task, const struct plan *plan)
{
    if (plan->has[OPT_TRANSID]) /* no terminal behind a link */
        return RESPONSE(RESP_INVREQ, 1);
    /* The program that was linked to goes through its own exit (GOBACK, see
     * translate.h); from one that it called, leave them all. */
    if (cob_get_global_ptr()->cob_current_module != NULL &&
        cob_get_global_ptr()->cob_current_module->next == task->top->module) {
        eib_number(task, EIB_GDI, 2, LEAVE_BY_GOBACK);
        return NORMAL;
    }
    longjmp(task->top->leave, LEAVE_RETURN);
}

struct response
do_abend(struct cics_task *task, const struct plan *plan)
{
    struct str code = arg_text(plan, OPT_ABCODE);
    char text[5] = "????";
    char detail[64];

    if (code.n > 0) {
        memset(text, ' ', 4);
        memcpy(text, code.p, code.n < 4 ? code.n : 4);
    }
    (void)snprintf(detail, sizeof detail, "EXEC CICS ABEND in program %s",
                   task->top->program);
    if (!plan->has[OPT_CANCEL] && catch_abend(task, text))
        return NORMAL;
    if (plan->has[OPT_CANCEL])
        for (struct frame *f = task->top; f != NULL; f = f->up)
            f->abend_label = 0;
    task_abend(task, text, detail);
}

struct response
do_handle_abend(struct cics_task *task, const struct plan *plan)
{
    if (plan->has[OPT_PROGRAM] || plan->has[OPT_RESET])
        return RESPONSE(RESP_INVREQ, 0);
    task->top->abend_label = plan->has[OPT_CANCEL] ? 0 : plan->label[OPT_LABEL];
    return NORMAL;
}

static struct response
set_handles(struct cics_task *task, const struct plan *plan, bool ignore)
{
    struct frame *frame = task->top;

    for (size_t i = 0; i < plan->n_conditions; i++) {
        struct handle handle = { plan->conditions[i].resp,
                                 plan->conditions[i].label, ignore };
        size_t k = 0;

        while (k < frame->n_handles && frame->handles[k].resp != handle.resp)
            k++;
        if (k == ARRAY_LEN(frame->handles))
            return RESPONSE(RESP_NOSTG, 0);
        frame->handles[k] = handle;
        if (k == frame->n_handles)
            frame->n_handles++;
    }
    return NORMAL;
}

struct response
do_handle_condition(struct cics_task *task, const struct plan *plan)
{
    return set_handles(task, plan, false);
}

struct response
do_ignore_condition(struct cics_task *task, const struct plan *plan)
{
    return set_handles(task, plan, true);
}
