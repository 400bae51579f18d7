/* Between unload*.c: what writes the records of an unload. */
#ifndef SALLYPORT_SAF_UNLOAD_WRITER_H
#define SALLYPORT_SAF_UNLOAD_WRITER_H

#include "saf/unload_private.h"

struct unload_writer {
    struct saf_db *db;
    const struct unload_out *out;
    struct arena a; /* of one profile */
    struct unload_record r;
};

#define TEXT(w, column, value) unload_text(&(w)->r, column, value)
#define NUMBER(w, column, value) unload_number(&(w)->r, column, value)
#define YES(w, column, value) unload_yes(&(w)->r, column, value)
#define DAY(w, column, value) unload_day(&(w)->r, column, value)

void unload_start(struct unload_writer *, const char *type, struct str name);
void unload_emit(struct unload_writer *);
/* A field of segment BASE. */
struct str unload_base(struct unload_writer *, enum saf_kind, int64_t id,
                       const char *field);
/* A record whose columns are a segment's fields, if there is the segment;
 * class_name NULL for users and groups. */
void unload_segment(struct unload_writer *, const char *type,
                    const char *segment, enum saf_kind, int64_t id,
                    struct str name, const char *class_name);
/* Of a profile in class DIGTNMAP. */
struct str unload_filter_name(struct unload_writer *, struct str issuer,
                              struct str subject);

void unload_group(struct unload_writer *, struct str name);
void unload_user(struct unload_writer *, struct str name);
void unload_profile(struct unload_writer *, struct str class_name,
                    struct str name, bool is_generic);
/* Certificates, rings and maps, each with the profile it is derived from. */
void unload_certs(struct unload_writer *);

#endif
