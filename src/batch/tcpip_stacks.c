/* The stacks of the image, as the master and its operator see them. */
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/reader.h"
#include "batch/tcpip_priv.h"
#include "ipc/stack.h"

#define STACK_WAIT_MS 5000u

/* ERR_NOT_FOUND: no process holds the stack. */
enum err
tcpip_ask(const char *name, uint16_t type, struct str payload,
          struct err_info *why)
{
    struct stack_answer answer = { .fd = -1 };
    char socket[64];
    enum err e;

    if (!stack_socket(str_of(name), socket))
        return err_set(why, ERR_SYNTAX, "no stack's name");
    e = stack_ask(socket, type, payload, -1, STACK_WAIT_MS, &answer, why);
    if (e == ERR_OK)
        e = stack_done(&answer, why);
    stack_answer_fini(&answer);
    return e;
}

enum err
tcpip_write_switch(const char *name, bool is_on, struct err_info *why)
{
    struct arena arena;
    char *folder, *path;
    enum err e = ERR_MEMORY;

    arena_init(&arena, 16 * 1024);
    folder = root_path(&arena, "tcpip/%s", name);
    path = root_path(&arena, STACK_STATE_FILE, name);
    if (folder != NULL && path != NULL &&
        (e = dir_make(folder, 0755, why)) == ERR_OK)
        e = file_write_atomic(path, is_on ? STR("TTLS\n") : STR("NOTTLS\n"),
                              0644, why);
    arena_fini(&arena);
    return e;
}

bool
tcpip_is_gated(const char *name)
{
    struct arena arena;
    char *path;
    bool is_shut;

    arena_init(&arena, 8192);
    path = root_path(&arena, STACK_GATE, name);
    is_shut = path != NULL && access(path, F_OK) == 0;
    arena_fini(&arena);
    return is_shut;
}

bool
tcpip_state_of(const char *name, struct tcpip_state *out)
{
    struct stack_answer answer = { .fd = -1 };
    uint8_t is_on, has_policy, was_complete, is_captured;
    struct reader in;
    uint64_t instance;
    struct str how;
    char socket[64];
    bool is_good;

    *out = (struct tcpip_state){ 0 };
    if (!stack_socket(str_of(name), socket) ||
        stack_ask(socket, STACK_STATE, (struct str){ 0 }, -1, STACK_WAIT_MS,
                  &answer, NULL) != ERR_OK)
        return false;
    in = reader_of(buf_view(&answer.payload));
    is_good = answer.type == STACK_IS && reader_u8(&in, &is_on) &&
              reader_u8(&in, &has_policy) && reader_u8(&in, &was_complete) &&
              reader_u64(&in, &instance) && reader_u8(&in, &is_captured) &&
              reader_str(&in, 0, STACK_TEXT_MAX, &how) &&
              reader_u32(&in, &out->n_rules);
    if (is_good) {
        out->is_on = is_on != 0;
        out->was_complete = was_complete != 0 && has_policy != 0;
    }
    stack_answer_fini(&answer);
    return true;
}
