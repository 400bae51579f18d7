/* messages.log, trace.log and the console as bootstrap.properties, the
 * environment and <logging> say. */
#ifndef SALLYPORT_BIN_SERVER_LOGGING_H
#define SALLYPORT_BIN_SERVER_LOGGING_H

#include "worker.h"

/* Diagnostics of our own (log.h) are entries of SystemErr from now on; with
 * copySystemStreams (the default) they stay on the console too. */
void logging_take_streams(struct messages_log *);
void logging_leave_streams(void);

#endif
