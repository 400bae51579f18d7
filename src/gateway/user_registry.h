/*
 * Which user registry a configuration has, and the authentication cache that
 * goes with it.
 * Source: Liberty, UserRegistryServiceImpl; authCache.
 */
#ifndef SALLYPORT_GATEWAY_USER_REGISTRY_H
#define SALLYPORT_GATEWAY_USER_REGISTRY_H

#include "gateway/snapshot.h"

/*
 * Set the registry and the cache of a snapshot that is not in use yet.
 * running: the one in use, whose cache goes on when nothing changed of what it
 * holds; NULL at start. What is wrong with the registry is logged, once: a
 * refresh that changes nothing of it says nothing.
 */
MUST_CHECK enum err user_registry_set(struct snapshot *,
                                      const struct snapshot *running,
                                      struct messages_log *, struct err_info *);
void user_registry_unset(struct snapshot *);

#endif
