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

/* Its text has "(FILE:LINE)" or "(FILE:LINE:COLUMN)", the last of what stands
 * in parentheses, where there is a place. */
static struct cfg_place
place_of(struct str text)
{
    size_t close = str_rfind_char(text, ')'), open, colon;
    struct cfg_place place = { 0 };
    uint64_t line = 0;

    if (close == STR_NPOS)
        return place;
    open = str_rfind_char(str_sub(text, 0, close), '(');
    if (open == STR_NPOS || !str_starts(str_sub(text, open, close), STR("(/")))
        return place;
    place.file = str_sub(text, open + 1, close);
    for (unsigned i = 0; i < 2; i++) {
        colon = str_rfind_char(place.file, ':');
        if (colon == STR_NPOS ||
            !str_to_u64(str_sub(place.file, colon + 1, place.file.n), &line))
            break;
        place.file = str_sub(place.file, 0, colon);
        place.line = (uint32_t)line;
    }
    return place;
}

static void
note_placed(void *arg, const char *id, struct str text)
{
    struct source *s = arg;

    s->place = place_of(text);
    source_note(s, id, text);
    s->place = (struct cfg_place){ 0 };
}

static void
note_text(struct source *s, const char *id, struct str insert)
{
    struct buf text;

    buf_init(&text, 32768);
    msg_text(&text, id, &insert, 1);
    note_placed(s, id, buf_view(&text));
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
    enum err e = messages_log_collect(note_placed, s, &log, why);

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

    /* what is relative is so to where the server runs */
    if (chdir(s->settings.output_dir) != 0)
        IGNORE(chdir(s->settings.server_dir));
    if (check_logs(s, &why) != ERR_OK)
        note_text(s, "CWWKE0018E", str_of(why.text));
    (void)features_check(s->tree, note_placed, s);
    if (check_server(s, &why) != ERR_OK)
        note_text(s, "CWWKE0018E", str_of(why.text));
}
