/* Private to the command processor. */
#ifndef SALLYPORT_SAF_CMD_SETROPTS_H
#define SALLYPORT_SAF_CMD_SETROPTS_H

#include "saf/cmd.h"

void cmd_list_setropts(struct cmd *);

#endif
