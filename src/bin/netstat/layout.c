/*
 * NETSTAT's layouts. Header words and record lines are the original's; column
 * positions and the labels of the connection report are [unverified] and stand
 * here only.
 */
#include <stdio.h>

#include "netstat.h"

void
print_head(const struct answer *a)
{
    printf("EZD0101I NETSTAT CS V2R3 " STR_FMT "\n", STR_ARG(a->stack));
}

static void
print_end(size_t n, size_t of)
{
    printf("%zu OF %zu RECORDS DISPLAYED\nEND OF THE REPORT\n", n, of);
}

/* Parameters, a line each. */
static void
print_detail(struct str text)
{
    struct str line;

    while (text.n > 0 && str_line(&text, &line))
        printf("  " STR_FMT "\n", STR_ARG(line));
}

void
print_groups(const struct answer *a, bool with_detail)
{
    print_head(a);
    printf("TTLSGRPACTION            GROUP ID     CONNS\n");
    for (size_t i = 0; i < a->groups.n; i++) {
        const struct group *g = &a->groups.v[i];

        printf("%-24.*s " STR_FMT " %9u\n", (int)g->name.n, g->name.p,
               STR_ARG(g->id), g->n_conns);
        if (with_detail && g->text.n == 0)
            printf("      (in use, no longer current)\n");
        print_detail(g->text);
    }
    print_end(a->groups.n, a->groups.n);
}

static void
print_name(const char *label, struct str name, struct str detail)
{
    printf("%s " STR_FMT "\n", label, name.n > 0 ? (int)name.n : 3,
           name.n > 0 ? name.p : "N/A");
    print_detail(detail);
}

static void
print_connection(const struct row *r)
{
    printf("CONNID: " STR_FMT "\n", STR_ARG(r->id));
    printf("  JOBNAME:        " STR_FMT "\n", STR_ARG(r->job));
    printf("  USERID:         " STR_FMT "\n", STR_ARG(r->user));
    printf("  LOCALSOCKET:    " STR_FMT "\n", STR_ARG(r->local));
    printf("  REMOTESOCKET:   " STR_FMT "\n", STR_ARG(r->remote));
    printf("  SECLEVEL:       " STR_FMT "\n",
           r->level.n > 0 ? (int)r->level.n : 9,
           r->level.n > 0 ? r->level.p : "NO SECURE");
    printf("  CIPHER:         " STR_FMT " " STR_FMT "\n", STR_ARG(r->cipher),
           STR_ARG(r->cipher_name));
    printf("  KEYSHARE:       " STR_FMT "\n",
           r->key_share.n > 0 ? (int)r->key_share.n : 3,
           r->key_share.n > 0 ? r->key_share.p : "N/A");
    printf("  CERTUSERID:     " STR_FMT "\n",
           r->cert_user.n > 0 ? (int)r->cert_user.n : 3,
           r->cert_user.n > 0 ? r->cert_user.p : "N/A");
    printf("  MAPTYPE:        %s\n", r->is_secondary ? "SECONDARY" : "PRIMARY");
    printf("  FIPS140:        %s\n", r->is_fips ? "ON" : "OFF");
    print_name("  TTLSRULE:      ", r->rule, r->rule_text);
    print_name("  TTLSGRPACTION: ", r->group, r->group_text);
    print_name("  TTLSENVACTION: ", r->env, r->env_text);
    print_name("  TTLSCONNACTION:", r->conn, r->conn_text);
}

bool
has_ttls_connection(const struct answer *a, struct str id)
{
    for (size_t i = 0; i < a->rows.n; i++) {
        if (a->rows.v[i].has_policy && str_eq(id, a->rows.v[i].id))
            return true;
    }
    return false;
}

void
print_ttls_connections(const struct answer *a, struct str id)
{
    size_t n = 0, of = 0;

    print_head(a);
    for (size_t i = 0; i < a->rows.n; i++) {
        const struct row *r = &a->rows.v[i];

        if (!r->has_policy)
            continue;
        of++;
        if (id.n > 0 && !str_eq(id, r->id))
            continue;
        n++;
        print_connection(r);
    }
    print_end(n, of);
}

static void
print_policy(const struct row *r)
{
    printf("  TTLSPolicy:     %s\n", r->has_policy ? "Yes" : "No");
    if (!r->has_policy)
        return;
    printf("    TTLSRule:       " STR_FMT "\n", STR_ARG(r->rule));
    printf("    TTLSGrpAction:  " STR_FMT "\n", STR_ARG(r->group));
    if (r->env.n > 0)
        printf("    TTLSEnvAction:  " STR_FMT "\n", STR_ARG(r->env));
    if (r->conn.n > 0)
        printf("    TTLSConnAction: " STR_FMT "\n", STR_ARG(r->conn));
}

void
print_connections(const struct answer *a, bool with_policy, bool without_policy,
                  bool all)
{
    size_t n = 0;

    print_head(a);
    if (!all)
        printf("USER ID  CONN     STATE\n");
    for (size_t i = 0; i < a->rows.n; i++) {
        const struct row *r = &a->rows.v[i];

        if (r->has_policy ? !with_policy : !without_policy)
            continue;
        n++;
        if (all) {
            printf("CLIENT NAME: %-8.*s                 CLIENT ID: " STR_FMT
                   "\n  LOCAL SOCKET:   " STR_FMT "\n  FOREIGN SOCKET: " STR_FMT
                   "\n  BYTESIN:        " STR_FMT "\n  BYTESOUT:       " STR_FMT
                   "\n",
                   (int)r->job.n, r->job.p, STR_ARG(r->id), STR_ARG(r->local),
                   STR_ARG(r->remote), STR_ARG(r->bytes_in),
                   STR_ARG(r->bytes_out));
            print_policy(r);
        } else {
            printf("%-8.*s " STR_FMT " ESTBLSH\n  LOCAL SOCKET:   " STR_FMT
                   "\n  FOREIGN SOCKET: " STR_FMT "\n",
                   (int)r->job.n, r->job.p, STR_ARG(r->id), STR_ARG(r->local),
                   STR_ARG(r->remote));
        }
    }
    print_end(n, a->rows.n);
}

void
print_config(const struct answer *a)
{
    print_head(a);
    printf("TCP CONFIGURATION TABLE:\n  TTLS:   %s\nEND OF THE REPORT\n",
           a->is_ttls ? "YES" : "NO");
}
