/* What operators are told about archives, kept until it is true. */
#ifndef SALLYPORT_GATEWAY_ARTEFACT_NEWS_H
#define SALLYPORT_GATEWAY_ARTEFACT_NEWS_H

#include "audit/messages_log.h"
#include "gateway/artefacts.h"

enum news_kind { NEWS_INSTALLED, NEWS_UPDATED, NEWS_UNINSTALLED };

/* Without storage the line is lost, not what it tells of. */
void news_add(struct artefact_news **, enum artefact_place, enum news_kind,
              const char *file, const struct image_info *);
void news_refused(struct artefact_news **, const char *file, const char *reason,
                  bool is_kept);
void news_unreadable(struct artefact_news **, const char *folder,
                     const char *reason);
/* In order; what has been told is gone. */
void news_tell(struct artefact_news **, struct messages_log *);
void news_free(struct artefact_news **);

#endif
