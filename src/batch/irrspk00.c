/*
 * IRRSPK00, R_ticketserv, for COBOL: function 3, PassTickets. Numbers are
 * big-endian, as COBOL's COMP; a text is a halfword length and its bytes.
 *
 *   work area, ALET, SAF code, ALET, RACF code, ALET, reason, ALET,
 *   function (halfword), options (word), ticket, address of the ticket options
 *   (word: 1 make, 2 check), user, application
 *
 * The caller is the job: UPDATE or READ to IRRPTAUTH.<application>.<user>.
 *
 * Source: z/OS Security Server RACF Callable Services, R_ticketserv.
 */
#include <stdint.h>
#include <string.h>

#include "base/secret.h"
#include "ipc/task.h"
#include "saf/client.h"

#define FUNCTION_PASSTICKET 3u
#define TICKET_MAKE 1u
#define TICKET_CHECK 2u
#define RC_FUNCTION SAF_RC(8, 8, 0)
#define RC_PARAMETER SAF_RC(8, 8, 4)
#define RC_INTERNAL SAF_RC(8, 8, 8)

void IRRSPK00(void *work, const void *alet_1, unsigned char *saf_code,
              const void *alet_2, unsigned char *racf_code, const void *alet_3,
              unsigned char *reason, const void *alet_4,
              const unsigned char *function, const unsigned char *options,
              unsigned char *ticket, unsigned char *const *ticket_options,
              const unsigned char *user, const unsigned char *application);

static uint32_t
get_be(const unsigned char *p, unsigned n)
{
    uint32_t v = 0;

    while (n-- > 0)
        v = v << 8 | *p++;
    return v;
}

static void
put_be32(unsigned char *p, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (unsigned char)(v >> (24 - 8 * i));
}

/* Length and bytes, without blanks at the end; "" when longer than max. */
static struct str
text_of(const unsigned char *p, size_t max)
{
    size_t n = get_be(p, 2);
    struct str text = str_n((const char *)p + 2, n <= max ? n : 0);

    while (text.n > 0 && text.p[text.n - 1] == ' ')
        text.n--;
    return text;
}

static void
serve(struct saf_client *saf, uint32_t what, unsigned char *area,
      struct str user, struct str application, struct saf_rc *rc)
{
    char made[SAF_TICKET_CHARS + 1];
    struct err_info why;

    if (what == TICKET_CHECK) {
        (void)!saf_ticket_check(saf, user, application,
                                text_of(area, SAF_TICKET_CHARS), rc, &why);
        return;
    }
    if (saf_ticket_make(saf, user, application, made, rc, &why) != ERR_OK)
        return;
    area[0] = 0;
    area[1] = SAF_TICKET_CHARS;
    memcpy(area + 2, made, SAF_TICKET_CHARS);
    *rc = SAF_RC(0, 0, 0);
}

/* As the job we run in. */
static struct saf_rc
ask(uint32_t what, unsigned char *area, struct str user, struct str application)
{
    struct saf_client *saf = NULL;
    struct saf_rc rc = RC_INTERNAL;
    struct err_info why;
    struct buf token;
    enum err e;

    buf_init(&token, 4096);
    e = task_token_read(&token, &why);
    if (e == ERR_OK || e == ERR_NOT_FOUND)
        e = saf_connect(buf_view(&token), &saf, &why);
    if (e == ERR_OK) {
        rc = SAF_RC(0, 0, 0);
        serve(saf, what, area, user, application, &rc);
    }
    saf_disconnect(&saf);
    if (token.p != NULL)
        secret_wipe(token.p, token.n);
    buf_fini(&token);
    return rc;
}

__attribute__((visibility("default"))) void
IRRSPK00(void *work, const void *alet_1, unsigned char *saf_code,
         const void *alet_2, unsigned char *racf_code, const void *alet_3,
         unsigned char *reason, const void *alet_4,
         const unsigned char *function, const unsigned char *options,
         unsigned char *ticket, unsigned char *const *ticket_options,
         const unsigned char *user, const unsigned char *application)
{
    struct saf_rc rc = RC_PARAMETER;
    struct str who, where;
    uint32_t what;

    (void)work;
    (void)alet_1;
    (void)alet_2;
    (void)alet_3;
    (void)alet_4;
    (void)options;
    if (saf_code == NULL || racf_code == NULL || reason == NULL)
        return;
    if (function != NULL && get_be(function, 2) != FUNCTION_PASSTICKET) {
        rc = RC_FUNCTION;
    } else if (function != NULL && ticket != NULL && ticket_options != NULL &&
               *ticket_options != NULL && user != NULL && application != NULL) {
        what = get_be(*ticket_options, 4);
        who = text_of(user, 246);
        where = text_of(application, 8);
        if (who.n > 0 && who.n <= SAF_USER_MAX && where.n > 0 &&
            (what == TICKET_MAKE ? get_be(ticket, 2) >= SAF_TICKET_CHARS
                                 : what == TICKET_CHECK))
            rc = ask(what, ticket, who, where);
    }
    put_be32(saf_code, rc.saf);
    put_be32(racf_code, rc.racf);
    put_be32(reason, rc.reason);
}
