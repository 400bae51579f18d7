# A server.xml with every element and attribute of `sallyport server schema`
# (on standard input): values that differ from the defaults, and the argument as
# each password. With a second argument "defaults" the defaults are written out.
import json, sys
from xml.sax.saxutils import quoteattr

SECRET, DEFAULTS = sys.argv[1], sys.argv[2:] == ["defaults"]
NOT_HERE = {"include", "variable", "config"}
# What only certain texts are good for, and which of several elements stays.
TEXTS = {
    ("cors", "domain"): "/x",
    ("remoteAddress", "ip"): "10.7.1.%d",
    ("zosconnect_cicsIpicConnection", "zosConnectApplid"): "APPL%d",
    ("zosconnect_cicsIpicConnection", "zosConnectNetworkid"): "NET%d",
    ("zosconnect_cicsIpicConnection", "cicsApplid"): "CICS",
    ("zosconnect_cicsIpicConnection", "cicsNetworkid"): "NET",
    ("zosconnect_cicsIpicConnection", "transid"): "CSMI",
    ("zosconnect_authorizationServer", "tokenEndpoint"): "https://h/token",
    ("zosconnect_endpointConnection", "host"): "https://h",
    ("zosconnect_authTokenLocal", "claims"): '{"a": [1, "x"]}',
    ("logging", "traceSpecification"): "*=audit",
    ("featureManager", "feature"): "zosconnect:zosConnect-2.0",
}
ONE_OF = {"connectionFactory": "properties.ola", "zosconnect_policy": "ruleset"}
unique = 0


def number(a):
    low, high = a.get("minimum", 0), a.get("maximum", 100)
    value = int(a.get("default") or 0)
    return str(value + 1 if low <= value + 1 <= high else low)


def value(a):
    kind, default = a["type"], a.get("default")
    if DEFAULTS and default is not None and kind not in ("reference", "references"):
        return default
    if kind in ("password", "password or hash"):
        return SECRET
    if kind == "boolean":
        return "false" if default == "true" else "true"
    if kind == "integer":
        return number(a)
    if kind == "port":
        return "19321"
    if kind == "duration":
        return "7" + {"ms": "ms", "s": "s", "m": "m", "h": "h"}.get(a.get("unit", "s"), "s")
    if kind == "word":
        other = [v for v in a["values"] if v and v != default]
        return (other or a["values"])[0]
    if kind == "list" and "values" in a:
        return ",".join(v for v in a["values"] if v != default)
    if kind == "list":
        return "a b, c\\,d,&"
    if kind == "path":
        return "/tmp/${wlp.server.name}/x"
    return "x <&> \"y\" 'z'" if a.get("maximumLength", 99) > 12 else "x&'z"


def element(name, attributes, depth, number=0, id_needed=False):
    global unique
    attrs, inside = "", ""
    if id_needed:
        attrs += f' id="id{number}"'
    for a in attributes:
        kind = a["type"]
        if kind in ("element", "elements"):
            one = ONE_OF.get(name)
            if one and a["name"] != one:
                continue
            for i in range(1 if one or kind == "element" else 2):
                inside += element(a["name"], a["attributes"], depth + 1, i)
        elif kind not in ("reference", "references", "any attributes"):
            text = TEXTS.get((name, a["name"])) or value(a)
            text = text.replace("%d", str(number))
            if a["name"] in ("name", "id") and number:
                text += str(number)
            if a["name"] == "jndiName":
                unique += 1
                text = f"jms/{unique}"
            attrs += f" {a['name']}={quoteattr(text)}"
        elif kind == "any attributes":
            attrs += f' myPassword={quoteattr(SECRET)} clientSecret={quoteattr(SECRET)} colour="red"'
    if inside:
        return f"{'  ' * depth}<{name}{attrs}>\n{inside}{'  ' * depth}</{name}>\n"
    return f"{'  ' * depth}<{name}{attrs}/>\n"


out = "<server>\n"
for e in json.load(sys.stdin)["elements"]:
    if e["name"] in NOT_HERE:
        continue
    name = e["name"] + "one" if e["name"].endswith("_") else e["name"]
    for i in range(1 if e["scope"] == "singleton" else 2):
        out += element(name, e["attributes"], 1, i, e["scope"] != "singleton")
print(out + "</server>")
