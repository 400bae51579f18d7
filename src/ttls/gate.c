#include "ttls/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "ipc/cgroup.h"
#include "ipc/stack.h"

#define USERS_MAX 4096u
#define PROGRAMS_MAX 64u

struct gate {
    int cgroup;
    int program;
    int users; /* map of uids that may pass; -1 in one that was found */
    char stack[STACK_NAME_MAX + 1];
};

static int
bpf(int command, union bpf_attr *attr)
{
    return (int)syscall(SYS_bpf, command, attr, sizeof *attr);
}

/* All address spaces of the image are below this folder. */
static int
open_cgroup(void)
{
    char path[512];

    return cgroup_image(path, sizeof path)
               ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
               : -1;
}

static void
name_of(const char *stack, char out[16])
{
    (void)snprintf(out, 16, "sptgate_%s", stack);
    for (char *p = out; *p != '\0'; p++) {
        if (strchr("$#@", *p) != NULL)
            *p = '_'; /* letters, digits, _ and . only */
    }
}

/* A process forgets the marker, not the kernel its program. */
static void
mark(const char *stack, bool is_shut)
{
    struct arena arena;
    char *path;

    arena_init(&arena, 8192);
    path = root_path(&arena, STACK_GATE, stack);
    if (path != NULL && is_shut)
        IGNORE(file_write_atomic(path, STR("shut\n"), 0644, NULL));
    else if (path != NULL)
        (void)unlink(path);
    arena_fini(&arena);
}

#define INSN(c, d, s, o, i)                                                    \
    (struct bpf_insn)                                                          \
    {                                                                          \
        .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)    \
    }
#define CALL(helper) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, helper)

static int
load(const char *stack, int users, bool with_errno)
{
    const struct bpf_insn insns[] = {
        CALL(BPF_FUNC_get_current_uid_gid),
        INSN(BPF_ALU | BPF_MOV | BPF_X, 0, 0, 0, 0),  /* the uid alone */
        INSN(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 11, 0), /* root passes */
        INSN(BPF_STX | BPF_MEM | BPF_W, 10, 0, -4, 0),
        INSN(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0),
        INSN(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -4),
        INSN(BPF_LD | BPF_DW | BPF_IMM, 1, BPF_PSEUDO_MAP_FD, 0, users),
        INSN(0, 0, 0, 0, 0),
        CALL(BPF_FUNC_map_lookup_elem),
        INSN(BPF_JMP | BPF_JNE | BPF_K, 0, 0, 4, 0), /* is allowed */
        INSN(BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, -EAGAIN),
        with_errno ? CALL(BPF_FUNC_set_retval)
                   : INSN(BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, 0),
        INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0),
        INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
        INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1),
        INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
    };
    union bpf_attr attr;

    memset(&attr, 0, sizeof attr);
    attr.prog_type = BPF_PROG_TYPE_CGROUP_SOCK;
    attr.expected_attach_type = BPF_CGROUP_INET_SOCK_CREATE;
    attr.insns = (uintptr_t)insns;
    attr.insn_cnt = ARRAY_LEN(insns);
    attr.license = (uintptr_t) "GPL"; /* which helpers may be called */
    name_of(stack, attr.prog_name);
    return bpf(BPF_PROG_LOAD, &attr);
}

static int
make_users(void)
{
    union bpf_attr attr;

    memset(&attr, 0, sizeof attr);
    attr.map_type = BPF_MAP_TYPE_HASH;
    attr.key_size = 4;
    attr.value_size = 1;
    attr.max_entries = USERS_MAX;
    return bpf(BPF_MAP_CREATE, &attr);
}

static int
attach(const struct gate *g, int command)
{
    union bpf_attr attr;

    memset(&attr, 0, sizeof attr);
    attr.target_fd = (uint32_t)g->cgroup;
    attr.attach_bpf_fd = (uint32_t)g->program;
    attr.attach_type = BPF_CGROUP_INET_SOCK_CREATE;
    if (command == BPF_PROG_ATTACH)
        attr.attach_flags = BPF_F_ALLOW_MULTI;
    return bpf(command, &attr);
}

