/* sallyport pasearch: policies as the agent holds them. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/reader.h"
#include "ipc/stack.h"
#include "ttls/handover.h"
#include "ttls/show.h"

#define STATUS_NONE 1
#define STATUS_USAGE 2
#define STATUS_FAILED 16
#define WAIT_MS 30000u

static bool ttls, rules, actions, names, active, inactive, images, counts,
    everything, qos, ids, routing, json;
static const char *image = "", *filter = "", *scope, *ipsec;

static const struct cli_opt opts[] = {
    { "ttls", 't', CLI_FLAG, &ttls, NULL, "AT-TLS policies" },
    { "rules", 'r', CLI_FLAG, &rules, NULL, "rules only" },
    { "actions", 'a', CLI_FLAG, &actions, NULL, "actions only" },
    { "names", 'n', CLI_FLAG, &names, NULL, "names only" },
    { "filter", 'f', CLI_STRING, &filter, "NAME",
      "only the rule (with -a, the action) of that name; * last" },
    { "scope", 's', CLI_STRING, &scope, "SCOPE",
      "actions of scope Group, Environment or Connection" },
    { "image", 'p', CLI_STRING, &image, "IMAGE", "of this stack" },
    { "active", 'A', CLI_FLAG, &active, NULL,
      "rules whose time condition holds now (default)" },
    { "inactive", 'I', CLI_FLAG, &inactive, NULL, "the others; -A -I: all" },
    { "images", 'C', CLI_FLAG, &images, NULL, "names of the images" },
    { "counts", 'c', CLI_FLAG, &counts, NULL, "how many of each" },
    { "all", 'e', CLI_FLAG, &everything, NULL, "all types of policy" },
    { "qos", 'q', CLI_FLAG, &qos, NULL, "QoS policies: there are none" },
    { "ids", 'i', CLI_FLAG, &ids, NULL, "IDS policies: there are none" },
    { "ipsec", 'v', CLI_STRING, &ipsec, "a|f|k|l",
      "IPSec policies: there are none" },
    { "routing", 'R', CLI_FLAG, &routing, NULL,
      "routing policies: there are none" },
    { "json", 0, CLI_FLAG, &json, NULL, "for programs" },
};

static const struct cli cli = {
    .command = "sallyport pasearch",
    .usage = "[-t] [-r|-a] [-n] [-f NAME] [-s SCOPE] [-p IMAGE] [-A] [-I] "
             "[-C] [-c] [--json]",
    .summary = "Show the policies that the policy agent has installed.",
    .detail = "  Ends with 1 when there is nothing to show or no agent.\n",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .max_args = 0,
};

static int
failed(enum err e, const struct err_info *why)
{
    if (e == ERR_NOT_FOUND && strstr(why->text, "nobody listens") != NULL)
        fprintf(stderr, "pasearch: the policy agent is not active; start it "
                        "with S PAGENT\n");
    else
        fprintf(stderr, "pasearch: %s\n", why->text);
    return e == ERR_NOT_FOUND || e == ERR_DENIED ? STATUS_NONE : STATUS_FAILED;
}

static enum err
ask(uint16_t type, struct stack_answer *answer, struct err_info *why)
{
    struct buf request;
    enum err e;

    buf_init(&request, 64);
    if (type == PAGENT_POLICY)
        buf_str(&request, str_of(image));
    e = stack_ask(PAGENT_SOCKET, type, buf_view(&request), -1, WAIT_MS, answer,
                  why);
    if (e == ERR_OK)
        e = stack_done(answer, why);
    buf_fini(&request);
    return e;
}

static struct str
text_of(const struct stack_answer *answer)
{
    struct reader in = reader_of(buf_view(&answer->payload));
    struct str text = { 0 };
    uint8_t code;

    if (!reader_u8(&in, &code) || !reader_str(&in, 0, STACK_TEXT_MAX, &text))
        text = (struct str){ 0 };
    return text;
}

static int
show_images(void)
{
    struct stack_answer answer = { .fd = -1 };
    struct err_info why;
    enum err e = ask(PAGENT_IMAGES, &answer, &why);
    struct str rest, line;
    bool is_first = true;

    if (e == ERR_OK && !json)
        printf("TCP/IP pasearch CS V2R3\n  Image names:\n");
    rest = e == ERR_OK ? text_of(&answer) : (struct str){ 0 };
    if (e == ERR_OK && json)
        printf("[");
    while (rest.n > 0 && str_line(&rest, &line)) {
        if (json)
            printf("%s\"" STR_FMT "\"", is_first ? "" : ",", STR_ARG(line));
        else
            printf("   " STR_FMT "\n", STR_ARG(line));
        is_first = false;
    }
    if (e == ERR_OK && json)
        printf("]\n");
    stack_answer_fini(&answer);
    return e == ERR_OK ? 0 : failed(e, &why);
}

static void
show_counts(const struct ttls_policy *p, const char *name)
{
    const struct ttls_obj *const *objs;
    size_t n = ttls_policy_objects(p, &objs), of[TTLS_STMTS] = { 0 };

    for (size_t i = 0; i < n; i++)
        of[objs[i]->stmt]++;
    if (json) {
        printf("{\"image\":\"%s\",\"rules\":%zu,\"groupActions\":%zu,"
               "\"environmentActions\":%zu,\"connectionActions\":%zu}\n",
               name, of[TTLS_RULE], of[TTLS_GROUP_ACTION], of[TTLS_ENV_ACTION],
               of[TTLS_CONN_ACTION]);
        return;
    }
    printf("TCP/IP pasearch CS V2R3                   Image Name: %s\n"
           "  TTLS Policy Object Counts:\n"
           "   Rules:               %zu\n   Group Actions:       %zu\n"
           "   Environment Actions: %zu\n   Connection Actions:  %zu\n",
           name, of[TTLS_RULE], of[TTLS_GROUP_ACTION], of[TTLS_ENV_ACTION],
           of[TTLS_CONN_ACTION]);
}

static size_t
show_policy(const struct ttls_policy *p, const char *name)
{
    struct show_options o = {
        .image = name,
        .rules = rules,
        .actions = actions,
        .names_only = names,
        .active = active,
        .inactive = inactive,
        .filter = str_of(filter),
        .scope = scope == NULL ? '\0' : (char)(scope[0] & ~0x20),
        .now_s = clock_wall_ms() / 1000,
    };
    struct buf out;
    size_t n;

    if (counts) {
        show_counts(p, name);
        return 1;
    }
    buf_init(&out, (size_t)1 << 31);
    n = json ? ttls_show_json(p, &o, &out) : ttls_show(p, &o, &out);
    if (n > 0 || json)
        IGNORE(fwrite(out.p, 1, out.n, stdout));
    buf_fini(&out);
    return n;
}

static int
show(void)
{
    struct stack_answer answer = { .fd = -1 };
    struct ttls_policy *policy = NULL;
    struct err_info why;
    char name[STACK_NAME_MAX + 1] = "";
    size_t n = 0;
    enum err e = ask(PAGENT_POLICY, &answer, &why);

    if (e == ERR_OK && answer.fd >= 0)
        e = handover_take(answer.fd, &policy, &why);
    if (e == ERR_OK)
        IGNORE(str_copy_z(text_of(&answer), name, sizeof name));
    stack_answer_fini(&answer);
    if (e != ERR_OK)
        return failed(e, &why);
    if (policy != NULL)
        n = show_policy(policy, name);
    ttls_policy_unref(&policy);
    if (n == 0 && !json)
        printf("No policies retrieved\n");
    return n == 0 ? STATUS_NONE : 0;
}

/* A word, or as much of it as tells which. */
static bool
is_scope(void)
{
    static const char *const words[] = { "Group", "Environment", "Connection" };

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (scope[0] != '\0' &&
            str_starts_nocase(str_of(words[i]), str_of(scope)))
            return true;
    }
    return false;
}

int
main(int argc, char **argv)
{
    static char help[] = "--help";

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-?") == 0) /* as the original asks for help */
            argv[i] = help;
    }
    IGNORE(cli_parse(&cli, argc, argv, STATUS_USAGE));
    log_init("sallyport-pasearch");
    if (scope != NULL && !is_scope()) {
        fprintf(stderr,
                "pasearch: -s %s: expected Group, Environment or "
                "Connection\n",
                scope);
        return STATUS_USAGE;
    }
    if (ipsec != NULL &&
        (strlen(ipsec) != 1 || strchr("afkl", ipsec[0]) == NULL)) {
        fprintf(stderr, "pasearch: -v %s: expected a, f, k or l\n", ipsec);
        return STATUS_USAGE;
    }
    if (strlen(image) > STACK_NAME_MAX) {
        fprintf(stderr, "pasearch: -p %s: no image has such a name\n", image);
        return STATUS_NONE;
    }
    if (images)
        return show_images();
    if ((qos || ids || ipsec != NULL || routing) && !ttls && !everything) {
        printf("No policies retrieved\n");
        return STATUS_NONE;
    }
    return show();
}
