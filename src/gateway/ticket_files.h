/*
 * Files of TLS ticket keys that several servers share (sslOptions
 * ticketKeyFile): made when missing, rotated by whoever is first, read again
 * when another server has done so. Control thread only.
 */
#ifndef SALLYPORT_GATEWAY_TICKET_FILES_H
#define SALLYPORT_GATEWAY_TICKET_FILES_H

#include "audit/messages_log.h"
#include "io/tickets.h"

struct ticket_files;

MUST_CHECK enum err ticket_files_new(struct messages_log *,
                                     struct ticket_files **out,
                                     struct err_info *why);
void ticket_files_free(struct ticket_files **);
/* The keys of that file; borrowed, they change as the file does. lives_s: how
 * long a session may be resumed. */
MUST_CHECK enum err ticket_files_get(struct ticket_files *, struct str path,
                                     uint64_t lives_s, struct tickets **out,
                                     struct err_info *why);
/* About twice a second. */
void ticket_files_tick(struct ticket_files *);

#endif
