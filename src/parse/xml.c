/*
 * libxml2 decides what is well-formed and delivers names, values and text; a
 * second cursor over the same bytes (struct places) follows it from start tag
 * to start tag, because libxml2 reports only where a tag ends and nothing at
 * all about where an attribute stands.
 */
#include "parse/xml.h"

#include <string.h>

#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "base/reader.h"

#define XML_BYTES_MAX (4u * 1024u * 1024u)
#define XML_DEPTH_MAX 64u
#define XML_ATTRS_MAX 256u
#define XML_ELEMENTS_MAX 200000u

#if LIBXML_VERSION >= 21200
typedef const xmlError *error_arg;
#else
typedef xmlErrorPtr error_arg;
#endif

/* Where we are in the bytes; line and column belong to pos. */
struct places {
    struct str in;
    size_t pos;
    uint32_t line;
    size_t line_start;
};

struct text_part {
    struct text_part *next;
    struct str text;
};

/* Text of an open element, collected until its end tag. */
struct open_text {
    struct text_part *first, *last;
    size_t n_bytes;
};

struct state {
    xmlParserCtxtPtr ctxt;
    struct arena *arena;
    struct xml_limits limits;
    struct places at;
    struct xml_node *root;
    struct xml_node *open;   /* innermost open element */
    struct xml_node **last;  /* last child link of each open depth */
    struct open_text *texts; /* by depth */
    uint32_t depth;
    uint32_t n_elements;
    enum err failed;
    struct err_info *why;
};

static void
move_to(struct places *p, size_t pos)
{
    if (pos > p->in.n)
        pos = p->in.n;
    while (p->pos < pos) {
        if (p->in.p[p->pos] == '\n') {
            p->line++;
            p->line_start = p->pos + 1;
        }
        p->pos++;
    }
}

static uint32_t
column_of(const struct places *p)
{
    return (uint32_t)(p->pos - p->line_start + 1);
}

/* Just behind the next `what`, or the end. */
static void
skip_past(struct places *p, const char *what)
{
    struct str rest = str_sub(p->in, p->pos, p->in.n);
    size_t i = str_find(rest, str_of(what));

    move_to(p, i == STR_NPOS ? p->in.n : p->pos + i + strlen(what));
}

static bool
looking_at(const struct places *p, const char *what)
{
    return str_starts(str_sub(p->in, p->pos, p->in.n), str_of(what));
}

/* Stand on the "<" of the next start tag. */
static void
next_start_tag(struct places *p)
{
    for (;;) {
        struct str rest = str_sub(p->in, p->pos, p->in.n);
        size_t i = str_find_char(rest, '<');

        move_to(p, i == STR_NPOS ? p->in.n : p->pos + i);
        if (looking_at(p, "<!--")) {
            move_to(p, p->pos + 4);
            skip_past(p, "-->");
        } else if (looking_at(p, "<![CDATA[")) {
            skip_past(p, "]]>");
        } else if (looking_at(p, "<?")) {
            skip_past(p, "?>");
        } else if (looking_at(p, "</")) {
            skip_past(p, ">");
        } else {
            return;
        }
    }
}

static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
skip_until(struct places *p, bool (*stop)(char))
{
    size_t i = p->pos;

    while (i < p->in.n && !stop(p->in.p[i]))
        i++;
    move_to(p, i);
}

static bool
ends_name(char c)
{
    return is_space(c) || c == '=' || c == '>' || c == '/';
}

static bool
is_not_space(char c)
{
    return !is_space(c);
}

/* Stand on the next attribute's name inside a start tag; false at its end. */
static bool
next_attr(struct places *p, struct str *name)
{
    size_t from;

    skip_until(p, is_not_space);
    if (p->pos >= p->in.n || p->in.p[p->pos] == '>' || p->in.p[p->pos] == '/')
        return false;
    from = p->pos;
    while (from < p->in.n && !ends_name(p->in.p[from]))
        from++;
    *name = str_sub(p->in, p->pos, from);
    return true;
}

/* From an attribute's name to behind its value. */
static void
skip_attr(struct places *p)
{
    char quote;

    skip_until(p, ends_name);
    skip_until(p, is_not_space);
    move_to(p, p->pos + 1); /* = */
    skip_until(p, is_not_space);
    if (p->pos >= p->in.n)
        return;
    quote = p->in.p[p->pos];
    move_to(p, p->pos + 1);
    skip_past(p, quote == '"' ? "\"" : "'");
}

static void
fail(struct state *s, enum err code)
{
    if (s->failed == ERR_OK)
        s->failed = code;
    xmlStopParser(s->ctxt);
}

static void
out_of_memory(struct state *s)
{
    fail(s, err_pos(s->why, ERR_MEMORY, s->at.line, column_of(&s->at),
                    "no storage for the document"));
}

static bool
is_namespace(struct str name)
{
    return str_eq_z(name, "xmlns") || str_starts(name, STR("xmlns:"));
}

