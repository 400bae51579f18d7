/* What RACDCERT needs of keeper, confined child and data sets. */
#ifndef SALLYPORT_ANGEL_FRONT_CERTS_H
#define SALLYPORT_ANGEL_FRONT_CERTS_H

#include "front.h"
#include "saf/racdcert.h"

const struct cert_services *front_cert_services(struct front *);

#endif
