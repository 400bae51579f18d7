# PassTickets, certificates without a profile of their own, distributed
# identities: who is let in, who is not, and what was used once is used up.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj '/C=UK/O=IBM/OU=Hursley/CN=Ann' -keyout "$SCRATCH/ann.key" -outform DER -out "$SCRATCH/ann.der" 2>/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj '/C=US/O=Other/CN=Bob' -keyout "$SCRATCH/bob.key" -outform DER -out "$SCRATCH/bob.der" 2>/dev/null
# An authority, and one that calls itself the same; certificates with the
# extension hostIdMappings: SET { SEQUENCE { [1] host, [2] user } }.
for ca in ca evil; do
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj '/C=US/CN=Host CA' -addext basicConstraints=critical,CA:TRUE -keyout "$SCRATCH/$ca.key" -out "$SCRATCH/$ca.pem" 2>/dev/null
done
mkdir "$SCRATCH/newcerts"; : >"$SCRATCH/index"; echo 10 >"$SCRATCH/serial"
# host_cert FILE CA SUBJECT START MAPPING...: each mapping HOST/USER, or DER:hexadecimal
host_cert() {
    local file=$1 ca=$2 subject=$3 start=$4 n=0 m; shift 4
    {
        printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s/index\nserial=%s/serial\nnew_certs_dir=%s/newcerts\ndefault_md=sha256\npolicy=p\nx509_extensions=e\nunique_subject=no\n[p]\ncountryName=optional\norganizationName=optional\ncommonName=supplied\n[e]\n' "$SCRATCH" "$SCRATCH" "$SCRATCH"
        case $1 in
            DER:*) printf '1.3.18.0.2.18.1=%s\n' "$1"; shift ;;
            *) printf '1.3.18.0.2.18.1=ASN1:SET:set\n[set]\n' ;;
        esac
        for m in "$@"; do n=$((n + 1)); printf 'a%d=SEQUENCE:q%d\n' $n $n; done
        n=0
        for m in "$@"; do n=$((n + 1)); printf '[q%d]\nh=IMPLICIT:1,IA5:%s\nu=IMPLICIT:2,IA5:%s\n' $n "${m%/*}" "${m#*/}"; done
    } >"$SCRATCH/$file.cnf"
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$subject" -keyout "$SCRATCH/$file.key" -out "$SCRATCH/$file.csr" 2>/dev/null &&
        openssl ca -batch -notext -config "$SCRATCH/$file.cnf" -cert "$SCRATCH/$ca.pem" -keyfile "$SCRATCH/$ca.key" ${start:+-startdate "$start"} -days 20 -in "$SCRATCH/$file.csr" -out "$SCRATCH/$file.pem" 2>"$SCRATCH/$file.log" &&
        openssl x509 -in "$SCRATCH/$file.pem" -outform DER -out "$SCRATCH/$file.der" || { cat "$SCRATCH/$file.log"; exit 1; }
}
host_cert host ca /C=US/CN=Dist "" host.example/dist
host_cert filtered ca /C=UK/O=IBM/CN=Dist "" host.example/DIST
host_cert forged evil /C=US/CN=Dist "" host.example/DIST
host_cert several ca /C=US/CN=Dist "" other.example/ANYUK host.example/DIST host.example/MAPPED
host_cert garbled ca /C=US/CN=Dist "" DER:30:00
host_cert unknown ca /C=US/CN=Dist "" host.example/NOBODY
host_cert old ca /C=US/CN=Dist "$(date -u -d '3 days ago' +%y%m%d%H%M%SZ)" host.example/DIST
host_cert elsewhere ca /C=US/CN=Dist "" other.example/DIST
_finished=1 # the program below prints the plan
SCRATCH=$SCRATCH PYTHONPATH=$(dirname "$E2E_LIB") python3 - <<'PY'
import os, shutil, signal, time
from angel_wire import *

