/*
 * sallyport: the front command. It finds sallyport-<word> beside itself or in
 * libexec/sallyport and becomes it; the few words below mean another program.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/file.h"
#include "base/msg.h"
#include "base/version.h"

#define STATUS_USAGE 2
#define STATUS_MISSING 127

static const struct {
    const char *word;
    const char *program; /* without "sallyport-" */
    const char *option;  /* put in front of the others, or NULL */
    const char *summary;
} words[] = {
    { "ipl", "master", NULL, "start the system of $SALLYPORT_ROOT" },
    { "shutdown", "master", "--stop", "end everything in order" },
    { "status", "master", "--status", "what is active" },
    { "submit", "submit", NULL, "submit a job and show its output" },
    { "su", "su", NULL, "be another user, where BPX.SRV.user allows it" },
    { "console", "console", NULL, "enter operator commands" },
    { "racf", "racf", NULL, "enter RACF commands" },
    { "db", "db", NULL, "copy, check, unload and load the security database" },
    { "smf", "smf", NULL,
      "print what was recorded: commands, logons, accesses" },
    { "server", "server", NULL, "create, run, start, stop a server" },
    { "config", "config", NULL, "show, compare and check server.xml" },
    { "build", "build", NULL, "make archives and copybooks from projects" },
    { "encode", "encode", NULL, "encode a password for server.xml" },
    { "pagent", "pagent", NULL, "check AT-TLS policies; the policy agent" },
    { "pasearch", "pasearch", NULL, "show the policies that are installed" },
    { "assist", "assist", NULL, "AT-TLS policies from a store of objects" },
    { "netstat", "netstat", NULL, "show connections and their AT-TLS policy" },
    { "explain", "explain", NULL, "why a request was allowed or refused" },
    { "doctor", "doctor", NULL, "look for what endangers a server" },
};

struct places {
    char own[4096];
    char libexec[4128];
};

static bool
find_places(struct places *p)
{
    ssize_t n = readlink("/proc/self/exe", p->own, sizeof p->own - 1);
    char *slash;

    if (n <= 0)
        return false;
    p->own[n] = '\0';
    slash = strrchr(p->own, '/');
    if (slash == NULL)
        return false;
    *slash = '\0';
    (void)snprintf(p->libexec, sizeof p->libexec, "%s/../libexec/sallyport",
                   p->own);
    return true;
}

static bool
find_program(const struct places *p, const char *name, char *out, size_t cap)
{
    const char *folders[] = { p->own, p->libexec };

    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        int n = snprintf(out, cap, "%s/sallyport-%s", folders[i], name);

        if (n > 0 && (size_t)n < cap && access(out, X_OK) == 0)
            return true;
    }
    return false;
}

/* Edits that make one word of the other (insert, delete, replace). */
static size_t
distance(const char *a, const char *b)
{
    size_t row[32], n = strlen(b);

    if (strlen(a) >= ARRAY_LEN(row) || n + 1 >= ARRAY_LEN(row))
        return ARRAY_LEN(row);
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t up = row[j], best = diagonal + (a[i - 1] != b[j - 1]);

            if (up + 1 < best)
                best = up + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = up;
            row[j] = best;
        }
    }
    return row[n];
}

static int
unknown_word(const char *word)
{
    const char *best = NULL;
    size_t least = 3;

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        size_t d = distance(word, words[i].word);

        if (d < least) {
            least = d;
            best = words[i].word;
        }
    }
    fprintf(stderr, "sallyport: \"%s\" is neither a command nor a message.",
            word);
    if (best != NULL)
        fprintf(stderr, " Did you mean \"%s\"?", best);
    fprintf(stderr, "\nTry 'sallyport help'.\n");
    return STATUS_USAGE;
}

static int
print_help(const struct places *p)
{
    printf("Usage: sallyport COMMAND [options]\n"
           "Guards the way in and out of systems of record: REST APIs for "
           "COBOL programs,\nREST calls from them, and their security.\n\n"
           "Commands:\n");
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        char path[4200];

        if (find_program(p, words[i].program, path, sizeof path))
            printf("  %-12s %s\n", words[i].word, words[i].summary);
    }
    printf("  %-12s %s\n", "completion", "print shell completion (bash)");
    printf("  %-12s %s\n", "help",
           "this text; help COMMAND, or help MESSAGE-ID: what to do");
    printf("\nThe system is $SALLYPORT_ROOT, now %s.\n"
           "First steps: sallyport ipl; sallyport submit JOB.jcl; "
           "sallyport shutdown\n",
           root_dir());
    return 0;
}

/* False when id is not a message's. */
static bool
explain_message(const char *id)
{
    const struct msg *msg = msg_find(id);

    if (msg == NULL)
        return false;
    printf("%s: %s\n", msg->id, msg->text);
    printf("What to do: %s\n",
           msg->remedy[0] == '\0' ? "nothing, it informs." : msg->remedy);
    return true;
}

