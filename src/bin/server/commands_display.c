/*
 * DISPLAY,WORK and DISPLAY,INTERRUPTS: requests that were and are. Both need
 * feature requestTiming-1.0, as in the original.
 * Source: Liberty on z/OS, display work and request interrupt handlers.
 */
#include "commands.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/vec.h"
#include "config/feature.h"
#include "gateway/timing.h"

#define WORK "Display Work Command Handler"
#define INTERRUPTS "Request Interrupt Command Handler"
#define TIMING "requestTiming-1.0"
#define LINES_MAX (64u * 1024u)

static const char work_help[] = "To count the requests of a server:\n"
                                "  MODIFY <jobname.>identifier,display,work";
static const char interrupts_help[] =
    "To see requests that take long:\n"
    "  MODIFY <jobname.>identifier,display,interrupts,<param>\n"
    "  where <param> is nothing, details, timedout, timedout,details,\n"
    "  age=seconds or age=seconds,details";

/* "2026/11/28 22:15:09.123" */
static void
now_text(char out[40])
{
    uint64_t ms = clock_wall_ms();
    time_t s = (time_t)(ms / 1000);
    struct tm tm;
    size_t n;

    localtime_r(&s, &tm);
    n = strftime(out, 30, "%Y/%m/%d %H:%M:%S", &tm);
    snprintf(out + n, 40 - n, ".%03u", (unsigned)(ms % 1000));
}

static bool
on_work(const struct modify_call *call)
{
    struct worker *w = command_worker(call);
    struct gateway_work work;
    struct timing timing;
    char now[40];

    if (command_is_help(call)) {
        modify_say_help(call, work_help);
        return true;
    }
    if (!features_have(w->tree, TIMING)) {
        modify_say(call, "Unable to display work counts. Validate that the");
        modify_say(call, "requestTiming feature is configured.");
        return false;
    }
    if (call->command.n != sizeof "DISPLAY,WORK" - 1)
        return modify_refuse(call, work_help,
                             "Could not parse command: '" STR_FMT "'",
                             STR_ARG(str_sub(call->command, 0, 200)));
    timing_of(w->tree, &timing);
    gateway_count(w->gateway, timing.slow_ms, timing.hung_ms, &work, NULL);
    now_text(now);
    if (w->last_display[0] == '\0')
        snprintf(w->last_display, sizeof w->last_display, "%s", now);
    modify_say(call, "TIME OF LAST WORK DISPLAY   %s", w->last_display);
    modify_say(call, "TOTAL REQUESTS           %llu  (DELTA %llu)",
               (unsigned long long)work.total,
               (unsigned long long)(work.total - w->last_requests));
    modify_say(call, "TOTAL ACTIVE REQUESTS    %llu",
               (unsigned long long)work.active);
    modify_say(call, "TOTAL SLOW REQUESTS      %llu",
               (unsigned long long)work.slow);
    modify_say(call, "TOTAL HUNG REQUESTS      %llu",
               (unsigned long long)work.hung);
    snprintf(w->last_display, sizeof w->last_display, "%s", now);
    w->last_requests = work.total;
    return true;
}

/* [ "AGE=" seconds | "TIMEDOUT" ] [ "DETAILS" ], separated by commas */
static bool
read_interrupts(struct str operands, uint64_t hung_ms, uint64_t *age_ms,
                bool *with_details)
{
    struct str word;

    *age_ms = 0;
    *with_details = false;
    while (operands.n > 0) {
        uint64_t seconds;

        if (!str_token(&operands, ',', &word))
            return false;
        word = str_trim(word);
        if (str_eq_nocase_z(word, "DETAILS")) {
            *with_details = true;
            return operands.n == 0;
        }
        if (*age_ms > 0)
            return false;
        if (str_eq_nocase_z(word, "TIMEDOUT"))
            *age_ms = hung_ms;
        else if (str_starts_nocase(word, STR("AGE=")) &&
                 str_to_u64(str_sub(word, 4, word.n), &seconds) &&
                 seconds > 0 && seconds < 1000000)
            *age_ms = seconds * 1000;
        else
            return false;
    }
    return true;
}

static bool
on_interrupts(const struct modify_call *call)
{
    struct worker *w = command_worker(call);
    struct gateway_work work;
    struct timing timing;
    struct str rest, line;
    bool with_details;
    uint64_t age_ms;
    struct buf lines;

    if (command_is_help(call)) {
        modify_say_help(call, interrupts_help);
        return true;
    }
    if (!features_have(w->tree, TIMING)) {
        modify_say(call, "requestTiming-1.0 feature is not installed ");
        return true;
    }
    timing_of(w->tree, &timing);
    if (!read_interrupts(call->operands, timing.hung_ms, &age_ms,
                         &with_details))
        return command_malformed(call, interrupts_help);
    buf_init(&lines, LINES_MAX);
    gateway_count(w->gateway, age_ms, age_ms, &work, &lines);
    modify_say(call, "%llu requests are active, %llu of them for %llu seconds",
               (unsigned long long)work.active, (unsigned long long)work.hung,
               (unsigned long long)(age_ms / 1000));
    rest = buf_view(&lines);
    while (with_details && str_line(&rest, &line))
        modify_say(call, STR_FMT, STR_ARG(line));
    buf_fini(&lines);
    return true;
}

static const struct modify_row rows[] = {
    { "DISPLAY,WORK", WORK, work_help, on_work, true },
    { "DISPLAY,INTERRUPTS", INTERRUPTS, interrupts_help, on_interrupts, true },
};
const struct command_rows commands_display = { rows, ARRAY_LEN(rows) };
