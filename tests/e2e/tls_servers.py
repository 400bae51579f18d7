# PORT=CERTIFICATE...: TLS servers on the wire that answer each line; "-" in
# place of a certificate: one that takes connections and says nothing.
import socket, ssl, sys, threading
def serve(c, raw):
    try:
        s = c.wrap_socket(raw, server_side=True)
        for line in s.makefile("rb"): s.sendall(b"MARKER " + line)
    except OSError as e:
        print(e, flush=True)
def listen(l, cert):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); c.set_ciphers("ALL:@SECLEVEL=0"); c.load_cert_chain(cert + ".pem")
    while True: threading.Thread(target=serve, args=(c, l.accept()[0]), daemon=True).start()
deaf = []
for w in sys.argv[1:]:
    port, cert = w.split("="); l = socket.create_server(("10.77.0.2", int(port)))
    if cert == "-": deaf.append(l)
    else: threading.Thread(target=listen, args=(l, cert)).start()
print("up", flush=True)
threading.Event().wait()
