/*
 * YAML to a jansson tree, over libyaml: one document of plain data. Plain
 * scalars follow the core schema (null, booleans, decimal integers, floats);
 * quoted and block scalars are strings. Mapping keys are always strings, a key
 * twice in one mapping is an error; anchors and aliases are refused (an alias
 * can make a small text huge), as are tags other than the core ones.
 */
#ifndef SALLYPORT_PARSE_YAML_H
#define SALLYPORT_PARSE_YAML_H

#include <jansson.h>

#include "base/err.h"
#include "base/str.h"

#define YAML_BYTES_MAX ((size_t)16 << 20)
#define YAML_DEPTH_MAX 100u
#define YAML_NODES_MAX 1000000u

/*
 * The caller owns *out (json_decref).
 *
 * ERR_SYNTAX       with line and column
 * ERR_LIMIT        one of the limits above
 * ERR_UNSUPPORTED  anchors, aliases, foreign tags, several documents
 */
MUST_CHECK enum err yaml_to_json(struct str text, json_t **out,
                                 struct err_info *why);

#endif
