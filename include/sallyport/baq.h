/*
 * The communication stub for C programs: the same two entry points that COBOL
 * calls, with the areas of copybook BAQRINFO as C structures.
 *
 * All arguments are passed by reference, as COBOL's CALL does. Texts are
 * blank-padded and not NUL-terminated. The stub reads its environment (BAQURI,
 * BAQPORT, BAQUSERNAME, BAQPASSWORD, BAQTIMEOUT, BAQVERBOSE) at each call and
 * keeps one connection until BAQCTERM. It is for one thread at a time.
 */
#ifndef SALLYPORT_BAQ_H
#define SALLYPORT_BAQ_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* BAQ-API-INFO, the generated copybook xxxnnI01. */
struct baq_api_info {
    char name[255]; /* requester name, "cscvincapi_1.0.0" */
    char pad1;
    int32_t name_len;
    char path[255]; /* percent-encoded base path and path */
    char pad2;
    int32_t path_len;
    char method[255]; /* "GET" */
    char pad3;
    int32_t method_len;
};

/* BAQ-REQUEST-INFO; fields beyond comp_level are never read: 0 none, 1 up to
 * the scope, 2 up to the token password, 3 all. */
struct baq_request_info {
    int32_t comp_level;
    char oauth_username[256];
    int32_t oauth_username_len;
    char oauth_password[256];
    int32_t oauth_password_len;
    char oauth_clientid[256];
    int32_t oauth_clientid_len;
    char oauth_client_secret[256];
    int32_t oauth_client_secret_len;
    void *oauth_scope;
    int32_t oauth_scope_len;
    char token_username[256];
    int32_t token_username_len;
    char token_password[256];
    int32_t token_password_len;
    char server_uri[256];
} __attribute__((packed));

enum baq_return_code {
    BAQ_SUCCESS = 0,
    BAQ_ERROR_IN_API = 1,
    BAQ_ERROR_IN_ZCEE = 2,
    BAQ_ERROR_IN_STUB = 3,
    BAQ_ERROR_NO_RESPONSE = 4,
};

/* BAQ-RESPONSE-INFO. */
struct baq_response_info {
    int32_t comp_level;
    char stub_name[8];
    int32_t return_code; /* enum baq_return_code */
    int32_t status_code; /* HTTP status, or the number of a BAQI message */
    char status_message[1024];
    int32_t status_message_len;
};

/* The response area and *response_len are untouched on an error; on success
 * *response_len (the capacity) becomes the number of bytes written. Returns
 * return_code. */
int BAQCSTUB(const struct baq_api_info *, const struct baq_request_info *,
             void *const *request, const int32_t *request_len,
             struct baq_response_info *, void *const *response,
             int32_t *response_len);
/* Drops the kept connection. */
int BAQCTERM(struct baq_response_info *);

#ifdef __cplusplus
}
#endif

#endif
