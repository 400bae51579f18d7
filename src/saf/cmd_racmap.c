/* RACMAP: distributed identities to users (class IDIDMAP). */
#include "saf/cmd_private.h"
#include "saf/idmap.h"

#define LIST_COLUMNS 72u

/* clang-format off */
static const struct cmd_operand user_name[] = {
    { "NAME", CMD_TEXT, CMD_ASIS, 1, IDMAP_USER_MAX, NULL, NULL, NULL, NULL, NULL, "DISTRIBUTED IDENTITY USER NAME" },
};
static const struct cmd_operand registry_name[] = {
    { "NAME", CMD_TEXT, CMD_ASIS, 1, IDMAP_REGISTRY_MAX, NULL, NULL, NULL, NULL, NULL, "REGISTRY NAME" },
};
static const struct cmd_operand label_rows[] = {
    { "LABEL", CMD_TEXT, CMD_ASIS, 1, SAF_LABEL_MAX, NULL, NULL, NULL, NULL, NULL, "LABEL NAME" },
};
static const struct cmd_table user_table = CMD_TABLE(user_name);
static const struct cmd_table registry_table = CMD_TABLE(registry_name);
static const struct cmd_table label_table = CMD_TABLE(label_rows);

#define VERB(name) { name, CMD_NONE, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL }
static const struct cmd_operand racmap_rows[] = {
    { "ID", CMD_TEXT, CMD_NAME, 0, 0, NULL, NULL, NULL, NULL, "USERID", NULL },
    VERB("MAP"), VERB("QUERY"),
    { "DELMAP", CMD_SUB, CMD_OPTIONAL, 0, 0, &label_table, NULL, NULL, NULL, NULL, NULL },
    { "LISTMAP", CMD_SUB, CMD_OPTIONAL, 0, 0, &label_table, NULL, NULL, NULL, NULL, NULL },
    { "USERDIDFILTER", CMD_SUB, 0, 0, 0, &user_table, NULL, NULL, NULL, NULL, NULL },
    { "REGISTRY", CMD_SUB, 0, 0, 0, &registry_table, NULL, NULL, NULL, NULL, NULL },
    { "WITHLABEL", CMD_TEXT, CMD_ASIS, 1, SAF_LABEL_MAX, NULL, NULL, NULL, NULL, NULL, "LABEL NAME" },
};
/* clang-format on */

/* READ for one's own maps, UPDATE for others'. */
static bool
may(struct cmd *cmd, const char *function, struct str user)
{
    bool is_own = str_eq_z(user, cmd->acee->user);
    struct str resource = str_fmt(cmd->arena, "IRR.IDIDMAP.%s", function);

    if (cmd_is_special(cmd) ||
        saf_authorized(cmd->engine, cmd->acee, "FACILITY", resource,
                       is_own ? SAF_READ : SAF_UPDATE))
        return true;
    CMD_MSG(cmd, "IRRW201I");
    cmd_rc(cmd, 8);
    return false;
}

/* The two names of MAP and QUERY; false after a message. */
static bool
read_names(struct cmd *cmd, struct str *user, struct str *registry)
{
    static const char *const names[] = { "USERDIDFILTER", "REGISTRY" };
    struct str *out[] = { user, registry };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        *out[i] = cmd_value(cmd_sub(cmd_arg(cmd, names[i]), "NAME"));
        if (out[i]->n > 0)
            continue;
        CMD_MSG(cmd, "IKJ56701I", str_of(names[i]), STR("+"));
        CMD_MSG(cmd, "IKJ56701I", str_of(names[i]), STR(""));
        cmd_rc(cmd, 8);
        return false;
    }
    *user = idmap_normalised(cmd->arena, *user);
    return true;
}

static void
warn_raclisted(struct cmd *cmd)
{
    if ((saf_class_options(cmd->db, STR("IDIDMAP")) & CLASS_RACLIST) != 0)
        CMD_MSG(cmd, "IRRW210I");
}

static bool
has_row(struct saf_query q)
{
    bool is_there = saf_query_next(&q);

    saf_query_close(&q);
    return is_there;
}

static bool
label_is_used(struct cmd *cmd, struct str owner, struct str label)
{
    return has_row(saf_db_query(cmd->db,
                                "SELECT 1 FROM idmaps WHERE kind='D' AND"
                                " owner=?1 AND label=?2",
                                "ss", owner, label));
}

static struct str
free_label(struct cmd *cmd, struct str owner)
{
    struct str label = STR("LABEL00000001");

    for (unsigned i = 2; label_is_used(cmd, owner, label); i++)
        label = str_fmt(cmd->arena, "LABEL%08u", i);
    return label;
}

static uint32_t
map(struct cmd *cmd, struct str owner)
{
    const struct cmd_arg *with = cmd_arg(cmd, "WITHLABEL");
    struct str user, registry, label;

    if (!may(cmd, "MAP", owner) || !read_names(cmd, &user, &registry))
        return 8;
    label = with == NULL ? free_label(cmd, owner) : cmd_value(with);
    if (label_is_used(cmd, owner, label)) {
        CMD_MSG(cmd, "IRRW207I", label, owner);
        return 8;
    }
    if (has_row(saf_db_query(cmd->db,
                             "SELECT 1 FROM idmaps WHERE kind='D' AND"
                             " filter=?1 AND issuer=?2",
                             "ss", user, registry))) {
        CMD_MSG(cmd, "IRRW208I");
        return 8;
    }
    saf_db_run(cmd->db,
               "INSERT INTO idmaps VALUES(NULL,'D',?1,?2,'T',?3,?4,'')", "ssss",
               owner, label, user, registry);
    warn_raclisted(cmd);
    return 0;
}

