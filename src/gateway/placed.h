/*
 * Messages about what server.xml says: the original's text, and behind it the
 * place, " (server.xml:12:34)", as the configuration engine writes it.
 */
#ifndef SALLYPORT_GATEWAY_PLACED_H
#define SALLYPORT_GATEWAY_PLACED_H

#include "audit/messages_log.h"
#include "config/config.h"

/* What the message is about. */
struct place {
    const struct cfg_node *node;
    const char *attr; /* NULL: the element */
    struct str item;  /* of a list, or "" */
};
#define PLACE(node, attr) (&(const struct place){ (node), (attr), { 0 } })
#define PLACE_ITEM(node, attr, item)                                           \
    (&(const struct place){ (node), (attr), (item) })

void placed_msg(struct messages_log *, const char *logger, const struct place *,
                const char *id, const struct str *inserts, size_t n_inserts);
#define PLACED_LOG(log, logger, place, id, ...)                                \
    placed_msg((log), (logger), (place), (id), MSG_INSERTS(__VA_ARGS__),       \
               sizeof(MSG_INSERTS(__VA_ARGS__)) / sizeof(struct str))

#endif
