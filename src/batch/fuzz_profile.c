/* A profile that is refused names its line and leaves the result alone. */
#include "batch/tcpip_profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
unused(void *arg, struct str word, uint32_t line)
{
    REQUIRE(word.n > 0 && line > 0);
    ++*(size_t *)arg;
}

static void
error(void *arg, uint32_t line, const char *text)
{
    REQUIRE(line > 0 && text[0] != '\0');
    ++*(size_t *)arg;
}

/* Statement by statement all ends well, and what is left can be started. */
static void
in_parts(struct str text, bool is_fine)
{
    size_t n_errors = 0;
    struct tcpip_hears hears = { .on_error = error, .arg = &n_errors };
    struct tcpip_profile p;

    REQUIRE(tcpip_profile_parse(text, &hears, &p, NULL) == ERR_OK);
    REQUIRE((n_errors == 0) == is_fine && p.n_autolog <= TCPIP_AUTOLOG_MAX);
    for (size_t i = 0; i < p.n_autolog; i++)
        REQUIRE(p.autolog[i].proc[0] != '\0' && p.autolog[i].line > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct tcpip_profile p = { .has_ttls = false, .is_ttls = true };
    struct err_info why = { 0 };
    size_t n_unused = 0;
    struct tcpip_hears hears = { .on_unused = unused, .arg = &n_unused };
    enum err e = tcpip_profile_parse(str_n(data, n), &hears, &p, &why);

    in_parts(str_n(data, n), e == ERR_OK);
    if (e == ERR_OK)
        REQUIRE(p.has_ttls || !p.is_ttls);
    else
        REQUIRE(why.line > 0 && p.is_ttls && !p.has_ttls);
    return 0;
}
