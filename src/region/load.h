/*
 * The initial load of a file from CSV, as IDCAMS REPRO would from a sequential
 * data set. The file definition's FIELDS says the record:
 *
 *     FIELDS(STAT:1=Y,NUMB:6,NAME:20)     name ":" bytes [ "=" default ]
 *
 * The first line of the CSV names columns; each is a field, blank padded. A
 * field without a column has its default, or blanks.
 */
#ifndef SALLYPORT_REGION_LOAD_H
#define SALLYPORT_REGION_LOAD_H

#include "base/buf.h"
#include "region/defs.h"

#define LOAD_CSV_MAX (64u * 1024u * 1024u)

/* Called for each record, in the order of the CSV. */
typedef enum err (*load_record)(void *arg, struct str key, struct str record,
                                struct err_info *why);

struct load_options {
    bool cut;       /* cut what is longer than its field; else ERR_RANGE */
    uint64_t n;     /* out: records */
    uint64_t n_cut; /* out: cells that were cut */
};

/* ERR_SYNTAX, ERR_RANGE, ERR_LIMIT with "<name>:<line>: ..." in why. */
MUST_CHECK enum err load_csv(const struct file_def *, const char *name,
                             struct str csv, struct load_options *, load_record,
                             void *arg, struct err_info *why);

/*
 * Load a file of a region that is not running yet or is (the store has one
 * writer at a time). ERR_EXISTS when it holds records already.
 */
MUST_CHECK enum err load_file(struct str applid, struct str file,
                              const char *csv_path, struct load_options *,
                              struct err_info *why);

/*
 * Files that a writer's store_open has just made and for which the region's
 * folder holds <file>.csv (lower case) get its records, over-long values cut.
 * `said` is called with a sentence for each file, loaded or not.
 */
struct store;
void load_new_files(struct store *, const struct region_defs *,
                    void (*said)(void *arg, struct str file, struct str text),
                    void *arg);

#endif
