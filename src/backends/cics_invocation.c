/*
 * Requests of provider `cics`: their queue, their deadlines and the ways they
 * end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/cics_private.h"
#include "base/clock.h"

#define SPARES_MAX 128u       /* invocations kept for reuse */
#define SPARE_FRAME_MAX 8192u /* with a frame of at most this size */

void
invocation_free(struct provider_invocation *inv)
{
    struct provider_conn *conn = inv->conn;

    loop_timer_clear(conn->loop, &inv->deadline);
    while (inv->n_fds > 0)
        close(inv->fds[--inv->n_fds]);
    if (inv->frame.p != NULL && conn->user.n > 0) /* holds the password */
        secret_wipe(inv->frame.p, inv->frame.n);
    if (conn->n_spares < SPARES_MAX && inv->frame.cap <= SPARE_FRAME_MAX) {
        inv->next = conn->spares;
        conn->spares = inv;
        conn->n_spares++;
        return;
    }
    buf_fini(&inv->frame);
    free(inv);
}

struct provider_invocation *
invocation_new(struct provider_conn *conn)
{
    struct provider_invocation *inv = conn->spares;
    struct buf frame;

    if (inv == NULL) {
        inv = calloc(1, sizeof *inv);
        if (inv != NULL)
            buf_init(&inv->frame, ISC_FRAME_MAX);
        return inv;
    }
    conn->spares = inv->next;
    conn->n_spares--;
    frame = inv->frame;
    memset(inv, 0, sizeof *inv);
    inv->frame = frame;
    buf_clear(&inv->frame);
    return inv;
}

void
invocation_dequeue(struct provider_invocation *inv)
{
    struct provider_conn *conn = inv->conn;

    if (inv->at == NULL)
        return;
    *inv->at = inv->next;
    if (inv->next != NULL)
        inv->next->at = inv->at;
    else
        conn->last = inv->at;
    inv->at = NULL;
    conn->n_waiting--;
}

void
invocation_queue(struct provider_invocation *inv)
{
    struct provider_conn *conn = inv->conn;

    inv->next = NULL;
    inv->at = conn->last;
    *conn->last = inv;
    conn->last = &inv->next;
    conn->n_waiting++;
}

void
invocation_detach(struct provider_invocation *inv)
{
    invocation_dequeue(inv);
    if (inv->session != NULL)
        inv->session->current = NULL;
    inv->session = NULL;
}

void
invocation_finish(struct provider_invocation *inv,
                  const struct provider_result *result)
{
    invocation_detach(inv);
    loop_timer_clear(inv->conn->loop, &inv->deadline);
    inv->done(inv->arg, result);
    invocation_free(inv);
}

static void
fail_now(struct provider_invocation *inv, enum provider_outcome outcome,
         const char *text)
{
    struct provider_result result = {
        .outcome = outcome,
        .detail = str_of(text),
        .sor_identifier = str_of(inv->conn->region),
        .sor_resource = str_of(inv->resource),
        .elapsed_us = (uint32_t)(clock_mono_us() - inv->began_us),
    };

    invocation_finish(inv, &result);
}

static void
run_later(struct loop_post *post)
{
    struct provider_invocation *inv =
        CONTAINER_OF(post, struct provider_invocation, later);

    if (inv->is_cancelled)
        invocation_free(inv);
    else
        fail_now(inv, inv->outcome, inv->detail);
}

void
invocation_fail_later(struct provider_invocation *inv,
                      enum provider_outcome outcome, const char *text)
{
    if (inv->is_failing)
        return;
    invocation_detach(inv);
    loop_timer_clear(inv->conn->loop, &inv->deadline);
    inv->is_failing = true;
    inv->outcome = outcome;
    (void)snprintf(inv->detail, sizeof inv->detail, "%s", text);
    inv->later.run = run_later;
    loop_post(inv->conn->loop, &inv->later);
}

void
invocation_on_deadline(struct loop_timer *timer)
{
    struct provider_invocation *inv =
        CONTAINER_OF(timer, struct provider_invocation, deadline);

    if (inv->session == NULL)
        fail_now(inv, PROVIDER_TIMEOUT,
                 inv->conn->state == CONN_UP ? "no session was free in time"
                                             : "the region did not bind in "
                                               "time");
    else
        fail_now(inv, PROVIDER_TIMEOUT, "the program did not answer in time");
}

void
invocation_fail_waiting(struct provider_conn *conn,
                        enum provider_outcome outcome, const char *text)
{
    while (conn->first != NULL)
        invocation_fail_later(conn->first, outcome, text);
}
