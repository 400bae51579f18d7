#!/bin/sh
# Translate and compile COBOL programs into loadable modules:
#     samples/cobol/build.sh OUTDIR [COPYBOOK-TREE...] [PROGRAM.cbl...]
# Without programs, those of this folder whose copybooks are there. Programs
# with EXEC CICS go through the translator (sallyport-region on the PATH, or
# what SALLYPORT_REGION names).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: build.sh OUTDIR [COPYBOOK-TREE...] [PROGRAM.cbl...]}
shift
mkdir -p "$out"
region=${SALLYPORT_REGION:-sallyport-region}
include="-I $here/../copybooks"
programs=
trees=
for arg; do
    case $arg in
    *.cbl) programs="$programs $arg" ;;
    *)
        trees=yes
        for dir in $(find "$arg" \( -name '*.cpy' -o -name '*[IPQ]0[0-9]' \) \
            -exec dirname {} + | sort -u); do
            include="$include -I $dir"
        done
        ;;
    esac
done
if [ -z "$programs" ]; then
    for source in "$here"/*.cbl; do
        # Batch programs need the copybooks that sallyport build generates.
        if [ -n "$trees" ] || grep -q 'EXEC CICS' "$source"; then
            programs="$programs $source"
        fi
    done
fi
# z/OS truncation and sign; and, for a region, leaving a program by longjmp.
# A module gets its name only when it is complete: a region may be loading it.
flags="-m -std=ibm -fsign=EBCDIC -fbinary-truncate -Wno-others"
for source in $programs; do
    name=$(basename "$source" .cbl)
    if grep -q 'EXEC CICS' "$source"; then
        "$region" translate "$source" -o "$out/$name.cob" \
            --copy "$here/../copybooks"
        cobc $flags -fno-recursive-check -ftext-column=250 $include \
            -o "$out/.$name.new.so" "$out/$name.cob"
    else
        cobc $flags $include -o "$out/.$name.new.so" "$source"
    fi
    mv "$out/.$name.new.so" "$out/$name.so"
done
