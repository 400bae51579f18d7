/* Layouts of RACDCERT LIST, LISTRING and their kin. */
#ifndef SALLYPORT_SAF_RACDCERT_LIST_H
#define SALLYPORT_SAF_RACDCERT_LIST_H

#include "saf/cert.h"
#include "saf/cmd.h"

/* "user LIBSERV", "CERTAUTH", "SITE": after "information for". */
struct str racdcert_owner_words(struct arena *, struct str owner);
void racdcert_print_ring(struct cmd *, const struct ring_row *);
/* rings: with the ring associations. */
void racdcert_print_cert(struct cmd *, const struct cert_row *, bool rings);

/* >72 characters a line< */
void racdcert_print_wrapped(struct cmd *, struct str value);

#endif
