"""A system image for measurements: region and servers, in a folder of its own."""
import os
import pathlib
import re
import shutil
import subprocess
import time

import measure as m

DECKS = ["RACFUSER", "RACFRES", "ZCEETLSS", "ZCEETLSC", "MVSTLS"]
CONF = m.HERE / "conf"


class Image:
    def __init__(self, build, work, port):
        """Ports: the region's is `port`; those of servers are given with them."""
        self.root = work / "image"
        self.region_port = port
        self.root.mkdir()
        self.root.chmod(0o755)
        os.environ["SALLYPORT_ROOT"] = str(self.root)
        os.environ["SALLYPORT_BUILD"] = str(build)
        if f"{build}/src/bin" not in os.environ["PATH"].split(":"):
            os.environ["PATH"] = f"{build}/src/bin:{os.environ['PATH']}"

    def prepare(self):
        m.run("sallyport", "ipl")
        m.say("  image: samples, RACF decks, region")
        m.run(m.TOP / "samples/install", "--root", self.root, "--region-port", self.region_port)
        for deck in DECKS:
            m.run("sallyport", "submit", self.root / "datasets/USER1.ZCEE30.CNTL" / deck)
        shutil.copy(CONF / "bench.csd", self.root / "regions/CICSREG")
        self.give("CICSREG", self.root / "regions/CICSREG")
        self.give("LIBSERV", self.root / "shared")
        self.console("S BBGZANGL")
        self.console("S CICSREG")

    def give(self, user, path):
        """As root, address spaces run under the OMVS UID of their user."""
        if os.getuid() != 0:
            return
        text = m.run("sallyport", "racf", f"LISTUSER {user} NORACF OMVS")
        m.run("chown", "-R", re.search(r"^UID= 0*(\d+)", text, re.M)[1], path)

    def make_server(self, name, conf, **properties):
        m.run("sallyport", "server", "create", name)
        folder = self.root / "servers" / name
        shutil.copy(CONF / conf / "server.xml", folder)
        with open(folder / "bootstrap.properties", "a", encoding="utf-8") as out:
            for key, value in {"region.port": self.region_port, **properties}.items():
                out.write(f"{key.replace('_', '.')}={value}\n")
        (self.root / "servers").chmod(0o755)
        self.give("LIBSERV", folder)
        return folder

    def console(self, command):
        return m.run("sallyport", "console", command)

    def family(self):
        """All our processes: those below the master that names this image."""
        master = None
        for pid, (_, name) in m.processes().items():
            if name.startswith("sallyport-mast"):
                try:
                    env = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
                except OSError:
                    continue
                if f"SALLYPORT_ROOT={self.root}".encode() in env:
                    master = pid if master is None else min(master, pid)
        return m.family(master) if master else {}

    def named(self, part):
        return [p for p, name in self.family().items() if part in name]

    def region(self):
        return self.named("port-regio")

    def angel(self):
        return [p for p, name in self.family().items() if "angel" in name or "keeper" in name]

    def start(self, name, wait=30):
        """Start a server; (pids, milliseconds until it was ready)."""
        before = set(self.family())
        log = self.root / "servers" / name / "logs/messages.log"
        log.unlink(missing_ok=True)
        began = time.monotonic()
        try:
            self.console(f"S BAQSTRT,JOBNAME={name.upper()},PARMS='{name}'")
        except m.Failed as why:  # thousands of archives to compile: it goes on without the operator
            if "is not ready yet" not in str(why):
                raise
        while not (log.exists() and "CWWKF0011I" in log.read_text()):
            if time.monotonic() - began > wait:
                m.fail(f"server {name} has not come up:\n{log.read_text()[-2000:] if log.exists() else 'no log'}")
            time.sleep(0.002)
        ms = (time.monotonic() - began) * 1000
        now = self.family()
        return [p for p in now if p not in before and "port-serve" in now[p]], ms

    def stop_server(self, name):
        self.console(f"P {name.upper()}")
        end = time.monotonic() + 20
        while any(True for p in self.named("port-serve") if name.upper() in self.job_of(p)):
            if time.monotonic() > end:
                m.fail(f"server {name} does not stop")
            time.sleep(0.05)

    def job_of(self, pid):
        try:
            return pathlib.Path(f"/proc/{pid}/cgroup").read_text() + pathlib.Path(f"/proc/{pid}/environ").read_text().upper()
        except OSError:
            return ""

    def expect_answer(self, url, *options):
        """Until the region has bound, a request may be refused. Its body."""
        for _ in range(50):
            out = m.run("curl", "-sk", *options, "-w", "\n%{http_code}", url)
            if out.endswith("\n200"):
                return out[:-4]
            time.sleep(0.1)
        logs = list(self.root.glob("servers/*/logs/messages.log")) + [self.root / "log/syslogall.log"]
        tails = ("\n".join(p.read_text().splitlines()[-10:]) for p in logs)
        return m.fail(f"{url}: {out}\n" + "\n".join(tails))

    def export(self, owner, label, into):
        """A certificate with its key, as PEM."""
        m.run("sallyport", "racf", f"RACDCERT ID({owner}) EXPORT(LABEL('{label}')) DSN('IBMUSER.X.P12') FORMAT(PKCS12DER) PASSWORD('export')")
        m.run("openssl", "pkcs12", "-in", self.root / "datasets/IBMUSER.X.P12", "-passin", "pass:export", "-nodes", "-out", into)

    def export_ca(self, into):
        m.run("sallyport", "racf", "RACDCERT CERTAUTH EXPORT(LABEL('Liberty CA')) DSN('IBMUSER.CA.PEM')")
        shutil.copy(self.root / "datasets/IBMUSER.CA.PEM", into)

    def stop(self):
        subprocess.run(["sallyport", "shutdown"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       check=False)
