/*
 * The picture is expanded symbol by symbol into counts; which symbols may go
 * together decides its class. Order rules are checked where a wrong order
 * would change storage or value: S first, one V, P only at an end.
 */
#include "cobol/pic.h"

#include "base/reader.h"

#include <string.h>

struct seen {
    uint32_t n_nine, n_x, n_a, n_n, n_g, n_u;
    uint32_t n_edit;         /* Z * + - $ . , CR DB: numeric editing */
    uint32_t n_insert;       /* B 0 / : either editing */
    uint32_t n_other_digits; /* Z and *, all but one of a floating string */
    uint32_t n_size;
    uint32_t n_lead_p, n_trail_p;
    uint32_t n_after_v; /* 9s right of V */
    bool has_s, has_v, has_e;
};

/* [ "(" decimal ")" ] ; absent means 1 */
static bool
read_count(struct reader *in, uint32_t *count)
{
    *count = 1;
    if (!reader_accept(in, '('))
        return true;
    return reader_decimal(in, count) && *count > 0 && reader_accept(in, ')');
}

static char
upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* P: all at the left or all at the right end of the digits. */
static bool
take_p(struct seen *s, uint32_t count)
{
    if (s->n_nine == 0)
        s->n_lead_p += count;
    else
        s->n_trail_p += count;
    return s->n_lead_p == 0 || s->n_trail_p == 0;
}

static bool
take_symbol(struct seen *s, char c, uint32_t count, char currency,
            const char **what)
{
    *what = "these symbols do not go together";
    switch (c) {
    case '9':
        if (s->n_trail_p > 0) {
            *what = "a digit position after P";
            return false;
        }
        s->n_nine += count;
        if (s->has_v)
            s->n_after_v += count;
        break;
    case 'S':
        *what = "S is the first symbol and stands once";
        if (s->n_size > 0 || s->has_s || s->has_v || s->n_lead_p > 0 ||
            count != 1)
            return false;
        s->has_s = true;
        return true;
    case 'V':
        *what = "a second decimal point";
        if (s->has_v || count != 1)
            return false;
        s->has_v = true;
        return true;
    case 'P':
        *what = "P stands at one end of the digits";
        return take_p(s, count);
    case 'X':
        s->n_x += count;
        break;
    case 'A':
        s->n_a += count;
        break;
    case 'N':
        s->n_n += count;
        break;
    case 'G':
        s->n_g += count;
        break;
    case 'U':
        s->n_u += count;
        break;
    case 'B':
    case '0':
    case '/':
        s->n_insert += count;
        break;
    case 'E':
        *what = "E stands once";
        if (s->has_e || count != 1)
            return false;
        s->has_e = true;
        break;
    case 'Z':
    case '*':
        s->n_other_digits += count;
        s->n_edit += count;
        break;
    case '+':
    case '-':
    case ',':
    case '.':
        s->n_edit += count;
        break;
    default:
        if (c != currency) {
            *what = "expected a PICTURE symbol";
            return false;
        }
        s->n_edit += count;
    }
    s->n_size += count;
    return true;
}

/* Which class the symbols make; false when they make none. */
static bool
classify(const struct seen *s, struct pic *pic)
{
    uint32_t n_text = s->n_x + s->n_a;
    uint32_t n_wide = s->n_n + s->n_g + s->n_u;
    bool has_point = s->has_s || s->has_v || s->n_lead_p + s->n_trail_p > 0;

    if (s->has_e) {
        pic->cls = PIC_FLOAT;
        return s->n_nine > 0 && n_text + n_wide == 0 && !s->has_s;
    }
    if (n_wide > 0) {
        pic->cls = s->n_n > 0 ? PIC_NATIONAL : s->n_g > 0 ? PIC_DBCS : PIC_UTF8;
        return (s->n_n > 0) + (s->n_g > 0) + (s->n_u > 0) == 1 &&
               n_text + s->n_nine + s->n_edit == 0 && !has_point;
    }
    if (n_text > 0) {
        pic->cls = s->n_insert > 0                 ? PIC_TEXT_EDITED
                   : s->n_x == 0 && s->n_nine == 0 ? PIC_ALPHA
                                                   : PIC_TEXT;
        return s->n_edit == 0 && !has_point;
    }
    if (s->n_edit + s->n_insert > 0) {
        pic->cls = PIC_EDITED;
        return !s->has_s;
    }
    pic->cls = PIC_NUMERIC;
    pic->digits = s->n_nine;
    pic->is_signed = s->has_s;
    /* VPP99 and PP99 are the same: the point is left of leading Ps. */
    if (s->n_lead_p > 0)
        pic->scale = (int32_t)(s->n_lead_p + s->n_nine);
    else if (s->n_trail_p > 0)
        pic->scale = -(int32_t)s->n_trail_p;
    else
        pic->scale = (int32_t)s->n_after_v;
    return s->n_nine > 0;
}

/* CR and DB are one symbol of two positions. */
static bool
take_cr_db(struct reader *in, struct seen *s)
{
    if (!reader_accept_nocase(in, STR("CR")) &&
        !reader_accept_nocase(in, STR("DB")))
        return false;
    s->n_edit += 2;
    s->n_size += 2;
    return true;
}

/* picture = 1*( symbol [ "(" count ")" ] ) */
enum err
pic_parse(struct str text, char currency, struct pic *out, struct err_info *why)
{
    struct reader in = reader_of(text);
    struct seen s = { 0 };
    struct pic pic = { 0 };

    if (currency == 0)
        currency = '$';
    while (!reader_at_end(&in)) {
        size_t at = in.pos;
        const char *what;
        uint32_t count;
        char c;

        if (take_cr_db(&in, &s))
            continue;
        c = upper(reader_peek(&in));
        in.pos++;
        if (!read_count(&in, &count))
            return err_at(why, ERR_SYNTAX, in.pos,
                          "expected a repetition such as (5)");
        if (count > PIC_SIZE_MAX - s.n_size ||
            count > PIC_SIZE_MAX - s.n_lead_p - s.n_trail_p)
            return err_at(why, ERR_LIMIT, at, "more than %u positions",
                          PIC_SIZE_MAX);
        if (!take_symbol(&s, c, count, currency, &what))
            return err_at(why, ERR_SYNTAX, at, "PICTURE " STR_FMT ": %s",
                          STR_ARG(str_sub(text, 0, 60)), what);
    }
    if (!classify(&s, &pic))
        return err_at(why, ERR_SYNTAX, text.n, "PICTURE \"" STR_FMT "\": %s",
                      STR_ARG(str_sub(text, 0, 60)),
                      s.n_size == 0 ? "no character or digit position"
                                    : "these symbols do not go together");
    if (pic.digits + s.n_lead_p + s.n_trail_p > PIC_DIGITS_MAX ||
        s.n_other_digits > PIC_DIGITS_MAX)
        return err_at(why, ERR_LIMIT, text.n,
                      "PICTURE " STR_FMT ": more than %u digits",
                      STR_ARG(str_sub(text, 0, 60)), PIC_DIGITS_MAX);
    pic.size = s.n_size;
    *out = pic;
    return ERR_OK;
}
