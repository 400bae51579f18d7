/* Parsed certificates between processes: written by the confined child, read
 * by the front, which believes no length in them. */
#include "saf/certparse.h"

/* As text they are longer: BMPString, names of attributes. */
#define NAME_MAX_BYTES (4u * CERT_DER_MAX)

void
cert_bundle_put(const struct cert_bundle *b, struct buf *out)
{
    buf_u32(out, (uint32_t)b->n);
    for (size_t i = 0; i < b->n; i++) {
        const struct cert_facts *f = &b->certs[i];

        buf_str(out, f->der);
        buf_str(out, f->serial);
        buf_str(out, f->issuer);
        buf_str(out, f->subject);
        buf_str(out, f->issuer_der);
        buf_str(out, f->subject_der);
        buf_u64(out, (uint64_t)f->not_before_s);
        buf_u64(out, (uint64_t)f->not_after_s);
        buf_str(out, f->sig_alg);
        buf_str(out, f->key_type);
        buf_u32(out, f->key_bits);
        buf_str(out, f->key_usage);
        buf_str(out, f->altnames);
        buf_str(out, f->key_id);
        buf_str(out, f->key_hash);
        buf_str(out, f->fingerprint);
        buf_u8(out, f->is_ca);
        buf_u8(out, f->is_self_signed);
        buf_u8(out, f->has_bad_signature);
        buf_u32(out, (uint32_t)f->signer);
    }
    buf_str(out, b->pkcs8);
    buf_u8(out, b->is_request);
    if (b->is_request)
        cert_order_put(&b->order, out);
}

static bool
read_bool(struct reader *in, bool *out)
{
    uint8_t n;

    if (!reader_u8(in, &n) || n > 1)
        return false;
    *out = n != 0;
    return true;
}

static bool
read_one(struct reader *in, struct cert_facts *f)
{
    uint64_t not_before, not_after;
    uint32_t signer;

    if (!reader_str(in, 1, CERT_DER_MAX, &f->der) ||
        !reader_str(in, 1, 256, &f->serial) ||
        !reader_str(in, 0, NAME_MAX_BYTES, &f->issuer) ||
        !reader_str(in, 0, NAME_MAX_BYTES, &f->subject) ||
        !reader_str(in, 1, CERT_DER_MAX, &f->issuer_der) ||
        !reader_str(in, 1, CERT_DER_MAX, &f->subject_der) ||
        !reader_u64(in, &not_before) || !reader_u64(in, &not_after) ||
        !reader_str(in, 0, 64, &f->sig_alg) ||
        !reader_str(in, 1, 64, &f->key_type) || !reader_u32(in, &f->key_bits) ||
        !reader_str(in, 0, 256, &f->key_usage) ||
        !reader_str(in, 0, NAME_MAX_BYTES, &f->altnames) ||
        !reader_str(in, 0, 256, &f->key_id) ||
        !reader_str(in, 32, 32, &f->key_hash) ||
        !reader_str(in, 32, 32, &f->fingerprint) || !read_bool(in, &f->is_ca) ||
        !read_bool(in, &f->is_self_signed) ||
        !read_bool(in, &f->has_bad_signature) || !reader_u32(in, &signer))
        return false;
    f->not_before_s = (int64_t)not_before;
    f->not_after_s = (int64_t)not_after;
    f->signer = (int32_t)signer;
    return true;
}

bool
cert_bundle_read(struct reader *in, struct arena *a, struct cert_bundle *out)
{
    struct cert_bundle b = { .n = 0 };
    uint32_t n;

    if (!reader_u32(in, &n) || n > CERTPARSE_CERTS_MAX)
        return false;
    b.certs = ARENA_ARRAY(a, struct cert_facts, n + 1u);
    if (b.certs == NULL)
        return false;
    for (b.n = 0; b.n < n; b.n++) {
        if (!read_one(in, &b.certs[b.n]))
            return false;
    }
    if (!reader_str(in, 0, CERT_DER_MAX, &b.pkcs8) ||
        !read_bool(in, &b.is_request) ||
        (b.is_request && !cert_order_read(in, &b.order)) || !reader_at_end(in))
        return false;
    *out = b;
    return true;
}
