# Sourced after lib.sh: pack_server [ELEMENTS] makes server pack on $PORT, with a
# shared include, links and these elements too. SERVERS, HOME_DIR; status_of PORT.
PORT=$(free_port) SERVERS=$SALLYPORT_ROOT/servers HOME_DIR=$SALLYPORT_ROOT/servers/pack
status_of() { curl -s -o /dev/null -w '%{http_code}' --max-time 5 "http://127.0.0.1:$1/none"; }
pack_server() {
    at_exit "sallyport server stop pack --force >/dev/null 2>&1"
    runs "create" 0 sallyport server create pack
    cat >"$HOME_DIR/server.xml" <<END_XML
<server>
  <featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager>
  <include location="\${shared.config.dir}/common.xml"/>
  <httpEndpoint id="defaultHttpEndpoint" host="127.0.0.1" httpPort="\${http.port}" httpsPort="-1"/>
  ${1:-}
</server>
END_XML
    mkdir -p "$SALLYPORT_ROOT/shared/config" "$HOME_DIR/resources/deep/er" "$HOME_DIR/logs"
    echo '<server description="shared"/>' >"$SALLYPORT_ROOT/shared/config/common.xml"
    echo data >"$HOME_DIR/resources/deep/er/file"
    ln -s deep "$HOME_DIR/resources/link"
    printf 'http.port=%s\n' "$PORT" >"$HOME_DIR/bootstrap.properties"
}
