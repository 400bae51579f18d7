/* A pass: main file, image files, policy files, installation. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/reader.h"
#include "ttls/agent_priv.h"
#include "ttls/handover.h"
#include "ttls/source.h"
#include "ttls/stmt.h"

#define CONF_MAX (4u * 1024u * 1024u)
#define INSTALL_WAIT_MS 60000u
#define ASK_WAIT_MS 10000u

static void
on_diag(void *arg, const struct ttls_diag *d)
{
    struct agent *a = arg;

    agent_logf(a, d->is_error ? LEVEL_OBJERR : LEVEL_WARNING, STR_FMT ":%u: %s",
               STR_ARG(d->file), d->line, d->text);
}

static void
on_object(void *arg, const char *keyword, struct str name)
{
    struct agent *a = arg;

    agent_logf(a, LEVEL_INFO, "Processing: '%-33s " STR_FMT "'", keyword,
               STR_ARG(name));
}

/* --- stacks ------------------------------------------------------------- */

static enum err
ask(const struct image *image, uint16_t type, int fd, uint32_t wait_ms,
    struct stack_answer *out, struct err_info *why)
{
    char socket[64];

    *out = (struct stack_answer){ .fd = -1 };
    if (!stack_socket(str_of(image->name), socket))
        return err_set(why, ERR_SYNTAX, "no stack's name: %s", image->name);
    return stack_ask(socket, type, (struct str){ 0 }, fd, wait_ms, out, why);
}

struct stack_state {
    bool is_on;        /* TCPCONFIG TTLS */
    bool was_complete; /* an agent installed a policy before */
};

/* And a word when nothing can be captured, or not as it should. */
static struct stack_state
state_of(struct agent *a, const struct image *image)
{
    struct stack_state state = { 0 };
    struct stack_answer answer;
    struct err_info why;
    struct reader in;
    uint8_t ttls = 0, has_policy, was_complete = 0, is_captured;
    uint64_t instance;
    struct str why_not;

    if (ask(image, STACK_STATE, -1, ASK_WAIT_MS, &answer, &why) == ERR_OK &&
        answer.type == STACK_IS) {
        in = reader_of(buf_view(&answer.payload));
        if (!reader_u8(&in, &ttls) || !reader_u8(&in, &has_policy) ||
            !reader_u8(&in, &was_complete) || !reader_u64(&in, &instance) ||
            !reader_u8(&in, &is_captured) ||
            !reader_str(&in, 0, STACK_TEXT_MAX, &why_not))
            ttls = 0;
        else if (is_captured == 0 && was_complete == 0)
            AGENT_SAY(a, NULL, "EZD1590I", str_of(image->name), why_not);
        else if (why_not.n > 0 && was_complete == 0)
            AGENT_SAY(a, NULL, "SPT0680W", str_of(image->name), why_not);
        state.is_on = ttls != 0;
        state.was_complete = was_complete != 0;
    }
    stack_answer_fini(&answer);
    return state;
}

static enum err
install(struct image *image, const struct ttls_policy *policy,
        struct err_info *why)
{
    struct ttls_policy *installed = NULL;
    struct stack_answer answer = { .fd = -1 };
    int fd = -1;
    enum err e = handover_make(policy, true, &fd, why);

    if (e != ERR_OK)
        return e;
    e = ask(image, STACK_INSTALL, fd, INSTALL_WAIT_MS, &answer, why);
    if (e == ERR_OK)
        e = stack_done(&answer, why);
    if (e == ERR_OK && answer.fd >= 0)
        e = handover_take(answer.fd, &installed, why);
    if (e == ERR_OK && installed != NULL) {
        ttls_policy_unref(&image->policy);
        image->policy = installed;
    }
    stack_answer_fini(&answer);
    close(fd);
    return e;
}

void
agent_purge_image(struct agent *a, struct image *image)
{
    struct stack_answer answer;
    struct err_info why;
    char denies = a->options->denies_purged ? 1 : 0;
    char socket[64];
    enum err e = ERR_SYNTAX;

    answer = (struct stack_answer){ .fd = -1 };
    if (stack_socket(str_of(image->name), socket))
        e = stack_ask(socket, STACK_PURGE, str_n(&denies, 1), -1, ASK_WAIT_MS,
                      &answer, &why);
    if (e == ERR_OK)
        e = stack_done(&answer, &why);
    stack_answer_fini(&answer);
    if (e != ERR_OK && e != ERR_NOT_FOUND) {
        agent_logf(a, LEVEL_SYSERR, "purge %s: %s", image->name, why.text);
        return;
    }
    AGENT_SAY(a, NULL, "EZZ8773I", str_of(image->name), STR("QOS"));
    if (image->policy != NULL)
        AGENT_SAY(a, NULL, "EZZ8773I", str_of(image->name), STR("TTLS"));
    if (image->policy != NULL && a->options->denies_purged)
        AGENT_SAY(a, NULL, "SPT0652I", str_of(image->name));
    ttls_policy_unref(&image->policy);
}

