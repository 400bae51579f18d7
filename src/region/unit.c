#include "region/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/reader.h"
#include "ipc/chan.h"

struct unit_entry {
    struct unit_entry *next;
    const struct file_def *file;
    char key[DEFS_KEY_MAX];
    size_t n_key;
    bool is_deleted;
    struct buf record;
};

void
unit_init(struct unit *unit, struct committer_link *link)
{
    uint64_t number = unit->number;

    *unit = (struct unit){ .link = link, .number = number };
    unit->last = &unit->first;
    table_init(&unit->entries);
}

static void
clear(struct unit *unit)
{
    while (unit->first != NULL) {
        struct unit_entry *entry = unit->first;

        unit->first = entry->next;
        buf_fini(&entry->record);
        free(entry);
    }
    table_fini(&unit->entries);
    unit_init(unit, unit->link);
}

static struct str
name_of(const struct file_def *file, struct str key, char out[9 + DEFS_KEY_MAX])
{
    memcpy(out, file->head.name.p, file->head.name.n);
    out[file->head.name.n] = '/';
    memcpy(out + file->head.name.n + 1, key.p, key.n);
    return str_n(out, file->head.name.n + 1 + key.n);
}

/* --- the committer --------------------------------------------------------*/

/* Send, and wait for the outcome. ERR_PEER when the committer went away. */
static enum err
ask(struct committer_link *link, uint16_t type, struct str payload,
    enum region_outcome *out, struct err_info *why)
{
    struct chan_msg msg = { 0 };
    struct reader in;
    uint8_t byte;
    enum err e = chan_send(link->fd, type, 0, payload, NULL, 0, why);

    if (e == ERR_OK)
        e = chan_recv(link->fd, &msg, why);
    if (e != ERR_OK)
        return e == ERR_MEMORY ? e : ERR_PEER;
    in = reader_of(msg.payload);
    if (msg.type != RMSG_DONE || !reader_u8(&in, &byte) || byte > OUTCOME_IO) {
        chan_msg_fini(&msg);
        return err_set(why, ERR_PEER, "the committer broke the protocol");
    }
    chan_msg_fini(&msg);
    *out = (enum region_outcome)byte;
    return ERR_OK;
}

static bool
reconnect(struct committer_link *link)
{
    int fd = link->replace == NULL ? -1 : link->replace(link->arg);

    if (fd < 0)
        return false;
    close(link->fd);
    link->fd = fd;
    return true;
}

/* No answer is expected; when it cannot be sent the committer is gone, and
 * our locks with it. */
static void
tell(struct committer_link *link, uint16_t type, struct str payload)
{
    struct err_info why;

    if (chan_send(link->fd, type, 0, payload, NULL, 0, &why) != ERR_OK)
        log_debug("%s", why.text);
}

enum err
unit_lock(struct unit *unit, const struct file_def *file, struct str key,
          uint32_t wait_ms, struct err_info *why)
{
    enum region_outcome outcome = OUTCOME_IO;
    struct buf payload;
    enum err e;

    if (unit->is_lost)
        return err_set(why, ERR_PEER, "the unit of work was lost");
    buf_init(&payload, 1024);
    buf_str(&payload, file->head.name);
    buf_str(&payload, key);
    buf_u32(&payload, wait_ms);
    e = ask(unit->link, RMSG_LOCK, buf_view(&payload), &outcome, why);
    if (e == ERR_PEER && reconnect(unit->link)) {
        if (unit->has_locks)
            unit->is_lost = true; /* others may have had them meanwhile */
        else
            e = ask(unit->link, RMSG_LOCK, buf_view(&payload), &outcome, why);
    }
    buf_fini(&payload);
    if (e != ERR_OK)
        return e;
    if (outcome == OUTCOME_OK) {
        unit->has_locks = true;
        return ERR_OK;
    }
    return err_set(why, outcome == OUTCOME_BUSY ? ERR_TIMEOUT : ERR_IO,
                   "the record's lock was not to be had");
}

void
unit_unlock(struct unit *unit, const struct file_def *file, struct str key)
{
    char name[9 + DEFS_KEY_MAX];
    struct buf payload;

    if (table_get(&unit->entries, name_of(file, key, name)) != NULL)
        return;
    buf_init(&payload, 1024);
    buf_str(&payload, file->head.name);
    buf_str(&payload, key);
    tell(unit->link, RMSG_UNLOCK, buf_view(&payload));
    buf_fini(&payload);
}