/* The user has no map at all, or none of that label. */
static uint32_t
no_match(struct cmd *cmd, struct str owner, struct str label)
{
    bool has_some = has_row(saf_db_query(
        cmd->db, "SELECT 1 FROM idmaps WHERE kind='D' AND owner=?1", "s",
        owner));

    if (has_some && label.n == 0)
        CMD_MSG(cmd, "SPT0571E",
                str_fmt(cmd->arena, "user " STR_FMT, STR_ARG(owner)));
    else
        CMD_MSG(cmd, has_some ? "IRRW206I" : "IRRW204I", owner);
    return 4;
}

static uint32_t
delmap(struct cmd *cmd, struct str owner, const struct cmd_arg *arg)
{
    struct str label = cmd_value(cmd_sub(arg, "LABEL"));

    if (!may(cmd, "DELMAP", owner))
        return 8;
    /* Without a label the user's only map. */
    saf_db_run(cmd->db,
               "DELETE FROM idmaps WHERE kind='D' AND owner=?1 AND (label=?2"
               " OR (?2='' AND (SELECT count(*) FROM idmaps WHERE kind='D' AND"
               " owner=?1)=1))",
               "ss", owner, label);
    if (saf_db_changes(cmd->db) == 0)
        return no_match(cmd, owner, label);
    warn_raclisted(cmd);
    return 0;
}

/* >72 characters a line< */
static void
list_value(struct cmd *cmd, struct str text)
{
    for (size_t at = 0; at < text.n; at += LIST_COLUMNS) {
        struct str part = str_sub(text, at, at + LIST_COLUMNS);

        cmd_printf(cmd, "      >" STR_FMT "<", STR_ARG(part));
    }
}

static uint32_t
listmap(struct cmd *cmd, struct str owner, const struct cmd_arg *arg)
{
    struct str label = cmd_value(cmd_sub(arg, "LABEL"));
    struct saf_query q;
    size_t n = 0;

    if (!may(cmd, "LISTMAP", owner))
        return 8;
    q = saf_db_query(cmd->db,
                     "SELECT label, filter, issuer FROM idmaps WHERE kind='D'"
                     " AND owner=?1 AND (?2='' OR label=?2) ORDER BY id",
                     "ss", owner, label);
    while (saf_query_next(&q)) {
        if (n++ == 0)
            cmd_printf(cmd, "Mapping information for user " STR_FMT ":",
                       STR_ARG(owner));
        cmd_line(cmd, STR(""));
        cmd_printf(cmd, "    Label: " STR_FMT,
                   STR_ARG(saf_query_str(&q, cmd->arena, 0)));
        cmd_line(cmd, STR("    Distributed Identity User Name Filter:"));
        list_value(cmd, saf_query_str(&q, cmd->arena, 1));
        cmd_line(cmd, STR("    Registry Name:"));
        list_value(cmd, saf_query_str(&q, cmd->arena, 2));
    }
    saf_query_close(&q);
    return n > 0 ? 0 : no_match(cmd, owner, label);
}

static uint32_t
query(struct cmd *cmd)
{
    struct str user, registry, owner;

    if (!may(cmd, "QUERY", str_of(cmd->acee->user)) ||
        !read_names(cmd, &user, &registry))
        return 8;
    /* What a logon would be told now. */
    if (!idmap_user(cmd->db, cmd->arena, IDMAP_EFFECTIVE, user, registry,
                    &owner)) {
        CMD_MSG(cmd, "IRRW206I");
        return 4;
    }
    cmd_printf(cmd, "The mapped user ID is " STR_FMT ".", STR_ARG(owner));
    return 0;
}

static uint32_t
run_racmap(struct cmd *cmd)
{
    const struct cmd_arg *id = cmd_arg(cmd, "ID");
    struct str owner = id == NULL ? str_of(cmd->acee->user) : cmd_value(id);

    if (cmd_has(cmd, "QUERY"))
        return query(cmd);
    if (!cmd_user_exists(cmd, owner)) {
        CMD_MSG(cmd, "IRRW203I");
        return 8;
    }
    if (cmd_has(cmd, "MAP"))
        return map(cmd, owner);
    if (cmd_has(cmd, "DELMAP"))
        return delmap(cmd, owner, cmd_arg(cmd, "DELMAP"));
    if (cmd_has(cmd, "LISTMAP"))
        return listmap(cmd, owner, cmd_arg(cmd, "LISTMAP"));
    CMD_MSG(cmd, "IKJ56701I", STR("FUNCTION"), STR("+"));
    CMD_MSG(cmd, "IKJ56701I", STR("MAP, DELMAP, LISTMAP, OR QUERY"), STR(""));
    return 8;
}

const struct cmd_verb cmd_racmap = {
    "RACMAP", "", NULL, 0, 0, CMD_TABLE(racmap_rows), run_racmap,
};