void
agent_purge(struct agent *a)
{
    for (size_t i = 0; i < a->n_images; i++) {
        struct image *image = &a->images[i];

        if (image->purge) {
            agent_purge_image(a, image);
            continue;
        }
        AGENT_SAY(a, NULL, "EZZ8774I", str_of(image->name), STR("QOS"));
        if (image->policy != NULL)
            AGENT_SAY(a, NULL, "EZZ8774I", str_of(image->name), STR("TTLS"));
    }
}

/* --- one image ---------------------------------------------------------- */

static enum err
add_file(struct agent *a, struct ttls_build *build, struct str path,
         struct err_info *why)
{
    struct buf text;
    enum err e;

    buf_init(&text, TTLS_FILE_MAX);
    agent_logf(a, LEVEL_INFO,
               "pinit_profile: Processing Image TTLS config file: '" STR_FMT
               "'",
               STR_ARG(path));
    e = source_read(path, str_of(a->codepage), TTLS_FILE_MAX, &text, why);
    if (e == ERR_OK) {
        ttls_build_file(build, path, buf_view(&text));
        agent_logf(a, LEVEL_INFO,
                   "pinit_profile: Finished processing Image TTLS config "
                   "file");
    } else {
        agent_logf(a, LEVEL_OBJERR, "%s", why->text);
    }
    buf_fini(&text);
    return e;
}

static void
log_kind(struct agent *a, const struct ttls_policy *p, enum ttls_stmt stmt,
         const char *words)
{
    const struct ttls_obj *const *objs;
    size_t n = ttls_policy_objects(p, &objs);

    if ((a->log.level & LEVEL_INFO) == 0 && a->debug == 0)
        return;
    for (size_t i = 0; i < n; i++) {
        if (objs[i]->stmt == stmt)
            agent_logf(a, LEVEL_INFO, "Processing TTLS %s '" STR_FMT "'", words,
                       STR_ARG(objs[i]->name));
    }
}

static enum err
compile(struct agent *a, const struct pagent_conf *conf,
        const struct ttls_conf *ttls, struct ttls_policy **out,
        struct err_info *why)
{
    struct ttls_build_options options = {
        .collate = a->options->collate,
        .on_diag = on_diag,
        .on_object =
            (a->log.level & LEVEL_INFO) != 0 || a->debug > 0 ? on_object : NULL,
        .arg = a,
    };
    struct ttls_build *build = ttls_build_new(&options);
    enum err e = build == NULL ? ERR_MEMORY : ERR_OK, done;
    struct err_info local;

    if (build == NULL)
        return err_set(why, e, "no storage for a policy");
    if (conf->common.n > 0)
        e = add_file(a, build, conf->common, why);
    if (e == ERR_OK && ttls->path.n > 0)
        e = add_file(a, build, ttls->path, why);
    done = ttls_build_finish(&build, out, &local);
    if (e == ERR_OK && done != ERR_OK) {
        e = done;
        *why = local;
    } else if (e != ERR_OK && done == ERR_OK) {
        ttls_policy_unref(out);
    }
    return e;
}

static void
log_objects(struct agent *a, const struct ttls_policy *p)
{
    log_kind(a, p, TTLS_GROUP_ACTION, "Group action");
    log_kind(a, p, TTLS_CONN_ACTION, "Connection action");
    log_kind(a, p, TTLS_ENV_ACTION, "Environment action");
    log_kind(a, p, TTLS_RULE, "rule");
}

static void
keep_path(char out[1024], struct str path)
{
    if (!str_copy_z(path, out, 1024))
        out[0] = '\0';
}

/* Where the image says its policy is. */
static enum err
find_ttls(struct agent *a, const struct pagent_conf *conf, struct image *image,
          struct buf *text, struct ttls_conf *out, struct err_info *why)
{
    struct pagent_image from = { .flush = image->flush, .purge = image->purge };
    enum err e;

