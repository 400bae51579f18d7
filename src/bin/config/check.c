/*
 * What a start would say of a configuration once it is read: by the functions
 * that the start runs, with a log that only collects.
 */
#include "tree.h"

#include <unistd.h>

#include "../server/log_options.h"
#include "base/msg.h"
#include "config/elements.h"
#include "config/feature.h"
#include "gateway/check.h"

static void
note_text(struct source *s, const char *id, struct str insert)
{
    struct buf text;

    buf_init(&text, 32768);
    msg_text(&text, id, &insert, 1);
    source_note(s, id, buf_view(&text));
    buf_fini(&text);
}

static void
say_ignored(void *arg, struct str what)
{
    note_text(arg, "SPT0411W", what);
}

static enum err
check_logs(struct source *s, struct err_info *why)
{
    struct log_wanted *wanted;
    enum err e = log_wanted_new(&s->settings, s->tree, &wanted, why);

    if (e != ERR_OK)
        return e;
    if (wanted->bad.n > 0)
        say_ignored(s, buf_view(&wanted->bad));
    e = messages_log_check(&wanted->o, say_ignored, s, why);
    log_wanted_free(&wanted);
    return e;
}

static enum err
check_server(struct source *s, struct err_info *why)
{
    struct messages_log *log;
    enum err e = messages_log_collect(source_note, s, &log, why);

    if (e != ERR_OK)
        return e;
    e = gateway_check(s->tree, log, why);
    messages_log_close(&log);
    return e;
}

void
source_check(struct source *s)
{
    struct err_info why = { 0 };
    const struct cfg_node *features;

    s->place = (struct cfg_place){ 0 }; /* the texts say where */
    /* what is relative is so to where the server runs */
    if (chdir(s->settings.output_dir) != 0)
        IGNORE(chdir(s->settings.server_dir));
    if (check_logs(s, &why) != ERR_OK)
        note_text(s, "CWWKE0701E", str_of(why.text));
    features = &CFG_ONE(s->tree, feature_manager)->node;
    s->place = (struct cfg_place){ features->file, features->line };
    (void)features_check(s->tree, source_note, s);
    s->place = (struct cfg_place){ 0 };
    if (check_server(s, &why) != ERR_OK)
        note_text(s, "CWWKE0701E", str_of(why.text));
}
