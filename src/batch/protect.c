#include "batch/protect.h"

#include "base/secret.h"
#include "ipc/task.h"
#include "saf/client.h"

static void
to_job_log(void *arg, struct str text)
{
    step_log(arg, text);
}

/* One connection for all steps; a new one when the angel came back. */
static enum err
connect_angel(struct saf_client **out, struct err_info *why)
{
    static struct saf_client *client;
    struct buf token;
    enum err e = ERR_OK;

    if (client == NULL && (e = task_token_read(&token, why)) == ERR_OK) {
        e = saf_connect(buf_view(&token), &client, why);
        secret_wipe(token.p, token.n);
        buf_fini(&token);
    }
    *out = client;
    return e;
}

enum err
protect_open(const struct step *step, const char *dd, struct str dsn,
             enum saf_level level, struct err_info *why)
{
    struct saf_client *client;
    struct saf_decision d;
    struct err_info cause = { 0 };
    enum err e = connect_angel(&client, &cause);

    if (e == ERR_OK) {
        saf_on_message(client, to_job_log, (void *)(uintptr_t)step);
        e = saf_check_remote(client, NULL, STR("DATASET"), dsn, level, &d,
                             &cause);
        saf_on_message(client, NULL, NULL);
    }
    if (e != ERR_OK)
        return err_set(why, ERR_DENIED,
                       "%.*s (DD %s): class DATASET cannot be asked: %s",
                       STR_ARG(dsn), dd, cause.text);
    if (d.rc.saf < 8)
        return ERR_OK;
    return err_set(why, ERR_DENIED,
                   "no %s access to %.*s (DD %s, class DATASET, %s%s)",
                   saf_level_name(level), STR_ARG(dsn), dd,
                   d.profile[0] == '\0' ? "PROTECTALL" : "profile ", d.profile);
}