/* Places of the n attributes libxml2 reports, in the same order. */
static void
place_attrs(struct places *p, struct xml_attr *attrs, size_t n)
{
    struct str name;
    size_t i = 0;

    while (i < n && next_attr(p, &name)) {
        if (!is_namespace(name)) {
            attrs[i].line = p->line;
            attrs[i].column = column_of(p);
            i++;
        }
        skip_attr(p);
    }
}

static struct xml_attr *
copy_attrs(struct state *s, size_t n, const xmlChar **from)
{
    struct xml_attr *attrs = ARENA_ARRAY(s->arena, struct xml_attr, n);

    if (attrs == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        const char *start = (const char *)from[i * 5 + 3];
        const char *end = (const char *)from[i * 5 + 4];

        attrs[i].name = str_dup(s->arena, str_of((const char *)from[i * 5]));
        attrs[i].value = str_dup(s->arena, str_n(start, (size_t)(end - start)));
        if (attrs[i].name.p == NULL || attrs[i].value.p == NULL)
            return NULL;
    }
    return attrs;
}

static void
link_node(struct state *s, struct xml_node *node)
{
    node->parent = s->open;
    if (s->open == NULL)
        s->root = node;
    else if (s->last[s->depth] == NULL)
        s->open->child = node;
    else
        s->last[s->depth]->next = node;
    s->last[s->depth] = node;
}

static void
on_start(void *arg, const xmlChar *name, const xmlChar *prefix,
         const xmlChar *uri, int n_ns, const xmlChar **ns, int n_attrs,
         int n_defaulted, const xmlChar **attrs)
{
    struct state *s = arg;
    struct xml_node *node;
    struct xml_attr *copies;

    (void)prefix, (void)uri, (void)n_ns, (void)ns, (void)n_defaulted;
    if (s->failed != ERR_OK)
        return;
    next_start_tag(&s->at);
    if (s->depth >= s->limits.max_depth) {
        fail(s, err_pos(s->why, ERR_LIMIT, s->at.line, column_of(&s->at),
                        "more than %u elements inside each other",
                        s->limits.max_depth));
        return;
    }
    if (++s->n_elements > s->limits.max_elements) {
        fail(s, err_pos(s->why, ERR_LIMIT, s->at.line, column_of(&s->at),
                        "more than %u elements", s->limits.max_elements));
        return;
    }
    if ((uint32_t)n_attrs > s->limits.max_attrs) {
        fail(s, err_pos(s->why, ERR_LIMIT, s->at.line, column_of(&s->at),
                        "%d attributes, more than %u", n_attrs,
                        s->limits.max_attrs));
        return;
    }
    node = ARENA_NEW(s->arena, struct xml_node);
    copies = copy_attrs(s, (size_t)n_attrs, attrs);
    if (node == NULL || copies == NULL) {
        out_of_memory(s);
        return;
    }
    node->name = str_dup(s->arena, str_of((const char *)name));
    node->line = s->at.line;
    node->column = column_of(&s->at);
    node->attrs = copies;
    node->n_attrs = (size_t)n_attrs;
    skip_until(&s->at, ends_name);
    place_attrs(&s->at, copies, (size_t)n_attrs);
    if (node->name.p == NULL) {
        out_of_memory(s);
        return;
    }
    link_node(s, node);
    s->open = node;
    s->depth++;
    s->last[s->depth] = NULL;
    s->texts[s->depth] = (struct open_text){ 0 };
}

static struct str
join_text(struct state *s, const struct open_text *text)
{
    char *p = arena_alloc(s->arena, text->n_bytes + 1);
    size_t n = 0;

    if (p == NULL) {
        out_of_memory(s);
        return (struct str){ NULL, 0 };
    }
    for (const struct text_part *t = text->first; t != NULL; t = t->next) {
        memcpy(p + n, t->text.p, t->text.n);
        n += t->text.n;
    }
    p[n] = '\0';
    return str_n(p, n);
}

static void
on_end(void *arg, const xmlChar *name, const xmlChar *prefix,
       const xmlChar *uri)
{
    struct state *s = arg;

    (void)name, (void)prefix, (void)uri;
    if (s->failed != ERR_OK || s->open == NULL)
        return;
    s->open->text = join_text(s, &s->texts[s->depth]);
    s->open = s->open->parent;
    s->depth--;
}

static void
on_text(void *arg, const xmlChar *text, int n)
{
    struct state *s = arg;
    struct open_text *to = &s->texts[s->depth];
    struct text_part *part;

    if (s->failed != ERR_OK || s->open == NULL || n <= 0)
        return;
    part = ARENA_NEW(s->arena, struct text_part);
    if (part == NULL) {
        out_of_memory(s);
        return;
    }
    part->text = str_dup(s->arena, str_n(text, (size_t)n));
    if (part->text.p == NULL) {
        out_of_memory(s);
        return;
    }
    if (to->last == NULL)
        to->first = part;
    else
        to->last->next = part;
    to->last = part;
    to->n_bytes += part->text.n;
}

static void
on_doctype(void *arg, const xmlChar *name, const xmlChar *external,
           const xmlChar *system)
{
    struct state *s = arg;

    (void)name, (void)external, (void)system;
    fail(s, err_pos(s->why, ERR_SYNTAX, s->at.line,
                    (uint32_t)xmlSAX2GetColumnNumber(s->ctxt),
                    "a document type declaration is not allowed"));
    if (s->why != NULL)
        s->why->line = (uint32_t)xmlSAX2GetLineNumber(s->ctxt);
}

