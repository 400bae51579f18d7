/* A job that is accepted survives the trip to the initiator unchanged; one
 * that is refused names at least one place. */
#include "base/defs.h"
#include "batch/jcl.h"
#include "batch/job_wire.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static enum err
find_proc(void *arg, struct arena *arena, struct str library, struct str member,
          struct str *text, struct err_info *why)
{
    (void)arg;
    (void)arena;
    (void)library;
    if (!str_eq_z(member, "P"))
        return err_set(why, ERR_NOT_FOUND, "no such procedure");
    *text = STR("//P PROC A=1,B='x y'\n//S EXEC PGM=&A,PARM='&B'\n"
                "//D DD *\ndata\n// PEND\n");
    return ERR_OK;
}

static void
round_trip(struct arena *arena, const struct jcl_job *job)
{
    struct job_order in = { .job = *job }, out;
    struct buf first, second;

    buf_init(&first, 16 * 1024 * 1024);
    buf_init(&second, 16 * 1024 * 1024);
    job_encode(&first, &in);
    REQUIRE(buf_check(&first, NULL) == ERR_OK);
    REQUIRE(job_decode(arena, buf_view(&first), &out, NULL) == ERR_OK);
    job_encode(&second, &out);
    REQUIRE(str_eq(buf_view(&first), buf_view(&second)));
    buf_fini(&first);
    buf_fini(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct jcl_env env = { .sysuid = STR("FUZZ"), .proc = find_proc };
    struct jcl_errors errors;
    struct err_info why;
    struct jcl_job job;
    struct arena arena;

    if (n > 64 * 1024)
        return 0;
    arena_init(&arena, 256 * 1024 * 1024);
    if (jcl_parse(&arena, str_n(data, n), &env, &job, &errors, &why) == ERR_OK)
        round_trip(&arena, &job);
    else
        REQUIRE(errors.n_all > 0 || why.text[0] != '\0');
    arena_fini(&arena);
    return 0;
}
