/*
 * BAQCTERM as a module of its own, for COBOL's dynamic CALL: the connection
 * belongs to BAQCSTUB.so, which is asked when it is loaded.
 */
#include "sallyport/baq.h"

#include <dlfcn.h>
#include <string.h>

__attribute__((visibility("default"))) int
BAQCTERM(struct baq_response_info *info)
{
    void *stub = dlopen("BAQCSTUB.so", RTLD_NOLOAD | RTLD_LAZY);
    int (*term)(struct baq_response_info *) = NULL;
    int rc = BAQ_SUCCESS;

    if (stub != NULL) {
        void *symbol = dlsym(stub, "BAQCTERM");

        memcpy(&term, &symbol, sizeof term);
        if (term != NULL)
            rc = term(info);
        dlclose(stub);
    }
    if (term == NULL && info != NULL) {
        memcpy(info->stub_name, "BAQCTERM", sizeof info->stub_name);
        info->return_code = BAQ_SUCCESS;
        info->status_code = 0;
        info->status_message_len = 0;
        memset(info->status_message, ' ', sizeof info->status_message);
    }
    return rc;
}