/* libxml2's sentence ends with a line end and may name peer text. */
static void
on_error(void *arg, error_arg error)
{
    struct state *s = arg;
    struct str text;

    if (error->level != XML_ERR_FATAL || s->failed != ERR_OK)
        return;
    text = str_trim(
        str_of(error->message == NULL ? "not well-formed" : error->message));
    if (error->code == XML_ERR_NO_MEMORY) {
        out_of_memory(s);
        return;
    }
    fail(s, err_pos(s->why, ERR_SYNTAX, (uint32_t)error->line,
                    error->int2 > 0 ? (uint32_t)error->int2 : 0, STR_FMT,
                    STR_ARG(text)));
}

/* Bytes 0x00 in the first four, or EBCDIC "<?xm": not what we read. */
static bool
is_wide_or_ebcdic(struct str in)
{
    struct str head = str_sub(in, 0, 4);

    if (memchr(head.n == 0 ? "x" : head.p, '\0', head.n) != NULL)
        return true;
    return str_starts(in, STR("\xFE\xFF")) || str_starts(in, STR("\xFF\xFE")) ||
           str_starts(in, STR("\x4C\x6F\xA7\x94"));
}

static enum err
run(struct state *s, struct str in)
{
    xmlSAXHandler sax = { .initialized = XML_SAX2_MAGIC,
                          .startElementNs = on_start,
                          .endElementNs = on_end,
                          .characters = on_text,
                          .cdataBlock = on_text,
                          .ignorableWhitespace = on_text,
                          .internalSubset = on_doctype,
                          .serror = on_error };
    xmlParserCtxtPtr ctxt = xmlCreateMemoryParserCtxt(in.p, (int)in.n);

    if (ctxt == NULL)
        return err_set(s->why, ERR_MEMORY, "no storage for the XML parser");
    s->ctxt = ctxt;
    *ctxt->sax = sax;
    /* NOENT only means that &amp; arrives as "&" in attribute values: there is
     * nothing else to replace, document types being refused. */
    xmlCtxtUseOptions(ctxt, XML_PARSE_NONET | XML_PARSE_NOENT);
    *ctxt->sax = sax; /* the options may have put handlers of their own */
    ctxt->userData = s;
    xmlParseDocument(ctxt);
    if (s->failed == ERR_OK && !ctxt->wellFormed)
        s->failed = err_pos(s->why, ERR_SYNTAX, s->at.line, column_of(&s->at),
                            "not well-formed XML");
    if (ctxt->myDoc != NULL)
        xmlFreeDoc(ctxt->myDoc);
    ctxt->myDoc = NULL;
    xmlFreeParserCtxt(ctxt);
    return s->failed;
}

enum err
xml_parse(struct arena *arena, struct str in, const struct xml_limits *limits,
          struct xml_node **root, struct err_info *why)
{
    struct state s = { .arena = arena, .why = why };
    size_t levels;
    enum err e;

    if (limits != NULL)
        s.limits = *limits;
    if (s.limits.max_bytes == 0 || s.limits.max_bytes > INT32_MAX)
        s.limits.max_bytes = XML_BYTES_MAX;
    if (s.limits.max_depth == 0)
        s.limits.max_depth = XML_DEPTH_MAX;
    if (s.limits.max_attrs == 0)
        s.limits.max_attrs = XML_ATTRS_MAX;
    if (s.limits.max_elements == 0)
        s.limits.max_elements = XML_ELEMENTS_MAX;
    if (in.n > s.limits.max_bytes)
        return err_set(why, ERR_LIMIT,
                       "the document has %zu bytes, more than %zu", in.n,
                       s.limits.max_bytes);
    if (in.n == 0)
        return err_pos(why, ERR_SYNTAX, 1, 1, "the document is empty");
    if (is_wide_or_ebcdic(in))
        return err_pos(why, ERR_SYNTAX, 1, 1,
                       "the document is neither UTF-8 nor another encoding "
                       "that extends ASCII");
    s.at = (struct places){ .in = in, .line = 1 };
    levels = (size_t)s.limits.max_depth + 2;
    s.last = ARENA_ARRAY(arena, struct xml_node *, levels);
    s.texts = ARENA_ARRAY(arena, struct open_text, levels);
    if (s.last == NULL || s.texts == NULL)
        return err_set(why, ERR_MEMORY, "no storage for the document");
    e = run(&s, in);
    if (e == ERR_OK)
        *root = s.root;
    return e;
}

struct str
xml_attr_get(const struct xml_node *node, const char *name)
{
    for (size_t i = 0; i < node->n_attrs; i++)
        if (str_eq_z(node->attrs[i].name, name))
            return node->attrs[i].value;
    return (struct str){ NULL, 0 };
}

struct xml_node *
xml_child(const struct xml_node *node, const char *name)
{
    for (struct xml_node *c = node->child; c != NULL; c = c->next)
        if (str_eq_z(c->name, name))
            return c;
    return NULL;
}
