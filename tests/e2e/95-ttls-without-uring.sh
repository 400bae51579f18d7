# The same as 95-ttls-together where the kernel does not allow io_uring, as in
# many containers: served as well, and said.
: "${E2E_LIB:?tests/e2e/lib.sh in full}"
E2E_URING=0 exec "$SALLYPORT_BUILD/tests/e2e/without_uring" bash "${E2E_LIB%/*}/95-ttls-together.sh"
