/* A build without capture: policies are held and shown, not enforced. */
#include "ttls/enforce.h"

enum err
enforce_open(const struct enforce_options *options, struct enforce **out,
             struct err_info *why)
{
    (void)options;
    (void)out;
    return err_set(why, ERR_UNSUPPORTED,
                   "this build does not capture connections");
}

const char *
enforce_how(const struct enforce *e)
{
    (void)e;
    return "not at all";
}

enum err
enforce_policy(struct enforce *e, struct ttls_policy *policy, int policy_fd,
               bool is_enabled, bool is_denied, struct err_info *why)
{
    (void)e;
    (void)policy;
    (void)policy_fd;
    (void)is_enabled;
    (void)is_denied;
    return err_set(why, ERR_UNSUPPORTED, "no capture");
}

const char *
enforce_why(const struct enforce *e)
{
    (void)e;
    return "";
}

int
enforce_fd(const struct enforce *e)
{
    (void)e;
    return -1;
}

void
enforce_run(struct enforce *e)
{
    (void)e;
}

enum err
enforce_query(struct enforce *e, struct str request, struct buf *answer,
              struct err_info *why)
{
    (void)e;
    (void)request;
    (void)answer;
    return err_set(why, ERR_UNSUPPORTED, "no capture");
}

void
enforce_close(struct enforce **e)
{
    *e = NULL;
}

enum err
enforce_control(struct enforce *e, uint32_t uid, struct str question,
                struct buf *answer, struct err_info *why)
{
    (void)e;
    (void)uid;
    (void)question;
    (void)answer;
    return err_set(why, ERR_UNSUPPORTED, "no capture");
}
