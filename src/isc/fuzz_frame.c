/* Any bytes: refused, or read; what was read can be written and read again. */
#include <stdint.h>
#include <stdlib.h>

#include "isc/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct isc_req req, again;
static struct isc_rsp rsp;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str bytes = str_n(data, n);
    struct isc_bind bind;
    struct isc_head head;
    struct err_info why;
    int fds[ISC_FDS_MAX];
    unsigned n_fds;
    struct buf frame;

    (void)!isc_bind_read(bytes, &head, &bind, &why);
    (void)!isc_rsp_read(bytes, 3, &head, &rsp, &why);
    (void)!isc_plain_read(bytes, &head, &why);
    if (isc_req_read(bytes, 0, &head, &req, &why) != ERR_OK)
        return 0;
    buf_init(&frame, ISC_FRAME_MAX);
    if (isc_req_write(&frame, head.session, head.sequence, &req, fds, &n_fds,
                      &why) == ERR_OK &&
        n_fds == 0) {
        if (isc_req_read(buf_view(&frame), 0, &head, &again, &why) != ERR_OK ||
            again.n_areas != req.n_areas || !str_eq(again.program, req.program))
            abort();
    }
    buf_fini(&frame);
    return 0;
}