root, scratch = os.environ["SALLYPORT_ROOT"], os.environ["SCRATCH"]
angel = Angel()
ibm = Client()
ibm.hello()


def racf(*commands, ok=True):
    for c in commands:
        r = ibm.command(c)
        rc = r.u32() if r.err == OK else None
        check(r.err == OK and (rc in (0, 4)) == ok, c.split("(1")[0], r.lines)
    return r


racf("ADDUSER USER1 DFLTGRP(SYS1)", "ALTUSER USER1 PASSWORD(SECRET12) NOEXPIRED",
     "ADDUSER USER2 DFLTGRP(SYS1)", "ALTUSER USER2 PASSWORD(SECRET2) NOEXPIRED",
     "ADDUSER LIBSERV DFLTGRP(SYS1)",
     "SETROPTS PASSWORD(REVOKE(3))",
     "SETROPTS CLASSACT(PTKTDATA STARTED SERVER) GENERIC(PTKTDATA STARTED)",
     "RDEFINE PTKTDATA BBGZDFLT SSIGNON(KEYMASKED(123456789ABCDEF0))",
     "RDEFINE PTKTDATA REPLAYS SSIGNON(KEYENCRYPTED(FEDCBA9876543210)) APPLDATA('NO REPLAY PROTECTION')",
     "RDEFINE PTKTDATA BBGZDFLT.USER2 SSIGNON(KEYMASKED(0000000000000001))",
     "SETROPTS RACLIST(PTKTDATA)")
data = b"".join(open(os.path.join(root, "saf", f), "rb").read() for f in os.listdir(root + "/saf"))
check(b"PTKTDATA" in data, "the profile is stored")
check(b"123456789ABCDEF0" not in data and bytes.fromhex("123456789ABCDEF0") not in data, "and its key nowhere in clear")
r = ibm.command("RLIST PTKTDATA BBGZDFLT SSIGNON NORACF")
check(any("KEYMASKED DATA NOT DISPLAYABLE" in x for x in r.lines), "RLIST does not show it", r.lines)
for bad in ("KEYMASKED(123456789ABCDEF)", "KEYMASKED(123456789ABCDEFG)", "KEYMASKED()", "KEYMASKED(123456789ABCDEF01)"):
    r = ibm.command(f"RDEFINE PTKTDATA BAD SSIGNON({bad})")
    check(r.u32() == 8 and not any("123456" in x for x in r.lines), f"{bad[:12]}: refused, not echoed", r.lines)


def ticket(user, appl):
    r = ibm.call(TICKET, s(user) + s(appl) + s(""))
    return (r.str() if r.err == OK else b"", r)


def verify(user, secret, appl):
    return ibm.call(VERIFY, s(user) + s(secret) + s(appl))


# --- R_ticketserv
t, r = ticket("USER1", "BBGZDFLT")
is_equal((r.err, r.triple()), (DENIED, (8, 8, 16)), "no IRRPTAUTH profile: no ticket")
racf("RDEFINE PTKTDATA IRRPTAUTH.BBGZDFLT.* UACC(NONE)", "RDEFINE PTKTDATA IRRPTAUTH.REPLAYS.* UACC(NONE)",
     "PERMIT IRRPTAUTH.BBGZDFLT.* CLASS(PTKTDATA) ID(IBMUSER) ACCESS(READ)",
     "PERMIT IRRPTAUTH.REPLAYS.* CLASS(PTKTDATA) ID(IBMUSER) ACCESS(UPDATE)",
     "SETROPTS RACLIST(PTKTDATA) REFRESH")
is_equal(ticket("USER1", "BBGZDFLT")[1].err, DENIED, "READ is not enough to make one")
racf("PERMIT IRRPTAUTH.BBGZDFLT.* CLASS(PTKTDATA) ID(IBMUSER) ACCESS(UPDATE)")
is_equal(ticket("USER1", "BBGZDFLT")[1].err, DENIED, "nor is a change before REFRESH")
racf("SETROPTS RACLIST(PTKTDATA) REFRESH")
t, r = ticket("USER1", "BBGZDFLT")
is_equal((r.err, len(t)), (OK, 8), "UPDATE: a ticket")
is_equal(ticket("USER1", "NOKEY")[1].err, DENIED, "another application")

