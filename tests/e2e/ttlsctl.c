/*
 * ttlsctl ADDRESS PORT WORD...: connects (or, PORT with a leading "-", listens
 * and accepts) and does what the words say, a line of output each:
 *
 *   send=TEXT recv init stop reset rekey query names timeout nonblock
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sallyport/ttls.h"

/* As an unchanged program has it, through the preload; the address sanitizer
 * has an ioctl of its own in front of everything. */
#ifdef __SANITIZE_ADDRESS__
#define CALL(fd, t) attls_ctl(fd, t)
#else
#define CALL(fd, t) ioctl(fd, SIOCTTLSCTL, t)
#endif

static const char *
error_name(int number)
{
    return number == EACCES        ? "EACCES"
           : number == EALREADY    ? "EALREADY"
           : number == ECONNRESET  ? "ECONNRESET"
           : number == EINPROGRESS ? "EINPROGRESS"
           : number == EINVAL      ? "EINVAL"
           : number == ENOBUFS     ? "ENOBUFS"
           : number == EPROTO      ? "EPROTO"
           : number == EPERM       ? "EPERM"
           : number == ETIME       ? "ETIME"
                                   : strerror(number);
}

static void
say(const char *what, int status, const struct TTLS_IOCTL *t)
{
    if (status != 0) {
        printf("%s %s\n", what, error_name(errno));
        return;
    }
    printf("%s policy=%d conn=%d type=%d prot=%04x cipher=%.2s/%.4s share=%.4s "
           "user=%.*s cert=%u\n",
           what, t->TTLSi_Stat_Policy, t->TTLSi_Stat_Conn, t->TTLSi_Sec_Type,
           t->TTLSi_SSL_Prot, t->TTLSi_Neg_Cipher, t->TTLSi_Neg_Cipher4,
           t->TTLSi_Neg_KeyShare, t->TTLSi_UserID_Len, t->TTLSi_UserID,
           t->TTLSi_Cert_Len);
}

static void
control(int fd, const char *what, unsigned request)
{
    static char buffer[8192];
    struct TTLS_IOCTL t = { .TTLSi_Ver = TTLS_VERSION1,
                            .TTLSi_Req_Type = (uint16_t)request };

    if ((request & TTLS_RETURN_CERTIFICATE) != 0) {
        t.TTLSi_BufferPtr = buffer;
        t.TTLSi_BufferLen = sizeof buffer;
    }
    say(what, CALL(fd, &t), &t);
}

static void
names(int fd)
{
    static struct {
        struct TTLSHeader h;
        struct TTLSQuadruplet q[3];
        char space[256];
    } b;
    struct TTLS_IOCTL t = { .TTLSi_Ver = TTLS_VERSION2,
                            .TTLSi_BufferPtr = &b,
                            .TTLSi_BufferLen = sizeof b };

    memcpy(b.h.TTLSHeaderIdent, TTLS_HEADER_IDENT, 8);
    b.h.TTLSHdr_GetCount = 3;
    b.q[0].TTLSQ_Key = TTLSK_TTLSRuleName;
    b.q[1].TTLSQ_Key = TTLSK_TTLSEnvironmentActionName;
    b.q[2].TTLSQ_Key = TTLSK_TTLSConnectionActionName;
    if (CALL(fd, &t) != 0) {
        printf("names %s\n", error_name(errno));
        return;
    }
    printf("names");
    for (int i = 0; i < 3; i++)
        printf(" %.*s", (int)b.q[i].TTLSQ_Length,
               (char *)&b + b.q[i].TTLSQ_Offset);
    printf(" needed=%u\n", b.h.TTLSHdr_BytesNeeded);
}

static int
open_socket(const char *address, const char *port)
{
    struct sockaddr_in to = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1, other;

    (void)inet_pton(AF_INET, address, &to.sin_addr);
    to.sin_port = htons((uint16_t)atoi(port[0] == '-' ? port + 1 : port));
    if (port[0] != '-')
        return connect(fd, (struct sockaddr *)&to, sizeof to) == 0 ? fd : -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&to, sizeof to) != 0 || listen(fd, 5) != 0)
        return -1;
    printf("listening\n");
    fflush(stdout);
    other = accept(fd, NULL, NULL);
    return other;
}

static void
receive(int fd)
{
    char text[200];
    ssize_t n = recv(fd, text, sizeof text, 0);

    if (n < 0)
        printf("recv %s\n", error_name(errno));
    else
        printf("recv %.*s%s", (int)n, text,
               n > 0 && text[n - 1] == '\n' ? "" : "\n");
}

int
main(int argc, char **argv)
{
    int fd = argc < 3 ? -1 : open_socket(argv[1], argv[2]);

    if (fd < 0) {
        perror("ttlsctl");
        return 1;
    }
    for (int i = 3; i < argc; i++) {
        const char *w = argv[i];

        if (strncmp(w, "send=", 5) == 0) {
            if (send(fd, w + 5, strlen(w + 5), MSG_NOSIGNAL) < 0 ||
                send(fd, "\n", 1, MSG_NOSIGNAL) < 0)
                printf("send %s\n", error_name(errno));
        } else if (strcmp(w, "recv") == 0) {
            receive(fd);
        } else if (strcmp(w, "init") == 0) {
            control(fd, w, TTLS_INIT_CONNECTION);
        } else if (strcmp(w, "timeout") == 0) {
            control(fd, w, TTLS_INIT_CONNECTION | TTLS_ALLOW_HSTIMEOUT);
        } else if (strcmp(w, "stop") == 0) {
            control(fd, w, TTLS_STOP_CONNECTION);
        } else if (strcmp(w, "reset") == 0) {
            control(fd, w, TTLS_RESET_SESSION);
        } else if (strcmp(w, "rekey") == 0) {
            control(fd, w, TTLS_RESET_CIPHER);
        } else if (strcmp(w, "query") == 0) {
            control(fd, w, TTLS_RETURN_CERTIFICATE);
        } else if (strcmp(w, "names") == 0) {
            names(fd);
        } else if (strcmp(w, "bad") == 0) {
            control(fd, w, 0x4000);
        } else if (strcmp(w, "nonblock") == 0) {
            (void)fcntl(fd, F_SETFL, O_NONBLOCK);
        }
        fflush(stdout);
    }
    close(fd);
    return 0;
}
