/*
 * Commands of one turn of the loop share a COMMIT, and so the wait for the
 * disk. A command that was carried out is held: its lines, its reply and its
 * audit record leave when the commit is done, and its refreshes begin then.
 * When it fails, each held command answers with why, and nothing is published.
 * Whatever else is asked ends the batch first, so only commands ever see what
 * is not committed yet.
 */
#include "front_batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/secret.h"
#include "front_audit.h"
#include "front_parked.h"
#include "front_work.h"

/* Commands, and bytes of their output, after which the batch is committed
 * though more are there. */
#define BATCH_MAX 64u
#define BATCH_BYTES_MAX (256u * 1024u)
#define LINES_MAX (32u * 1024u * 1024u)

void
held_line(struct held *h, struct str text)
{
    buf_str(&h->lines, str_sub(text, 0, WIRE_COMMAND_MAX - 16u));
}

void
held_msg(struct held *h, const char *id, const struct str *inserts,
         size_t n_inserts)
{
    struct buf line;

    buf_init(&line, 8192);
    buf_add_z(&line, id);
    buf_add_char(&line, ' ');
    msg_text(&line, id, inserts, n_inserts);
    held_line(h, buf_view(&line));
    buf_fini(&line);
}

static bool
says_violation(struct str text)
{
    static const struct str words[] = { STR("NOT AUTHORIZED"),
                                        STR("INSUFFICIENT AUTHORITY"),
                                        STR("not authorized") };

    /* Who is not in an access list, not who issues the command. */
    if (str_starts(text, STR("ICH06002I")))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_find(text, words[i]) != STR_NPOS)
            return true;
    }
    return false;
}

static void
take_line(void *arg, struct str text)
{
    struct held *h = arg;

    h->is_violation = h->is_violation || says_violation(text);
    held_line(h, text);
}

static void
take_refresh(void *arg, const struct saf_refresh *r)
{
    struct held *h = arg;
    struct saf_refresh *copy = malloc(sizeof *copy);

    if (copy == NULL) {
        h->is_cut = true;
        return;
    }
    *copy = *r;
    copy->next = NULL;
    *h->refreshes_tail = copy;
    h->refreshes_tail = &copy->next;
}

static struct held *
held_new(struct peer *p, uint32_t seq)
{
    struct held *h = calloc(1, sizeof *h);

    if (h == NULL)
        return NULL;
    h->peer = p;
    h->seq = seq;
    h->rc = 12;
    h->refreshes_tail = &h->refreshes;
    buf_init(&h->lines, LINES_MAX);
    buf_init(&h->command, WIRE_COMMAND_MAX + 16u);
    return h;
}

void
held_free(struct held *h)
{
    while (h->refreshes != NULL) {
        struct saf_refresh *r = h->refreshes;

        h->refreshes = r->next;
        free(r);
    }
    if (h->lines.p != NULL)
        secret_wipe(h->lines.p, h->lines.n);
    buf_fini(&h->lines);
    buf_fini(&h->command);
    free(h);
}

void
held_answer(struct held *h)
{
    struct reader in = reader_of(buf_view(&h->lines));
    struct buf out;
    struct str text;

    if (h->peer == NULL) {
        held_free(h);
        return;
    }
    if (h->lines.failed || h->is_cut)
        peer_kill(h->peer); /* no storage for what was said */
    buf_init(&out, WIRE_COMMAND_MAX);
    while (reader_str(&in, 0, WIRE_COMMAND_MAX, &text)) {
        buf_clear(&out);
        buf_str(&out, text);
        peer_send(h->peer, WIRE_LINE, h->seq, buf_view(&out), -1);
    }
    buf_clear(&out);
    buf_u32(&out, h->rc);
    peer_reply(h->peer, h->seq, h->e, SAF_RC(0, 0, 0), &h->why, buf_view(&out));
    buf_fini(&out);
    held_free(h);
}

/* Nothing of the command happened, whatever it has said so far. */
static void
undo(struct held *h, const struct err_info *why)
{
    while (h->refreshes != NULL) {
        struct saf_refresh *r = h->refreshes;

        h->refreshes = r->next;
        free(r);
    }
    h->refreshes_tail = &h->refreshes;
    h->is_violation = h->is_switch = h->has_changed = false;
    buf_clear(&h->lines);
    HELD_MSG(h, "SPT1000E",
             str_sub(buf_view(&h->command), 0,
                     str_find_char(buf_view(&h->command), ' ')),
             str_of(why->text));
    h->rc = 12;
}

/* Return code 4 is partly done, or not at all. */
static enum audit_outcome
outcome_of(const struct held *h)
{
    if (h->is_violation)
        return AUDIT_VIOLATION;
    return h->rc >= 8 || (h->rc >= 4 && !h->has_changed) ? AUDIT_NOT_DONE
                                                         : AUDIT_DONE;
}

void
front_batch_end(struct front *f)
{
    struct held *all = f->batch.first, *next;
    struct err_info why = { 0 };
    enum err e = ERR_OK;
    struct saf_db *db;

    if (all == NULL)
        return;
    db = saf_engine_db(f->engine);
    f->batch = (struct batch){ .tail = &f->batch.first };
    if (saf_db_in_batch(db))
        e = saf_db_batch_commit(db, &why);
    for (struct held *h = all; h != NULL; h = next) {
        next = h->next;
        h->next = NULL;
        if (e != ERR_OK)
            undo(h, &why);
        audit_command(h->peer, buf_view(&h->command), outcome_of(h));
        if (h->refreshes != NULL || h->is_switch)
            front_work(f, h);
        else
            held_answer(h);
    }
}

bool
command_run(struct peer *p, uint32_t seq, struct str command)
{
    struct front *f = p->front;
    struct saf_db *db = saf_engine_db(f->engine);
    struct saf_session session = { .acee = p->acee,
                                   .now_ms = front_parked_begin(f, p),
                                   .line = take_line,
                                   .refresh = take_refresh,
                                   .hooks = &f->hooks };
    uint64_t n_changes = saf_db_all_changes(db);
    struct held *h;
    struct arena a;

    h = held_new(p, seq);
    if (h == NULL) {
        front_parked_end(f);
        return false;
    }
    session.arg = h;
    /* Where none can be begun the command's own transaction tells why. */
    if (!saf_db_in_batch(db))
        (void)!saf_db_batch_begin(db, NULL);
    h->e = saf_execute(f->engine, &session, command, &h->rc, &h->why);
    front_parked_end(f);
    if (front_is_parking(f)) { /* it changed nothing and is run again */
        held_free(h);
        if (f->batch.first == NULL && saf_db_in_batch(db))
            (void)!saf_db_batch_commit(db, NULL); /* nothing is in it */
        return front_park(p, seq, command);
    }
    arena_init(&a, 4u * WIRE_COMMAND_MAX);
    buf_add(&h->command, str_trim(cmd_blank_secrets(&a, command, &f->hooks)));
    arena_fini(&a);
    h->has_changed = saf_db_all_changes(db) != n_changes;
    h->is_switch = f->wants_switch;
    f->wants_switch = false;
    *f->batch.tail = h;
    f->batch.tail = &h->next;
    f->batch.n++;
    f->batch.bytes += h->lines.n;
    if (h->refreshes != NULL || h->is_switch || f->batch.n >= BATCH_MAX ||
        f->batch.bytes >= BATCH_BYTES_MAX)
        front_batch_end(f);
    return true;
}

bool
on_command(struct peer *p, uint32_t seq, struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct str command;

    return reader_str(&in, 0, WIRE_COMMAND_MAX, &command) &&
           reader_at_end(&in) && command_run(p, seq, command);
}
