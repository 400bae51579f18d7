"""AT-TLS: our engine beside its peers, in a network namespace of its own. The
measuring is tests/bench/ttls-relay's, which needs the policy agent; its lines
beginning with @ are read here."""
import json
import os
import subprocess

import measure as m


def measure(report, build, o):
    if os.getuid() != 0:
        m.fail("capturing connections needs root")
    m.need("nginx", "haproxy", "stunnel4", "hitch", "wrk", "openssl", "unshare")
    environment = {**os.environ, "SALLYPORT_BUILD": str(build)}
    environment.pop("SALLYPORT_ROOT", None)
    process = subprocess.Popen([m.HERE / "ttls-relay", str(o.seconds), str(min(3, o.pairs))], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    n, rest = 0, []
    for line in process.stdout:
        if line.startswith("@"):
            row = json.loads(line[1:])
            report.row(row["row"], row["meaning"], row["results"], [tuple(a) for a in row.get("aims", [])])
            n += 1
        else:
            rest.append(line)
    if process.wait() != 0 or n == 0:
        m.fail(f"ttls-relay ended with {process.returncode} after {n} rows:\n{''.join(rest)[-3000:]}")
