/* Addresses of policies: 16 bytes, IPv4 as ::ffff:a.b.c.d. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "ttls/stmt.h"

const struct ttls_addr ttls_addr_all = {
    .to = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            0xff, 0xff, 0xff, 0xff, 0xff },
};

static const uint8_t v4_head[12] = { [10] = 0xff, [11] = 0xff };

bool
ttls_addr_is_v4(const uint8_t addr[16])
{
    return memcmp(addr, v4_head, sizeof v4_head) == 0;
}

/* inet_aton ends at white space and passes over what is behind it. */
static bool
has_blank(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char)text.p[i] <= ' ')
            return true;
    }
    return false;
}

bool
ttls_addr_parse(struct str text, uint8_t out[16], bool *is_odd)
{
    char z[INET6_ADDRSTRLEN + 1], usual[48];
    struct in_addr v4;

    *is_odd = false;
    if (!str_copy_z(text, z, sizeof z) || text.n == 0)
        return false;
    if (str_find_char(text, ':') != STR_NPOS)
        return inet_pton(AF_INET6, z, out) == 1;
    if (has_blank(text) || inet_aton(z, &v4) == 0)
        return false;
    memcpy(out, v4_head, sizeof v4_head);
    memcpy(out + 12, &v4, 4);
    ttls_addr_print(out, usual);
    *is_odd = !str_eq_z(text, usual);
    return true;
}

void
ttls_addr_print(const uint8_t addr[16], char out[48])
{
    if (ttls_addr_is_v4(addr))
        (void)inet_ntop(AF_INET, addr + 12, out, 48);
    else
        (void)inet_ntop(AF_INET6, addr, out, 48);
}
