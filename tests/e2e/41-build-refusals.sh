# What sallyport build refuses, and its exit codes.
. "${E2E_LIB:?run by meson test, or set it to tests/e2e/lib.sh}"

cd "$SCRATCH"
build() { sallyport-build "$@"; }
runs 'nothing asked' 1 build
like "$OUT" 'one of -p and -pd' 'and why'
runs 'unknown parameter' 1 build --colour
runs 'missing value' 1 build -pd
runs '-od with -p' 1 build -p=x -od=.
runs 'wrong extension' 1 build -pd=x -f=x.zip
runs 'AAR from properties' 1 build -p=x -f=x.aar
runs 'no project' 1 build -pd=none -od=.
like "$OUT" 'BAQB0001E.*neither service.properties nor package.xml' 'and why'
runs 'help' 0 build --help
runs 'help, short' 0 build -h

project=$SCRATCH/project
cp -r "$SAMPLES/services/cscvincService" "$project"
runs 'both spellings of options' 0 build --projectDirectory "$project" --file="$SCRATCH/a.sar"
runs 'extension of another kind' 1 build -pd="$project" -f=a.aar

# service SED-EXPRESSION STATUS TEXT NAME
service() {
    sed "$1" "$SAMPLES/services/cscvincService/service.properties" >"$project/service.properties"
    runs "$4" "$2" build -pd="$project" -f=b.sar
    like "$OUT" "$3" "$4: message"
    [ ! -e b.sar ] && pass "$4: no archive" || { fail "$4: no archive"; rm -f b.sar; }
}
service '/^name/d' 1 'property name is missing' 'no name'
service 's/^provider=.*/provider=ims/' 1 'provider=ims' 'another provider'
service 's/^servicetype=.*/servicetype=cicsCommarea/' 1 'serviceType does not fit' 'kind of program'
service 's/^ccsid=.*/ccsid=many/' 1 'ccsid=many' 'code page'
service 's/^executableName=.*/executableName=MUCHTOOLONG/' 1 'MUCHTOOLONG.*1 to 8' 'program name'
service 's/^requestSIName=.*/requestSIName=..\/x.si/' 1 'file names in service-interfaces' 'interface outside'
service 's/^requestSIName=.*/requestSIName=none.si/' 1 'none\.si' 'missing interface'
service 's/^transidUsage=.*/transidUsage=SOME/' 1 'EIB_ONLY' 'transidUsage'
cp "$SAMPLES/services/cscvincService/service.properties" "$project/"
echo '<broken' >"$project/service-interfaces/cscvincServiceRequest.si"
runs 'broken interface' 1 build -pd="$project" -f=b.sar
like "$OUT" 'cscvincServiceRequest\.si' 'names the file'

api=$SCRATCH/api
cp -r "$SAMPLES/apis/cscvinc" "$api"
runs 'API without its service' 1 build -pd="$api" -od=.
like "$OUT" 'service cscvincService' 'names the service'
mv a.sar cscvincService.sar
sed -i 's/zosConnectServiceRef="cscvincService" httpXformFile="api\/employee\/POST/httpXformFile="api\/employee\/POST/' "$api/package.xml"
runs 'method without service: warning' 0 build -pd="$api" -od=. --services="$SCRATCH"
like "$OUT" 'BAQB0050W.*POST' 'says so'
runs 'graded: warning is 4' 4 build -r -pd="$api" -od=. --services="$SCRATCH"
rm "$api/api/employee/{employee}/GET/request.map"
runs 'missing map' 1 build -pd="$api" -od=. --services="$SCRATCH"
like "$OUT" 'request\.map' 'names the map'

# requester DOCUMENT STATUS TEXT NAME [PROPERTY...]
requester() {
    local document=$1 want=$2 text=$3 name=$4
    shift 4
    printf '%s' "$document" >doc.json
    {
        printf '%s\n' apiDescriptionFile=doc.json dataStructuresLocation=cpy apiInfoFileLocation=cpy \
            logFileDirectory=log language=COBOL connectionRef=c "$@"
    } >r.properties
    rm -f r.ara
    runs "$name" "$want" build -r -p=r.properties -f=r.ara
    like "$OUT" "$text" "$name: message"
}
head='{"swagger":"2.0","info":{"title":"a b","version":"1.0.0"},"paths":'
get='"get":{"responses":{"200":{"schema":{"type":"object","properties":{"x":{"type":"string"}}}}}}'
requester 'nonsense' 1 'doc\.json.*line 1' 'no JSON'
requester '{"openapi":"3.0.0"}' 1 'expected 2\.0' 'another version'
requester "$head{}}" 1 'no operation' 'no operation'
requester "$head{\"/x\":{$get}}}" 0 'automatically named a-b_1\.0\.0' 'blanks in the title'
requester "$head{\"/x\":{$get}}}" 1 'requesterPrefix=LONG' 'prefix' requesterPrefix=LONG
requester "$head{\"/x\":{$get}}}" 1 'language=PLI' 'PL/I' language=PLI
requester "$head{\"/x\":{$get}}}" 1 'defaultArrayMaxItems=0' 'range' defaultArrayMaxItems=0
requester "$head{\"/x\":{$get}}}" 4 'BAQB0051W.*colour' 'unknown property' colour=blue
requester "$head{\"/x\":{$get,\"post\":{\"parameters\":[{\"in\":\"formData\",\"name\":\"f\"}]}}}}" 4 \
    'BAQB0052W.*form parameters' 'ignored operation'
requester "$head{\"/x\":{\"get\":{\"produces\":[\"text/csv\"],\"responses\":{\"200\":{\"schema\":{\"type\":\"object\"}}}}}}}" 1 \
    'JSON' 'no JSON produced'
requester "$head{\"/x\":{\"get\":{\"responses\":{\"200\":{\"schema\":{\"type\":\"object\",\"properties\":{\"status\":{\"type\":\"string\"}}}}}}}}}" 4 \
    'DFHPI9586W.*status.*Xstatus' 'reserved word'
long=$(printf 'segment%.0s/' $(seq 12))
requester "$head{\"/$long\":{$get}}}" 0 'Success' 'long path'
cat >probe.cob <<'COBOL'
       IDENTIFICATION DIVISION.
       PROGRAM-ID. PROBE.
       DATA DIVISION.
       WORKING-STORAGE SECTION.
       01 I. COPY API00I01.
       PROCEDURE DIVISION.
           DISPLAY BAQ-APIPATH(1:BAQ-APIPATH-LEN)
           STOP RUN.
COBOL
wrong=0
for n in $(seq 30 80); do
    printf '%s' "$head{\"/$(printf 'x%.0s' $(seq "$n"))\":{$get}}}" >doc.json
    build -p=r.properties -f=r.ara >/dev/null || wrong=$((wrong + 1))
    [ "$(awk 'length > 72' cpy/API00I01)" = "" ] || wrong=$((wrong + 1))
    case $n in 4[5-9] | 5[0-9] | 6[0-2])
        cobc -x -std=ibm -I cpy -o probe probe.cob && [ "$(./probe)" = "%2F$(printf 'x%.0s' $(seq "$n"))" ] || { wrong=$((wrong + 1)); note "length $n"; } ;;
    esac
done
is "$wrong" 0 'literals of any length stay in their columns and keep their value'
done_testing