# --- logon with it
r = verify("USER1", t, "OTHERAPP")
is_equal(r.err, DENIED, "for another application it is a wrong password")
r = verify("USER2", t, "BBGZDFLT")
is_equal(r.err, DENIED, "for another user, too")
r = verify("USER1", t, "BBGZDFLT")
is_equal((r.err, r.triple()), (OK, (0, 0, 0)), "it opens the door")
r = verify("USER1", t, "BBGZDFLT")
is_equal(r.triple(), (8, 8, 20), "once")
check(any("REPLAY OF PASSTICKET" in m for m in r.messages), "ICH408I: replay", r.messages)
is_equal(verify("USER1", "SECRET12", "BBGZDFLT").err, OK, "the password still works, eight characters long")
t2, _ = ticket("USER2", "BBGZDFLT")
is_equal(verify("USER2", t2.decode().lower(), "bbgzdflt").err, OK, "USER2 has a key of its own; case does not count")

for kind in ("front", "keeper"):
    t, _ = ticket("USER1", "BBGZDFLT")
    while ticket("USER1", "BBGZDFLT")[0] == t:
        time.sleep(0.1)
    t, _ = ticket("USER1", "BBGZDFLT")
    is_equal(verify("USER1", t, "BBGZDFLT").err, OK, "a ticket is used")
    pids = [p for p in angel.child_of(kind) if kind in open(f"/proc/{p}/comm").read()]
    os.kill(pids[0], signal.SIGKILL)
    if kind == "front":
        while True:
            try:
                ibm = Client()
                if ibm.hello().err == OK and ibm.command("LISTUSER USER1").err == OK and not os.path.exists(f"/proc/{pids[0]}/fd"):
                    break
            except (OSError, EOFError):
                time.sleep(0.05)
    is_equal(verify("USER1", t, "BBGZDFLT").err, DENIED, f"used up, also when the {kind} was killed")
ibm.command("ALTUSER USER1 RESUME")

t, _ = ticket("USER1", "REPLAYS")
is_equal([verify("USER1", t, "REPLAYS").err for _ in range(3)], [OK] * 3, "NO REPLAY PROTECTION: again and again")
is_equal(verify("LIBSERV", ticket("LIBSERV", "REPLAYS")[0], "REPLAYS").err, DENIED, "a PROTECTED user has none")

# --- evaluation never revokes
for _ in range(5):
    r = ibm.call(TICKET, s("USER1") + s("BBGZDFLT") + s("AAAAAAAA"))
is_equal((r.err, r.triple()), (DENIED, (8, 16, 32)), "R_ticketserv: not valid")
t, _ = ticket("USER1", "REPLAYS")
is_equal(ibm.call(TICKET, s("USER1") + s("REPLAYS") + s(t)).err, OK, "R_ticketserv: valid")
is_equal(verify("USER1", "SECRET12", "").err, OK, "nobody was revoked")
racf("ALTUSER USER1 REVOKE")
is_equal(verify("USER1", ticket("USER1", "REPLAYS")[0], "REPLAYS").triple(), (8, 8, 28), "a revoked user's ticket")
racf("ALTUSER USER1 RESUME", "SETROPTS NORACLIST(PTKTDATA)")
is_equal(verify("USER1", t, "REPLAYS").err, DENIED, "class not RACLISTed: no tickets")

