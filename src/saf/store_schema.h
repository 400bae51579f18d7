/* The database's tables, by level. Included by store.c only. */
#ifndef SALLYPORT_SAF_STORE_SCHEMA_H
#define SALLYPORT_SAF_STORE_SCHEMA_H

#define STORE_LEVEL 1

/* A generic and a discrete profile may have one name. */
#define STORE_PROFILES                                                         \
    "(id INTEGER PRIMARY KEY AUTOINCREMENT,"                                   \
    " class TEXT NOT NULL, name TEXT NOT NULL, is_generic INTEGER NOT NULL,"   \
    " owner TEXT NOT NULL, uacc INTEGER NOT NULL, level INTEGER NOT NULL,"     \
    " warning INTEGER NOT NULL, notify TEXT NOT NULL,"                         \
    " audit_s INTEGER NOT NULL, audit_f INTEGER NOT NULL,"                     \
    " gaudit_s INTEGER NOT NULL, gaudit_f INTEGER NOT NULL,"                   \
    " created INTEGER NOT NULL, changed INTEGER NOT NULL,"                     \
    " UNIQUE(class, name, is_generic)) STRICT"

/* For files that were made when a name had one profile; without foreign keys,
 * which would empty the lists. */
static const char store_profiles_again[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE profiles_again" STORE_PROFILES ";"
    "INSERT INTO profiles_again SELECT * FROM profiles ORDER BY id;"
    "DROP TABLE profiles;"
    "ALTER TABLE profiles_again RENAME TO profiles;"
    "COMMIT;";

static const char store_schema[] =
    "CREATE TABLE principals(id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " name TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE users(id INTEGER PRIMARY KEY REFERENCES principals(id),"
    " user TEXT NOT NULL UNIQUE, name TEXT NOT NULL, owner TEXT NOT NULL,"
    " dfltgrp TEXT NOT NULL, attrs INTEGER NOT NULL, created INTEGER NOT NULL,"
    " verifier BLOB, phrase_verifier BLOB, pass_day INTEGER NOT NULL,"
    " phrase_day INTEGER NOT NULL, interval INTEGER NOT NULL,"
    " failures INTEGER NOT NULL, revoke_day INTEGER NOT NULL,"
    " resume_day INTEGER NOT NULL, last_access INTEGER NOT NULL,"
    " when_days INTEGER NOT NULL, when_from INTEGER NOT NULL,"
    " when_to INTEGER NOT NULL, generation INTEGER NOT NULL) STRICT;"
    "CREATE TABLE groups(id INTEGER PRIMARY KEY REFERENCES principals(id),"
    " grp TEXT NOT NULL UNIQUE, superior TEXT NOT NULL, owner TEXT NOT NULL,"
    " created INTEGER NOT NULL, termuacc INTEGER NOT NULL,"
    " universal INTEGER NOT NULL) STRICT;"
    "CREATE INDEX groups_superior ON groups(superior);"
    "CREATE TABLE connects(user TEXT NOT NULL, grp TEXT NOT NULL,"
    " authority INTEGER NOT NULL, owner TEXT NOT NULL, uacc INTEGER NOT NULL,"
    " attrs INTEGER NOT NULL, created INTEGER NOT NULL,"
    " count INTEGER NOT NULL, last INTEGER NOT NULL,"
    " revoke_day INTEGER NOT NULL, resume_day INTEGER NOT NULL,"
    " PRIMARY KEY(user, grp)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX connects_group ON connects(grp);"
    "CREATE TABLE history(user TEXT NOT NULL, is_phrase INTEGER NOT NULL,"
    " seq INTEGER NOT NULL, verifier BLOB NOT NULL,"
    " PRIMARY KEY(user, is_phrase, seq)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE profiles" STORE_PROFILES ";"
    "CREATE TABLE access(profile INTEGER NOT NULL"
    " REFERENCES profiles(id) ON DELETE CASCADE, who TEXT NOT NULL,"
    " when_kind TEXT NOT NULL, when_value TEXT NOT NULL,"
    " level INTEGER NOT NULL, count INTEGER NOT NULL,"
    " PRIMARY KEY(profile, who, when_kind, when_value))"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE members(profile INTEGER NOT NULL"
    " REFERENCES profiles(id) ON DELETE CASCADE, pos INTEGER NOT NULL,"
    " member TEXT NOT NULL, level INTEGER NOT NULL,"
    " PRIMARY KEY(profile, member)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE segments(kind TEXT NOT NULL, id INTEGER NOT NULL,"
    " segment TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY(kind, id, segment, field)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX segments_value ON segments(segment, field, value);"
    "CREATE TABLE classes(name TEXT PRIMARY KEY, options INTEGER NOT NULL,"
    " generation INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE options(name TEXT PRIMARY KEY, number INTEGER NOT NULL,"
    " text TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE certs(id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " owner TEXT NOT NULL, label TEXT NOT NULL, status TEXT NOT NULL,"
    " der BLOB NOT NULL, key BLOB, serial TEXT NOT NULL,"
    " issuer TEXT NOT NULL, subject TEXT NOT NULL,"
    " not_before INTEGER NOT NULL, not_after INTEGER NOT NULL,"
    " key_type TEXT NOT NULL, key_bits INTEGER NOT NULL,"
    " last_serial INTEGER NOT NULL, ring_seq INTEGER NOT NULL,"
    " fingerprint BLOB NOT NULL, facts BLOB,"
    " flags INTEGER NOT NULL DEFAULT 0, UNIQUE(owner, label),"
    " UNIQUE(serial, issuer)) STRICT;"
    "CREATE INDEX certs_fingerprint ON certs(fingerprint);"
    "CREATE TABLE rings(id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " owner TEXT NOT NULL, name TEXT NOT NULL, seq INTEGER NOT NULL,"
    " UNIQUE(owner, name)) STRICT;"
    "CREATE TABLE ring_certs(ring_id INTEGER NOT NULL"
    " REFERENCES rings(id) ON DELETE CASCADE, cert_id INTEGER NOT NULL"
    " REFERENCES certs(id) ON DELETE CASCADE, usage TEXT NOT NULL,"
    " is_default INTEGER NOT NULL, pos INTEGER NOT NULL,"
    " PRIMARY KEY(ring_id, cert_id)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE idmaps(id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " kind TEXT NOT NULL, owner TEXT NOT NULL, label TEXT NOT NULL,"
    " status TEXT NOT NULL, filter TEXT NOT NULL, issuer TEXT NOT NULL,"
    " criteria TEXT NOT NULL, UNIQUE(kind, owner, label),"
    " UNIQUE(kind, filter, issuer, criteria)) STRICT;";

/* Columns that files written earlier lack. */
static const struct {
    const char *ask, *add;
} store_columns[] = {
    { "SELECT 1 FROM pragma_table_info('certs') WHERE name='facts'",
      "ALTER TABLE certs ADD COLUMN facts BLOB" },
    { "SELECT 1 FROM pragma_table_info('certs') WHERE name='flags'",
      "ALTER TABLE certs ADD COLUMN flags INTEGER NOT NULL DEFAULT 0" },
    { "SELECT 1 FROM pragma_table_info('certs') WHERE name='pkds'",
      "ALTER TABLE certs ADD COLUMN pkds TEXT NOT NULL DEFAULT ''" },
    /* PassTickets that were used, until nobody takes them any more. */
    { "SELECT 1 FROM sqlite_master WHERE name='tickets'",
      "CREATE TABLE tickets(appl TEXT NOT NULL, user TEXT NOT NULL,"
      " time INTEGER NOT NULL, until INTEGER NOT NULL,"
      " PRIMARY KEY(appl, user, time)) STRICT, WITHOUT ROWID" },
    /* Which line of databases this is: copies keep it. */
    { "SELECT 1 FROM options WHERE name='DATABASE.ID'",
      "INSERT INTO options VALUES('DATABASE.ID', 0, hex(randomblob(16)))" },
    /* Lines of an unload that nobody here understands. */
    { "SELECT 1 FROM sqlite_master WHERE name='unload_kept'",
      "CREATE TABLE unload_kept(seq INTEGER PRIMARY KEY, line TEXT NOT NULL)"
      " STRICT" },
    { "SELECT 1 FROM sqlite_master WHERE name='unload_kept_of'",
      "CREATE INDEX unload_kept_of ON unload_kept(substr(line,1,2),"
      " substr(line,6,8))" },
    /* DEFAULT of BIND. */
    { "SELECT 1 FROM sqlite_master WHERE name='token_defaults'",
      "CREATE TABLE token_defaults(token TEXT PRIMARY KEY,"
      " fingerprint BLOB NOT NULL) STRICT, WITHOUT ROWID" },
    { "SELECT 1 FROM sqlite_master WHERE name='tickets_until'",
      "CREATE INDEX tickets_until ON tickets(until)" },
};

#endif
