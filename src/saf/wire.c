#include "saf/wire.h"

void
wire_put_decision(struct buf *out, const struct saf_decision *d)
{
    buf_u32(out, d->rc.saf);
    buf_u32(out, d->rc.racf);
    buf_u32(out, d->rc.reason);
    buf_str(out, str_of(d->profile));
    buf_u8(out, d->is_generic);
    buf_u8(out, d->is_warning);
    buf_u8(out, d->log);
    buf_u8(out, (uint8_t)d->requested);
    buf_u8(out, (uint8_t)d->allowed);
    buf_str(out, str_of(d->entry));
}

bool
wire_read_decision(struct reader *in, struct saf_decision *out)
{
    struct saf_decision d = { .requested = SAF_NONE };
    struct str profile, entry;
    uint8_t is_generic, is_warning, log, requested, allowed;

    if (!reader_u32(in, &d.rc.saf) || !reader_u32(in, &d.rc.racf) ||
        !reader_u32(in, &d.rc.reason) ||
        !reader_str(in, 0, SAF_PROFILE_MAX, &profile) ||
        !reader_u8(in, &is_generic) || is_generic > 1 ||
        !reader_u8(in, &is_warning) || is_warning > 1 || !reader_u8(in, &log) ||
        log > SAF_LOG_ALL || !reader_u8(in, &requested) ||
        requested > SAF_ALTER || !reader_u8(in, &allowed) ||
        allowed > SAF_ALTER || !reader_str(in, 0, sizeof d.entry - 1, &entry) ||
        !str_copy_z(profile, d.profile, sizeof d.profile) ||
        !str_copy_z(entry, d.entry, sizeof d.entry))
        return false;
    d.is_generic = is_generic != 0;
    d.is_warning = is_warning != 0;
    d.log = log;
    d.wants_log = log != 0;
    d.requested = (enum saf_level)requested;
    d.allowed = (enum saf_level)allowed;
    *out = d;
    return true;
}