    keep_path(image->image_file, image->path);
    if (image->path.n == 0) {
        *out = conf->ttls;
        if (!out->has_flush)
            out->flush = image->flush;
        if (!out->has_purge)
            out->purge = image->purge;
        return ERR_OK;
    }
    agent_logf(a, LEVEL_INFO,
               "pinit_profile: Processing Image config file: '" STR_FMT "'",
               STR_ARG(image->path));
    e = source_read(image->path, str_of(a->codepage), CONF_MAX, text, why);
    if (e == ERR_OK)
        pagent_image_parse(image->path, buf_view(text), &from, on_diag, a, out);
    else
        agent_logf(a, LEVEL_OBJERR, "%s", why->text);
    return e;
}

/* A stack that was started again has no policy; an agent that was, too. */
static void
give_back(struct agent *a, struct image *image)
{
    struct stack_answer answer;
    struct err_info why = { 0 };
    enum err e = ask(image, STACK_GET, -1, ASK_WAIT_MS, &answer, &why);

    if (e == ERR_OK)
        e = stack_done(&answer, &why);
    if (e == ERR_OK && image->policy == NULL)
        e = answer.fd < 0 ? ERR_PEER
                          : handover_take(answer.fd, &image->policy, &why);
    else if (e == ERR_NOT_FOUND && image->policy != NULL)
        e = install(image, image->policy, &why);
    stack_answer_fini(&answer);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        agent_logf(a, LEVEL_SYSERR, "%s: %s", image->name, why.text);
}

static void
install_ttls(struct agent *a, const struct pagent_conf *conf,
             struct image *image, const struct ttls_conf *ttls)
{
    const struct ttls_rule *const *rules;
    struct ttls_policy *policy = NULL;
    struct err_info why = { 0 };
    struct str name = str_of(image->name);
    enum err e = compile(a, conf, ttls, &policy, &why);
    struct stack_state state;

    keep_path(image->ttls_file, ttls->path);
    image->purge = ttls->purge;
    image->has_errors = e != ERR_OK;
    if (e != ERR_OK) {
        AGENT_SAY(a, NULL, "EZZ8438I", name, STR("TTLS"));
        return; /* what was installed stays */
    }
    log_objects(a, policy);
    state = state_of(a, image);
    e = install(image, policy, &why);
    if (e != ERR_OK) {
        image->has_errors = true;
        agent_logf(a, LEVEL_SYSERR, "install %s: %s", image->name, why.text);
        AGENT_SAY(a, NULL, "EZD1589I", name, STR("TTLS"));
    } else {
        if (!state.is_on)
            AGENT_SAY(a, NULL, "EZD1579I", name, STR("TTLS"));
        else if (!state.was_complete)
            AGENT_SAY(a, NULL, "EZZ4250I", name);
        if (ttls_policy_rules(policy, &rules) == 0)
            AGENT_SAY(a, NULL, "EZZ4249I", name);
        AGENT_SAY(a, NULL, "EZZ8771I", name, STR("QOS"));
        AGENT_SAY(a, NULL, "EZZ8771I", name, STR("TTLS"));
    }
    ttls_policy_unref(&policy);
}

static void
process_image(struct agent *a, const struct pagent_conf *conf,
              struct image *image)
{
    struct ttls_conf ttls = { 0 };
    struct err_info why = { 0 };
    struct buf text;
    enum err e;

    buf_init(&text, CONF_MAX);
    e = agent_stack_start(a, image->name, &why);
    if (e != ERR_OK) {
        agent_logf(a, LEVEL_SYSERR, "%s: %s", image->name, why.text);
        AGENT_SAY(a, NULL, "EZD1589I", str_of(image->name), STR("TTLS"));
        image->has_errors = true;
        buf_fini(&text);
        return;
    }
    agent_watch_stack(image);
    give_back(a, image);
    e = find_ttls(a, conf, image, &text, &ttls, &why);
    if (e != ERR_OK || ttls.is_bad || (ttls.is_coded && conf->is_common_bad)) {
        image->has_errors = true;
        AGENT_SAY(a, NULL, "EZZ8438I", str_of(image->name), STR("TTLS"));
    } else if (ttls.is_coded) {
        install_ttls(a, conf, image, &ttls);
    } else {
        image->has_errors = false;
        image->ttls_file[0] = '\0';
        if (image->policy != NULL && image->flush)
            agent_purge_image(a, image);
        else if (image->policy != NULL)
            agent_logf(a, LEVEL_EVENT,
                       "%s has no TTLSConfig: the policy stays (NOFLUSH)",
                       image->name);
        AGENT_SAY(a, NULL, "EZZ8771I", str_of(image->name), STR("QOS"));
    }
    if (!image->has_errors)
        AGENT_SAY(a, NULL, "EZD1586I", str_of(image->name));
    buf_fini(&text);
}

/* --- all ---------------------------------------------------------------- */

