/* mapping.xml and the two .map files of a requester's operation. */
#ifndef SALLYPORT_TOOLKIT_ARA_MAPS_H
#define SALLYPORT_TOOLKIT_ARA_MAPS_H

#include "base/buf.h"
#include "toolkit/swagger.h"

/* folder: of the operation in the archive, with a slash at its end. */
void ara_mapping(struct buf *out, const struct swagger_operation *,
                 struct str base_path, struct str folder);
void ara_request_map(struct buf *out, const struct swagger_operation *);
void ara_response_map(struct buf *out, const struct swagger_operation *);

#endif
