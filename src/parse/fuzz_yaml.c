#include "base/defs.h"
#include "parse/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct err_info why;
    json_t *root;

    if (yaml_to_json(str_n(data, n), &root, &why) == ERR_OK)
        json_decref(root);
    return 0;
}