enum err
unit_get(struct unit *unit, const struct file_def *file, struct str key,
         bool at_least, struct buf *record, struct err_info *why)
{
    char name[9 + DEFS_KEY_MAX];
    const struct unit_entry *entry = NULL;

    if (!at_least)
        entry = table_get(&unit->entries, name_of(file, key, name));
    if (entry == NULL)
        return store_get(unit->link->store, file, key, at_least, record, why);
    if (entry->is_deleted)
        return err_set(why, ERR_NOT_FOUND, "no such record");
    buf_add(record, buf_view(&entry->record));
    return buf_check(record, why);
}

static struct unit_entry *
entry_make(struct unit *unit, const struct file_def *file, struct str key)
{
    char text[9 + DEFS_KEY_MAX];
    struct str name = name_of(file, key, text);
    struct unit_entry *entry = table_get(&unit->entries, name);

    if (entry != NULL)
        return entry;
    entry = calloc(1, sizeof *entry);
    if (entry == NULL || !table_put(&unit->entries, name, entry, NULL)) {
        free(entry);
        return NULL;
    }
    entry->file = file;
    memcpy(entry->key, key.p, key.n);
    entry->n_key = key.n;
    buf_init(&entry->record, DEFS_RECORD_MAX);
    *unit->last = entry;
    unit->last = &entry->next;
    return entry;
}

enum err
unit_put(struct unit *unit, const struct file_def *file, struct str key,
         struct str record, struct err_info *why)
{
    struct unit_entry *entry;

    REQUIRE(key.n <= DEFS_KEY_MAX);
    if (unit->n_bytes + record.n > UNIT_BYTES_MAX)
        return err_set(why, ERR_LIMIT,
                       "a unit of work changes at most %u "
                       "bytes",
                       UNIT_BYTES_MAX);
    if ((entry = entry_make(unit, file, key)) == NULL)
        return err_set(why, ERR_MEMORY, "no storage for the unit of work");
    unit->n_bytes += record.n + sizeof *entry;
    entry->is_deleted = record.p == NULL;
    buf_clear(&entry->record);
    buf_add(&entry->record, record);
    return buf_check(&entry->record, why);
}

static void
write_ops(const struct unit *unit, struct buf *out)
{
    buf_u64(out, unit->number);
    for (const struct unit_entry *e = unit->first; e != NULL; e = e->next) {
        struct str key = str_n(e->key, e->n_key);

        if (e->is_deleted)
            store_op_delete(out, e->file, key);
        else
            store_op_put(out, e->file, key, buf_view(&e->record));
    }
}

static enum err
send_commit(struct unit *unit, struct err_info *why)
{
    enum region_outcome outcome = OUTCOME_IO;
    struct buf ops;
    enum err e;

    buf_init(&ops, CHAN_BYTES_MAX);
    unit->number++;
    write_ops(unit, &ops);
    e = buf_check(&ops, why);
    if (e == ERR_OK) {
        e = ask(unit->link, RMSG_COMMIT, buf_view(&ops), &outcome, why);
        /* Did it become lasting before the committer went away? The store
         * knows; when not, our locks are gone and it must not be repeated. */
        if (e == ERR_PEER && reconnect(unit->link) &&
            store_last_unit(unit->link->store, unit->link->worker) ==
                unit->number) {
            e = ERR_OK;
            outcome = OUTCOME_OK;
        }
    }
    buf_fini(&ops);
    if (e != ERR_OK)
        return e;
    switch (outcome) {
    case OUTCOME_OK:
        return ERR_OK;
    case OUTCOME_FULL:
        return err_set(why, ERR_LIMIT, "no space in the file store");
    case OUTCOME_BUSY:
    case OUTCOME_IO:
        break;
    }
    return err_set(why, ERR_IO, "the file store refused the unit of work");
}

enum err
unit_commit(struct unit *unit, struct err_info *why)
{
    enum err e = ERR_OK;

    if (unit->is_lost)
        e = err_set(why, ERR_PEER, "the unit of work was lost");
    else if (unit->first != NULL)
        e = send_commit(unit, why);
    else if (unit->has_locks)
        tell(unit->link, RMSG_BACKOUT, STR(""));
    clear(unit);
    return e;
}

void
unit_backout(struct unit *unit)
{
    if (unit->has_locks)
        tell(unit->link, RMSG_BACKOUT, STR(""));
    clear(unit);
}
