/* Compilation in a confined child. */
#include "artefact/compile.h"

struct job {
    enum image_kind kind;
    struct str archive;
    const struct compile_options *options;
};

const struct confine_limits compile_limits = {
    .memory_bytes = COMPILE_MEMORY_MAX,
    .seconds = COMPILE_SECONDS_MAX,
};

static enum err
run_job(void *arg, struct buf *out, struct err_info *why)
{
    const struct job *job = arg;

    return artefact_compile(job->kind, job->archive, job->options, out, why);
}

enum err
image_compile_confined(enum image_kind kind, struct str archive,
                       const struct compile_options *options, struct buf *image,
                       struct err_info *why)
{
    struct job job = { kind, archive, options };

    return confine_run(run_job, &job, &compile_limits, image, why);
}
