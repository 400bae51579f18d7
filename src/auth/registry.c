/*
 * Users of a basicRegistry, and the SAF users they are mapped to where
 * safCredentials mapDistributedIdentities says so.
 */
#include "auth/authenticate_priv.h"

/* What the angel answers when no RACMAP filter fits. */
static bool
is_unmapped(enum err e, struct saf_rc rc)
{
    return e == ERR_DENIED && rc.saf == 8 && rc.racf == 8 && rc.reason == 40;
}

static void
finish_known(struct auth_attempt *a, struct acee *saf)
{
    struct acee_known known = {
        .origin = a->is_certificate ? ACEE_CERTIFICATE : ACEE_PASSWORD,
        .made_ms = a->now_ms,
        .name = a->found->name,
        .registry = basic_realm(a->policy->basic),
        .groups = a->found->groups,
        .n_groups = a->found->n_groups,
    };
    struct acee *acee;

    if (a->is_certificate)
        known.certificate = a->facts.digest;
    if (acee_of_registry(&known, saf, &acee, NULL) != ERR_OK) {
        attempt_finish(a, AUTH_UNAVAILABLE, NULL, SAF_RC(8, 8, 0));
        return;
    }
    attempt_remember(a, acee);
    attempt_finish(a, AUTH_OK, acee, SAF_RC(0, 0, 0));
}

static void
on_mapped(void *arg, enum err e, struct acee *acee, struct saf_rc rc,
          const struct err_info *why)
{
    struct auth_attempt *a = arg;

    (void)why;
    if (e == ERR_OK) {
        finish_known(a, acee);
        acee_unref(&acee);
    } else if (is_unmapped(e, rc)) {
        const struct str inserts[] = { a->found->name,
                                       basic_realm(a->policy->basic) };

        attempt_note(a, "SPT0415W", inserts, ARRAY_LEN(inserts));
        finish_known(a, NULL);
    } else if (e == ERR_DENIED && !auth_is_unregistered(rc)) {
        attempt_finish(a, AUTH_CHALLENGE, NULL, rc);
    } else {
        attempt_finish(a, AUTH_UNAVAILABLE, NULL, rc);
    }
}

static void
identify(struct auth_attempt *a, const struct basic_user *user)
{
    a->found = user;
    if (a->is_certificate)
        a->user = user->name;
    if (!a->policy->maps_identities)
        finish_known(a, NULL);
    else if (saf_verify_identity_async(
                 a->saf, user->name, basic_realm(a->policy->basic),
                 a->policy->applid, on_mapped, a, NULL) != ERR_OK)
        attempt_finish(a, AUTH_UNAVAILABLE, NULL, SAF_RC(8, 8, 0));
}

static void
on_checked(struct check *check)
{
    struct auth_attempt *a = CONTAINER_OF(check, struct auth_attempt, check);

    if (check->user != NULL)
        identify(a, check->user);
    else
        attempt_finish(a, AUTH_CHALLENGE, NULL, SAF_RC(8, 8, 0));
}

void
registry_password(struct auth_attempt *a)
{
    const struct basic *basic = a->policy->basic;
    struct str parts[] = { STR("registry"), basic_realm(basic),
                           a->policy->applid, a->user, a->password };

    if (attempt_from_cache(a, parts, ARRAY_LEN(parts)))
        return;
    a->check = (struct check){ .registry = basic,
                               .name = a->user,
                               .password = a->password,
                               .source = a->facts.source,
                               .loop = a->loop,
                               .done = on_checked };
    if (a->password.n == 0) {
        attempt_finish(a, AUTH_CHALLENGE, NULL, SAF_RC(8, 8, 0));
    } else if (!basic_is_slow(basic)) {
        a->check.user = basic_check(basic, a->user, a->password);
        on_checked(&a->check);
    } else if (checker_start(a->checker, &a->check, NULL) != ERR_OK) {
        attempt_finish(a, AUTH_UNAVAILABLE, NULL, SAF_RC(8, 8, 0));
    }
}

void
registry_certificate(struct auth_attempt *a)
{
    const struct basic *basic = a->policy->basic;
    struct str parts[] = { STR("registry certificate"), basic_realm(basic),
                           a->policy->applid, a->facts.digest };
    const struct basic_user *user;
    char subject[512];
    struct str text;

    if (attempt_from_cache(a, parts, ARRAY_LEN(parts)))
        return;
    a->get_certificate(a);
    switch (
        basic_map_certificate(basic, a->facts.certificate, &user, subject)) {
    case BASIC_MAPPED:
        identify(a, user);
        return;
    case BASIC_NO_NAME:
        text = str_of(subject);
        attempt_note(a, "CWWKS3112W", &text, 1);
        break;
    case BASIC_IGNORED:
        attempt_note(a, "CWWKS3113W", NULL, 0);
        break;
    case BASIC_NO_MAPPER:
        attempt_note(a, "CWWKS3108W", NULL, 0);
        break;
    }
    attempt_without_certificate(a, SAF_RC(8, 8, 0));
}