# --- certificates and distributed identities, as a server with SAFCRED
racf("SETROPTS CLASSACT(APPL FACILITY DIGTNMAP DIGTCERT IDIDMAP DIGTCRIT)",
     "RDEFINE STARTED *.* STDATA(USER(LIBSERV) GROUP(SYS1))", "SETROPTS RACLIST(STARTED)",
     "RDEFINE SERVER BBG.ANGEL UACC(READ)", "RDEFINE SERVER BBG.AUTHMOD.BBGZSAFM UACC(READ)",
     "RDEFINE SERVER BBG.AUTHMOD.BBGZSAFM.SAFCRED UACC(READ)", "SETROPTS GENERIC(SERVER)",
     "RDEFINE SERVER BBG.SECPFX.* UACC(READ)",
     "ADDUSER MAPPED DFLTGRP(SYS1)", "ADDUSER ANYUK DFLTGRP(SYS1)", "ADDUSER DIST DFLTGRP(SYS1)", "ADDUSER DFLT DFLTGRP(SYS1) RESTRICTED")
named = Client()
named.hello(angel.control.register("BBGZANGL", "STC00001", proc="BBGZANGL").str())
is_equal(named.call(16 - 2, s("")).err, OK, "the angel is up")
stc = Client()
stc.hello(angel.control.register("BAQSTRT", "STC00002", proc="BAQSTRT").str())
is_equal(stc.call(REGISTER_SERVER, s("") + s("")).err, OK, "a server registers")
ann, bob = (open(f"{scratch}/{n}.der", "rb").read() for n in ("ann", "bob"))


def by_cert(der):
    r = stc.call(VERIFY_CERT, s(der) + s(""))
    if r.err != OK:
        return r.triple()
    acee = r.str()
    return acee[9:9 + acee[8]].decode() # "SPAC", version, u32 length, user


is_equal(by_cert(ann), (8, 8, 40), "no filter: 8/8/40")
racf("RACDCERT ID(ANYUK) MAP SDNFILTER('O=IBM.C=UK') WITHLABEL('uk') TRUST",
     "RACDCERT ID(MAPPED) MAP SDNFILTER('OU=Hursley.O=IBM.C=UK') WITHLABEL('hursley') TRUST",
     "SETROPTS RACLIST(DIGTNMAP)", "SETROPTS RACLIST(DIGTNMAP) REFRESH")
is_equal(by_cert(ann), "MAPPED", "the longer subject filter wins")
is_equal(by_cert(bob), (8, 8, 40), "none for Bob")
racf("RACDCERT ID(MAPPED) DELMAP(LABEL('hursley'))", "SETROPTS RACLIST(DIGTNMAP) REFRESH")
is_equal(by_cert(ann), "ANYUK", "then the shorter one")
is_equal(by_cert(ann[:-9]), (8, 8, 36), "a damaged certificate")

# --- extension hostIdMappings: what a HIGHTRUST authority says of its holder
hosts = {n: open(f"{scratch}/{n}.der", "rb").read() for n in ("host", "forged", "several", "garbled", "unknown", "old", "elsewhere", "filtered")}
shutil.copy(f"{scratch}/ca.pem", root + "/datasets/IBMUSER.CA.PEM")
racf("RACDCERT CERTAUTH ADD('IBMUSER.CA.PEM') WITHLABEL('hosts') TRUST", "SETROPTS RACLIST(DIGTCERT)", "SETROPTS RACLIST(DIGTCERT) REFRESH",
     "SETROPTS CLASSACT(SERVAUTH) GENERIC(SERVAUTH)", "RDEFINE SERVAUTH IRR.HOST.HOST.EXAMPLE UACC(NONE)",
     "PERMIT IRR.HOST.HOST.EXAMPLE CLASS(SERVAUTH) ID(LIBSERV) ACCESS(READ)")
