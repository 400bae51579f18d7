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

#define STACK_FOLDER "tcpip"
#define STACK_SOCKET "tcpip/%s/stack.sock"
#define STACK_STATE_FILE "tcpip/%s/tcpconfig" /* as OBEYFILE left it */
#define STACK_PROFILE "tcpip/%s/profile"      /* PROFILE.TCPIP at IPL */
#define STACK_GATE "tcpip/%s/gate" /* there while sockets are held back */
/* Of image and stack: links to the programs that capture (eBPF). */
#define STACK_PINS "/sys/fs/bpf/sallyport-%s-%s"
#define STACK_NAME_MAX 8u
#define STACK_DEFAULT "TCPIP1"
#define STACK_TEXT_MAX (64u * 1024u)
#define PAGENT_SOCKET "tcpip/pagent.sock"

/* STACK_CONTROL's answer begins with 0: no such connection, 1: its state
 * follows, 2: ask again, or: */
#define CONTROL_IS_OFF 3u
/* Bits of the state's flags. */
#define CONTROL_IS_TIMED_OUT 1u /* the last INIT, which allowed for that */
#define CONTROL_IS_STOPPING 2u  /* the partner has not said close_notify yet */

/* The parameters of the groups are wanted. */
#define STACK_QUERY_GROUPS "groups"

enum stack_message {
    /* to the stack; answered by STACK_DONE with the same sequence */
    STACK_INSTALL = 0x5301, /* one descriptor: sealed memfd of a policy with
                               secrets; atomic, the old one stays on error.
                               DONE has the memfd of the policy as installed:
                               with ids and times */
    STACK_PURGE = 0x5302,   /* u8 denies: no policy any more; 1: what it meant
                               is refused, not let out in clear text */
    STACK_CONFIG = 0x5303,  /* u8 TTLS (1) or NOTTLS (0) */
    STACK_STATE = 0x5304,   /* nothing -> STACK_IS */
    STACK_END = 0x5305,     /* nothing: release everything and end */
    STACK_GET = 0x5306,     /* nothing: DONE has the memfd, ERR_NOT_FOUND */
    STACK_ALLOW = 0x5307,   /* u32 uid: may open sockets before the first
                               policy */
    /* for everybody; answered by STACK_ROWS or STACK_DONE */
    STACK_CONTROL = 0x5311, /* a program's question (ttls/attls.c) -> ROWS */
    STACK_QUERY = 0x5310,   /* str request: "", STACK_QUERY_GROUPS or the CONNID
                               (8 digits) whose parameters are wanted -> ROWS */
    /* from the stack */
    STACK_DONE = 0x5381, /* u8 enum err, str why */
    STACK_IS = 0x5382,   /* u8 TTLS, u8 has policy, u8 has been complete once,
                            u64 instance, u8 is captured, str why not; when it
                            is, why not by eBPF, "" when by that; u32 rules of
                            the policy */
    STACK_ROWS = 0x5383, /* str JSON text of the answer */
    /* pasearch to the agent, tcpip/pagent.sock */
    PAGENT_IMAGES = 0x5401, /* nothing -> PAGENT_ANSWER: lines of JSON */
    PAGENT_POLICY = 0x5402, /* str image, "" the first -> PAGENT_ANSWER */
    /* from the agent: u8 enum err, str text; PAGENT_POLICY: text is the image,
       with the memfd of its policy, without secrets; none when it has none */
    PAGENT_ANSWER = 0x5481,
};

#endif
