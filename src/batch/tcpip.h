/* V and D of TCPIP; private to the master. */
#ifndef SALLYPORT_BATCH_TCPIP_H
#define SALLYPORT_BATCH_TCPIP_H

#include <stdint.h>

#include "base/str.h"

struct command;
struct master;
struct acee;

/* V TCPIP,[stack],OBEYFILE,dsn */
void tcpip_vary(struct command *);
/* D TCPIP and D TCPIP,[stack],NETSTAT,... */
void tcpip_display(struct command *);
/* At IPL the switches are as the stacks' profiles say. */
void tcpip_ipl(struct master *);
/* And what AUTOLOG lists starts, once the master is ready. */
void tcpip_autolog(struct master *);
/* A line that a task writes to the operator: EZZ4250I starts what waits. */
void tcpip_hear(struct master *, struct str line);
/* Before the first policy only some users may open sockets. */
void tcpip_admit(struct master *, const struct acee *, uint32_t uid);
/* The stacks end with the image. */
void tcpip_end(void);

#endif
