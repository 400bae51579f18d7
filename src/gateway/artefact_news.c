#include "gateway/artefact_news.h"

#include <stdio.h>
#include <string.h>

#include "base/vec.h"

#define LOGGER "com.ibm.zosconnect.internal.deploy"

struct news_line {
    const char *id;
    char *name, *reason;
};

struct artefact_news {
    struct news_line *v;
    size_t n, cap;
};

static void
add_line(struct artefact_news **news, const char *id, struct str name,
         const char *reason)
{
    struct news_line line = { id, strndup(name.n > 0 ? name.p : "", name.n),
                              strdup(reason) };

    if (*news == NULL)
        *news = calloc(1, sizeof **news);
    if (*news != NULL && line.name != NULL && line.reason != NULL &&
        VEC_PUSH(*news, line))
        return;
    free(line.name);
    free(line.reason);
}

/* The order is the original's: out of discovery, into it, done. */
void
news_add(struct artefact_news **news, enum artefact_place place,
         enum news_kind kind, const char *file, const struct image_info *info)
{
    static const char *const ids[PLACES][3] = {
        { "BAQR7043I", "BAQR7044I", "BAQR7093I" },
        { "BAQR7000I", "BAQR7034I", "BAQR7092I" },
        { "BAQR7100I", "BAQR7094I", "BAQR7095I" },
    };
    bool has_document = place == PLACE_APIS && info->document.n > 0;

    if (has_document && kind != NEWS_INSTALLED)
        add_line(news, "BAQR7132I", info->name, "");
    if (has_document && kind != NEWS_UNINSTALLED)
        add_line(news, "BAQR7130I", info->name, "");
    add_line(news, ids[place][kind],
             place == PLACE_REQUESTERS ? str_of(file) : info->name, "");
}

void
news_refused(struct artefact_news **news, const char *file, const char *reason,
             bool is_kept)
{
    char text[ERR_TEXT_MAX + 64];

    (void)snprintf(text, sizeof text, "%s%s", reason,
                   is_kept ? "; what it held before stays in use" : "");
    add_line(news, "BAQR7090E", str_of(file), text);
}

void
news_unreadable(struct artefact_news **news, const char *folder,
                const char *reason)
{
    add_line(news, "BAQR7096E", str_of(folder), reason);
}

void
news_tell(struct artefact_news **news, struct messages_log *log)
{
    for (size_t i = 0; *news != NULL && i < (*news)->n; i++) {
        const struct news_line *line = &(*news)->v[i];

        if (line->reason[0] != '\0')
            messages_log_msg(
                log, LOGGER, line->id,
                MSG_INSERTS(str_of(line->name), str_of(line->reason)), 2);
        else
            messages_log_msg(log, LOGGER, line->id,
                             MSG_INSERTS(str_of(line->name)), 1);
    }
    news_free(news);
}

void
news_free(struct artefact_news **news)
{
    struct artefact_news *old = *news;

    *news = NULL;
    for (size_t i = 0; old != NULL && i < old->n; i++) {
        free(old->v[i].name);
        free(old->v[i].reason);
    }
    if (old != NULL)
        VEC_FREE(old);
    free(old);
}
