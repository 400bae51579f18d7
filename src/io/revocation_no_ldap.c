/* Built without the directory library's headers. */
#include "io/revocation_priv.h"

enum err
fetch_ldap_check(struct err_info *why)
{
    return err_set(why, ERR_UNSUPPORTED,
                   "this program was built without LDAP (libldap-dev)");
}

enum err
fetch_ldap(const char *url, struct str user, struct str password,
           size_t max_bytes, uint32_t timeout_ms, struct buf *out,
           struct err_info *why)
{
    (void)url;
    (void)user;
    (void)password;
    (void)max_bytes;
    (void)timeout_ms;
    buf_init(out, 0);
    return fetch_ldap_check(why);
}
