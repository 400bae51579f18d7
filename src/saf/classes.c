#include "saf/classes.h"

#include <string.h>

#define CLASS(name, posit, group, member, max, rc, uacc, raclist, flags)       \
    { (name), (posit), (group),   (member), (max),                             \
      (rc),   (uacc),  (raclist), (flags) },
static const struct saf_class rows[] = {
#include "saf/classes.def"
};
#undef CLASS

const struct saf_class *
saf_class_all(size_t *n)
{
    *n = ARRAY_LEN(rows);
    return rows;
}

const struct saf_class *
saf_class_find(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (str_eq_nocase_z(name, rows[i].name))
            return &rows[i];
    return NULL;
}

static char
upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

bool
saf_class_fold(const struct saf_class *class_, struct str name,
               char out[SAF_PROFILE_MAX + 1], struct str *folded)
{
    bool folds = (class_->flags & CLASS_ASIS) == 0;

    if (name.n == 0 || name.n > class_->max_length || name.n > SAF_PROFILE_MAX)
        return false;
    for (size_t i = 0; i < name.n; i++) {
        out[i] = folds ? upper(name.p[i]) : name.p[i];
        if (name.p[i] == '.' && (class_->flags & CLASS_RING_CASE) != 0)
            folds = false;
    }
    /* The last qualifier of a ring resource (.LST, .UPD) folds again. */
    if ((class_->flags & CLASS_RING_CASE) != 0)
        for (size_t i = name.n; i > 0 && out[i - 1] != '.'; i--)
            out[i - 1] = upper(out[i - 1]);
    out[name.n] = '\0';
    *folded = str_n(out, name.n);
    return true;
}
