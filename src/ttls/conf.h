/*
 * The policy agent's main configuration and image files. Statements of other
 * policies than AT-TLS are passed over, as are unknown ones: a TcpImage that
 * points straight at a policy installs nothing, without an error.
 */
#ifndef SALLYPORT_TTLS_CONF_H
#define SALLYPORT_TTLS_CONF_H

#include "ttls/build.h"

#define PAGENT_IMAGES_MAX 32u
#define PAGENT_INTERVAL_S 1800u /* of an image that codes none */
#define PAGENT_LOG_LEVEL 31u

/* TTLSConfig; is_coded false: the stack gets no AT-TLS policy. */
struct ttls_conf {
    bool is_coded;
    bool is_bad;     /* the last one has an error: what is installed stays */
    struct str path; /* empty: only the common file */
    bool flush, purge;
    bool has_flush, has_purge; /* coded, not inherited from the image */
};

struct pagent_image {
    struct str name;
    struct str path; /* empty: the main file is the image file */
    bool flush, purge;
    uint32_t interval_s;
    uint32_t line;
};

struct pagent_conf {
    struct pagent_image images[PAGENT_IMAGES_MAX];
    size_t n_images;
    uint32_t log_level;
    struct str codepage;   /* empty: not coded */
    struct str common;     /* CommonTTLSConfig; empty: none */
    bool is_common_bad;    /* as is_bad, for each image */
    struct ttls_conf ttls; /* when the main file is an image file, too */
    bool has_bad_image;    /* EZZ8779I */
};

typedef void (*pagent_diag)(void *arg, const struct ttls_diag *);

/*
 * Texts are views into `text`. Without a TcpImage there is one image of the
 * default stack `dflt`. What is wrong is reported; a statement that is wrong
 * has no effect; of statements that name a policy it is noted that there was
 * one, so that a slip takes no policy away. Defaults of FLUSH and PURGE are
 * [unverified]: FLUSH, NOPURGE; TTLSConfig inherits the image's.
 */
void pagent_conf_parse(struct str file, struct str text, struct str dflt,
                       pagent_diag on_diag, void *arg, struct pagent_conf *out);
/* An image file of its own. */
void pagent_image_parse(struct str file, struct str text,
                        const struct pagent_image *, pagent_diag on_diag,
                        void *arg, struct ttls_conf *out);

#endif
