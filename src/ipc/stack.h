/* One question to a stack process or the agent, and its answer. */
#ifndef SALLYPORT_IPC_STACK_H
#define SALLYPORT_IPC_STACK_H

#include "base/buf.h"
#include "base/err.h"
#include "ipc/stack_wire.h"

struct stack_answer {
    uint16_t type;
    struct buf payload;
    int fd; /* -1: none came with it */
};

/* True for a name of 1 to 8 letters, digits, $, # or @. */
bool stack_name_ok(struct str name);
/* Each stack of the image has a folder below STACK_FOLDER, whether a process
 * holds it or not. In no order. */
void stack_each(void (*run)(void *arg, const char *name), void *arg);

/*
 * Connect to `socket` (below the image's root), send, wait at most wait_ms.
 * fd (or -1) goes along and stays the caller's. The caller ends the answer.
 *
 * ERR_NOT_FOUND  nobody listens there
 * ERR_TIMEOUT, ERR_PEER
 */
MUST_CHECK enum err stack_ask(const char *socket, uint16_t type,
                              struct str payload, int fd, uint32_t wait_ms,
                              struct stack_answer *out, struct err_info *why);
void stack_answer_fini(struct stack_answer *);
/* What a STACK_DONE says: its code, and its text in why. */
MUST_CHECK enum err stack_done(const struct stack_answer *,
                               struct err_info *why);
/* "tcpip/TCPIP1/stack.sock"; false when the name is none. */
MUST_CHECK bool stack_socket(struct str stack, char out[64]);

#endif
