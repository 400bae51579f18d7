/*
 * sallyport encode: a password as server.xml takes it. Options and messages of
 * the original's securityUtility encode; text may also come from a terminal
 * (asked for twice) or a pipe, so that it need not stand in a command line.
 */
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/codepage.h"
#include "base/secret.h"
#include "config/password.h"

#define STATUS_ERROR 1
/* A terminal's line of 4,095 bytes may be one that Linux has cut. */
#define TEXT_BYTES_MAX 4000u

static const char no_entry[] = "Unable to read either entry. Aborting prompt.";

struct request {
    const char *encoding;
    const char *key;
    bool keeps_blanks;
    bool lists_custom;
};

static struct request request = { .encoding = "xor" };

static const struct cli_opt options[] = {
    { "encoding", '\0', CLI_STRING, &request.encoding, "ENCODING",
      "xor (the default), aes or aes-128, aes-256, hash" },
    { "key", '\0', CLI_STRING, &request.key, "KEY",
      "the server's wlp.password.encryption.key, for aes; may be "
      "{file}/path, {env}NAME or {cred}NAME" },
    { "notrim", '\0', CLI_FLAG, &request.keeps_blanks, NULL,
      "keep blanks at both ends" },
    { "listCustom", '\0', CLI_FLAG, &request.lists_custom, NULL,
      "list custom encodings as JSON (there are none)" },
};

static const struct cli cli = {
    .command = "sallyport encode",
    .usage = "[options] [TEXT]",
    .summary = "Encode a password for server.xml.",
    .detail = "Without TEXT it is asked for twice, or read from a pipe.\n"
              "{xor} hides a password from a glance, {aes} from everybody "
              "without the key;\n{hash} cannot be turned back and serves only "
              "to check passwords.\n",
    .opts = options,
    .n_opts = ARRAY_LEN(options),
    .max_args = 1,
};

static int
error(const char *text)
{
    fprintf(stderr, "Error: %s\n", text);
    return STATUS_ERROR;
}

/* False after saying, in the words of the original, that argv[*i] is none of
 * our options or has no value. */
static bool
knows_option(int argc, char **argv, int *i)
{
    static const char *const general[] = { "--help", "--version",
                                           "--complete" };

    for (size_t k = 0; k < ARRAY_LEN(general); k++)
        if (strcmp(argv[*i], general[k]) == 0)
            return true;
    for (size_t k = 0; k < ARRAY_LEN(options); k++) {
        bool takes_value = options[k].kind == CLI_STRING;
        const char *value;
        char name[40];
        enum cli_match how;

        snprintf(name, sizeof name, "--%s", options[k].name);
        how = cli_match(argc, argv, i, name, takes_value, &value);
        if (how == CLI_OTHER)
            continue;
        if (how == CLI_NO_VALUE || (takes_value && value[0] == '\0')) {
            fprintf(stderr, "Error: Missing value for argument %s.\n", name);
            return false;
        }
        return true;
    }
    fprintf(stderr, "Error: Invalid argument %s.\n", argv[*i]);
    return false;
}

/* Before cli_parse() uses words of its own. */
static bool
knows_options(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (argv[i][0] == '-' && argv[i][1] != '\0' &&
            !knows_option(argc, argv, &i))
            return false;
    return true;
}

/* ---- text from somewhere ---- */

/* All of a pipe, one line of a terminal; one byte more than may be tells that
 * there is more. */
static size_t
read_bytes(char *text, size_t cap, bool is_terminal)
{
    size_t n = 0;
    int c;

    while (n < cap && (c = getchar()) != EOF) {
        text[n++] = (char)c;
        if (is_terminal && c == '\n')
            break;
    }
    return n;
}

static struct str
without_line_end(struct str text)
{
    if (str_ends(text, STR("\n")))
        text.n--;
    if (str_ends(text, STR("\r")))
        text.n--;
    return text;
}

/* Nothing of a text is left out silently: what would be is said. */
static enum err
check_text(struct str text, struct err_info *why)
{
    size_t at = str_find_char(text, '\0');

    if (at != STR_NPOS)
        return err_set(why, ERR_SYNTAX,
                       "Byte %zu of the text is X'00'; a password is UTF-8 "
                       "text without it. Nothing is encoded.",
                       at + 1);
    if (!utf8_valid(text, &at))
        return err_set(why, ERR_SYNTAX,
                       "The text is not UTF-8 at byte %zu. Nothing is encoded.",
                       at + 1);
    at = str_find_char(text, '\n');
    if (at != STR_NPOS)
        return err_set(why, ERR_SYNTAX,
                       "The text goes on behind the end of its first line "
                       "(byte %zu); one line is expected. Nothing is encoded.",
                       at + 1);
    return ERR_OK;
}

/* Without the end of its line; the caller frees it. */
static enum err
read_line(bool is_terminal, struct secret *out, struct err_info *why)
{
    char bytes[TEXT_BYTES_MAX + 3]; /* with a line end, and one too many */
    size_t n = read_bytes(bytes, sizeof bytes, is_terminal);
    struct str text = without_line_end(str_n(bytes, n));
    enum err e;

    if (n == 0)
        e = err_set(why, ERR_IO, "%s", no_entry);
    else if (text.n > TEXT_BYTES_MAX)
        e = err_set(why, ERR_LIMIT,
                    "The text is longer than %u bytes, the most that is read "
                    "from a pipe or a terminal. Nothing is encoded.",
                    TEXT_BYTES_MAX);
    else if ((e = check_text(text, why)) == ERR_OK && !secret_dup(text, out))
        e = err_set(why, ERR_MEMORY, "%s", no_entry);
    secret_wipe(bytes, sizeof bytes);
    return e;
}

