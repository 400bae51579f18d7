#include "saf/secrets.h"

#include <string.h>

#include "base/defs.h"
#include "base/reader.h"

#define WORD_MAX 24u /* longer ones are no misspelt keyword */

static const struct secret_operand rows[] = {
    { "PASSWORD", "" },
    { "PHRASE", "" },
    { "RVARYPW", "" },
    { "KEYMASKED", "SSIGNON" },
    { "KEYENCRYPTED", "SSIGNON" },
    { "LEGACYKEY", "SSIGNON" },
    { "SESSKEY", "SESSION" },
    { "BINDPW", "PROXY" },
    { "PASSWORD", "KERB" },
};

/* Whatever has one of these in it is taken for a secret's name. */
static const char *const parts[] = { "PASS", "PHRAS", "PWD",    "PASW",
                                     "PSW",  "PSS",   "SECRET", "BINDP" };

const struct secret_operand *
secrets_at(size_t i)
{
    return i < ARRAY_LEN(rows) ? &rows[i] : NULL;
}

bool
secrets_is_field(struct str segment, struct str field)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].segment[0] != '\0' && str_eq_z(segment, rows[i].segment) &&
            str_eq_z(field, rows[i].name))
            return true;
    return false;
}

/* --- words -------------------------------------------------------------- */

static bool
is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c >= '0' && c <= '9') || c == '#' || c == '@' || c == '$' ||
           c == '_' || c == '-' || (unsigned char)c >= 0x80;
}

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Letters to add, take away, change or exchange to make b of a. */
static size_t
distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
    size_t d[WORD_MAX + 1][WORD_MAX + 1];

    for (size_t i = 0; i <= n_a; i++)
        d[i][0] = i;
    for (size_t j = 0; j <= n_b; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= n_a; i++)
        for (size_t j = 1; j <= n_b; j++) {
            d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1,
                            d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[n_a][n_b];
}

/* An abbreviation of `name`, or nearly one. */
static bool
is_like(const char *word, size_t n, const char *name, bool has_value)
{
    size_t n_name = strlen(name), n_less = least(n, n_name);

    if (n <= n_name && strncmp(word, name, n) == 0)
        return n >= 4 || has_value; /* /bin/sh is not BINDPW */
    if (n < 6 && !has_value)
        return false; /* too many words are like one so short */
    if (n >= 5 && distance(word, n, name, n_name) <= 2)
        return true;
    return n >= 4 && n_less == n && distance(word, n, name, n) <= 1;
}

