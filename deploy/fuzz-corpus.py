"""Moves inputs of the fuzzers between folders of files, as libFuzzer wants them, and the text files of Tests/Fuzz.

seed CASE FOLDER   writes the vectors of the codec's tests and the packed corpus to FOLDER
keep CASE FOLDER   writes each input in FOLDER that went wrong to Tests/Fuzz/Kept
pack CASE FOLDER   makes the packed corpus from FOLDER
"""

import hashlib
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FUZZ = ROOT / "Tests" / "Fuzz"
VECTORS = ROOT / "Tests" / "MQTTCodecTests" / "Vectors"
VERSIONS = {"decoder-3.1": "3.1", "decoder-3.1.1": "3.1.1", "decoder-5": "5.0"}
# Longer inputs find little more and make the files large.
LONGEST = 2000


def vectors(version):
    """The bytes of every vector of a version; of all versions for None."""
    for file in sorted(VECTORS.glob("*.json")):
        for vector in json.loads(file.read_text()):
            if version in (None, vector["version"]):
                yield bytes.fromhex(vector["hex"])


def frame(payload):
    """A masked binary WebSocket frame."""
    length = bytes([0x80 | len(payload)]) if len(payload) < 126 else bytes([0xFE]) + len(payload).to_bytes(2, "big")
    return b"\x82" + length + b"\0\0\0\0" + payload


def seeds(case):
    packed = FUZZ / "Corpus" / f"{case}.hex"
    if packed.exists():
        yield from (bytes.fromhex(line) for line in packed.read_text().split())
    if case in VERSIONS:
        yield from vectors(VERSIONS[case])
    elif case == "websocket":
        yield from (b"\0\x05" + frame(packet) for packet in vectors(None))
    else:
        # One shard, no special limits; then each packet raw, from a connection of its own.
        yield from (bytes([0, 0, 0, 0, 18, min(len(packet), 47)]) + packet for packet in vectors(None))


def main():
    action, case, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    if action == "seed":
        for seed in seeds(case):
            (folder / hashlib.sha1(seed).hexdigest()).write_bytes(seed)
        return
    inputs = sorted({file.read_bytes() for file in folder.iterdir()}, key=lambda data: (len(data), data))
    if action == "keep":
        for data in inputs:
            kept = FUZZ / "Kept" / case / f"{hashlib.sha1(data).hexdigest()[:12]}.hex"
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(data.hex() + "\n")
            print(f"kept {kept.relative_to(ROOT)}")
    else:
        lines = [data.hex() + "\n" for data in inputs if 0 < len(data) <= LONGEST]
        (FUZZ / "Corpus" / f"{case}.hex").write_text("".join(lines))
        print(f"{case}: {len(lines)} inputs in the corpus")


main()
