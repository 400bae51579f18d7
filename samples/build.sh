#!/usr/bin/env bash
# Builds the sample archives into OUTDIR:
#
#   samples/build.sh OUTDIR
#
#   OUTDIR/cscvincService.sar       service: how CSCVINC is called
#   OUTDIR/cscvinc.aar              API: /cscvinc/employee
#   OUTDIR/cscvincapi_1.0.0.ara     API requester of that API
#   OUTDIR/copybooks/CSC00Q01 ...   what COBOL programs include to call it
#   OUTDIR/logs/                    what the generator did
#
# SALLYPORT_BUILD names the build folder (default: build beside samples).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=${1:?usage: samples/build.sh OUTDIR}
build=${SALLYPORT_BUILD:-$here/../build}
[ -d "$build/src/bin" ] && PATH=$(cd "$build/src/bin" && pwd):$PATH
mkdir -p "$out"
cd "$out"

sallyport-build -pd="$here/services/cscvincService" -od=.
sallyport-build -pd="$here/apis/cscvinc" -od=. --services=. --document=cscvincapi.json
sallyport-build -p="$here/requesters/cscvincapi/cscvincapi.properties" -f=cscvincapi_1.0.0.ara
