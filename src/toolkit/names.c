#include "toolkit/names.h"

#include <stdio.h>
#include <string.h>

/* Reserved words of Enterprise COBOL, with those it keeps for other
 * standards. */
/* clang-format off */
static const char *const reserved[] = {
    "ACCEPT", "ACCESS", "ACTIVE-CLASS", "ADD", "ADDRESS", "ADVANCING",
    "AFTER", "ALIGNED", "ALL", "ALLOCATE", "ALPHABET", "ALPHABETIC",
    "ALPHABETIC-LOWER", "ALPHABETIC-UPPER", "ALPHANUMERIC",
    "ALPHANUMERIC-EDITED", "ALSO", "ALTER", "ALTERNATE", "AND", "ANY",
    "ANYCASE", "APPLY", "ARE", "AREA", "AREAS", "ASCENDING", "ASSIGN", "AT",
    "AUTHOR", "B-AND", "B-NOT", "B-OR", "B-XOR", "BASED", "BASIS", "BEFORE",
    "BEGINNING", "BINARY", "BINARY-CHAR", "BINARY-DOUBLE", "BINARY-LONG",
    "BINARY-SHORT", "BIT", "BLANK", "BLOCK", "BOOLEAN", "BOTTOM", "BY",
    "BYTE-LENGTH", "CALL", "CANCEL", "CBL", "CD", "CF", "CH", "CHARACTER",
    "CHARACTERS", "CLASS", "CLASS-ID", "CLOCK-UNITS", "CLOSE", "COBOL", "CODE",
    "CODE-SET", "COL", "COLLATING", "COLS", "COLUMN", "COLUMNS", "COM-REG",
    "COMMA", "COMMON", "COMMUNICATION", "COMP", "COMP-1", "COMP-2", "COMP-3",
    "COMP-4", "COMP-5", "COMPUTATIONAL", "COMPUTATIONAL-1", "COMPUTATIONAL-2",
    "COMPUTATIONAL-3", "COMPUTATIONAL-4", "COMPUTATIONAL-5", "COMPUTE",
    "CONDITION", "CONFIGURATION", "CONSTANT", "CONTAINS", "CONTENT",
    "CONTINUE", "CONTROL", "CONTROLS", "CONVERTING", "COPY", "CORR",
    "CORRESPONDING", "COUNT", "CRT", "CURRENCY", "CURSOR", "DATA",
    "DATA-POINTER", "DATE", "DATE-COMPILED", "DATE-WRITTEN", "DAY",
    "DAY-OF-WEEK", "DBCS", "DE", "DEBUG-CONTENTS", "DEBUG-ITEM", "DEBUG-LINE",
    "DEBUG-NAME", "DEBUG-SUB-1", "DEBUG-SUB-2", "DEBUG-SUB-3", "DEBUGGING",
    "DECIMAL-POINT", "DECLARATIVES", "DEFAULT", "DELETE", "DELIMITED",
    "DELIMITER", "DEPENDING", "DESCENDING", "DESTINATION", "DETAIL", "DISABLE",
    "DISPLAY", "DISPLAY-1", "DIVIDE", "DIVISION", "DOWN", "DUPLICATES",
    "DYNAMIC", "EC", "EGCS", "EGI", "EJECT", "ELSE", "EMI", "ENABLE", "END",
    "END-ACCEPT", "END-ADD", "END-CALL", "END-COMPUTE", "END-DELETE",
    "END-DISPLAY", "END-DIVIDE", "END-EVALUATE", "END-EXEC", "END-IF",
    "END-INVOKE", "END-JSON", "END-MULTIPLY", "END-OF-PAGE", "END-PERFORM",
    "END-READ", "END-RECEIVE", "END-RETURN", "END-REWRITE", "END-SEARCH",
    "END-START", "END-STRING", "END-SUBTRACT", "END-UNSTRING", "END-WRITE",
    "END-XML", "ENDING", "ENTER", "ENTRY", "ENVIRONMENT", "EO", "EOP", "EQUAL",
    "ERROR", "ESI", "EVALUATE", "EVERY", "EXCEPTION", "EXCEPTION-OBJECT",
    "EXEC", "EXECUTE", "EXIT", "EXTEND", "EXTERNAL", "FACTORY", "FALSE", "FD",
    "FILE", "FILE-CONTROL", "FILLER", "FINAL", "FIRST", "FLOAT-EXTENDED",
    "FLOAT-LONG", "FLOAT-SHORT", "FOOTING", "FOR", "FORMAT", "FREE", "FROM",
    "FUNCTION", "FUNCTION-ID", "FUNCTION-POINTER", "GENERATE", "GET", "GIVING",
    "GLOBAL", "GO", "GOBACK", "GREATER", "GROUP", "GROUP-USAGE", "HEADING",
    "HIGH-VALUE", "HIGH-VALUES", "I-O", "I-O-CONTROL", "ID", "IDENTIFICATION",
    "IF", "IN", "INDEX", "INDEXED", "INDICATE", "INHERITS", "INITIAL",
    "INITIALIZE", "INITIATE", "INPUT", "INPUT-OUTPUT", "INSERT", "INSPECT",
    "INSTALLATION", "INTERFACE", "INTERFACE-ID", "INTO", "INVALID", "INVOKE",
    "IS", "JAVA", "JNIENVPTR", "JSON", "JSON-CODE", "JSON-STATUS", "JUST",
    "JUSTIFIED", "KANJI", "KEY", "LABEL", "LAST", "LEADING", "LEFT", "LENGTH",
    "LESS", "LIMIT", "LIMITS", "LINAGE", "LINAGE-COUNTER", "LINE",
    "LINE-COUNTER", "LINES", "LINKAGE", "LOCAL-STORAGE", "LOCALE", "LOCK",
    "LOW-VALUE", "LOW-VALUES", "MEMORY", "MERGE", "MESSAGE", "METHOD",
    "METHOD-ID", "MINUS", "MODE", "MODULES", "MORE-LABELS", "MOVE", "MULTIPLE",
    "MULTIPLY", "NATIONAL", "NATIONAL-EDITED", "NATIVE", "NEGATIVE", "NESTED",
    "NEXT", "NO", "NOT", "NULL", "NULLS", "NUMBER", "NUMERIC",
    "NUMERIC-EDITED", "OBJECT", "OBJECT-COMPUTER", "OBJECT-REFERENCE",
    "OCCURS", "OF", "OFF", "OMITTED", "ON", "OPEN", "OPTIONAL", "OPTIONS",
    "OR", "ORDER", "ORGANIZATION", "OTHER", "OUTPUT", "OVERFLOW", "OVERRIDE",
    "PACKED-DECIMAL", "PADDING", "PAGE", "PAGE-COUNTER", "PASSWORD", "PERFORM",
    "PF", "PH", "PIC", "PICTURE", "PLUS", "POINTER", "POINTER-32", "POSITION",
    "POSITIVE", "PRESENT", "PRINTING", "PROCEDURE", "PROCEDURE-POINTER",
    "PROCEDURES", "PROCEED", "PROCESSING", "PROGRAM", "PROGRAM-ID",
    "PROGRAM-POINTER", "PROPERTY", "PROTOTYPE", "PURGE", "QUEUE", "QUOTE",
    "QUOTES", "RAISE", "RAISING", "RANDOM", "RD", "READ", "READY", "RECEIVE",
    "RECORD", "RECORDING", "RECORDS", "RECURSIVE", "REDEFINES", "REEL",
    "REFERENCE", "REFERENCES", "RELATIVE", "RELEASE", "RELOAD", "REMAINDER",
    "REMOVAL", "RENAMES", "REPLACE", "REPLACING", "REPORT", "REPORTING",
    "REPORTS", "REPOSITORY", "RERUN", "RESERVE", "RESET", "RESUME", "RETRY",
    "RETURN", "RETURN-CODE", "RETURNING", "REVERSED", "REWIND", "REWRITE",
    "RF", "RH", "RIGHT", "ROUNDED", "RUN", "SAME", "SCREEN", "SD", "SEARCH",
    "SECTION", "SECURITY", "SEGMENT", "SEGMENT-LIMIT", "SELECT", "SELF",
    "SEND", "SENTENCE", "SEPARATE", "SEQUENCE", "SEQUENTIAL", "SERVICE", "SET",
    "SHARING", "SHIFT-IN", "SHIFT-OUT", "SIGN", "SIZE", "SKIP1", "SKIP2",
    "SKIP3", "SORT", "SORT-CONTROL", "SORT-CORE-SIZE", "SORT-FILE-SIZE",
    "SORT-MERGE", "SORT-MESSAGE", "SORT-MODE-SIZE", "SORT-RETURN", "SOURCE",
    "SOURCE-COMPUTER", "SOURCES", "SPACE", "SPACES", "SPECIAL-NAMES", "SQL",
    "SQLIMS", "STANDARD", "STANDARD-1", "STANDARD-2", "START", "STATUS",
    "STOP", "STRING", "SUB-QUEUE-1", "SUB-QUEUE-2", "SUB-QUEUE-3", "SUBTRACT",
    "SUM", "SUPER", "SUPPRESS", "SYMBOLIC", "SYNC", "SYNCHRONIZED",
    "SYSTEM-DEFAULT", "TABLE", "TALLY", "TALLYING", "TAPE", "TERMINAL",
    "TERMINATE", "TEST", "TEXT", "THAN", "THEN", "THROUGH", "THRU", "TIME",
    "TIMES", "TITLE", "TO", "TOP", "TRACE", "TRAILING", "TRUE", "TYPE",
    "TYPEDEF", "UNIT", "UNIVERSAL", "UNLOCK", "UNSTRING", "UNTIL", "UP",
    "UPON", "USAGE", "USE", "USER-DEFAULT", "USING", "UTF-8", "VAL-STATUS",
    "VALID", "VALIDATE", "VALIDATE-STATUS", "VALUE", "VALUES", "VARYING",
    "VOLATILE", "WHEN", "WHEN-COMPILED", "WITH", "WORDS", "WORKING-STORAGE",
    "WRITE", "WRITE-ONLY", "XML", "XML-CODE", "XML-EVENT",
    "XML-INFORMATION", "XML-NAMESPACE", "XML-NAMESPACE-PREFIX",
    "XML-NNAMESPACE", "XML-NNAMESPACE-PREFIX", "XML-NTEXT", "XML-SCHEMA",
    "XML-TEXT", "ZERO", "ZEROES", "ZEROS",
};
/* clang-format on */

