/* V and D of TCPIP; private to the master. */
#ifndef SALLYPORT_BATCH_TCPIP_H
#define SALLYPORT_BATCH_TCPIP_H

#include <stdint.h>

struct command;
struct master;
struct acee;

/* V TCPIP,[stack],OBEYFILE,dsn */
void tcpip_vary(struct command *);
/* D TCPIP and D TCPIP,[stack],NETSTAT,... */
void tcpip_display(struct command *);
/* At IPL the switches are as the stacks' profiles say. */
void tcpip_ipl(struct master *);
/* Before the first policy only some users may open sockets. */
void tcpip_admit(struct master *, const struct acee *, uint32_t uid);
/* The stacks end with the image. */
void tcpip_end(void);

#endif