static void
release(struct gate **gate)
{
    struct gate *g = *gate;

    *gate = NULL;
    if (g == NULL)
        return;
    if (g->cgroup >= 0)
        close(g->cgroup);
    if (g->program >= 0)
        close(g->program);
    if (g->users >= 0)
        close(g->users);
    free(g);
}

static struct gate *
gate_new(const char *stack)
{
    struct gate *g = calloc(1, sizeof *g);

    if (g == NULL)
        return NULL;
    g->cgroup = open_cgroup();
    g->program = g->users = -1;
    (void)snprintf(g->stack, sizeof g->stack, "%s", stack);
    if (g->cgroup < 0)
        release(&g);
    return g;
}

enum err
gate_shut(const char *stack, struct gate **out, struct err_info *why)
{
    struct gate *g = gate_found(stack);
    enum err e = ERR_OK;

    if (g != NULL) { /* shut already; without its list nobody passes */
        *out = g;
        return ERR_OK;
    }
    g = gate_new(stack);
    if (g == NULL)
        return err_set(why, ERR_UNSUPPORTED,
                       "no cgroup of this image can be had");
    g->users = make_users();
    if (g->users >= 0)
        g->program = load(stack, g->users, true);
    if (g->users >= 0 && g->program < 0)
        g->program = load(stack, g->users, false); /* EPERM for EAGAIN */
    if (g->program < 0 || attach(g, BPF_PROG_ATTACH) != 0)
        e = err_sys(why, "cannot hold sockets back");
    if (e != ERR_OK) {
        release(&g);
        return e;
    }
    mark(stack, true);
    *out = g;
    return ERR_OK;
}

/* True when the program of that id is the stack's gate. */
static bool
is_gate(int program, const char *name)
{
    struct bpf_prog_info info;
    union bpf_attr attr;

    memset(&attr, 0, sizeof attr);
    memset(&info, 0, sizeof info);
    attr.info.bpf_fd = (uint32_t)program;
    attr.info.info_len = sizeof info;
    attr.info.info = (uintptr_t)&info;
    return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 &&
           strncmp(info.name, name, sizeof info.name) == 0;
}

struct gate *
gate_found(const char *stack)
{
    uint32_t ids[PROGRAMS_MAX];
    struct gate *g = gate_new(stack);
    union bpf_attr attr;
    char name[16];

    if (g == NULL)
        return NULL;
    name_of(stack, name);
    memset(&attr, 0, sizeof attr);
    attr.query.target_fd = (uint32_t)g->cgroup;
    attr.query.attach_type = BPF_CGROUP_INET_SOCK_CREATE;
    attr.query.prog_ids = (uintptr_t)ids;
    attr.query.prog_cnt = PROGRAMS_MAX;
    if (bpf(BPF_PROG_QUERY, &attr) != 0)
        attr.query.prog_cnt = 0;
    for (uint32_t i = 0; i < attr.query.prog_cnt; i++) {
        union bpf_attr get;

        memset(&get, 0, sizeof get);
        get.prog_id = ids[i];
        g->program = bpf(BPF_PROG_GET_FD_BY_ID, &get);
        if (g->program >= 0 && is_gate(g->program, name))
            return g;
        if (g->program >= 0)
            close(g->program);
        g->program = -1;
    }
    release(&g);
    return NULL;
}

void
gate_allow(struct gate *g, uint32_t uid)
{
    union bpf_attr attr;
    uint8_t yes = 1;

    memset(&attr, 0, sizeof attr);
    attr.map_fd = (uint32_t)g->users;
    attr.key = (uintptr_t)&uid;
    attr.value = (uintptr_t)&yes;
    if (g->users < 0 || bpf(BPF_MAP_UPDATE_ELEM, &attr) != 0)
        log_warn("uid %u is held back though it may pass", uid);
}

void
gate_open(struct gate **gate)
{
    struct gate *g = *gate;

    if (g == NULL)
        return;
    if (attach(g, BPF_PROG_DETACH) != 0)
        log_error("sockets are held back still: %s", strerror(errno));
    mark(g->stack, false);
    release(gate);
}
