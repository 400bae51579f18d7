/* What settings.c and settings_files.c share. */
#ifndef SALLYPORT_BIN_SERVER_SETTINGS_PRIVATE_H
#define SALLYPORT_BIN_SERVER_SETTINGS_PRIVATE_H

#include "settings.h"

/* "SPT0462E: place: reason" in why, as the program's only words. */
enum err settings_refuse(struct err_info *why, enum err, const char *id,
                         const char *place, const char *reason);
enum err settings_no_storage(struct err_info *why);
bool settings_is_file(const char *path);

/* One server.env into the environment; a missing one is empty. */
MUST_CHECK enum err settings_read_env(struct settings *, const char *path,
                                      bool is_quiet, struct err_info *why);
/* That of shared/, then the server's own. */
MUST_CHECK enum err settings_read_all_env(struct settings *, bool is_quiet,
                                          struct err_info *why);
/* ERR_SYNTAX: a line that is no option. */
MUST_CHECK enum err settings_read_jvm_options(struct settings *,
                                              struct err_info *why);
/* With what it includes, and what we use of it ourselves. */
MUST_CHECK enum err settings_read_bootstrap(struct settings *,
                                            struct err_info *why);

#endif
