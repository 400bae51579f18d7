/*
 * What goes over SALLYPORT_TASK_FD (chan.h messages) between a program of an
 * address space and the master. Programs use task.h; only the master and
 * task.c include this.
 */
#ifndef SALLYPORT_IPC_TASK_WIRE_H
#define SALLYPORT_IPC_TASK_WIRE_H

enum task_message {
    /* program to master */
    TASK_HELLO = 0x5401,     /* empty; answered by TASK_WELCOME */
    TASK_REPLY = 0x5402,     /* seq = command id: str line */
    TASK_REPLY_END = 0x5403, /* seq = command id: u8 1 done, 0 failed */
    TASK_WTO = 0x5404,       /* str line */
    TASK_READY = 0x5405,     /* empty */
    TASK_HARD_COPY = 0x5406, /* str line */
    /* master to program */
    TASK_WELCOME = 0x5481, /* str job name, str job id, str user */
    TASK_COMMAND = 0x5482, /* seq = id: u8 verb, str user, str text */
};

#define TASK_LINE_MAX 1024u
#define TASK_TEXT_MAX 1024u
#define TASK_TOKEN_MAX 4096u

#endif
