/*
 * Messages between the server's parent and its worker (chan.h), and between
 * the parent and `sallyport server stop` on workarea/.sCommand. The parent
 * treats both as hostile: a message that is not exactly one of these closes
 * the connection.
 */
#ifndef SALLYPORT_IPC_PARENT_WIRE_H
#define SALLYPORT_IPC_PARENT_WIRE_H

#define PARENT_HOST_MAX 255u
#define PARENT_TEXT_MAX 4096u

enum parent_message {
    /* worker to parent */
    PARENT_W_LISTEN =
        1,              /* str host, u16 port, u8 reuse -> PARENT_P_LISTENING */
    PARENT_W_RELEASE,   /* str host, u16 port */
    PARENT_W_READY,     /* nothing */
    PARENT_W_GIVE_UP,   /* u8 exit status */
    PARENT_W_REPLY,     /* u32 id, str line */
    PARENT_W_REPLY_END, /* u32 id, u8 1 done, 0 failed */
    PARENT_W_WTO,       /* str line */
    PARENT_W_HARD_COPY, /* str line */
    /* parent to worker */
    PARENT_P_WELCOME,   /* str job name, str job id, str user */
    PARENT_P_LISTENING, /* same sequence; u8 enum err, str why; the socket */
    PARENT_P_COMMAND,   /* u8 enum parent_verb, u32 id, str text */
    /* command socket: asked */
    PARENT_C_STATUS, /* nothing -> PARENT_C_STATE */
    PARENT_C_STOP,   /* u8 force; the connection ends with the server */
    PARENT_C_MODIFY, /* str text -> PARENT_C_LINE..., PARENT_C_END */
    /* command socket: answered */
    PARENT_C_STATE, /* u32 process id, u8 is ready */
    PARENT_C_LINE,  /* str line */
    PARENT_C_END,   /* u8 1 done, 0 failed */
};

#endif