is_equal(by_cert(hosts["host"]), (8, 8, 40), "an authority that is only TRUST")
racf("RACDCERT CERTAUTH ALTER(LABEL('hosts')) HIGHTRUST")
is_equal(by_cert(hosts["host"]), (8, 8, 40), "HIGHTRUST, before REFRESH")
racf("SETROPTS RACLIST(DIGTCERT) REFRESH")
is_equal(by_cert(hosts["host"]), "DIST", "HIGHTRUST, and the server may take logons for that host")
is_equal(by_cert(hosts["several"]) in ("DIST", "MAPPED"), True, "the one of several that is for that host")
is_equal(by_cert(hosts["filtered"]), "ANYUK", "a name filter that matches comes first")
for kind, why in [("forged", "signed by somebody of the same name"), ("garbled", "no SET"),
                  ("unknown", "a user that is none"), ("old", "made out before the user was defined"), ("elsewhere", "another host")]:
    is_equal(by_cert(hosts[kind]), (8, 8, 40), f"hostIdMappings: {why}")
racf("PERMIT IRR.HOST.HOST.EXAMPLE CLASS(SERVAUTH) ID(LIBSERV) DELETE")
is_equal(by_cert(hosts["host"]), (8, 8, 40), "a server that may not")
racf("RDELETE SERVAUTH IRR.HOST.HOST.EXAMPLE")
is_equal(by_cert(hosts["host"]), (8, 8, 40), "a host that no profile names")
racf("RDEFINE SERVAUTH IRR.HOST.** UACC(READ)")
is_equal(by_cert(hosts["host"]), "DIST", "a generic profile for all hosts")
racf("ALTUSER DIST REVOKE")
is_equal(by_cert(hosts["host"]), (8, 8, 28), "a revoked user")
racf("ALTUSER DIST RESUME", "RACDCERT CERTAUTH ALTER(LABEL('hosts')) TRUST", "SETROPTS RACLIST(DIGTCERT) REFRESH")
is_equal(by_cert(hosts["host"]), (8, 8, 40), "the authority is only TRUST again")
racf("SETROPTS NORACLIST(DIGTCERT)")


def by_name(name, registry):
    r = stc.call(VERIFY_IDENTITY, s(name) + s(registry) + s(""))
    if r.err != OK:
        return r.triple()
    acee = r.str()
    return acee[9:9 + acee[8]].decode()


is_equal(by_name("distuser", "realm"), (8, 8, 40), "no map: 8/8/40")
racf("RACMAP ID(DIST) MAP USERDIDFILTER(NAME('distuser')) REGISTRY(NAME('*')) WITHLABEL('d')",
     "RACMAP ID(DFLT) MAP USERDIDFILTER(NAME('*')) REGISTRY(NAME('realm')) WITHLABEL('any')",
     "SETROPTS RACLIST(IDIDMAP)", "SETROPTS RACLIST(IDIDMAP) REFRESH")
is_equal(by_name("distuser", "other"), "DIST", "registry *")
is_equal(by_name("somebody", "realm"), "DFLT", "the registry's default")
is_equal(by_name("Distuser", "other"), (8, 8, 40), "case counts")
job = Client()
job.hello(angel.control.register("JOB1", "JOB00009", user="USER1", submitter="USER1").str())
# (As long as servers come back to a front that was started again: later.)
check(eventually(lambda: job.call(VERIFY_IDENTITY, s("distuser") + s("x") + s("")).err == DENIED, 60), "a job without SAFCRED: refused")
# --- guessing is slow, and only for the user who is guessed at
racf("SETROPTS PASSWORD(NOREVOKE)")
began = time.monotonic()
for _ in range(6):
    verify("USER2", "WRONG", "")
guessing = time.monotonic() - began
began = time.monotonic()
for _ in range(6):
    verify("USER1", "SECRET12", "")
check(guessing >= 0.1 + 0.2 + 0.4, "six guesses wait, longer each time", guessing)
is_equal(verify("USER2", "SECRET2", "").err, OK, "the right password still opens, after its wait")
flood = Client()
flood.hello()
for _ in range(60):
    flood.send(VERIFY, s("USER2") + s("WRONG") + s(""))
