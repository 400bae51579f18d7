/*
 * Messages between our own processes: AF_UNIX SOCK_SEQPACKET, one message a
 * packet: u16 type, u32 sequence, payload (buf.h/reader.h), descriptors by
 * SCM_RIGHTS. A payload over CHAN_INLINE_MAX travels in a sealed memfd, which
 * chan_recv maps back, so the caller sees no difference up to CHAN_BYTES_MAX.
 *
 * Peers are named by chan_peer (SO_PEERCRED); nothing they say of themselves
 * is believed.
 */
#ifndef SALLYPORT_IPC_CHAN_H
#define SALLYPORT_IPC_CHAN_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define CHAN_INLINE_MAX (64u * 1024u)
#define CHAN_BYTES_MAX (64u * 1024u * 1024u)
#define CHAN_FDS_MAX 8u

struct chan_peer {
    pid_t pid;
    uid_t uid;
    gid_t gid;
};

struct chan_msg {
    uint16_t type;
    uint32_t seq;
    struct str payload; /* borrowed until chan_msg_fini */
    int fds[CHAN_FDS_MAX];
    unsigned n_fds;   /* descriptors not taken are closed by chan_msg_fini */
    void *map;        /* private */
    size_t map_bytes; /* private */
    char *heap;       /* private */
};

/* A listening socket at path, mode 0666 & ~mask of `mode`; a stale socket file
 * (nobody listens) is replaced, a live one is ERR_EXISTS. */
MUST_CHECK enum err chan_listen(const char *path, mode_t mode, int *fd,
                                struct err_info *why);
MUST_CHECK enum err chan_connect(const char *path, int *fd,
                                 struct err_info *why);
/* Accept; the peer's credentials in *peer (may be NULL). ERR_AGAIN when none
 * waits on a non-blocking listener. */
MUST_CHECK enum err chan_accept(int listener, int *fd, struct chan_peer *peer,
                                struct err_info *why);
MUST_CHECK enum err chan_pair(int fds[2], struct err_info *why);
MUST_CHECK enum err chan_peer_of(int fd, struct chan_peer *peer,
                                 struct err_info *why);

/* ERR_PEER when the other side is gone, ERR_AGAIN when it would block. The
 * descriptors are copied to the peer, not closed here. */
MUST_CHECK enum err chan_send(int fd, uint16_t type, uint32_t seq,
                              struct str payload, const int *fds,
                              unsigned n_fds, struct err_info *why);
/* ERR_PEER at end of file, ERR_AGAIN when nothing waits (non-blocking),
 * ERR_SYNTAX for a malformed message (close the connection). */
MUST_CHECK enum err chan_recv(int fd, struct chan_msg *msg,
                              struct err_info *why);
/* Descriptor i, now the caller's; -1 when there is none. */
int chan_take_fd(struct chan_msg *msg, unsigned i);
void chan_msg_fini(struct chan_msg *msg); /* wipes, may be called twice */

/* Close a connection whose other side may be hostile: sockets that wait in it
 * cannot hold us up (SO_LINGER), as they would close() itself. -1: nothing. */
void chan_close(int fd);

/* A sealed (read-only for ever) memfd with this content; -1 sets why. */
int chan_memfd(const char *name, struct str content, struct err_info *why);

/*
 * What a helper process answers: its code, a sentence for people, and the
 * result when the code is ERR_OK. Reading gives that code, or ERR_PEER (with
 * the name of `who`) when it is malformed; *result points into the message.
 */
void chan_answer_write(struct buf *payload, enum err code,
                       const struct err_info *why, struct str result);
/* The same, sent; wiped here, the result stays the caller's. */
MUST_CHECK enum err chan_answer_send(int fd, uint16_t type, uint32_t seq,
                                     enum err code, const struct err_info *why,
                                     struct str result);
MUST_CHECK enum err chan_answer_read(const struct chan_msg *, const char *who,
                                     struct str *result, struct err_info *why);

#endif
