/* Shared by the parts of SETROPTS. Private. */
#ifndef SALLYPORT_SAF_CMD_SETROPTS_H
#define SALLYPORT_SAF_CMD_SETROPTS_H

#include "saf/cmd.h"

void cmd_list_setropts(struct cmd *);

/* All classes that the command names are classes of which the option can be
 * set; all that are not are said. */
bool cmd_knows_all_classes(struct cmd *);
/* CLASSACT to AUDIT, LOGOPTIONS; false, said. */
bool cmd_set_class_options(struct cmd *);
/* Options of all classes change with GRPLIST: images carry it. */
void cmd_republish_all(struct cmd *);

#endif