is_equal([verify("USER1", "SECRET12", "").err for _ in range(3)], [OK] * 3, "a flood of guesses does not hold up another user")
is_equal(ibm.command("LISTUSER USER1").err, OK, "nor commands")
flood.sock.close()

# --- guessing from one address is slow for all users it guesses at
def from_address(user, secret, address, fresh=""):
    return stc.call(VERIFY, s(user) + s(secret) + s("") + s(address) + s(fresh))


def seconds(*guess):
    began = time.monotonic()
    from_address(*guess)
    return time.monotonic() - began


racf("ADDUSER (" + " ".join(f"VICTIM{i}" for i in range(30)) + ") DFLTGRP(SYS1)")
for i in range(24):
    from_address(f"VICTIM{i}", "WRONG", "192.0.2.7")
check(seconds("VICTIM28", "WRONG", "192.0.2.7") > 0.5, "an address that guesses at many users waits, too")
check(seconds("VICTIM29", "WRONG", "::ffff:192.0.2.7") > 0.5, "written as IPv6 it is the same")
check(seconds("USER1", "SECRET12", "192.0.2.8") < seconds("VICTIM27", "WRONG", "192.0.2.7"), "its neighbour does not")
job2 = Client()
job2.hello(angel.control.register("JOB2", "JOB00010", user="USER1", submitter="USER1").str())
is_equal(job2.call(VERIFY, s("USER1") + s("SECRET12") + s("") + s("192.0.2.7") + s("")).err, OK, "what others say of addresses is not believed")
for _ in range(20):
    stc.send(VERIFY, s("USER2") + s("WRONG") + s("") + s("192.0.2.9") + s(""))
refused = 0
for _ in range(20):
    while True:
        kind, seq, data, fds = stc.recv()
        if kind == REPLY:
            refused += data[0] not in (OK, DENIED)
            break
check(refused >= 8, "guesses that would queue up are turned away unlooked at", refused)
is_equal(ibm.command("LISTUSER USER1").err, OK, "and the angel answers")

# --- a new password at logon
ibm.command("ALTUSER USER1 RESUME")
is_equal(from_address("USER1", "SECRET12", "", "SECRET12").triple(), (8, 16, 0), "the new password is the old one: refused")
is_equal(from_address("USER1", "SECRET12", "", "bad word").triple(), (8, 16, 0), "not allowed")
is_equal(from_address("USER1", "SECRET12", "", "new words 1 2 3").triple(), (8, 16, 0), "a phrase for a password")
r = from_address("USER1", "SECRET12", "", "NEWPASS1")
is_equal((r.err, r.messages), (OK, []), "a new password is taken")
is_equal(from_address("USER1", "NEWPASS1", "").err, OK, "and opens")
racf("ALTUSER USER1 PASSWORD(TEMP0001)")
is_equal(from_address("USER1", "TEMP0001", "").triple(), (8, 8, 24), "an administrator's password has expired")
person = Client()
r = person.call(LOGON, s("USER1") + s("TEMP0001") + s("SECRET12") + s(""))
check(r.err == OK and any("ICH70001I USER1 LAST ACCESS AT" in m for m in r.messages), "LOGON with a new one, and the last access", r.messages)
log = open(os.path.join(root, "log", "syslogall.log")).read()
check(not any(x in log for x in ("TEMP0001", "NEWPASS1", "ICH70001I")), "nothing of it in the system log")

# --- when and where from
weekday = time.strftime("%A", time.localtime()).upper()
others = [d for d in ("SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY") if d != weekday][:5]
racf("ALTUSER USER1 WHEN(DAYS(" + " ".join(others) + "))")
r = from_address("USER1", "SECRET12", "")
is_equal(r.triple(), (8, 48, 4), "not on this day")
check(any("NOT AUTHORIZED TO LOGON AT THIS TIME" in m for m in r.messages), "ICH408I says so", r.messages)
refused = Client().call(LOGON, s("USER1") + s("SECRET12") + s("") + s(""))
check(refused.triple() == (8, 48, 4) and not any("ICH7" in m for m in refused.messages), "who is refused is not told the last access", refused.messages)
racf("ALTUSER USER1 WHEN(DAYS(ANYDAY))", "SETROPTS CLASSACT(TERMINAL JESINPUT)",
     "RDEFINE TERMINAL C0000207 UACC(NONE)", "RDEFINE TERMINAL TTY7 UACC(NONE)", "PERMIT TTY7 CLASS(TERMINAL) ID(USER2)")
