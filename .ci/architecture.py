"""Checks that the targets depend on each other only as the architecture allows.

The compiler already refuses an import that Package.swift does not declare (`--explicit-target-dependency-import-check
error`). This script holds what Package.swift declares, and what the sources import, against the table below, so that
an arrow in the wrong direction needs a change here, in plain sight. Prints each wrong arrow and then exits with 1.
"""

import json
import pathlib
import re
import subprocess
import sys

COLLECTIONS = {"Collections", "DequeModule", "HashTreeCollections", "HeapModule", "OrderedCollections"}
NETWORK = {"NIOCore", "NIOPosix"}
PROCESS = {"Logging", "CoreMetrics", "Metrics", "ServiceLifecycle"}

# What each target of Sources may depend on directly: targets of this package and products of others.
ALLOWED = {
    "MQTTCodec": {"NIOCore"},
    "MQTTBroker": {"MQTTCodec", "NIOCore"} | COLLECTIONS,
    "BrokerStore": {"MQTTBroker", "MQTTCodec", "NIOCore", "GRDB"} | PROCESS,
    "MQTTWebSocket": {"NIOCore", "NIOHTTP1", "NIOWebSocket"},
    "ProxyProtocol": {"NIOCore"},
    "CEpoll": set(),
    "MQTTServer": {"CEpoll", "MQTTBroker", "MQTTCodec", "MQTTWebSocket", "NIOHTTP1", "NIOWebSocket", "NIOSSL", "NIOTLS"}
    | {"ProxyProtocol", "SwiftASN1", "X509"}
    | NETWORK
    | PROCESS,
    "MQTTClient": {"MQTTCodec", "NIOSSL"} | NETWORK,
    "MQTTBridge": {"MQTTBroker", "MQTTClient", "MQTTCodec", "MQTTServer", "NIOSSL"} | NETWORK | PROCESS | COLLECTIONS,
    "GarageDomain": set(),
    "DeviceProfiles": {"GarageDomain"},
    "EventLog": {"GRDB", "Crypto"},
    "GarageEvents": {"GarageDomain", "EventLog"},
    "Views": {"EventLog", "GarageEvents", "GarageDomain", "GRDB"} | PROCESS,
    "Ingest": {"MQTTCodec", "MQTTBroker", "DeviceProfiles", "GarageDomain", "GarageEvents", "EventLog", "NIOCore"}
    | {"Crypto"}
    | COLLECTIONS
    | PROCESS,
    "Notifications": {"EventLog", "GarageEvents", "GarageDomain", "Crypto", "GRDB"} | PROCESS,
    "Charts": set(),
    "CZlib": set(),
    "Web": {"Access", "Charts", "CZlib", "Yams", "Views", "Ingest", "GarageDomain", "GarageEvents", "EventLog"}
    | {"Hummingbird", "HummingbirdCore", "Mustache", "NIOCore", "NIOSSL"}
    | {"EmbedWebFiles", "ProxyProtocol"}
    | PROCESS,
    "Simulator": {"MQTTClient", "MQTTCodec", "GarageDomain"} | NETWORK | PROCESS,
    "SCRAM": {"Crypto", "CryptoExtras"},
    "EmbeddingExample": {"MQTTBroker", "MQTTCodec", "MQTTServer", "Logging"} | NETWORK,
    "Access": {"SCRAM", "Crypto", "CryptoExtras"},
    "Certificates": {"Crypto", "SwiftASN1", "X509"},
    "Exposition": {"CoreMetrics"},
    "Bench": {"MQTTCodec", "NIOHTTP1"} | NETWORK,
    "QueryBench": {"EventLog", "GarageDomain", "GarageEvents", "Views"},
    "GarageConfiguration": {"Configuration", "SystemPackage", "Yams"},
    # The executable wires everything together.
    "GarageCommand": None,
    # Build tools: they see files, not the service.
    "EmbedFiles": set(),
    "EmbedWebFiles": {"EmbedFiles"},
    # A C library for tests of EventLog; SQLite is all that it uses.
    "FaultyFiles": set(),
    # A store in memory, for tests of the broker.
    "StoreModel": {"MQTTBroker"},
}

# What must not be reached even through other targets.
FORBIDDEN = [
    ("EventLog", "GarageDomain"),
    ("MQTTBroker", "EventLog"),
    ("BrokerStore", "EventLog"),
    ("MQTTBroker", "GarageDomain"),
    ("MQTTServer", "EventLog"),
    ("MQTTServer", "GarageDomain"),
    ("MQTTBridge", "EventLog"),
    ("MQTTBridge", "GarageDomain"),
    ("Views", "MQTTBroker"),
    ("DeviceProfiles", "EventLog"),
    ("Simulator", "MQTTBroker"),
]

# Targets whose sources may import no module at all beside their declared dependencies: no Foundation, no C library.
IMPORT_NOTHING_ELSE = {"Charts", "GarageDomain", "DeviceProfiles", "MQTTCodec"}

# An arrow that is allowed through another target, but not directly.
FORBIDDEN_IMPORTS = {"Web": {"MQTTBroker", "MQTTServer", "MQTTCodec"}}

IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?"
    r"import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias|actor)\s+)?(\w+)"
)


def imports(folder: pathlib.Path) -> dict[str, str]:
    """The modules that the Swift files below `folder` import, each with one file that does."""
    found = {}
    for file in sorted(folder.rglob("*.swift")):
        for line in file.read_text(encoding="utf-8").splitlines():
            if match := IMPORT.match(line):
                found.setdefault(match.group(1), str(file))
    return found


def reachable(start: str, arrows: dict[str, set[str]]) -> set[str]:
    seen, stack = set(), [start]
    while stack:
        for target in arrows.get(stack.pop(), set()) - seen:
            seen.add(target)
            stack.append(target)
    return seen


def wrong_arrows(package: dict) -> list[str]:
    wrong = []
    targets = {target["name"]: target for target in package["targets"] if target["type"] not in ("test", "snippet")}
    arrows = {name: set(target.get("target_dependencies", [])) for name, target in targets.items()}
    for name, target in sorted(targets.items()):
        if name not in ALLOWED:
            wrong.append(f"{name}: a new target; say in .ci/architecture.py what it may depend on")
            continue
        allowed, imported = ALLOWED[name], imports(pathlib.Path(target["path"]))
        if allowed is not None:
            declared = arrows[name] | set(target.get("product_dependencies", []))
            wrong += [f"{name} -> {other}: declared in Package.swift" for other in sorted(declared - allowed)]
        for module, file in sorted(imported.items()):
            if module in targets and module not in arrows[name] and module != name:
                wrong.append(f"{name} -> {module}: imported in {file}, but not declared in Package.swift")
            if module in FORBIDDEN_IMPORTS.get(name, set()):
                wrong.append(f"{name} -> {module}: imported in {file}")
            if name in IMPORT_NOTHING_ELSE and module not in allowed:
                wrong.append(
                    f"{name} -> {module}: imported in {file}; this target imports nothing beside {sorted(allowed)}"
                )
    for start, end in FORBIDDEN:
        if end in reachable(start, arrows):
            wrong.append(f"{start} -> ... -> {end}: reached through other targets")
    return wrong


def main() -> int:
    command = ["swift", "package", "describe", "--type", "json"]
    answer = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
    package = json.loads(answer[answer.index("{") :])
    wrong = wrong_arrows(package)
    for line in wrong:
        print(f"wrong arrow: {line}")
    if not wrong:
        print(f"{len(package['targets'])} targets, no wrong arrow")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
