#include "batch/target.h"

#include "batch/jcl.h"

static bool
has_asterisk(struct str pattern)
{
    return pattern.n > 0 && pattern.p[pattern.n - 1] == '*';
}

static struct str
leading(struct str pattern)
{
    return str_sub(pattern, 0, pattern.n - (has_asterisk(pattern) ? 1 : 0));
}

static bool
is_pattern(struct str text)
{
    struct str lead = leading(text);

    return jcl_is_name(lead) || (lead.n == 0 && text.n == 1);
}

enum err
target_parse(struct str text, struct target *out, struct err_info *why)
{
    size_t dot = str_find_char(text, '.');
    struct target t = { .identifier = text };

    if (dot != STR_NPOS) {
        t.name = str_sub(text, 0, dot);
        t.identifier = str_sub(text, dot + 1, text.n);
    }
    if ((dot != STR_NPOS && !is_pattern(t.name)) || !is_pattern(t.identifier))
        return err_at(why, ERR_SYNTAX, 0,
                      "expected an identifier or jobname.identifier, each of "
                      "1 to 8 characters");
    if (leading(t.name).n + leading(t.identifier).n == 0)
        return err_at(why, ERR_SYNTAX, 0,
                      "an asterisk needs leading characters of a job name or "
                      "an identifier");
    t.has_asterisk = has_asterisk(t.name) || has_asterisk(t.identifier);
    *out = t;
    return ERR_OK;
}

static bool
fits(struct str pattern, const char *name)
{
    return has_asterisk(pattern) ? str_starts(str_of(name), leading(pattern))
                                 : str_eq_z(pattern, name);
}

bool
target_is(const struct target *target, const char *job_name,
          const char *identifier)
{
    return fits(target->identifier, identifier) &&
           (target->name.n == 0 || fits(target->name, job_name));
}
