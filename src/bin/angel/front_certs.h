/* What RACDCERT needs of keeper, confined child and data sets. */
#ifndef SALLYPORT_ANGEL_FRONT_CERTS_H
#define SALLYPORT_ANGEL_FRONT_CERTS_H

#include "front.h"
#include "saf/racdcert.h"

const struct cert_services *front_cert_services(struct front *);
/* A key of the token that nobody will use. */
void front_drop_key(struct front *, struct str sealed, struct str owner);

#endif
