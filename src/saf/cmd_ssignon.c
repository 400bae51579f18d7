/* Segment SSIGNON of class PTKTDATA: the keys of PassTickets. */
#include "saf/cmd_private.h"
#include "saf/passticket.h"

#include <string.h>

#include "base/secret.h"

/* clang-format off */
#define HEX "16 HEXADECIMAL DIGITS"
static const char *const types[] = { "UPPER", "MIXED", NULL };
static const struct cmd_operand rows[] = {
    { "KEYMASKED", CMD_TEXT, CMD_SECRET, 16, 16, NULL, NULL, NULL, NULL, NULL, HEX },
    { "KEYENCRYPTED", CMD_TEXT, CMD_SECRET, 16, 16, NULL, NULL, NULL, NULL, NULL, HEX },
    { "KEYLABEL", CMD_TEXT, 0, 1, 64, NULL, NULL, NULL, NULL, NULL, NULL },
    { "LEGACYKEY", CMD_NONE, CMD_NO, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
    { "EPTKEYLABEL", CMD_TEXT, CMD_NO, 1, 64, NULL, NULL, "SSIGNON", "EPTKEYLABEL", NULL, NULL },
    { "TYPE", CMD_CHOICE, 0, 0, 0, NULL, types, "SSIGNON", "TYPE", NULL, "UPPER OR MIXED" },
    { "TIMEOUT", CMD_NUMBER, 0, 0, 2147483647, NULL, NULL, "SSIGNON", "TIMEOUT", NULL, NULL },
    { "REPLAY", CMD_CHOICE, 0, 0, 0, NULL, cmd_yes_no, "SSIGNON", "REPLAY", NULL, "YES OR NO" },
};
/* clang-format on */
const struct cmd_table cmd_ssignon_table = CMD_TABLE(rows);

static bool
read_hex(struct str text, unsigned char key[PASSTICKET_KEY_BYTES])
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;

        if (digit < 0)
            return false;
        key[i / 2] = (unsigned char)(key[i / 2] << 4 | digit);
    }
    return text.n == 2 * PASSTICKET_KEY_BYTES;
}

static void
put_field(struct cmd *cmd, int64_t id, const char *field, struct str value)
{
    saf_field_put(cmd->db, SAF_KIND_PROFILE, id, "SSIGNON", field, value);
}

static bool
put_key(struct cmd *cmd, int64_t id, struct str name, const struct cmd_arg *arg)
{
    const struct saf_hooks *hooks = cmd->session->hooks;
    unsigned char key[PASSTICKET_KEY_BYTES] = { 0 };
    struct err_info why = { 0 };
    struct buf sealed, hex;
    enum err e;

    if (!read_hex(cmd_value(arg), key)) {
        cmd_say_invalid(cmd, arg->operand, STR(""));
        return false;
    }
    buf_init(&sealed, 1024);
    buf_init(&hex, 2048);
    e = hooks == NULL || hooks->seal_ticket_key == NULL
            ? err_set(&why, ERR_UNSUPPORTED, "no key keeper")
            : hooks->seal_ticket_key(hooks->arg, str_n(key, sizeof key), name,
                                     &sealed, &why);
    secret_wipe(key, sizeof key);
    for (size_t i = 0; e == ERR_OK && i < sealed.n; i++)
        buf_printf(&hex, "%02x", (unsigned char)sealed.p[i]);
    if (e == ERR_OK) {
        put_field(cmd, id, "KEY", buf_view(&hex));
        put_field(cmd, id, "PROTECTION", str_of(arg->operand->name));
        put_field(cmd, id, "KEYLABEL", (struct str){ NULL, 0 });
    } else {
        CMD_MSG(cmd, "SPT1003E", str_of(why.text));
        cmd_rc(cmd, 12);
    }
    buf_fini(&sealed);
    buf_fini(&hex);
    return e == ERR_OK;
}

bool
cmd_ssignon_put(struct cmd *cmd, int64_t id, struct str name)
{
    const struct cmd_arg *ssignon = cmd_arg(cmd, "SSIGNON");
    const struct cmd_arg *label, *key;

    if (ssignon == NULL || ssignon->is_negated)
        return true;
    key = cmd_sub(ssignon, "KEYMASKED");
    if (key == NULL)
        key = cmd_sub(ssignon, "KEYENCRYPTED");
    label = cmd_sub(ssignon, "KEYLABEL");
    if (label != NULL) {
        put_field(cmd, id, "KEYLABEL", cmd_value(label));
        put_field(cmd, id, "PROTECTION", STR("KEYLABEL"));
        put_field(cmd, id, "KEY", (struct str){ NULL, 0 });
    }
    if (cmd_sub(ssignon, "LEGACYKEY") != NULL) {
        put_field(cmd, id, "KEYLABEL", (struct str){ NULL, 0 });
        put_field(cmd, id, "PROTECTION", (struct str){ NULL, 0 });
        put_field(cmd, id, "KEY", (struct str){ NULL, 0 });
    }
    return key == NULL || put_key(cmd, id, name, key);
}

void
cmd_ssignon_list(struct cmd *cmd, int64_t id)
{
    static const char *const plain[] = { "EPTKEYLABEL", "TYPE", "TIMEOUT",
                                         "REPLAY" };
    struct str how = saf_field_get(cmd->db, cmd->arena, SAF_KIND_PROFILE, id,
                                   "SSIGNON", "PROTECTION");

    if (str_eq_z(how, "KEYLABEL"))
        cmd_printf(cmd, "KEYLABEL= " STR_FMT,
                   STR_ARG(saf_field_get(cmd->db, cmd->arena, SAF_KIND_PROFILE,
                                         id, "SSIGNON", "KEYLABEL")));
    else if (how.n > 0)
        cmd_printf(cmd, STR_FMT " DATA NOT DISPLAYABLE", STR_ARG(how));
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        struct str value = saf_field_get(cmd->db, cmd->arena, SAF_KIND_PROFILE,
                                         id, "SSIGNON", plain[i]);

        if (value.n > 0)
            cmd_printf(cmd, "%s= " STR_FMT, plain[i], STR_ARG(value));
    }
}
