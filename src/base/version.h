/* What --version prints and archives carry. */
#ifndef SALLYPORT_BASE_VERSION_H
#define SALLYPORT_BASE_VERSION_H

#define SALLYPORT_VERSION "0.1.0"

#endif
