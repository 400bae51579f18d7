/*
 * A stack (TCPIP1) is one process, `sallyport-pagent --stack NAME`, that
 * outlives the agent: it holds the installed policy, the switch TCPCONFIG
 * TTLS, the capture and the engines. Agent, master and displays talk to it
 * over $SALLYPORT_ROOT/tcpip/NAME/stack.sock (chan.h messages). Requests that
 * change something are for the image's owner only (uid 0, or the same uid in
 * private mode), which the kernel tells.
 */
#ifndef SALLYPORT_IPC_STACK_WIRE_H
#define SALLYPORT_IPC_STACK_WIRE_H

#define STACK_SOCKET "tcpip/%s/stack.sock"
#define STACK_NAME_MAX 8u

enum stack_message {
    /* to the stack; answered by STACK_DONE with the same sequence */
    STACK_INSTALL = 0x5301, /* one descriptor: sealed memfd of a policy with
                               secrets; atomic, the old one stays on error */
    STACK_PURGE = 0x5302,   /* nothing: no policy any more */
    STACK_CONFIG = 0x5303,  /* u8 TTLS (1) or NOTTLS (0) */
    STACK_STATE = 0x5304,   /* nothing -> STACK_IS */
    STACK_END = 0x5305,     /* nothing: release everything and end */
    /* for everybody; answered by lines and STACK_DONE */
    STACK_QUERY = 0x5310, /* str request (JSON rows; see ttls/enforce.h) */
    /* from the stack */
    STACK_DONE = 0x5381, /* u8 enum err, str why */
    STACK_IS = 0x5382,   /* u8 TTLS, u8 has policy, u8 has been complete once,
                            u64 instance, u8 is captured, str how or why not */
    STACK_ROWS = 0x5383, /* str JSON text of the answer */
};

#endif