static int
print_completion(const struct places *p, int argc, char **argv)
{
    if (argc < 3 || strcmp(argv[2], "bash") != 0) {
        fprintf(stderr, "sallyport completion: expected a shell: bash\n"
                        "Use: source <(sallyport completion bash)\n");
        return STATUS_USAGE;
    }
    printf("# bash completion of sallyport; source <(sallyport completion "
           "bash)\n"
           "_sallyport() {\n"
           "    local cur=${COMP_WORDS[COMP_CWORD]}\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
           "        COMPREPLY=($(compgen -W \"help completion");
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        char path[4200];

        if (find_program(p, words[i].program, path, sizeof path))
            printf(" %s", words[i].word);
    }
    printf("\" -- \"$cur\"))\n"
           "    elif [ \"$COMP_CWORD\" -eq 2 ]; then\n"
           "        COMPREPLY=($(compgen -f -W \"$(sallyport "
           "\"${COMP_WORDS[1]}\" --complete 2>/dev/null | cut -f1)\" -- "
           "\"$cur\"))\n"
           "    elif [ \"${cur#-}\" != \"$cur\" ]; then\n"
           "        COMPREPLY=($(compgen -W \"$(sallyport "
           "\"${COMP_WORDS[1]}\" --complete 2>/dev/null | cut -f1)\" -- "
           "\"$cur\"))\n"
           "    else\n"
           "        COMPREPLY=($(compgen -f -- \"$cur\"))\n"
           "    fi\n"
           "}\n"
           "complete -o filenames -F _sallyport sallyport\n");
    return 0;
}

static int
run_program(const struct places *p, const char *program, const char *option,
            int argc, char **argv)
{
    char path[4200];
    char **args = calloc((size_t)argc + 3, sizeof *args);
    int n = 0;

    if (args == NULL)
        return STATUS_MISSING;
    if (!find_program(p, program, path, sizeof path)) {
        fprintf(stderr,
                "sallyport: sallyport-%s is not installed (looked in "
                "%s and %s).\nInstall it there, or use the sallyport of a "
                "complete installation.\n",
                program, p->own, p->libexec);
        free(args);
        return STATUS_MISSING;
    }
    args[n++] = path;
    if (option != NULL)
        args[n++] = (char *)(uintptr_t)option;
    for (int i = 2; i < argc; i++)
        args[n++] = argv[i];
    execv(path, args);
    fprintf(stderr, "sallyport: %s: %s\n", path, strerror(errno));
    free(args);
    return STATUS_MISSING;
}

static int
run_word(const struct places *p, const char *word, int argc, char **argv)
{
    char path[4200];

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(word, words[i].word) == 0)
            return run_program(p, words[i].program, words[i].option, argc,
                               argv);
    }
    /* A program that a later package brought. */
    if (strchr(word, '/') == NULL && find_program(p, word, path, sizeof path))
        return run_program(p, word, NULL, argc, argv);
    return unknown_word(word);
}

/* Called by the original's name it is the server command: zosconnect create x
 * means sallyport server create x. */
static bool
is_zosconnect(const char *called)
{
    const char *base = strrchr(called, '/');

    return strcmp(base == NULL ? called : base + 1, "zosconnect") == 0;
}

static int
run_zosconnect(const struct places *p, int argc, char **argv)
{
    static char help[] = "help";
    char **args = calloc((size_t)argc + 3, sizeof *args);
    int n = 2, status;

    if (args == NULL)
        return STATUS_MISSING;
    args[0] = argv[0];
    for (int i = 1; i < argc; i++)
        args[n++] = argv[i];
    if (n == 2)
        args[n++] = help;
    status = run_program(p, "server", NULL, n, args);
    free(args);
    return status;
}

int
main(int argc, char **argv)
{
    static char help_option[] = "--help";
    struct places places;
    const char *word = argc > 1 ? argv[1] : "help";

    if (!find_places(&places)) {
        fprintf(stderr, "sallyport: cannot find its own folder\n");
        return STATUS_MISSING;
    }
    if (argc > 0 && is_zosconnect(argv[0]))
        return run_zosconnect(&places, argc, argv);
    if (strcmp(word, "help") == 0 && argc > 2 && explain_message(argv[2]))
        return 0;
    if (strcmp(word, "help") == 0 && argc > 2) {
        char *args[] = { argv[0], argv[2], help_option, NULL };

        return run_word(&places, argv[2], 3, args);
    }
    if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 ||
        strcmp(word, "-h") == 0)
        return print_help(&places);
    if (strcmp(word, "--version") == 0) {
        printf("sallyport %s\n", SALLYPORT_VERSION);
        return 0;
    }
    if (strcmp(word, "completion") == 0)
        return print_completion(&places, argc, argv);
    return run_word(&places, word, argc, argv);
}
