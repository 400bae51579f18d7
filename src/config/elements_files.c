/*
 * Elements that reading a file acts on: <include> and <variable>. Nothing is
 * filled from these rows, since both are done with before there is a tree; they
 * are here for the reference, the schema, and who misspells a name.
 */
#include "config/registry.h"

#include "config/raw.h"

static const char *const conflict_words[] = { "MERGE", "REPLACE", "IGNORE",
                                              NULL };

static const struct cfg_attr include_attrs[] = {
    { .kind = CFG_KIND_STRING,
      .name = "location",
      .help = "File, beside the including one unless its path is absolute; "
              "with / at the end all .xml files of a folder." },
    { .kind = CFG_KIND_BOOL,
      .name = "optional",
      .value = "false",
      .help = "It may be missing; it is read when it comes." },
    { .kind = CFG_KIND_WORD,
      .name = "onConflict",
      .value = "",
      .words = conflict_words,
      .help = "What becomes of elements that the including file has already: "
              "MERGE, REPLACE single values and lists, or IGNORE them. Else as "
              "the including file was included; MERGE for server.xml." },
};

static const struct cfg_attr variable_attrs[] = {
    { .kind = CFG_KIND_STRING, .name = "name", .help = "Its name." },
    { .kind = CFG_KIND_STRING,
      .name = "value",
      .value = "",
      .help = "Its value; this or the next must be given." },
    { .kind = CFG_KIND_STRING,
      .name = "defaultValue",
      .value = "",
      .help = "Its value where nobody else says one." },
};

const struct cfg_type cfg_type_include = {
    .name = "include",
    .scope = CFG_FACTORY,
    .attrs = include_attrs,
    .n_attrs = ARRAY_LEN(include_attrs),
    .help = "Another file, read in this place.",
};

const struct cfg_type cfg_type_variable = {
    .name = "variable",
    .scope = CFG_FACTORY,
    .attrs = variable_attrs,
    .n_attrs = ARRAY_LEN(variable_attrs),
    .help = "A variable; of one name the last counts.",
};