bool
name_is_reserved(struct str word)
{
    for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
        if (str_eq_nocase_z(word, reserved[i]))
            return true;
    return false;
}

struct str
name_cut(struct str name, size_t n, const struct name_rules *rules)
{
    if (name.n <= n)
        return name;
    return rules->cuts_left ? str_sub(name, name.n - n, name.n)
                            : str_sub(name, 0, n);
}

static bool
is_letter_or_digit(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c >= '0' && c <= '9');
}

/* Each character outside the alphabet becomes one X, however many bytes it
 * has in UTF-8. */
struct str
name_make(struct arena *arena, struct str property,
          const struct name_rules *rules, bool *was_reserved)
{
    char *p = arena_alloc(arena, property.n + 3);
    struct str name;
    size_t n = 1;

    if (p == NULL)
        return (struct str){ 0 };
    p[0] = 'X'; /* kept for a reserved word */
    for (size_t i = 0; i < property.n; i++) {
        unsigned char c = (unsigned char)property.p[i];

        if ((c & 0xc0) == 0x80)
            continue;
        if (c == '_')
            p[n++] = rules->keeps_underscores ? '_' : '-';
        else
            p[n++] = is_letter_or_digit((char)c) || c == '-' ? (char)c : 'X';
    }
    if (n == 1)
        p[n++] = 'X';
    if (p[n - 1] == '-')
        p[n - 1] = 'X';
    /* A data name begins with a letter or digit and has a letter. */
    if (p[1] == '-')
        p[1] = 'X';
    p[n] = '\0';
    name = str_n(p + 1, n - 1);
    if (was_reserved != NULL)
        *was_reserved = name_is_reserved(name);
    if (name_is_reserved(name) || strspn(name.p, "0123456789-") >= name.n)
        name = str_n(p, n);
    return name_cut(name, NAME_MAX_CHARS, rules);
}

static bool
is_taken(const struct name_scope *scope, struct str name)
{
    for (size_t i = 0; i < scope->n; i++)
        if (str_eq_nocase(scope->names[i], name))
            return true;
    return false;
}

struct str
name_claim(struct arena *arena, struct name_scope *scope, struct str name,
           size_t max)
{
    struct str claimed = name;

    for (unsigned i = 2; is_taken(scope, claimed); i++) {
        char digits[16];
        int n = snprintf(digits, sizeof digits, "%u", i);
        size_t room = max - (size_t)n;

        claimed = str_fmt(
            arena, STR_FMT "%s",
            STR_ARG(str_sub(name, 0, name.n < room ? name.n : room)), digits);
        if (claimed.p == NULL)
            return claimed;
    }
    if (scope->n == scope->cap) {
        size_t cap = scope->cap == 0 ? 16 : 2 * scope->cap;
        struct str *names = ARENA_ARRAY(arena, struct str, cap);

        if (names == NULL)
            return (struct str){ 0 };
        if (scope->n > 0)
            memcpy(names, scope->names, scope->n * sizeof *names);
        scope->names = names;
        scope->cap = cap;
    }
    scope->names[scope->n++] = claimed;
    return claimed;
}
