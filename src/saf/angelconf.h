/*
 * etc/angel.conf: where the master key is kept, and the PKCS#11 module. Lines
 * of name=value; # begins a comment line. No such file: nothing is set.
 *
 *   masterkey     file, keyring:user:NAME, keyring:session:NAME or
 *                 pkcs11:LABEL: what a new database begins with
 *   token.module  path of the PKCS#11 module
 *   token.label   the token that is our PKDS
 *   token.pin     file with its user PIN, the owner's alone (0600)
 *   token.sopin   file with the security officer's PIN of tokens, likewise:
 *                 RACDCERT ADDTOKEN and DELTOKEN need it
 *   token.group   group that may use the module (root mode)
 *   token.env     NAME=value for the module's process; may be repeated
 */
#ifndef SALLYPORT_SAF_ANGELCONF_H
#define SALLYPORT_SAF_ANGELCONF_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define ANGEL_CONF "etc/angel.conf"
#define ANGEL_CONF_ENVS 8u

struct angel_conf {
    struct str masterkey; /* checked by masterkey.h */
    const char *module;   /* NULL: none */
    struct str token, pin_file, so_pin_file, group;
    struct str pin, so_pin; /* read by angel_conf_read */
    uint32_t gid;           /* likewise; 0: none */
    char *env[ANGEL_CONF_ENVS];
    unsigned n_env;
};

/* What the text says, and no more: neither PIN nor group. In the arena. name:
 * of the file, for messages. ERR_SYNTAX, ERR_LIMIT with file and line. */
MUST_CHECK enum err angel_conf_parse(struct arena *, struct str text,
                                     const char *name, struct angel_conf *out,
                                     struct err_info *why);
/* Reads the PIN, too: in the arena, wipe it with angel_conf_wipe. ERR_SYNTAX
 * with file and line; ERR_DENIED: others may read the PIN. */
MUST_CHECK enum err angel_conf_read(struct arena *, const char *path,
                                    struct angel_conf *out,
                                    struct err_info *why);
void angel_conf_wipe(struct angel_conf *);

#endif
