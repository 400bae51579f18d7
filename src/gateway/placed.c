#include "gateway/placed.h"

void
placed_msg(struct messages_log *log, const char *logger,
           const struct place *place, const char *id, const struct str *inserts,
           size_t n_inserts)
{
    char where[CFG_WHERE_MAX];
    struct buf text;

    buf_init(&text, LOG_ENTRY_BYTES_MAX);
    msg_text(&text, id, inserts, n_inserts);
    buf_add(&text, cfg_where(place->node, place->attr, place->item, where));
    messages_log_text(log, logger, id, buf_view(&text));
    buf_fini(&text);
}
