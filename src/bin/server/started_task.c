#include "started_task.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/msg.h"
#include "lock.h"

#define COMMAND_MAX 512u
#define START_MAX 125u /* the original: less than 126 characters */
#define NAME_MAX_BYTES 8u

/* 1 to 8 of A-Z 0-9 @ # $, in any case, not beginning with a digit. */
static bool
is_name(struct str text)
{
    if (text.n == 0 || text.n > NAME_MAX_BYTES ||
        (text.p[0] >= '0' && text.p[0] <= '9'))
        return false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i], low = (char)(c | 0x20);

        if (!(low >= 'a' && low <= 'z') && !(c >= '0' && c <= '9') &&
            c != '@' && c != '#' && c != '$')
            return false;
    }
    return true;
}

static bool
has_parms(struct str operands)
{
    struct str word;

    while (str_token(&operands, ',', &word)) {
        if (str_starts_nocase(str_trim(word), STR("PARMS=")))
            return true;
    }
    return false;
}

static bool
is_printable(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < ' ' || text.p[i] > '~')
            return false;
    }
    return true;
}

const char *
started_task_command(struct str procedure, struct str job_name,
                     const char *server, bool is_clean, struct buf *out)
{
    size_t comma = str_find_char(procedure, ',');
    struct str operands = comma == STR_NPOS
                              ? STR("")
                              : str_sub(procedure, comma + 1, procedure.n);

    procedure = str_trim(str_sub(procedure, 0, comma));
    if (!is_name(procedure) || !is_printable(operands))
        return "CWWKE0942E";
    if (job_name.n > 0 && !is_name(job_name))
        return "CWWKE0943E";
    buf_printf(out, STR_FMT, STR_ARG(procedure));
    if (operands.n > 0)
        buf_printf(out, "," STR_FMT, STR_ARG(operands));
    else if (job_name.n > 0)
        buf_printf(out, ",JOBNAME=" STR_FMT, STR_ARG(job_name));
    if (!has_parms(operands))
        buf_printf(out, ",PARMS='%s%s'", server, is_clean ? " --clean" : "");
    return buf_check(out, NULL) == ERR_OK && buf_view(out).n <= START_MAX
               ? NULL
               : "CWWKE0107E";
}

bool
started_task_is_configured(void)
{
    return str_trim(str_of(getenv("WLP_ZOS_PROCEDURE"))).n > 0;
}

/*
 * The console is a program of its own: this one links nothing of the master.
 * The exit status is the command's.
 */
static int
console(const struct settings *s, const char *command)
{
    struct str folder = str_of(s->program);
    char program[4096];
    int status;
    pid_t pid;

    folder = str_sub(folder, 0, str_rfind_char(folder, '/'));
    snprintf(program, sizeof program, STR_FMT "/sallyport-console",
             STR_ARG(folder));
    pid = fork();
    if (pid == 0) {
        execl(program, program, command, (char *)NULL);
        perror(program);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return 127;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

static const char *
text_z(struct settings *s, struct str text)
{
    const char *z = str_z(&s->arena, text);

    return z == NULL ? "" : z;
}

int
started_task_start(struct settings *s, const struct control_options *o)
{
    struct str procedure = str_trim(str_of(getenv("WLP_ZOS_PROCEDURE")));
    struct str job_name = str_trim(str_of(getenv("WLP_ZOS_JOBNAME"))), name;
    struct buf command;
    const char *wrong;
    pid_t holder = 0;
    int status;

    buf_init(&command, COMMAND_MAX);
    buf_add_z(&command, "START ");
    wrong = started_task_command(procedure, job_name, s->name, o->is_clean,
                                 &command);
    name = str_trim(str_sub(procedure, 0, str_find_char(procedure, ',')));
    if (wrong != NULL && strcmp(wrong, "CWWKE0107E") == 0)
        procedure = name; /* what stands behind it is not wrong */
    if (wrong != NULL) {
        control_say(wrong, text_z(s, procedure), text_z(s, job_name), "");
        buf_fini(&command);
        return EXIT_START;
    }
    status = console(s, buf_z(&command));
    buf_fini(&command);
    if (status != 0) {
        char rc[16];

        snprintf(rc, sizeof rc, "%d", status);
        control_say("CWWKE0106E", text_z(s, name), rc, "");
        printf("Server %s start failed. Check server logs for details.\n",
               s->name);
        return EXIT_START;
    }
    if (!lock_is_held(s, &holder)) {
        control_say("CWWKE0105E", s->name, text_z(s, name), "");
        return EXIT_START;
    }
    control_write_pid(s, holder);
    printf("Server %s started with process ID %d.\n", s->name, (int)holder);
    return EXIT_OK;
}
