#include "ttls/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "ipc/cgroup.h"
#include "ipc/stack.h"
#include "ttls/bpffs.h"

#define USERS_MAX 4096u
#define PROGRAMS_MAX 64u
#define DEPTH_MAX 16   /* of the image's cgroup, wherever it is mounted */
#define INSNS_MAX 128u /* of a program */

/* What a job may do with a socket that somebody else has made. */
static const struct {
    const char *name; /* of its pin */
    enum bpf_attach_type type;
} uses[] = {
    { "gate_connect4", BPF_CGROUP_INET4_CONNECT },
    { "gate_connect6", BPF_CGROUP_INET6_CONNECT },
    { "gate_bind4", BPF_CGROUP_INET4_BIND },
    { "gate_bind6", BPF_CGROUP_INET6_BIND },
    { "gate_sendmsg4", BPF_CGROUP_UDP4_SENDMSG },
    { "gate_sendmsg6", BPF_CGROUP_UDP6_SENDMSG },
};

struct gate {
    int cgroup;
    int program; /* before socket(), on the image's cgroup */
    int users;   /* map of uids that may pass */
    int links[ARRAY_LEN(uses)];
    char pins[256]; /* folder; "" none */
    char stack[STACK_NAME_MAX + 1];
};

static int
bpf(int command, union bpf_attr *attr)
{
    return (int)syscall(SYS_bpf, command, attr, sizeof *attr);
}

