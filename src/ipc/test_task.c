#include "base/test.h"
#include "ipc/chan.h"
#include "ipc/task.h"
#include "ipc/task_wire.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

static int ends[2];

static void *
master_side(void *arg)
{
    struct chan_msg msg;
    struct buf out;

    assert_int_equal(chan_recv(ends[0], &msg, NULL), ERR_OK);
    assert_int_equal(msg.type, TASK_HELLO);
    chan_msg_fini(&msg);
    buf_init(&out, 256);
    buf_add(&out, *(struct str *)arg);
    assert_int_equal(
        chan_send(ends[0], TASK_WELCOME, 0, buf_view(&out), NULL, 0, NULL),
        ERR_OK);
    buf_fini(&out);
    return NULL;
}

static void
export_fd(const char *name, int fd)
{
    char text[16];

    snprintf(text, sizeof text, "%d", fd);
    setenv(name, text, 1);
}

static enum err
attach_with(struct str welcome, struct task **task)
{
    pthread_t thread;
    enum err e;

    assert_int_equal(chan_pair(ends, NULL), ERR_OK);
    export_fd("SALLYPORT_TASK_FD", ends[1]);
    pthread_create(&thread, NULL, master_side, &welcome);
    e = task_attach(task, NULL);
    pthread_join(thread, NULL);
    return e;
}

static void
build_welcome(struct buf *out, const char *name)
{
    buf_init(out, 256);
    buf_str(out, str_of(name));
    buf_str(out, STR("STC00003"));
    buf_str(out, STR("LIBSERV"));
}

static void
plain_process_has_no_task(void **state)
{
    struct task *task = NULL;
    struct buf token;

    (void)state;
    unsetenv("SALLYPORT_TASK_FD");
    unsetenv("SALLYPORT_TOKEN_FD");
    assert_int_equal(task_attach(&task, NULL), ERR_NOT_FOUND);
    assert_int_equal(task_token_read(&token, NULL), ERR_NOT_FOUND);
    setenv("SALLYPORT_TASK_FD", "77777777777", 1);
    assert_int_equal(task_attach(&task, NULL), ERR_SYNTAX);
    assert_null(task);
}

static void
unsealed_token_is_refused(void **state)
{
    struct buf token;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    (void)state;
    export_fd("SALLYPORT_TOKEN_FD", fd);
    assert_int_equal(task_token_read(&token, NULL), ERR_SYNTAX);
    close(fd);
}

static void
commands_and_replies(void **state)
{
    struct task *task = NULL;
    struct task_command command;
    struct chan_msg msg;
    struct buf out;
    int token = chan_memfd("token", STR("opaque"), NULL);

    (void)state;
    export_fd("SALLYPORT_TOKEN_FD", token);
    build_welcome(&out, "BAQSTRT");
    assert_int_equal(attach_with(buf_view(&out), &task), ERR_OK);
    buf_fini(&out);
    assert_string_equal(task_job_name(task), "BAQSTRT");
    assert_string_equal(task_job_id(task), "STC00003");
    assert_string_equal(task_user(task), "LIBSERV");
    assert_true(str_eq_z(task_token(task), "opaque"));
    assert_int_equal(task_next(task, &command, NULL), ERR_AGAIN);
    buf_init(&out, 256);
    buf_u8(&out, TASK_MODIFY);
    buf_str(&out, STR("IBMUSER"));
    buf_str(&out, STR("REFRESH,CONFIG"));
    assert_int_equal(
        chan_send(ends[0], TASK_COMMAND, 9, buf_view(&out), NULL, 0, NULL),
        ERR_OK);
    buf_fini(&out);
    assert_int_equal(task_next(task, &command, NULL), ERR_OK);
    assert_int_equal(command.id, 9);
    assert_true(str_eq_z(command.text, "REFRESH,CONFIG"));
    assert_string_equal(command.user, "IBMUSER");
    task_reply(task, command.id, STR("done"));
    assert_int_equal(chan_recv(ends[0], &msg, NULL), ERR_OK);
    assert_int_equal(msg.type, TASK_REPLY);
    assert_int_equal(msg.seq, 9);
    chan_msg_fini(&msg);
    for (int is_done = 0; is_done < 2; is_done++) {
        task_reply_end(task, command.id, is_done == 1);
        assert_int_equal(chan_recv(ends[0], &msg, NULL), ERR_OK);
        assert_int_equal(msg.type, TASK_REPLY_END);
        assert_int_equal(msg.seq, 9);
        assert_int_equal(msg.payload.n, 1);
        assert_int_equal(msg.payload.p[0], is_done);
        chan_msg_fini(&msg);
    }
    close(ends[0]);
    assert_int_equal(task_next(task, &command, NULL), ERR_PEER);
    task_free(&task);
    task_free(&task);
    close(token);
}

static void
malformed_master_is_refused(void **state)
{
    struct task *task = NULL;
    struct buf out;
    int token = chan_memfd("token", STR("opaque"), NULL);

    (void)state;
    export_fd("SALLYPORT_TOKEN_FD", token);
    build_welcome(&out, "NAMETOOLONG");
    assert_int_equal(attach_with(buf_view(&out), &task), ERR_PEER);
    assert_null(task);
    buf_fini(&out);
    close(ends[0]);
    close(ends[1]);
    close(token);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_process_has_no_task),
        cmocka_unit_test(unsealed_token_is_refused),
        cmocka_unit_test(commands_and_replies),
        cmocka_unit_test(malformed_master_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
