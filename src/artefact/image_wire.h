/*
 * How an image lies in memory; only image.c and compile.c know. Big-endian
 * fields one after the other (base/buf.h), mapping programs aligned to
 * IMAGE_ALIGN from the image's start:
 *
 *   8 magic, u32 format, u32 kind, u32 bytes in all
 *   u64 sum: str_hash of all bytes after it, so that a torn file is noticed
 *   32 digest of the archive
 *   str name, title, version, description, base path, connection,
 *       document, document entry
 *   u32 count of services, each: see put_service
 *   u32 count of operations, each: see put_op
 */
#ifndef SALLYPORT_ARTEFACT_IMAGE_WIRE_H
#define SALLYPORT_ARTEFACT_IMAGE_WIRE_H

#define IMAGE_MAGIC "SPIMAGE\n"
#define IMAGE_FORMAT 2u
#define IMAGE_ALIGN 16u
#define IMAGE_SUM_END (sizeof IMAGE_MAGIC - 1 + 12 + 8)
#define IMAGE_STR_MAX (64u << 20)
#define IMAGE_OPS_MAX 4096u
#define IMAGE_PARAMS_MAX 1024u

#endif
