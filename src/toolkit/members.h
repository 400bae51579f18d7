/* Generated copybooks: Q, P and I members in fixed form. */
#ifndef SALLYPORT_TOOLKIT_MEMBERS_H
#define SALLYPORT_TOOLKIT_MEMBERS_H

#include "base/buf.h"
#include "base/str.h"
#include "cobol/layout.h"

/* Comment lines made of `notes`, then the declarations below root. */
void member_structure(struct buf *out, const struct field *root,
                      struct str notes);
/* BAQ-APINAME ... of one operation; path is base path and template. */
void member_info(struct buf *out, struct str api_name, struct str path,
                 struct str method);

#endif
