#!/bin/sh
# Translate and compile the region's sample programs:
#     samples/cobol/build.sh OUTDIR [PROGRAM.cbl...]
# SALLYPORT_REGION names the translator when it is not on the PATH.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: build.sh OUTDIR [PROGRAM.cbl...]}
shift
mkdir -p "$out"
if [ $# -eq 0 ]; then
    set -- "$here"/CSCVINC.cbl
fi
region=${SALLYPORT_REGION:-sallyport-region}
for source; do
    name=$(basename "$source" .cbl)
    "$region" translate "$source" -o "$out/$name.cob" \
        --copy "$here/../copybooks"
    # Flags: z/OS truncation and sign, and leaving a program by longjmp. The
    # module appears under its name only when it is complete: a region may be
    # loading it.
    cobc -m -std=ibm -fsign=EBCDIC -fbinary-truncate -fno-recursive-check \
        -ftext-column=250 -Wno-others -I "$here/../copybooks" \
        -o "$out/.$name.new.so" "$out/$name.cob"
    mv "$out/.$name.new.so" "$out/$name.so"
done