is_equal(from_address("USER1", "SECRET12", "192.0.2.99").err, OK, "a terminal without a profile is open")
is_equal(from_address("USER2", "SECRET2", "192.0.2.7").triple(), (8, 48, 8), "the terminal of an address is closed")
is_equal(Client().call(LOGON, s("USER1") + s("SECRET12") + s("") + s("TTY7")).triple(), (8, 48, 8), "a terminal for others")
is_equal(Client().call(LOGON, s("USER2") + s("SECRET2") + s("") + s("TTY7")).err, OK, "and for whom it is meant")
racf("RDEFINE JESINPUT INTRDR UACC(NONE)")
is_equal(angel.control.register("JOB3", "JOB00011", user="USER1", submitter="USER1").triple(), (8, 48, 8), "class JESINPUT: no jobs from the internal reader")
racf("PERMIT INTRDR CLASS(JESINPUT) ID(USER1)")
is_equal(angel.control.register("JOB3", "JOB00011", user="USER1", submitter="USER1").err, OK, "but those of USER1")

# --- records made with other parameters: what proves itself is made anew
import hashlib, sqlite3
racf("ALTUSER USER2 PHRASE('correct horse battery') NOEXPIRED", "SETROPTS NOCLASSACT(TERMINAL JESINPUT)")
database = root + "/saf/racf.db"
COLUMNS = {"USER1": ("verifier", "SECRET12"), "USER2": ("phrase_verifier", "correct horse battery")}

def kept(user):
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as c:
        value = c.execute(f"SELECT {COLUMNS[user][0]} FROM users WHERE user=?", (user,)).fetchone()[0]
    return value.decode() if isinstance(value, bytes) else value

def weak(user, n=1024, r=8, p=1):
    salt = os.urandom(len(kept(user).split("$")[5]) // 2)
    hashed = hashlib.scrypt(COLUMNS[user][1].encode(), salt=salt + user.encode(), n=n, r=r, p=p, dklen=len(kept(user).split("$")[6]) // 2)
    return f"$scrypt${n}${r}${p}${salt.hex()}${hashed.hex()}"

now = {user: kept(user).split("$")[2:5] for user in COLUMNS}
angel.stop()
before = {}
for user, (column, _) in COLUMNS.items():
    before[user] = weak(user)
    with sqlite3.connect(database) as c:
        c.execute(f"UPDATE users SET {column}=?, failures=0 WHERE user=?", (before[user].encode(), user))
angel = Angel()
for user, (column, secret) in COLUMNS.items():
    wrong = "NOT" + secret[3:]
    is_equal(Client().call(LOGON, s(user) + s(wrong)).err, DENIED, f"{user}, an old record: a wrong {column[:-9] or 'password'}")
    is_equal(kept(user), before[user], "proves nothing: the record stays")
    is_equal(Client().call(LOGON, s(user) + s(secret)).err, OK, "the right one")
    is_equal((kept(user) != before[user], kept(user).split("$")[2:5]), (True, now[user]), "makes a record of today's parameters")
    is_equal(Client().call(LOGON, s(user) + s(secret)).err, OK, "which opens")
    is_equal(Client().call(LOGON, s(user) + s(wrong)).err, DENIED, "to it alone")

angel.stop()
print(f"1..{__import__('angel_wire').count}")
raise SystemExit(__import__('angel_wire').failed != 0)
PY
