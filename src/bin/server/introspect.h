/*
 * What a running server knows of itself, as text for a person: threads,
 * storage, descriptors, ports, requests, configuration files. No values of the
 * configuration and nothing of a request but method and path, so no secrets.
 */
#ifndef SALLYPORT_BIN_SERVER_INTROSPECT_H
#define SALLYPORT_BIN_SERVER_INTROSPECT_H

#include "worker.h"

/*
 * Write dumps/<kind>_yy.MM.dd_HH.mm.ss.N.txt below the server's output folder;
 * path (at least 256 bytes) receives its name.
 */
MUST_CHECK enum err introspect_write(struct worker *, const char *kind,
                                     char path[256], struct err_info *why);
/* Because a request is hung: kind javacore, CWWKE0067I and CWWKE0068I. */
void introspect_hung(struct worker *);

#endif
