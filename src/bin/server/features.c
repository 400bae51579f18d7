#include "features.h"

#include <string.h>

#include "base/arena.h"
#include "base/version.h"
#include "config/feature.h"

#define PRODUCT_LOGGER "com.ibm.zosconnect.internal.ZosConnectServiceImpl"
#define ROLES_LOGGER                                                           \
    "com.ibm.ws.webcontainer.security.feature.internal."                       \
    "FeatureAuthorizationTableService"
#define WEB_LOGGER                                                             \
    "com.ibm.ws.webcontainer.security.WebAppSecurityCollaboratorImpl"

#define PRODUCT_FEATURE "zosconnect:zosConnect-2.0"
/* The level whose behaviour we have. */
#define PRODUCT_LEVEL STR("3.0.34.0")

static void
say(void *arg, const char *id, struct str text)
{
    const struct worker *w = arg;

    messages_log_text(w->log, FEATURE_LOGGER, id, text);
}

static bool
has(const struct cfg_list *list, struct str name)
{
    for (size_t i = 0; i < list->n; i++)
        if (str_eq(list->v[i], name))
            return true;
    return false;
}

/* "[a-1.0, b-2.0]" of those in `all` and not in `but`, when there are any. */
static void
say_list(struct worker *w, const char *id, const struct cfg_list *all,
         const struct cfg_list *but)
{
    struct buf text;
    size_t n = 0;

    buf_init(&text, 64u * 1024u);
    buf_add_char(&text, '[');
    for (size_t i = 0; i < all->n; i++) {
        if (has(but, all->v[i]))
            continue;
        buf_add_z(&text, n++ > 0 ? ", " : "");
        buf_add(&text, all->v[i]);
    }
    buf_add_char(&text, ']');
    if (n > 0)
        MESSAGES_LOG(w->log, FEATURE_LOGGER, id, buf_view(&text));
    buf_fini(&text);
}

bool
features_fit(struct worker *w, const struct cfg_tree *tree)
{
    return features_check(tree, say, w) == 0 ||
           CFG_ONE(tree, feature_manager)->on_error != CFG_ON_ERROR_FAIL;
}

void
features_say(struct worker *w, const struct cfg_tree *next,
             const struct cfg_tree *old)
{
    struct cfg_list names = { 0 }, before = { 0 };
    struct err_info why;
    struct arena arena;

    arena_init(&arena, 1u << 20);
    if (features_of(next, &arena, &names, NULL, &why) == ERR_OK &&
        (old == NULL ||
         features_of(old, &arena, &before, NULL, &why) == ERR_OK)) {
        say_list(w, "CWWKF0012I", &names, &before);
        say_list(w, "CWWKF0013I", &before, &names);
    }
    arena_fini(&arena);
}

void
features_say_product(struct worker *w, const struct cfg_tree *tree)
{
    if (features_have(tree, PRODUCT_FEATURE))
        MESSAGES_LOG(w->log, PRODUCT_LOGGER, "BAQR0000I", PRODUCT_LEVEL,
                     STR("Sallyport " SALLYPORT_VERSION));
}

/* Roles are processed anew when they are new or differ. */
static void
say_roles(struct worker *w, const struct cfg_tree *next,
          const struct cfg_tree *old)
{
    const struct cfg_authorization_roles *roles;

    CFG_EACH(next, authorization_roles, roles)
    {
        if (old == NULL || !cfg_has_equal(old, &roles->node))
            MESSAGES_LOG(w->log, ROLES_LOGGER, "CWWKS9120I", roles->node.id);
    }
}

void
features_say_security(struct worker *w, const struct cfg_tree *next,
                      const struct cfg_tree *old)
{
    struct buf changed;

    say_roles(w, next, old);
    if (old == NULL)
        return;
    buf_init(&changed, 16384);
    cfg_changes(old, next, &cfg_type_web_app_security, &changed);
    if (changed.n > 0)
        MESSAGES_LOG(w->log, WEB_LOGGER, "CWWKS9112A", buf_view(&changed));
    buf_fini(&changed);
}
