/*
 * Application control of AT-TLS: what SIOCTTLSCTL is on z/OS, for a connected
 * TCP socket of the calling program.
 *
 *   aware programs       query: is this connection secure, by which protocol,
 *                        who is the partner?
 *   controlling programs start, stop and reset TLS; their rule says
 *                        ApplicationControlled On
 *
 * Link with -lattls and call attls_ctl(), or leave ioctl(fd, SIOCTTLSCTL, &t)
 * as it is and preload libattls-ioctl.so. Field and constant names are the
 * original's; numeric values are this implementation's.
 *
 * Source: z/OS Communications Server: IP Programmer's Guide, SIOCTTLSCTL.
 */
#ifndef SALLYPORT_TTLS_H
#define SALLYPORT_TTLS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The request of ioctl(); 'T' and a number nobody else uses. */
#define SIOCTTLSCTL 0xc0805490ul

enum { TTLS_VERSION1 = 1, TTLS_VERSION2 = 2 };

/* TTLSi_Req_Type: a sum. */
#define TTLS_QUERY_ONLY 0x0000u
#define TTLS_RETURN_CERTIFICATE 0x0001u
#define TTLS_INIT_CONNECTION 0x0002u
#define TTLS_RESET_SESSION 0x0004u
#define TTLS_RESET_CIPHER 0x0008u
#define TTLS_STOP_CONNECTION 0x0010u
#define TTLS_ALLOW_HSTIMEOUT 0x0020u /* with INIT only */

enum { /* TTLSi_Stat_Policy */
       TTLS_POL_OFF = 1,
       TTLS_POL_NO_POLICY = 2,
       TTLS_POL_NOT_ENABLED = 3,
       TTLS_POL_ENABLED = 4,
       TTLS_POL_APPLCNTRL = 5
};
enum { /* TTLSi_Stat_Conn */
       TTLS_CONN_NOTSECURE = 1,
       TTLS_CONN_HS_INPROGRESS = 2,
       TTLS_CONN_SECURE = 3
};
enum { /* TTLSi_Sec_Type */
       TTLS_SEC_UNKNOWN = 0,
       TTLS_SEC_CLIENT = 1,
       TTLS_SEC_SERVER = 2,
       TTLS_SEC_SRV_CA_PASS = 3,
       TTLS_SEC_SRV_CA_FULL = 4,
       TTLS_SEC_SRV_CA_REQD = 5,
       TTLS_SEC_SRV_CA_SAFCHK = 6
};
enum { /* TTLSi_SSL_Prot: version, modification */
       TTLS_PROT_UNKNOWN = 0x0000,
       TTLS_PROT_SSLV2 = 0x0200,
       TTLS_PROT_SSLV3 = 0x0300,
       TTLS_PROT_TLSV1 = 0x0301,
       TTLS_PROT_TLSV1_1 = 0x0302,
       TTLS_PROT_TLSV1_2 = 0x0303,
       TTLS_PROT_TLSV1_3 = 0x0304
};

struct TTLS_IOCTL {
    uint8_t TTLSi_Ver;         /* in */
    uint8_t TTLSi_Stat_Policy; /* out, as all that follows unless said */
    uint8_t TTLSi_Stat_Conn;
    uint8_t TTLSi_Sec_Type;
    uint16_t TTLSi_Req_Type; /* in */
    union {
        uint16_t TTLSi_SSL_Prot;
        struct {
            uint8_t TTLSi_SSL_ProtMod, TTLSi_SSL_ProtVer;
        };
    };
    char TTLSi_Neg_Cipher[2];   /* "4X": see TTLSi_Neg_Cipher4 */
    char TTLSi_Neg_Cipher4[4];  /* "C030" */
    char TTLSi_Neg_KeyShare[4]; /* "0029"; blanks before TLS 1.3 */
    uint8_t TTLSi_UserID_Len;   /* of the partner's certificate; 0: none */
    char TTLSi_UserID[8];
    uint32_t TTLSi_Cert_Len;
    union { /* in: version 1 certificate, version 2 header */
        void *TTLSi_BufferPtr;
        uint64_t TTLSi_BufferPtr64; /* its place, whatever a word's length */
    };
    uint32_t TTLSi_BufferLen; /* in */
    uint32_t TTLSi_Reserved;
};

/* Version 2: the buffer begins with this, quadruplets follow. */
#define TTLS_HEADER_IDENT "TTLSHDR "
struct TTLSHeader {
    char TTLSHeaderIdent[8];      /* in */
    uint32_t TTLSHdr_BytesNeeded; /* out */
    uint16_t TTLSHdr_SetCount;    /* in: 0 */
    uint16_t TTLSHdr_GetCount;    /* in: quadruplets */
};
struct TTLSQuadruplet {
    uint32_t TTLSQ_Key;    /* in */
    uint32_t TTLSQ_Offset; /* out: from the header; 0: not there */
    uint32_t TTLSQ_Length; /* out */
    uint32_t TTLSQ_Reserved;
};
enum {
    TTLSK_TTLSRuleName = 0x0101,
    TTLSK_TTLSGroupActionName,
    TTLSK_TTLSEnvironmentActionName,
    TTLSK_TTLSConnectionActionName,
    TTLSK_Certificate,
    TTLSK_Host_Status /* one byte: 1 the partner's name was checked, else 0 */
};

/*
 * 0, or -1 and errno. A blocking socket waits: for a handshake that is under
 * way, with any request, and for the partner's answer to STOP. "*": the fields
 * of the query are valid, too.
 *
 * * EACCES      a controlling request, but the rule says ApplicationControlled
 *               Off, or there is none
 * * EALREADY    INIT or STOP has been asked for already
 *   ECONNRESET  the handshake failed while this call waited
 *   EFAULT      the structure, or a buffer that is needed, is not there
 * * EINPROGRESS INIT or STOP was started on a non-blocking socket; query until
 *               it is done
 *   EINVAL      version, an unknown request; version 1: a buffer without
 *               RETURN_CERTIFICATE or none with it; version 2: no header, too
 *               short for its quadruplets
 * * ENOBUFS     the buffer is too small (TTLSi_Cert_Len, TTLSHdr_BytesNeeded);
 *               of version 2 what fits is there
 *   ENOTCONN    not a connected TCP socket
 *   EPERM       requests that do not go together (INIT or STOP with another
 *               one, ALLOW_HSTIMEOUT without INIT); ALLOW_HSTIMEOUT as a
 *               client; another user's connection
 * * EPROTO      reset or stop of a connection that is not secure; RESET_CIPHER
 *               that the policy does not permit
 * * ETIME       ALLOW_HSTIMEOUT: no answer in time, the connection stays clear
 */
int attls_ctl(int fd, struct TTLS_IOCTL *);

#ifdef __cplusplus
}
#endif
#endif
