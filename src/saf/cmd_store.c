/* Operands whose rows name a field, onto the profile. */
#include "saf/cmd_private.h"

#include <string.h>

#include "saf/kept.h"

static struct str
join(struct cmd *cmd, struct str list, struct str word)
{
    return list.n == 0 ? word
                       : str_fmt(cmd->arena, STR_FMT " " STR_FMT, STR_ARG(list),
                                 STR_ARG(word));
}

static struct str
joined(struct cmd *cmd, const struct cmd_arg *arg)
{
    struct str all = STR("");

    if (arg->operand->value == CMD_NUMBER)
        return str_fmt(cmd->arena, "%lld", (long long)arg->number);
    if (arg->operand->value == CMD_CHOICE)
        return str_of(arg->operand->choices[arg->number]);
    if (arg->operand->value == CMD_NONE)
        return STR("YES");
    for (size_t i = 0; i < arg->n_values; i++)
        all = join(cmd, all, arg->values[i]);
    return all;
}

static bool
has_word(struct str list, struct str word)
{
    struct str w;

    while (list.n > 0 && str_token(&list, ' ', &w))
        if (str_eq(w, word))
            return true;
    return false;
}

/* ADDDOMAINS, DELDOMAINS: the list as it is then. */
static struct str
changed_list(struct cmd *cmd, struct str have, const struct cmd_arg *arg)
{
    bool adds = (arg->operand->flags & CMD_ADDS) != 0;
    struct str all = STR(""), word, gone = joined(cmd, arg);

    while (have.n > 0 && str_token(&have, ' ', &word))
        if (word.n > 0 && (adds || !has_word(gone, word)))
            all = join(cmd, all, word);
    for (size_t i = 0; adds && i < arg->n_values; i++)
        if (!has_word(all, arg->values[i]))
            all = join(cmd, all, arg->values[i]);
    return all;
}

static void
put(struct cmd *cmd, enum saf_kind kind, int64_t id, const char *segment,
    const char *field, struct str value)
{
    struct err_info why = { 0 };

    if (value.n == 0)
        value = (struct str){ NULL, 0 }; /* DATA('') clears */
    if (value.n > 0 && kept_seal(cmd->arena, cmd->session->hooks, segment,
                                 field, value, &value, &why) != ERR_OK) {
        CMD_MSG(cmd, "SPT1003E", str_of(why.text));
        cmd_abandon(cmd, 12);
        return;
    }
    saf_field_put(cmd->db, kind, id, segment, field, value);
}

static void
store_one(struct cmd *cmd, enum saf_kind kind, int64_t id,
          const struct cmd_arg *arg)
{
    const struct cmd_operand *o = arg->operand;

    if (o->segment == NULL || o->field == NULL)
        return;
    if ((o->flags & (CMD_ADDS | CMD_DROPS)) != 0)
        put(cmd, kind, id, o->segment, o->field,
            changed_list(cmd,
                         saf_field_get(cmd->db, cmd->arena, kind, id,
                                       o->segment, o->field),
                         arg));
    else
        put(cmd, kind, id, o->segment, o->field,
            arg->is_negated ? STR("") : joined(cmd, arg));
}

/* --- fields that no table knows ----------------------------------------- */

/* To the parenthesis that matches the one before; quotes hide them. */
static struct str
take_value(struct reader *in)
{
    size_t from = in->pos, depth = 1;
    bool in_quotes = false;

    for (; !reader_at_end(in); in->pos++) {
        char c = reader_peek(in);

        in_quotes = in_quotes != (c == '\'');
        if (!in_quotes && c == '(')
            depth++;
        if (!in_quotes && c == ')' && --depth == 0)
            break;
    }
    return str_sub(in->in, from, in->pos++);
}

static struct str
unquoted(struct arena *a, struct str text)
{
    char *copy = text.n < 2 || text.p[0] != '\'' || text.p[text.n - 1] != '\''
                     ? NULL
                     : arena_alloc(a, text.n);
    size_t n = 0;

    if (copy == NULL)
        return text;
    for (size_t i = 1; i + 1 < text.n; i++) {
        copy[n++] = text.p[i];
        i += text.p[i] == '\'' && text.p[i + 1] == '\'' && i + 2 < text.n;
    }
    return str_n(copy, n);
}

bool
cmd_free_next(struct arena *a, struct reader *in, struct str *name,
              struct str *value, bool *has_value)
{
    for (;;) {
        cmd_skip_separators(in);
        *name = reader_span(in, cmd_is_word_byte);
        if (name->n > 0)
            break;
        if (reader_at_end(in))
            return false;
        in->pos++; /* a parenthesis or quote where a name should be */
    }
    *name = str_upper(a, *name);
    cmd_skip_separators(in);
    *has_value = reader_accept(in, '(');
    *value = *has_value ? unquoted(a, str_trim(take_value(in))) : STR("YES");
    if (!*has_value && name->n > 2 && str_starts(*name, STR("NO"))) {
        *name = str_sub(*name, 2, name->n);
        *value = STR("");
    }
    return true;
}

static void
store_free(struct cmd *cmd, enum saf_kind kind, int64_t id,
           const struct cmd_arg *arg)
{
    struct reader in = reader_of(cmd_value(arg));
    struct str name, value;
    bool has_value;

    while (cmd_free_next(cmd->arena, &in, &name, &value, &has_value)) {
        const char *field = str_z(cmd->arena, name);

        if (field == NULL)
            continue;
        if (value.n > 0 && strcmp(arg->operand->segment, "CSDATA") == 0 &&
            !cmd_cfdef_allows(cmd, field, &value))
            return;
        put(cmd, kind, id, arg->operand->segment, field, value);
    }
}

void
cmd_store(struct cmd *cmd, enum saf_kind kind, int64_t id)
{
    for (size_t i = 0; i < cmd->n_args; i++) {
        const struct cmd_arg *arg = &cmd->args[i];
        const struct cmd_operand *o = arg->operand;
        bool is_free = (o->flags & CMD_FREE) != 0;

        if ((o->value != CMD_SUB && !is_free) || o->segment == NULL) {
            store_one(cmd, kind, id, arg);
            continue;
        }
        if (arg->is_negated) {
            saf_segment_delete(cmd->db, kind, id, o->segment);
            continue;
        }
        saf_segment_add(cmd->db, kind, id, o->segment);
        if (is_free)
            store_free(cmd, kind, id, arg);
        for (size_t j = 0; j < arg->n_subs; j++)
            store_one(cmd, kind, id, &arg->subs[j]);
    }
}
