/* RACDCERT ADDRING, DELRING, LISTRING, CONNECT, REMOVE. */
#include "saf/racdcert_private.h"

uint32_t
racdcert_addring(struct cmd *c, struct str owner)
{
    struct str name = cmd_value(cmd_arg(c, "ADDRING"));
    struct ring_row ring;

    if (!racdcert_may(c, "ADDRING", racdcert_level(c, owner)))
        return c->rc;
    if (racdcert_is_reserved(owner)) {
        bool is_ca = str_eq_z(owner, CERT_OWNER_CA);

        CMD_MSG(c, "IRRD120I", str_of(is_ca ? "CERTAUTH" : "SITE"),
                str_of(is_ca ? "Certificate Authority" : "Site Certificate"));
        return cmd_rc(c, 8);
    }
    if (str_eq_z(name, "*"))
        return racdcert_fail(c, "a ring cannot be named *");
    if (ring_get(c->db, c->arena, owner, name, &ring)) {
        CMD_MSG(c, "IRRD122I", name);
        return cmd_rc(c, 8);
    }
    ring_add(c->db, owner, name);
    racdcert_changed(c, "DIGTRING");
    return 0;
}

static bool
find_ring(struct cmd *c, struct str owner, struct str name,
          struct ring_row *ring)
{
    if (ring_get(c->db, c->arena, owner, name, ring))
        return true;
    CMD_MSG(c, "IRRD114I", name);
    (void)cmd_rc(c, 4);
    return false;
}

uint32_t
racdcert_delring(struct cmd *c, struct str owner)
{
    struct ring_row ring;

    if (racdcert_may(c, "DELRING", racdcert_level(c, owner)) &&
        find_ring(c, owner, cmd_value(cmd_arg(c, "DELRING")), &ring)) {
        ring_delete(c->db, ring.id);
        racdcert_changed(c, "DIGTRING");
    }
    return c->rc;
}

uint32_t
racdcert_listring(struct cmd *c, struct str owner)
{
    struct str name = cmd_value(cmd_arg(c, "LISTRING"));
    struct ring_row one, *rings = &one;
    size_t n = 1;

    if (!racdcert_may(c, "LISTRING",
                      str_eq_z(owner, c->acee->user) ? SAF_READ : SAF_UPDATE))
        return c->rc;
    if (str_eq_z(name, "*")) {
        n = ring_list(c->db, c->arena, owner, &rings);
        if (n == 0) {
            CMD_MSG(c, "IRRD115I", owner);
            return cmd_rc(c, 4);
        }
    } else if (!find_ring(c, owner, name, &one)) {
        return c->rc;
    }
    cmd_printf(c, "Digital ring information for " STR_FMT ":",
               STR_ARG(racdcert_owner_words(c->arena, owner)));
    cmd_line(c, STR(""));
    for (size_t i = 0; i < n; i++) {
        racdcert_print_ring(c, &rings[i]);
        cmd_line(c, STR(""));
    }
    return c->rc;
}

/* READ own into own; UPDATE another's, or CERTAUTH/SITE into one's own ring;
 * CONTROL CERTAUTH/SITE into another's. */
static enum saf_level
connect_level(const struct cmd *c, struct str ring_owner, struct str cert_owner)
{
    bool is_own_ring = str_eq_z(ring_owner, c->acee->user);

    if (racdcert_is_reserved(cert_owner))
        return is_own_ring ? SAF_UPDATE : SAF_CONTROL;
    return is_own_ring && str_eq_z(cert_owner, c->acee->user) ? SAF_READ
                                                              : SAF_UPDATE;
}

uint32_t
racdcert_connect(struct cmd *c, struct str owner)
{
    const struct cmd_arg *sub = cmd_arg(c, "CONNECT");
    const struct cmd_arg *usage_arg = cmd_sub(sub, "USAGE");
    struct str cert_owner, ring_name = cmd_value(cmd_sub(sub, "RING"));
    struct ring_row ring;
    struct cert_row cert;
    char own, usage;

    if (cmd_sub(sub, "LABEL") == NULL || ring_name.n == 0) {
        CMD_MSG(c, "IRRD121I");
        return cmd_rc(c, 8);
    }
    if (!racdcert_owner_of(c, sub, owner, &cert_owner) ||
        !racdcert_may(c, "CONNECT", connect_level(c, owner, cert_owner)))
        return c->rc;
    own = str_eq_z(cert_owner, CERT_OWNER_CA)     ? 'C'
          : str_eq_z(cert_owner, CERT_OWNER_SITE) ? 'S'
                                                  : 'P';
    usage = usage_arg == NULL ? own : "PCS"[usage_arg->number];
    if (usage != own && !racdcert_may(c, "ADD", racdcert_level(c, cert_owner)))
        return c->rc;
    if (find_ring(c, owner, ring_name, &ring) &&
        racdcert_find(c, sub, cert_owner, &cert)) {
        ring_connect(c->db, ring.id, cert.id, usage,
                     cmd_sub(sub, "DEFAULT") != NULL);
        racdcert_changed(c, "DIGTRING");
    }
    return c->rc;
}

uint32_t
racdcert_remove(struct cmd *c, struct str owner)
{
    const struct cmd_arg *sub = cmd_arg(c, "REMOVE");
    struct str cert_owner, ring_name = cmd_value(cmd_sub(sub, "RING"));
    struct ring_row ring;
    struct cert_row cert;

    if (cmd_sub(sub, "LABEL") == NULL || ring_name.n == 0) {
        CMD_MSG(c, "IRRD121I");
        return cmd_rc(c, 8);
    }
    if (!racdcert_owner_of(c, sub, owner, &cert_owner) ||
        !racdcert_may(c, "REMOVE", connect_level(c, owner, cert_owner)) ||
        !find_ring(c, owner, ring_name, &ring))
        return c->rc;
    if (!cert_get(c->db, c->arena, cert_owner, cmd_value(cmd_sub(sub, "LABEL")),
                  &cert) ||
        !ring_remove(c->db, ring.id, cert.id)) {
        CMD_MSG(c, "IRRD116I", cmd_value(cmd_sub(sub, "LABEL")), ring_name,
                owner);
        return cmd_rc(c, 4);
    }
    racdcert_changed(c, "DIGTRING");
    return c->rc;
}
