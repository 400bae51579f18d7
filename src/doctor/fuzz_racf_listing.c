/* Whatever a listing says: names fit, numbers stay in their bounds, and no
 * level is invented. */
#include <stdlib.h>
#include <string.h>

#include "doctor/racf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
name_fits(const char *name)
{
    if (memchr(name, '\0', 9) == NULL)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct racf_profile profile;
    static struct racf_user user;
    static struct racf_group group;
    struct str text = str_n(data, n);

    if (racf_read_profile(text, &profile)) {
        name_fits(profile.owner);
        if (profile.n > RACF_LIST_MAX || profile.uacc > SAF_ALTER)
            abort();
    }
    for (size_t i = 0; i < profile.n; i++) {
        name_fits(profile.v[i].id);
        if (profile.v[i].level > SAF_ALTER)
            abort();
    }
    if (racf_read_user(text, &user))
        name_fits(user.default_group);
    if (user.n_groups > sizeof user.groups / sizeof user.groups[0])
        abort();
    (void)racf_read_group(text, &group);
    if (group.n_members > RACF_LIST_MAX)
        abort();
    for (size_t i = 0; i < group.n_members; i++)
        name_fits(group.members[i]);
    return 0;
}