static struct image *
find_image(struct agent *a, struct str name)
{
    for (size_t i = 0; i < a->n_images; i++) {
        if (str_eq_z(name, a->images[i].name))
            return &a->images[i];
    }
    return NULL;
}

static void
take_images(struct agent *a, const struct pagent_conf *conf)
{
    for (size_t i = 0; i < a->n_images; i++)
        a->images[i].is_configured = false;
    for (size_t i = 0; i < conf->n_images; i++) {
        const struct pagent_image *from = &conf->images[i];
        struct image *image = find_image(a, from->name);

        if (image == NULL && a->n_images == PAGENT_IMAGES_MAX)
            continue;
        if (image == NULL) {
            image = &a->images[a->n_images++];
            *image = (struct image){ .alive_fd = -1 };
            IGNORE(str_copy_z(from->name, image->name, sizeof image->name));
        }
        image->is_configured = true;
        image->flush = from->flush;
        image->purge = from->purge;
        image->interval_s = from->interval_s;
        image->path = from->path;
    }
}

/* Images whose statement is gone: PURGE decides about their policy. With
 * errors in TcpImage statements it may be one of those: it stays. */
static void
drop_images(struct agent *a, bool has_bad_image)
{
    for (size_t i = 0; i < a->n_images && !has_bad_image;) {
        struct image *image = &a->images[i];

        if (image->is_configured) {
            i++;
            continue;
        }
        if (image->purge)
            agent_purge_image(a, image);
        ttls_policy_unref(&image->policy);
        if (image->alive_fd >= 0)
            close(image->alive_fd);
        *image = a->images[--a->n_images];
    }
}

static void
set_interval(struct agent *a)
{
    uint32_t smallest = 0;

    for (size_t i = 0; i < a->n_images; i++) {
        uint32_t s = a->images[i].interval_s;

        if (s > 0 && (smallest == 0 || s < smallest))
            smallest = s;
    }
    a->refresh_at_ms = smallest == 0
                           ? UINT64_MAX
                           : clock_mono_ms() + (uint64_t)smallest * 1000;
}

enum err
agent_readable(struct agent *a, struct err_info *why)
{
    struct buf text;
    enum err e;

    buf_init(&text, CONF_MAX);
    e = source_read(str_of(a->conf_file), (struct str){ 0 }, CONF_MAX, &text,
                    why);
    buf_fini(&text);
    return e;
}

enum err
agent_pass(struct agent *a, enum pass pass, struct err_info *why)
{
    struct str file = str_of(a->conf_file);
    struct pagent_conf conf;
    struct buf text;
    enum err e;

    buf_init(&text, CONF_MAX);
    set_interval(a);
    e = source_read(file, (struct str){ 0 }, CONF_MAX, &text, why);
    if (e != ERR_OK) {
        agent_logf(a, LEVEL_SYSERR, "main: %s", why->text);
        buf_fini(&text);
        return e;
    }
    pagent_conf_parse(file, buf_view(&text), STR(STACK_DEFAULT), on_diag, a,
                      &conf);
    if (pass == PASS_START)
        a->log.level = conf.log_level;
    if (conf.codepage.n > 0 &&
        !str_copy_z(conf.codepage, a->codepage, sizeof a->codepage))
        a->codepage[0] = '\0';
    keep_path(a->common_file, conf.common);
    if (pass == PASS_START) {
        agent_logf(a, LEVEL_INFO, "main: using code page '%s'",
                   a->codepage[0] == '\0' ? "UTF-8" : a->codepage);
        agent_logf(a, LEVEL_INFO, "main: Using log level %u", a->log.level);
        AGENT_SAY0(a, "main", "EZZ8432I"); /* before what it says of images */
    }
    if (conf.has_bad_image)
        AGENT_SAY0(a, NULL, "EZZ8779I");
    take_images(a, &conf);
    drop_images(a, conf.has_bad_image);
    for (size_t i = 0; i < a->n_images; i++) {
        if (a->images[i].is_configured)
            process_image(a, &conf, &a->images[i]);
    }
    for (size_t i = 0; i < a->n_images; i++)
        a->images[i].path = (struct str){ 0 };
    set_interval(a);
    agent_logf(a, LEVEL_INFO, "Finished main config file update");
    buf_fini(&text);
    return ERR_OK;
}

const char *
agent_file(const struct agent *a, size_t i)
{
    if (i == 0)
        return a->conf_file;
    if (i == 1)
        return a->common_file;
    i -= 2;
    if (i >= 2 * a->n_images)
        return NULL;
    return i % 2 == 0 ? a->images[i / 2].image_file
                      : a->images[i / 2].ttls_file;
}
