# Where a password and the key of {aes} may come from. Two configurations are
# compared: `config diff` compares what encoded passwords stand for.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
S=$SALLYPORT_ROOT/servers
mkdir -p "$S/plain" "$S/coded/variables"
conf() { printf '<server><featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager><httpEndpoint id="defaultHttpEndpoint" enabled="false"/>%s<zosconnect_authData id="d" user="u" password="%s"/></server>\n' "${3:-}" "$2" >"$S/$1/server.xml"; }
conf plain secret1
# same NAME [COMMAND...]: coded holds the password of plain; other: it does not.
same() { local name=$1; shift; runs "$name" 0 "$@" sallyport config diff plain coded; is "$OUT" "" "is the password"; }
other() { local name=$1; shift; runs "$name" 1 "$@" sallyport config diff plain coded; unlike "$OUT" 'secret1|other2' "which is not shown"; }

for encoding in xor aes aes-256; do
    conf coded "$(sallyport encode --encoding=$encoding secret1)"; same "$encoding"
    conf coded "$(sallyport encode --encoding=$encoding other2)"; other "another one as $encoding"
done

# the key: each place that a variable may come from, the first that has one counts
for encoding in aes aes-256; do
    E=$(sallyport encode --encoding=$encoding --key=mykey secret1)
    conf coded "$E"; other "$encoding without its key"
    runs "which a check tells" 4 sallyport config check coded
    like "$OUT" 'server\.xml:1:[0-9]+: zosconnect_authData\[d\]: attribute password: the \{aes\} value is damaged, or was encoded with another wlp\.password\.encryption\.key' "with its place"
    conf coded "$E" '<variable name="wlp.password.encryption.key" value="mykey"/>'; same "$encoding, key in a variable"
    conf coded "$E" '<include location="key.xml"/>'; echo '<server><variable name="wlp.password.encryption.key" value="mykey"/></server>' >"$S/coded/key.xml"; same "key in an include"
    rm "$S/coded/key.xml"; conf coded "$E" '<variable name="wlp.password.encryption.key" defaultValue="mykey"/>'; same "key as a default"
    conf coded "$E"
    echo 'wlp.password.encryption.key=mykey' >"$S/coded/bootstrap.properties"; same "key in bootstrap.properties"
    echo '-Dwlp.password.encryption.key=wrong' >"$S/coded/jvm.options"; other "one in jvm.options counts more"
    echo '-Dwlp.password.encryption.key=mykey' >"$S/coded/jvm.options"; echo 'wlp.password.encryption.key=wrong' >"$S/coded/bootstrap.properties"; same "key in jvm.options"
    rm "$S/coded/jvm.options" "$S/coded/bootstrap.properties"
    echo mykey >"$S/coded/variables/wlp.password.encryption.key"; same "key in a file of the variables directory"
    rm "$S/coded/variables/wlp.password.encryption.key"
    echo 'wlp_password_encryption_key=mykey' >"$S/coded/server.env"; same "key in server.env"
    rm "$S/coded/server.env"
    same "key in the environment" env WLP_PASSWORD_ENCRYPTION_KEY=mykey
    runs "key on the command line" 0 sallyport config check coded -- --wlp.password.encryption.key=mykey
    unlike "$OUT" 'damaged' "is taken"
    printf mykey >"$SCRATCH/key"; chmod 600 "$SCRATCH/key"
    conf coded "$E" "<variable name='wlp.password.encryption.key' value='{file}$SCRATCH/key'/>"; same "key in a file of its own"
    conf coded "$E" '<variable name="wlp.password.encryption.key" value="{env}MY_KEY"/>'; same "key in a variable of the environment that server.xml names" env MY_KEY=mykey
done

# passwords outside of server.xml
printf 'secret1\n' >"$SCRATCH/pw"; chmod 600 "$SCRATCH/pw"; mkdir "$SCRATCH/creds"; printf secret1 >"$SCRATCH/creds/pw"
conf coded "{file}$SCRATCH/pw"; same "a password in a file"
conf coded '{env}MY_PW'; same "in the environment" env MY_PW=secret1
conf coded '{cred}pw'; same "as a credential of systemd" env CREDENTIALS_DIRECTORY="$SCRATCH/creds"
conf coded '${pw}'; echo "pw=$(sallyport encode secret1)" >"$S/coded/bootstrap.properties"; same "encoded, in a variable"
while IFS='|' read -r value want; do
    conf coded "$value"
    runs "$value" 4 sallyport config check coded
    like "$OUT" "server\\.xml:1:[0-9]+: zosconnect_authData\\[d\\]: attribute password: $want" "is told with its place"
    other "$value is no password"
done <<END
{file}/nowhere/x|/nowhere/x: No such file
{file}x|.*absolute
{env}NOT_THERE|.*NOT_THERE
{cred}pw|.*CREDENTIALS_DIRECTORY
{xor}!|the \\{xor\\} value is not Base64
{aes}AAAA|the \\{aes\\} value
{hash}ATAAAAAETmFDbEAAAAAgrl07Wg/1KG5a8eAkHHJoLQC/mgdQJpx63Q6RZNwC1fU=|a \\{hash\\} value cannot be turned back
{custom:mine}x|.*\\{custom:mine\\}
{rot13}x|passwords encoded with \\{rot13\\} cannot be decoded here
END
done_testing
