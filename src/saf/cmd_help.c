/* HELP, made from the tables that the parser reads. */
#include "saf/cmd_private.h"

#include <string.h>

/* clang-format off */
static const struct cmd_operand help_positional[] = {
    { "COMMAND", CMD_TEXT, 0, 1, 16, NULL, NULL, NULL, NULL, NULL, NULL },
    { "OPERAND", CMD_TEXT, 0, 1, 32, NULL, NULL, NULL, NULL, NULL, NULL },
};
/* clang-format on */

static void
add_value(struct buf *line, const struct cmd_operand *o)
{
    switch (o->value) {
    case CMD_NONE:
        break;
    case CMD_TEXT:
        buf_add_z(line, (o->flags & CMD_NAME) != 0   ? "(name)"
                        : (o->flags & CMD_ASIS) != 0 ? "('text')"
                                                     : "(text)");
        break;
    case CMD_LIST:
        buf_add_z(line, "(value ...)");
        break;
    case CMD_NUMBER:
        buf_printf(line, "(%lld:%lld)", (long long)o->min, (long long)o->max);
        break;
    case CMD_CHOICE:
        for (size_t i = 0; o->choices[i] != NULL; i++)
            buf_printf(line, "%c%s", i == 0 ? '(' : '/', o->choices[i]);
        buf_add_char(line, ')');
        break;
    case CMD_SUB:
        buf_add_z(line, "(operand ...)");
        break;
    case CMD_NESTED:
        buf_add_z(line, "(...)");
        break;
    }
}

static void
list_operands(struct cmd *cmd, const struct cmd_verb *verb,
              const struct cmd_table *table)
{
    struct buf line;

    buf_init(&line, 4096);
    for (; table != NULL; table = table->next)
        for (size_t i = 0; i < table->n; i++) {
            const struct cmd_operand *o = &table->v[i];

            buf_clear(&line);
            buf_printf(&line, "  %s", o->name);
            if ((o->flags & CMD_OPTIONAL) != 0 && o->value != CMD_NONE)
                buf_add_char(&line, '[');
            add_value(&line, o);
            if ((o->flags & CMD_OPTIONAL) != 0 && o->value != CMD_NONE)
                buf_add_char(&line, ']');
            if (cmd_has_negation(verb, o))
                buf_printf(&line, " / NO%s", o->name);
            if (o->missing != NULL) {
                const char *plus = strchr(o->missing, '+');

                buf_printf(&line, "   %s",
                           plus == NULL ? o->missing : plus + 1);
            }
            cmd_line(cmd, buf_view(&line));
        }
    buf_fini(&line);
}

static void
list_verbs(struct cmd *cmd)
{
    const struct cmd_verb *v;

    cmd_line(cmd, STR("Commands, with their short names. HELP command shows "
                      "its operands."));
    for (size_t i = 0; (v = cmd_verb_at(i, cmd->session->hooks)) != NULL; i++)
        if (v != &cmd_complete)
            cmd_printf(cmd, "  %-10s %s", v->name, v->alias);
}

static void
show_syntax(struct cmd *cmd, const struct cmd_verb *v)
{
    struct buf line;

    buf_init(&line, 4096);
    buf_add_z(&line, v->name);
    for (size_t i = 0; i < v->n_positional; i++)
        buf_printf(&line, i < v->n_required ? " %s%s" : " [%s%s]",
                   v->positional[i].prompt != NULL ? v->positional[i].prompt
                                                   : v->positional[i].name,
                   v->positional[i].value == CMD_LIST ? " ..." : "");
    cmd_line(cmd, buf_view(&line));
    buf_fini(&line);
    list_operands(cmd, v, &v->operands);
}

static const struct cmd_operand *
find_operand(const struct cmd_table *table, struct str name)
{
    for (; table != NULL; table = table->next)
        for (size_t i = 0; i < table->n; i++)
            if (str_starts(str_of(table->v[i].name), name))
                return &table->v[i];
    return NULL;
}

static uint32_t
run_help(struct cmd *cmd)
{
    struct str word = cmd_value(cmd->positional[0]);
    struct str operand = cmd_value(cmd->positional[1]);
    const struct cmd_verb *v;
    const struct cmd_operand *o;

    if (word.n == 0) {
        list_verbs(cmd);
        return 0;
    }
    v = cmd_find_verb(word, cmd->session->hooks);
    if (v == NULL) {
        CMD_MSG(cmd, "IKJ56500I", word);
        return 4;
    }
    if (operand.n == 0) {
        show_syntax(cmd, v);
        return 0;
    }
    o = find_operand(&v->operands, operand);
    if (o == NULL) {
        CMD_MSG(cmd, "IKJ56712I", operand);
        return 4;
    }
    cmd_printf(cmd, "%s %s", v->name, o->name);
    if (o->value == CMD_SUB)
        list_operands(cmd, v, o->sub);
    else
        list_operands(cmd, v, &(const struct cmd_table){ o, 1, NULL });
    return 0;
}

const struct cmd_verb cmd_help = {
    "HELP", "H", help_positional, 2, 0, { NULL, 0, NULL }, run_help,
};
