# The sample projects become archives; the generated copybooks are what the
# COBOL compiler and the gateway agree on.
. "${E2E_LIB:?run by meson test, or set it to tests/e2e/lib.sh}"

out=$SCRATCH/out
runs 'samples build' 0 "$SAMPLES/build.sh" "$out"
like "$OUT" 'BAQB0040I.*cscvincapi_1\.0\.0' 'the requester names itself'
like "$OUT" 'Total 4 operation\(s\) \(success: 4, ignored: 0\)' 'summary'
is "$(cd "$out/copybooks" && echo *)" \
    "CSC00I01 CSC00P01 CSC00Q01 CSC01I01 CSC01P01 CSC01Q01 CSC02I01 CSC02P01 CSC02Q01 CSC03I01 CSC03P01 CSC03Q01" \
    'members of four operations'
like "$(cat "$out/copybooks/CSC01I01")" "'GET'" 'GET is the second operation'
is "$(grep -v '^      \*' "$out/copybooks/CSC01Q01" | tr -s ' ')" \
    " 06 ReqPathParameters.
 09 employee-length PIC S9999 COMP-5 SYNC.
 09 employee PIC X(6)." 'request of GET'
runs 'the committed API description is the generated one' 0 \
    cmp "$out/cscvincapi.json" "$SAMPLES/requesters/cscvincapi/cscvincapi.json"

entries() { python3 -c 'import sys, zipfile; print(" ".join(sorted(zipfile.ZipFile(sys.argv[1]).namelist())))' "$1"; }
is "$(entries "$out/cscvincService.sar")" \
    "files/interfaces/cscvincServiceRequest.si files/interfaces/cscvincServiceResponse.si files/service/cscvincService.xml manifest.yml schemas/cscvincServiceRequest.json schemas/cscvincServiceResponse.json" \
    'entries of the service archive'
like "$(entries "$out/cscvinc.aar")" 'api-docs/swagger.json api/employee/POST/mapping.xml' 'entries of the API archive'
like "$(entries "$out/cscvincapi_1.0.0.ara")" 'ws-binds/getCscvincService.wsbind' 'entries of the requester archive'

# Equal input, equal bytes.
"$SAMPLES/build.sh" "$SCRATCH/again" >/dev/null
for file in cscvincService.sar cscvinc.aar cscvincapi_1.0.0.ara; do
    runs "$file is reproducible" 0 cmp "$out/$file" "$SCRATCH/again/$file"
done

# Sizes and values as the compiler sees them.
cat >"$SCRATCH/probe.cob" <<'COBOL'
       IDENTIFICATION DIVISION.
       PROGRAM-ID. PROBE.
       DATA DIVISION.
       WORKING-STORAGE SECTION.
       01 Q. COPY CSC01Q01.
       01 P. COPY CSC01P01.
       01 I. COPY CSC01I01.
       01 N PIC Z(8)9.
       PROCEDURE DIVISION.
           MOVE LENGTH OF Q TO N DISPLAY 'Q' N
           MOVE LENGTH OF P TO N DISPLAY 'P' N
           MOVE LENGTH OF I TO N DISPLAY 'I' N
           MOVE BAQ-APIPATH-LEN TO N
           DISPLAY 'PATH' N BAQ-APIPATH(1:BAQ-APIPATH-LEN)
           STOP RUN.
COBOL
runs 'the compiler accepts the members' 0 \
    cobc -x -std=ibm -fsign=EBCDIC -fbinary-truncate -I "$out/copybooks" -o "$SCRATCH/probe" "$SCRATCH/probe.cob"
OUT=$("$SCRATCH/probe" | tr -s ' ')
like "$OUT" 'Q 8$' 'request area of GET: 8 bytes'
like "$OUT" 'I 780$' 'info area: 780 bytes'
like "$OUT" 'PATH 38%2Fcscvinc%2Femployee%2F%7Bemployee%7D$' 'encoded path'
ours=$(sallyport-build layout "$out/copybooks/CSC01P01" | awk 'NR==3{print $2}')
is "$(grep '^P ' <<<"$OUT" | tr -d 'P ')" "$ours" 'compiler and layout agree on the response area'

# From copybooks, without an editor's project.
cat >"$SCRATCH/svc.properties" <<PROPERTIES
provider=cics
name=copied
version=1.0.0
program=CSCVINC
connectionRef=cscvinc
language=cobol
programInterface=COMMAREA
requestStructure=$SAMPLES/copybooks/CSCREQ.cpy
responseStructure=$SAMPLES/copybooks/CSCRESP.cpy
PROPERTIES
runs 'service from copybooks' 0 sallyport-build -p "$SCRATCH/svc.properties" -f "$SCRATCH/copied.sar"
like "$(python3 -c 'import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).read("files/interfaces/copiedRequest.si").decode())' "$SCRATCH/copied.sar")" \
    'CICS_COMM_AREA' 'a COMMAREA interface'
done_testing