static enum err
ask(const char *prompt, struct secret *out, struct err_info *why)
{
    struct termios shown, hidden;
    enum err e;

    if (tcgetattr(STDIN_FILENO, &shown) != 0)
        return err_set(why, ERR_IO, "%s", no_entry);
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    /* What is typed before the prompt is not an answer to it. */
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    fprintf(stderr, "%s ", prompt);
    e = read_line(true, out, why);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    fprintf(stderr, "\n");
    return e;
}

static enum err
ask_twice(struct secret *out, struct err_info *why)
{
    struct secret again;
    enum err e;

    while ((e = ask("Enter text:", out, why)) == ERR_OK) {
        bool is_equal;

        e = ask("Re-enter text:", &again, why);
        if (e != ERR_OK) {
            secret_free(out);
            return e;
        }
        is_equal = secret_eq(out, secret_view(&again));
        secret_free(&again);
        if (is_equal)
            return ERR_OK;
        secret_free(out);
        fprintf(stderr, "Entries did not match.\n");
    }
    return e;
}

static enum err
read_text(int n_args, char **argv, struct secret *out, struct err_info *why)
{
    if (n_args > 0) {
        enum err e = check_text(str_of(argv[1]), why);

        if (e == ERR_OK && !secret_dup(str_of(argv[1]), out))
            e = err_set(why, ERR_MEMORY, "%s", no_entry);
        return e;
    }
    /* unbuffered: no copy of the password stays behind in a buffer */
    (void)setvbuf(stdin, NULL, _IONBF, 0);
    return isatty(STDIN_FILENO) ? ask_twice(out, why)
                                : read_line(false, out, why);
}

/* ---- encoding ---- */

static bool
is_encoded(struct str text)
{
    static const char *const tags[] = { "xor", "aes", "hash", "custom" };
    struct str tag, payload;

    if (!password_split(text, &tag, &payload))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(tags); i++)
        if (str_eq_nocase(str_sub(tag, 0, strlen(tags[i])), str_of(tags[i])) &&
            (tag.n == strlen(tags[i]) || tag.p[strlen(tags[i])] == ':'))
            return true;
    return false;
}

/* Before the text is asked for. */
static enum err
check_request(struct err_info *why)
{
    static const char *const encodings[] = { "xor", "hash", "aes", "aes-128",
                                             "aes-256" };
    struct str encoding = str_of(request.encoding);
    bool is_known = false;

    for (size_t i = 0; i < ARRAY_LEN(encodings); i++)
        is_known = is_known || str_eq_nocase_z(encoding, encodings[i]);
    if (!is_known)
        return err_set(why, ERR_SYNTAX,
                       "The value \"" STR_FMT
                       "\" of the argument --encoding is "
                       "not supported (expected xor, aes, aes-128, aes-256 or "
                       "hash).",
                       STR_ARG(str_sub(encoding, 0, 40)));
    if (request.key != NULL &&
        !str_eq_nocase(str_sub(encoding, 0, 3), STR("aes")))
        return err_set(why, ERR_SYNTAX,
                       "Invalid argument --key: it belongs to --encoding=aes.");
    return ERR_OK;
}

static enum err
encode(struct str text, struct buf *out, struct err_info *why)
{
    struct str encoding = str_of(request.encoding);
    struct str key =
        str_of(request.key == NULL ? PASSWORD_KEY_DEFAULT : request.key);
    bool is_256 = str_eq_nocase_z(encoding, "aes-256");

    if (str_eq_nocase_z(encoding, "xor"))
        return password_make_xor(text, out, why);
    if (str_eq_nocase_z(encoding, "hash"))
        return password_make_hash(text, STR(""), out, why);
    return password_make_aes(is_256 ? PASSWORD_AES_256 : PASSWORD_AES_128, text,
                             key, NULL, out, why);
}

int
main(int argc, char **argv)
{
    struct err_info why = { 0 };
    struct secret text;
    struct buf out;
    struct str plain;
    int n_args, status = 0;

    secret_process();
    if (!knows_options(argc, argv))
        return STATUS_ERROR;
    n_args = cli_parse(&cli, argc, argv, STATUS_ERROR);
    if (request.lists_custom) {
        printf("[]\n");
        return 0;
    }
    if (check_request(&why) != ERR_OK ||
        read_text(n_args, argv, &text, &why) != ERR_OK)
        return error(why.text);
    plain = secret_view(&text);
    if (!request.keeps_blanks)
        plain = str_trim(plain);
    buf_init(&out, 4 * PASSWORD_BYTES_MAX);
    if (is_encoded(plain))
        status = error("The text is encoded already.");
    else if (encode(plain, &out, &why) != ERR_OK)
        status = error(why.text);
    else
        printf("%s\n", buf_z(&out));
    buf_fini(&out);
    secret_free(&text);
    return status;
}
