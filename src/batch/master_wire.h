/*
 * What submit, console and status ask of the master, over chan.h messages to
 * $SALLYPORT_ROOT/master/master.sock. A client first shows who it is: the
 * sealed acee it got from the angel, which must fit the Linux user that the
 * kernel names.
 */
#ifndef SALLYPORT_BATCH_MASTER_WIRE_H
#define SALLYPORT_BATCH_MASTER_WIRE_H

#define MASTER_SOCKET "master/master.sock"

enum master_message {
    /* client to master */
    MASTER_HELLO = 0x4d01,   /* str sealed acee; answered by MASTER_DONE */
    MASTER_SUBMIT = 0x4d02,  /* str JCL, u8 wait */
    MASTER_COMMAND = 0x4d03, /* str operator command */
    MASTER_OUTPUT = 0x4d04,  /* str job id */
    /* su: str user, u8 terminals (bit n: stream n is one), u16 rows, u16
     * columns, str TERM, u32 n, n x str argument; fds: the folder, then the
     * streams that are no terminals. Answered by MASTER_ACCEPTED and, when the
     * program is over, MASTER_ENDED: its exit status (128 and the signal that
     * ended it), or by MASTER_ENDED alone: refused. */
    MASTER_SU = 0x4d05,
    MASTER_SIGNAL = 0x4d06, /* u8 signal, for what su started */
    /* master to client */
    MASTER_ACCEPTED = 0x4d81, /* str job name, str job id; su with terminals:
                                 fd of the terminal's other side */
    MASTER_ENDED = 0x4d82,    /* u8 enum job_end, u32 code, str text */
    MASTER_LINE = 0x4d83,     /* str line */
    MASTER_FILE = 0x4d84,     /* str name; fd to read */
    MASTER_DONE = 0x4d85,     /* u8: 0, or why it was refused, as lines say */
};

#define MASTER_LINE_MAX 1024u
#define MASTER_COMMAND_MAX 256u
#define MASTER_ACEE_MAX (64u * 1024u)
#define MASTER_ARGS_MAX 1000u
#define MASTER_ARGS_BYTES_MAX (128u * 1024u)
#define MASTER_TERM_MAX 64u

#endif
