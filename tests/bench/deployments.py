# Unit files that several benchmarks measure: services that sleep, and a set of tenants like the showcase's.
from harness import toml

import proxies

TENANTS = 74
BACKEND = "/backend"  # the path below which requests go to a running unit
TENANT = "/showcase/2025/studio-0/"


def sleepers(bench, count, record):
    """`count` services that do nothing but append to the file `record`."""
    command = toml([bench.program("sleeper"), str(record)])
    return {f"service-{number:04}": f"[service]\ncommand = {command}\n" for number in range(count)}


def instances(count):
    """The file that a job usually writes: `count` tenants with a path each."""
    lines = [f'"2025/studio-{number}" = {{ owner = "Studio {number}" }}' for number in range(count)]
    return "[instances.tenant]\n" + "\n".join(lines) + "\n"


def tenant_template(bench):
    return (f"[tenant]\ncommand = {toml([bench.program('server')])}\npath = \"/showcase/${{instance}}/\"\n"
            'endpoint = "activated"\nvars = ["owner"]\nidle_timeout = "20s"\n'
            '[process]\nuser = "www-data"\n'
            '[process.env]\nRAILS_ENV = "production"\nRAILS_APP_OWNER = "${owner}"\n'
            'DATABASE_URL = "sqlite3:/var/lib/showcase/db/${instance_dashed}.sqlite3"\n')


def showcase(bench, port, tenants, job):
    """A proxy with maintenance, two services, an initialization job and tenants; `job`: its
    command. Below BACKEND is the backend that the peers have as well."""
    units = proxies.berth_units(bench, port, bench.fresh_port(), BACKEND)
    units["web"] += ('[proxy.maintenance]\nuntil = "initialize"\n[proxy.health]\npath = "/up"\n'
                     f"[proxy.static]\nroot = {toml(str(static_root(bench)))}\nprefix = \"/showcase\"\n")
    units |= sleepers(bench, 1, "/dev/null")
    units["initialize"] = f"[job]\ncommand = {toml(job)}\n"
    units["tenant@"] = tenant_template(bench)
    units["tenants"] = instances(tenants)
    return units


def static_root(bench):
    """A folder with one page."""
    folder = bench.fresh_folder()
    (folder / "page.html").write_text("<!doctype html><title>bench</title>\n")
    return folder