/* All address spaces of the image are below this folder. */
static int
open_cgroup(struct gate *g)
{
    char path[512];

    if (!cgroup_image(path, sizeof path))
        return -1;
    if (bpffs_is_here())
        (void)snprintf(g->pins, sizeof g->pins, STACK_PINS,
                       strrchr(path, '/') + 1, g->stack);
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Letters, digits, _ and . only; small ones stand for what a name may have,
 * too: no two stacks have the same. */
static void
name_of(const char *stack, char out[16])
{
    (void)snprintf(out, 16, "sptg_%.8s", stack);
    for (char *p = out; *p != '\0'; p++)
        *p = *p == '$' ? 'd' : *p == '#' ? 'h' : *p == '@' ? 'a' : *p;
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

/* --- the program ---------------------------------------------------------- */

struct code {
    struct bpf_insn insns[INSNS_MAX];
    uint32_t n;
};

static void
put(struct code *c, uint8_t code, uint8_t dst, uint8_t src, int16_t off,
    int32_t imm)
{
    REQUIRE(c->n < INSNS_MAX);
    c->insns[c->n++] = (struct bpf_insn){ .code = code,
                                          .dst_reg = dst & 15u,
                                          .src_reg = src & 15u,
                                          .off = off,
                                          .imm = imm };
}

static void
put_call(struct code *c, int helper)
{
    put(c, BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}

static void
put_number(struct code *c, uint8_t dst, uint64_t n)
{
    put(c, BPF_LD | BPF_DW | BPF_IMM, dst, 0, 0, (int32_t)(uint32_t)n);
    put(c, 0, 0, 0, 0, (int32_t)(uint32_t)(n >> 32));
}

static void
put_return(struct code *c, int value)
{
    put(c, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, value);
    put(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* Who is no task of the image passes: what calls lies below its cgroup when
 * that is among the ancestors. The first ancestor that is not there is 0. */
static void
put_is_ours(struct code *c, uint64_t image)
{
    put_number(c, 6, image);
    for (int level = 1; level <= DEPTH_MAX; level++) {
        int left = DEPTH_MAX - level; /* levels after this one, of 4 each */

        put(c, BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, level);
        put_call(c, BPF_FUNC_get_current_ancestor_cgroup_id);
        put(c, BPF_JMP | BPF_JEQ | BPF_X, 0, 6, (int16_t)(left * 4 + 1 + 2), 0);
        put(c, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, (int16_t)(left * 4), 0);
    }
    put_return(c, 1);
}

/* Root passes, and who is in the map; the others get EAGAIN, or EPERM on
 * kernels that let a program say no more than no. */
static void
put_may_pass(struct code *c, int users, bool with_errno)
{
    put_call(c, BPF_FUNC_get_current_uid_gid);
    put(c, BPF_ALU | BPF_MOV | BPF_X, 0, 0, 0, 0); /* the uid alone */
    put(c, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, (int16_t)(with_errno ? 11 : 9), 0);
    put(c, BPF_STX | BPF_MEM | BPF_W, 10, 0, -4, 0);
    put(c, BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0);
    put(c, BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -4);
    put(c, BPF_LD | BPF_DW | BPF_IMM, 1, BPF_PSEUDO_MAP_FD, 0, users);
    put(c, 0, 0, 0, 0, 0);
    put_call(c, BPF_FUNC_map_lookup_elem);
    put(c, BPF_JMP | BPF_JNE | BPF_K, 0, 0, (int16_t)(with_errno ? 4 : 2), 0);
    if (with_errno) {
        put(c, BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, -EAGAIN);
        put_call(c, BPF_FUNC_set_retval);
    }
    put_return(c, 0);
    put_return(c, 1);
}

static int
load_code(const struct gate *g, const struct code *c, enum bpf_attach_type type)
{
    union bpf_attr attr;

    memset(&attr, 0, sizeof attr);
    attr.prog_type = type == BPF_CGROUP_INET_SOCK_CREATE
                         ? BPF_PROG_TYPE_CGROUP_SOCK
                         : BPF_PROG_TYPE_CGROUP_SOCK_ADDR;
    attr.expected_attach_type = type;
    attr.insns = (uintptr_t)c->insns;
    attr.insn_cnt = c->n;
    attr.license = (uintptr_t) "GPL"; /* which helpers may be called */
    name_of(g->stack, attr.prog_name);
    return bpf(BPF_PROG_LOAD, &attr);
}

/* image: 0, or where the task that calls has to be. */
static int
load(const struct gate *g, enum bpf_attach_type type, uint64_t image)
{
    int program = -1;

    for (int with_errno = 1; program < 0 && with_errno >= 0; with_errno--) {
        struct code code = { .n = 0 };

        if (image != 0)
            put_is_ours(&code, image);
        put_may_pass(&code, g->users, with_errno != 0);
        program = load_code(g, &code, type);
    }
    return program;
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

/* --- before socket() ------------------------------------------------------ */

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

/* True when the program of that descriptor is the stack's gate; *users is the
 * id of its map. */
static bool
is_gate(int program, const char *name, uint32_t *users)
{
    struct bpf_prog_info info;
    union bpf_attr attr;

    memset(&attr, 0, sizeof attr);
    memset(&info, 0, sizeof info);
    info.nr_map_ids = 1;
    info.map_ids = (uintptr_t)users;
    attr.info.bpf_fd = (uint32_t)program;
    attr.info.info_len = sizeof info;
    attr.info.info = (uintptr_t)&info;
    return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 && info.nr_map_ids == 1 &&
           strncmp(info.name, name, sizeof info.name) == 0;
}

static int
by_id(int command, uint32_t id)
{
    union bpf_attr attr;

    memset(&attr, 0, sizeof attr);
    attr.prog_id = id; /* or map_id: the same place */
    return bpf(command, &attr);
}

/* --- before what is done with a socket -------------------------------------
 */

static void
pin_path(const struct gate *g, size_t i, char out[320])
{
    (void)snprintf(out, 320, "%s/%s", g->pins, uses[i].name);
}

static int
pinned(const struct gate *g, size_t i)
{
    union bpf_attr attr;
    char path[320];

    if (g->pins[0] == '\0')
        return -1;
    pin_path(g, i, path);
    memset(&attr, 0, sizeof attr);
    attr.pathname = (uintptr_t)path;
    return bpf(BPF_OBJ_GET, &attr);
}

static int
make_link(const struct gate *g, size_t i, int root, uint64_t image)
{
    int program = load(g, uses[i].type, image), link;
    union bpf_attr attr;
    char path[320];

    if (program < 0)
        return -1;
    memset(&attr, 0, sizeof attr);
    attr.link_create.prog_fd = (uint32_t)program;
    attr.link_create.target_fd = (uint32_t)root;
    attr.link_create.attach_type = uses[i].type;
    link = bpf(BPF_LINK_CREATE, &attr);
    close(program);
    if (link < 0 || g->pins[0] == '\0')
        return link;
    pin_path(g, i, path);
    memset(&attr, 0, sizeof attr);
    attr.pathname = (uintptr_t)path;
    attr.bpf_fd = (uint32_t)link;
    if (bpf(BPF_OBJ_PIN, &attr) != 0)
        log_warn("%s: %s", path, strerror(errno));
    return link;
}

/* The root of all cgroups: a hook runs for the cgroup that has made the socket,
 * and that may be anybody's. */
static void
watch_uses(struct gate *g, bool is_new)
{
    char path[400];
    struct stat st;
    int root;

    if (!cgroup_mount(path, sizeof path) || fstat(g->cgroup, &st) != 0)
        return;
    root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (g->pins[0] != '\0' && mkdir(g->pins, 0700) != 0 && errno != EEXIST)
        g->pins[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(uses); i++) {
        pin_path(g, i, path);
        if (is_new && g->pins[0] != '\0') /* of a gate that was not opened */
            (void)unlink(path);
        g->links[i] = is_new ? -1 : pinned(g, i);
        if (g->links[i] < 0)
            g->links[i] = make_link(g, i, root, st.st_ino);
        if (g->links[i] < 0)
            log_error("a socket that is handed to a job is not held back (%s): "
                      "%s",
                      uses[i].name, strerror(errno));
    }
    if (root >= 0)
        close(root);
}

static void
forget_uses(struct gate *g)
{
    for (size_t i = 0; i < ARRAY_LEN(uses); i++) {
        union bpf_attr attr;
        char path[320];

        if (g->links[i] < 0)
            continue;
        pin_path(g, i, path);
        if (g->pins[0] != '\0')
            (void)unlink(path);
        memset(&attr, 0, sizeof attr);
        attr.link_detach.link_fd = (uint32_t)g->links[i];
        (void)bpf(BPF_LINK_DETACH, &attr);
    }
    if (g->pins[0] != '\0')
        (void)rmdir(g->pins); /* capture may have its own there */
}

/* --- gates ---------------------------------------------------------------- */

static void
release(struct gate **gate)
{
    struct gate *g = *gate;

    *gate = NULL;
    if (g == NULL)
        return;
    for (size_t i = 0; i < ARRAY_LEN(uses); i++) {
        if (g->links[i] >= 0)
            close(g->links[i]);
    }
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
    (void)snprintf(g->stack, sizeof g->stack, "%s", stack);
    for (size_t i = 0; i < ARRAY_LEN(uses); i++)
        g->links[i] = -1;
    g->cgroup = open_cgroup(g);
    g->program = g->users = -1;
    if (g->cgroup < 0)
        release(&g);
    return g;
}

enum err
gate_shut(const char *stack, struct gate **out, struct err_info *why)
{
    struct gate *g = gate_found(stack);
    enum err e = ERR_OK;

    if (g != NULL) { /* shut already */
        *out = g;
        return ERR_OK;
    }
    g = gate_new(stack);
    if (g == NULL)
        return err_set(why, ERR_UNSUPPORTED,
                       "no cgroup of this image can be had");
    g->users = make_users();
    if (g->users >= 0)
        g->program = load(g, BPF_CGROUP_INET_SOCK_CREATE, 0);
    if (g->program < 0 || attach(g, BPF_PROG_ATTACH) != 0)
        e = err_sys(why, "cannot hold sockets back");
    if (e != ERR_OK) {
        release(&g);
        return e;
    }
    watch_uses(g, true);
    mark(stack, true);
    *out = g;
    return ERR_OK;
}

struct gate *
gate_found(const char *stack)
{
    uint32_t ids[PROGRAMS_MAX], users = 0;
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
        g->program = by_id(BPF_PROG_GET_FD_BY_ID, ids[i]);
        if (g->program >= 0 && is_gate(g->program, name, &users)) {
            g->users = by_id(BPF_MAP_GET_FD_BY_ID, users);
            watch_uses(g, false);
            return g;
        }
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
    forget_uses(g);
    if (attach(g, BPF_PROG_DETACH) != 0)
        log_error("sockets are held back still: %s", strerror(errno));
    mark(g->stack, false);
    release(gate);
}
