# Passwords are encoded as the original encodes them: known values, values that
# openssl and Python take apart again, text from an argument, a pipe or a
# terminal; and what is wrong is said without repeating the password.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
encode() { OUT=$(sallyport encode "$@" 2>&1 </dev/null); STATUS=$?; }

runs "xor is the default" 0 sallyport encode EMPLOY1
is "$OUT" "{xor}GhIPExAGbg==" "the value of the original"
runs "another one" 0 sallyport encode --encoding=xor USER1
is "$OUT" "{xor}CgwaDW4=" "the value of the original"
runs "blanks are cut off" 0 sallyport encode '  a '
is "$OUT" "{xor}Pg==" "as without them"
runs "unless told not to" 0 sallyport encode --notrim 'a '
is "$OUT" "{xor}Pn8=" "they are kept"
is "$(printf 'EMPLOY1\n' | sallyport encode)" "{xor}GhIPExAGbg==" "text from a pipe"
runs "an empty text" 0 sallyport encode ''
is "$OUT" "{xor}" "is an empty password"

# {aes}: 00 and AES-128-CBC, key and vector from PBKDF2 of the key's text.
open_aes() { # KEY-TEXT ENCODED
    python3 - "$@" <<'END_PY'
import base64, hashlib, subprocess, sys
raw = base64.b64decode(sys.argv[2].removeprefix("{aes}"))
salt = bytes.fromhex("a7a283394c5ab34f32150a9e2f171138c32e7d80")
key = hashlib.pbkdf2_hmac("sha1", sys.argv[1].encode(), salt, 84756, 16).hex()
plain = subprocess.run(["openssl", "enc", "-d", "-aes-128-cbc", "-K", key, "-iv", key],
                       input=raw[1:], capture_output=True, check=True).stdout
print(raw[0], plain[1 + plain[0]:].decode())
END_PY
}
encode --encoding=aes 'päss word'; first=$OUT
like "$first" '^\{aes\}AA?[A-Za-z0-9+/]+=*$' "aes makes version 0"
is "$(open_aes '${wlp.password.encryption.key}' "$first")" "0 päss word" "openssl takes it apart"
encode --encoding=AES-128 'päss word'
[ "$first" != "$OUT" ]; ok $? "the same password encodes differently each time"
encode --encoding=aes --key=mySecretKey secret
is "$(open_aes mySecretKey "$OUT")" "0 secret" "with a key of one's own"
printf 'mySecretKey\n' >"$SCRATCH/key"
encode --encoding=aes "--key={file}$SCRATCH/key" secret
is "$(open_aes mySecretKey "$OUT")" "0 secret" "with a key in a file"
encode --encoding aes --key mySecretKey secret
is "$(open_aes mySecretKey "$OUT")" "0 secret" "values behind blanks"
encode --encoding=aes-256 secret
like "$OUT" '^\{aes\}AR[A-P]' "aes-256 makes version 1"
encode --encoding=hash secret1
is "$(python3 - "$OUT" <<'END_PY'
import base64, hashlib, struct, sys
raw, at, f = base64.b64decode(sys.argv[1].removeprefix("{hash}")), 1, {0x50: 256}
assert raw[0] == 1
while at < len(raw):
    tag, n = raw[at], struct.unpack(">I", raw[at + 1:at + 5])[0]
    at += 5
    if tag in (0x20, 0x50): f[tag] = n
    else: f[tag], at = raw[at:at + n], at + n