bool
secrets_is_word(struct str given, bool has_value)
{
    char word[WORD_MAX + 1] = "";
    size_t n = given.n > WORD_MAX ? WORD_MAX : given.n;
    bool is_number = true;

    for (size_t i = 0; i < n; i++) {
        char c = given.p[i];

        word[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        is_number = is_number && c >= '0' && c <= '9';
    }
    if (n == 0 || is_number ||
        (!has_value && strncmp(word, "NO", 2) == 0)) /* NOPASSWORD */
        return false;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (strstr(word, parts[i]) != NULL)
            return true;
    if (given.n > WORD_MAX)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (is_like(word, n, rows[i].name, has_value) ||
            (n > 2 && strncmp(word, "NO", 2) == 0 &&
             is_like(word + 2, n - 2, rows[i].name, has_value)))
            return true;
    return false;
}

static bool
is_word_byte(unsigned char c)
{
    return is_letter((char)c);
}

static bool
is_gap(unsigned char c)
{
    return c <= ' ' || c == ',';
}

/* The next word, and whether "(" follows; false: no more. */
static bool
next_word(struct reader *in, struct str *word, bool *has_value)
{
    struct reader ahead;

    while (!reader_at_end(in) && !is_letter(reader_peek(in)))
        in->pos++;
    *word = reader_span(in, is_word_byte);
    ahead = *in;
    (void)reader_span(&ahead, is_gap);
    *has_value = reader_peek(&ahead) == '(';
    return word->n > 0;
}

/* --- SETROPTS PASSWORD(INTERVAL(30)) ------------------------------------ */

static bool
is_setropts(struct str verb)
{
    return str_eq_nocase_z(verb, "SETROPTS") || str_eq_nocase_z(verb, "SETR");
}

static bool
is_one_of(const char *const *words, size_t n, struct str word)
{
    for (size_t i = 0; i < n; i++)
        if (word.n >= 3 && str_starts_nocase(str_of(words[i]), word))
            return true;
    return false;
}

/* What may stand there: the options, and deeper what they are set to. */
static bool
is_option(struct str word, size_t depth)
{
    static const char *const options[] = {
        "INTERVAL",  "MINCHANGE", "HISTORY",      "REVOKE",    "WARNING",
        "PHRASEINT", "MIXEDCASE", "SPECIALCHARS", "ALGORITHM", "RULES",
        "RULE1",     "RULE2",     "RULE3",        "RULE4",     "RULE5",
        "RULE6",     "RULE7",     "RULE8",
    };
    static const char *const values[] = {
        "KDFAES",         "LENGTH",   "ALPHA",      "ALPHANUM", "CONSONANT",
        "MIXEDALL",       "NATIONAL", "MIXEDVOWEL", "NOVOWEL",  "NUMERIC",
        "MIXEDCONSONANT", "MIXEDNUM", "SPECIAL",    "VOWEL",
    };
    bool is_number = true;

    for (size_t i = 0; i < word.n; i++)
        is_number = is_number && word.p[i] >= '0' && word.p[i] <= '9';
    if (depth > 1)
        return is_number || is_one_of(values, ARRAY_LEN(values), word);
    return is_one_of(options, ARRAY_LEN(options), word) ||
           (word.n > 2 && str_starts_nocase(word, STR("NO")) &&
            is_one_of(options, ARRAY_LEN(options), str_sub(word, 2, word.n)));
}

/* Past "( ... )" of operand PASSWORD when it has only options of passwords;
 * else nothing is skipped. */
static bool
skip_options(struct reader *in, struct str verb, struct str operand)
{
    struct reader ahead = *in;
    size_t depth = 0;

    if (!is_setropts(verb) || operand.n < 4 ||
        !str_starts_nocase(STR("PASSWORD"), operand))
        return false;
    (void)reader_span(&ahead, is_gap);
    while (!reader_at_end(&ahead)) {
        char c = reader_peek(&ahead);
        struct str word = reader_span(&ahead, is_word_byte);

        if (word.n > 0 && !is_option(word, depth))
            return false;
        if (word.n > 0)
            continue;
        ahead.pos++;
        depth = c == '('                ? depth + 1
                : c == ')' && depth > 0 ? depth - 1
                                        : depth;
        if (depth == 0) {
            *in = ahead;
            return c == ')';
        }
    }
    return false;
}

size_t
secrets_find(struct str text, size_t from)
{
    struct reader in = reader_of(text);
    struct str word, verb;
    bool has_value;

    (void)next_word(&in, &verb, &has_value);
    in.pos = from < text.n ? from : text.n;
    while (next_word(&in, &word, &has_value))
        if (!skip_options(&in, verb, word) && secrets_is_word(word, has_value))
            return (size_t)(word.p - text.p);
    return STR_NPOS;
}

/* --- shown -------------------------------------------------------------- */

/* Behind the parenthesis that matches the one that stands here; quotes hide
 * them. What is not closed goes to the end. */
static void
skip_value(struct reader *in)
{
    bool in_quotes = false;
    size_t depth = 0;

    while (!reader_at_end(in)) {
        char c = in->in.p[in->pos++];

        in_quotes = in_quotes != (c == '\'');
        if (in_quotes)
            continue;
        depth = c == '('                ? depth + 1
                : c == ')' && depth > 0 ? depth - 1
                                        : depth;
        if (depth == 0 && c == ')')
            return;
    }
}

static void
add_value(struct buf *out, struct reader *in, bool has_value)
{
    buf_add(out, reader_span(in, is_gap));
    if (has_value) {
        skip_value(in);
        buf_add_z(out, "(*)");
        return;
    }
    if (reader_at_end(in) || reader_peek(in) == ')')
        return;
    if (reader_peek(in) == '\'') {
        do
            in->pos++;
        while (!reader_at_end(in) && reader_peek(in) != '\'');
        in->pos += !reader_at_end(in);
    } else {
        while (!reader_at_end(in) && !is_gap((unsigned char)reader_peek(in)) &&
               reader_peek(in) != ')')
            in->pos++;
    }
    buf_add_char(out, '*');
}

void
secrets_add_shown(struct buf *out, struct str text)
{
    struct reader in = reader_of(text);
    size_t shown = 0, n_words = 0;
    struct str word, verb = STR("");
    bool has_value;

    while (next_word(&in, &word, &has_value)) {
        bool is_verb = n_words++ == 0;
        bool are_options = !is_verb && skip_options(&in, verb, word);

        verb = is_verb ? word : verb;
        buf_add(out, str_sub(text, shown, in.pos));
        shown = in.pos;
        /* The verb PASSWORD has operands, not a value. */
        if (is_verb || are_options || !secrets_is_word(word, has_value))
            continue;
        add_value(out, &in, has_value);
        shown = in.pos;
    }
    buf_add(out, str_sub(text, shown, text.n));
}
