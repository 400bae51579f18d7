/* Compilation in a confined child. */
#include "artefact/compile.h"

#include "base/confine.h"

struct job {
    enum image_kind kind;
    struct str archive;
    const struct compile_options *options;
};

static enum err
run_job(void *arg, struct buf *out, struct err_info *why)
{
    const struct job *job = arg;

    switch (job->kind) {
    case IMAGE_SERVICE:
        return artefact_compile_service(job->archive, job->options, out, why);
    case IMAGE_API:
        return artefact_compile_api(job->archive, job->options, out, why);
    case IMAGE_REQUESTER:
        return artefact_compile_requester(job->archive, job->options, out, why);
    }
    return err_set(why, ERR_UNSUPPORTED, "no such kind of archive");
}

enum err
image_compile_confined(enum image_kind kind, struct str archive,
                       const struct compile_options *options, struct buf *image,
                       struct err_info *why)
{
    static const struct confine_limits limits = {
        .memory_bytes = COMPILE_MEMORY_MAX,
        .seconds = COMPILE_SECONDS_MAX,
    };
    struct job job = { kind, archive, options };

    return confine_run(run_job, &job, &limits, image, why);
}