print(f[0x10].decode(), f[0x20], len(f[0x30]), f[0x40] == hashlib.pbkdf2_hmac("sha512", b"secret1", f[0x30], f[0x20], f[0x50] // 8))
END_PY
)" "PBKDF2WithHmacSHA512 210000 128 True" "hash is what Python computes"
runs "custom encodings" 0 sallyport encode --listCustom
is "$OUT" "[]" "there are none"

refuse() { # NAME WANTED-REGEX arguments...
    local name=$1 want=$2; shift 2
    runs "$name" 1 sallyport encode "$@"
    like "$OUT" "$want" "says why"
}
refuse "an unknown encoding" '^Error: The value "rot13" of the argument --encoding is not supported' --encoding=rot13 hidden
unlike "$OUT" hidden "without the password"
refuse "an unknown option" '^Error: Invalid argument --speed=9\.' --speed=9 hidden
refuse "an option without value" '^Error: Missing value for argument --key\.' --encoding=aes --key= hidden
refuse "nothing behind it" '^Error: Missing value for argument --key\.' --encoding=aes --key
refuse "nor before --" '^Error: Missing value for argument --encoding\.' --encoding -- hidden
refuse "an empty one" '^Error: Missing value for argument --encoding\.' --encoding '' hidden
refuse "a key for another encoding" '^Error: Invalid argument --key' --key=k hidden
refuse "an encoded text" '^Error: The text is encoded already' '{xor}Pg=='
refuse "also with blanks" '^Error: The text is encoded already' ' { AES } x'
refuse "a key that is not there" '/nowhere/key: No such file' --encoding=aes '--key={file}/nowhere/key' hidden
refuse "two texts" 'one argument too many' a b
refuse "an unknown encoding, before a text is asked for" '^Error: The value "password" of the argument --encoding' --encoding password
# What cannot be encoded whole is not encoded at all.
refuse_pipe() { # NAME WANTED-REGEX: text from a pipe
    OUT=$(sallyport encode 2>&1); is "$?" 1 "$1"
    like "$OUT" "$2" "says what was found"
    unlike "$OUT" '\{xor\}' "nothing is encoded"
}
xs() { printf "%$1s" | tr ' ' x; }
OUT=$(xs 4000 | sallyport encode); is "${#OUT}" 5341 "the longest text from a pipe"
refuse_pipe "one byte more" '^Error: The text is longer than 4000 bytes' < <(xs 4001)
refuse_pipe "10,000 bytes" '^Error: The text is longer than 4000 bytes' < <(xs 10000)
refuse_pipe "a zero byte" "^Error: Byte 2 of the text is X'00'" < <(printf 'a\0b')
refuse_pipe "no UTF-8" '^Error: The text is not UTF-8 at byte 2' < <(printf 'a\377b')
refuse_pipe "two lines" '^Error: The text goes on behind the end of its first line \(byte 2\)' < <(printf 'a\nb\n')
is "$(printf 'a\r\n' | sallyport encode)" "{xor}Pg==" "a line end of two bytes is none of the text"
refuse "no UTF-8 as argument" '^Error: The text is not UTF-8 at byte 1' $'\xff'
refuse "no text at all" '^Error: Unable to read either entry'
runs "text that only looks like a tag" 0 sallyport encode '{other}x'

# At a terminal it is asked for twice, until both are equal, without echo.
cat >"$SCRATCH/terminal.py" <<'END_PY'
import os, pty, select, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp("sallyport", ["sallyport", "encode"])
seen, answers = b"", [b"one\n", b"two\n", b"EMPLOY1\n", b"EMPLOY1\n"]
while True:
    try:
        got = os.read(fd, 1000)
    except OSError:
        break
    if not got:
        break
    seen += got
    while answers and seen.count(b"nter text: ") > 4 - len(answers):
        os.write(fd, answers.pop(0))
print(seen.decode().replace("\r", ""), end="")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END_PY
runs "at a terminal" 0 python3 "$SCRATCH/terminal.py"
is "$OUT" "Enter text: 
Re-enter text: 
Entries did not match.
Enter text: 
Re-enter text: 
{xor}GhIPExAGbg==" "it is asked for until both are equal"
unlike "$OUT" EMPLOY1 "nothing is echoed"
# Linux keeps 4,095 bytes of a line.
sed -i 's/answers = .*/answers = b"", [b"x" * 4090 + b"yyyyyyyy\\n"]/; s/4 - len/1 - len/' "$SCRATCH/terminal.py"
runs "a line that is too long for a terminal" 1 python3 "$SCRATCH/terminal.py"
like "$OUT" '^Error: The text is longer than 4000 bytes' "is refused"
unlike "$OUT" '\{xor\}|x{9}' "neither encoded nor echoed"
like "$(sallyport encode --help)" '--notrim' "help"
done_testing
