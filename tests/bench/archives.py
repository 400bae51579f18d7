"""Many APIs made of the sample's archive: names and base paths differ."""
import io
import zipfile


def path_of(i):
    return f"/api{i:05}/employee/111111"


def make_apis(model, into, numbers):
    """model: cscvinc.aar; into: folder; numbers: which"""
    archive = zipfile.ZipFile(model)
    members = {n: archive.read(n) for n in archive.namelist()}
    for i in numbers:
        name = b"api%05d" % i
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as made:
            for member, data in members.items():
                if member == "package.xml":
                    data = data.replace(b'id="cscvinc"', b'id="%s"' % name).replace(b'basePath="/cscvinc"', b'basePath="/%s"' % name)
                    data = data.replace(b'title="cscvincapi"', b'title="%s"' % name)
                elif member.endswith("swagger.json"):
                    data = data.replace(b'"/cscvinc"', b'"/%s"' % name)
                made.writestr(member, data)
        (into / f"api{i:05}.aar").write_bytes(out.getvalue())
