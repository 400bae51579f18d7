/*
 * What no public text settles about generated policies, in one place; each is
 * [unverified] and has its row in doc/reference/differences.md.
 */
#ifndef SALLYPORT_ASSIST_INFERRED_H
#define SALLYPORT_ASSIST_INFERRED_H

#define INFERRED_TRACE_ALL 255u      /* every box of the trace panel ticked */
#define INFERRED_PRIORITY_FIRST 255u /* more rules: as many as there are */
#define INFERRED_PRIORITY_STEP 1u    /* down, in display order */
#define INFERRED_BLANK '_'           /* a blank of an object's name */
/* Where a stack's file is: release, image, stack. */
#define INFERRED_PATH "etc/cfgasst/%s/" STR_FMT "/" STR_FMT "/tlsPol"
/* Names of objects that no generated file shows: "{prefix}{k}~{descriptor}" */
#define INFERRED_GSK_ADV "gAdv"
#define INFERRED_GROUP_ADV "grpAdv"
#define INFERRED_SIGNATURE "sig"
#define INFERRED_LDAP "ldap"
#define INFERRED_CDP "cdp"
#define INFERRED_OCSP "ocsp"
#define INFERRED_TIME "cond" /* "{prefix}{k}" */
/* Built-in address groups: the name, and what is written. */
#define INFERRED_ADDRESSES                                                     \
    {                                                                          \
        { "All_IPv4_Addresses", "0.0.0.0/0" },                                 \
            { "All_IPv6_Addresses", "::/0" }, { "All_IP_Addresses", NULL },    \
    }
/* Several addresses, several port ranges: a group that names each one. All
 * ports: no condition. Ciphers stand in the connection action, by
 * V3CipherSuites4Char; tuning of the environment in eAdv and gAdv. */

#endif
