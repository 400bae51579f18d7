/* `server systemd NAME`: a unit that runs the server at boot. */
#ifndef SALLYPORT_BIN_SERVER_SYSTEMD_H
#define SALLYPORT_BIN_SERVER_SYSTEMD_H

#include "control.h"

/* The unit to stdout; the program's exit status. */
int control_systemd(struct settings *, const struct control_options *);

/* Tell systemd (NOTIFY_SOCKET) that start-up is complete; nothing without. */
void systemd_ready(void);

#endif
