/*
 * What a start finds wrong with a configuration beyond what the configuration
 * engine says: the functions that make the server's parts run, but nothing is
 * opened, made, bound or asked of the angel.
 */
#ifndef SALLYPORT_GATEWAY_CHECK_H
#define SALLYPORT_GATEWAY_CHECK_H

#include "audit/messages_log.h"
#include "config/config.h"

/* Each message goes to the log (messages_log_collect). Files are read as the
 * user who asks. Not ERR_OK: the server would not start. */
MUST_CHECK enum err gateway_check(struct cfg_tree *, struct messages_log *,
                                  struct err_info *why);

#endif
