"""The files for containers and for the local network: read as what reads them does, and held against each other."""

import pathlib
import re
import shlex
import xml.etree.ElementTree as ElementTree

import pytest
import yaml

ROOT = pathlib.Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, continued lines joined and comments left out."""
    lines = [line for line in (DEPLOY / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line)]


def stages() -> list[list[tuple[str, str]]]:
    found = []
    for word, rest in instructions():
        if word == "FROM":
            found.append([])
        found[-1].append((word, rest))
    return found


def default_ports() -> set[int]:
    """The ports of the configuration's listeners as delivered, those in comments as well."""
    text = (DEPLOY / "garage.yaml").read_text()
    return {int(port) for port in re.findall(r"^[\s#]*listen: \S*:(\d+)", text, re.M)}


def published(service: str) -> dict[int, str]:
    """Port inside the container, and the address and port outside."""
    ports = (entry.rpartition(":") for entry in SERVICES[service].get("ports", []))
    return {int(inside): outside for outside, _, inside in ports}


def exposed() -> set[int]:
    return {int(port) for word, rest in stages()[-1] if word == "EXPOSE" for port in rest.split()}


def test_the_image_is_built_in_one_stage_and_run_in_a_slim_one():
    build, run = stages()
    assert build[0][1].startswith("swift:") and run[0][1].endswith("-slim")
    wanted = re.search(r"swift-tools-version:\s*(\d+)\.(\d+)", (ROOT / "Package.swift").read_text())
    image = re.match(r"swift:(\d+)\.(\d+)", build[0][1])
    assert tuple(map(int, image.groups())) >= tuple(map(int, wanted.groups()))
    copied = [rest for word, rest in run if word == "COPY"]
    assert [rest for rest in copied if rest.startswith("--from=build ")] == ["--from=build /out/garage /usr/bin/garage"]


def test_the_image_takes_only_files_that_exist():
    for stage in stages():
        for word, rest in stage:
            if word == "COPY" and not rest.startswith("--from="):
                for source in shlex.split(rest)[:-1]:
                    assert (ROOT / source).exists(), source


def test_the_image_runs_as_nobody_who_may_anything():
    run = stages()[-1]
    words = [word for word, _ in run]
    assert dict(run)["USER"] == "garage"
    # Whatever comes after it, nothing is done as root.
    assert "RUN" not in words[words.index("USER"):]
    assert "ENTRYPOINT" in words[words.index("USER"):]
    made = next(rest for word, rest in run if word == "RUN")
    assert re.search(r"useradd --system .*--shell /usr/sbin/nologin garage", made)
    assert re.search(r"install -d -m 700 -o garage -g garage /var/lib/garage", made)


def test_the_image_says_whether_it_is_well():
    run = dict(stages()[-1])
    assert re.search(r'CMD \["/usr/bin/garage", "healthcheck", "--data", "/var/lib/garage"\]$', run["HEALTHCHECK"])
    assert run["STOPSIGNAL"] == "SIGTERM"
    assert run["VOLUME"] == "/var/lib/garage" and "GARAGE_DATA=/var/lib/garage" in run["ENV"].split()


def test_compose_gives_the_service_no_more_than_it_needs():
    garage = SERVICES["garage"]
    assert garage["read_only"] is True
    assert garage["cap_drop"] == ["ALL"] and "cap_add" not in garage
    assert garage["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in garage and "network_mode" not in garage and "user" not in garage
    assert garage["volumes"] == ["garage-data:/var/lib/garage"]


def test_only_what_is_asked_for_stands_beside_it():
    assert "profiles" not in SERVICES["garage"]
    assert {name: service["profiles"] for name, service in SERVICES.items() if name != "garage"} == {
        "prometheus": ["metrics"],
        "grafana": ["metrics"],
    }


def test_compose_publishes_ports_that_the_image_has():
    assert set(published("garage")) == {1883, 8080}
    assert set(published("garage")) <= exposed()
    # Pages and dashboards have no TLS here: they stay on this machine.
    assert published("garage")[8080] == "127.0.0.1:8080"
    assert published("grafana")[3000] == "127.0.0.1:3000"
    assert not published("prometheus")


def test_what_prometheus_reads_is_what_the_service_listens_on():
    settings = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    (job,) = settings["scrape_configs"]
    ((target,),) = (part["targets"] for part in job["static_configs"])
    name, _, port = target.partition(":")
    assert name in SERVICES and int(port) in exposed()
    inside = [volume.split(":")[1] for volume in SERVICES["prometheus"]["volumes"]]
    assert job["authorization"]["credentials_file"] in inside
    assert all(f"/etc/prometheus/{file}" in inside for file in settings["rule_files"])


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_every_volume_is_a_file_here_or_declared(service):
    for volume in SERVICES[service].get("volumes", []):
        source = volume.split(":")[0]
        if source == "./prometheus/token":
            continue  # A secret: made by whoever installs it, as the comment above it says.
        assert (DEPLOY / source).is_file() if source.startswith("./") else source in COMPOSE["volumes"], source


def test_the_variables_of_containers_are_keys():
    """So that no name has a typing mistake, which nothing else would tell."""
    ours = set(re.findall(r"\bGARAGE_[A-Z_]+(?==)", " ".join(rest for word, rest in instructions() if word == "ENV")))
    ours |= {name for name in SERVICES["garage"]["environment"]}
    keys = (ROOT / "Sources/GarageConfiguration/Key.swift").read_text()
    paths = set(re.findall(r'^    case \w+ = "([\w.]+)"', keys, re.M)) | {"data"}
    assert ours and ours <= {"GARAGE_" + path.upper().replace(".", "_") for path in paths}


def test_the_local_network_hears_of_ports_that_the_configuration_has():
    root = ElementTree.parse(DEPLOY / "avahi/garage.service").getroot()
    assert root.tag == "service-group"
    assert root.find("name").attrib == {"replace-wildcards": "yes"}
    found = {service.findtext("type"): int(service.findtext("port")) for service in root.findall("service")}
    assert found == {"_http._tcp": 8080, "_mqtt._tcp": 1883, "_secure-mqtt._tcp": 8883}
    assert set(found.values()) <= default_ports()
    # The order of Avahi's document type: name, then services, each of them with its type first.
    assert [child.tag for child in root] == ["name"] + ["service"] * len(found)
    for service in root.findall("service"):
        assert [child.tag for child in service][:2] == ["type", "port"]


def test_prometheus_beside_the_service_is_let_in_by_name(make_garage):
    """It asks by the service's name in the compose file, and names other than the configured ones are refused."""
    settings = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    target = settings["scrape_configs"][0]["static_configs"][0]["targets"][0]
    given = SERVICES["garage"]["environment"]["GARAGE_HTTP_ALLOWED_HOSTS"]
    default = re.fullmatch(r"\$\{GARAGE_HTTP_ALLOWED_HOSTS:-(\S+)\}", given).group(1)
    service = make_garage(environment={"GARAGE_HTTP_ALLOWED_HOSTS": default}).start()
    assert service.request("GET", "/metrics", headers={"Host": target}).status_code == 200
    assert service.request("GET", "/metrics", headers={"Host": "elsewhere.example"}).status_code == 421
