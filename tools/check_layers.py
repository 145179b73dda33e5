#!/usr/bin/env python3
"""Checks who includes whom (the table of HACKING.md) and that no file is longer than 600 lines.

    tools/check_layers.py [root]

Prints one line per violation, `file:line: what`, and exits 1 if there is any.
"""
import pathlib
import re
import sys

CEILING = 600

# Floor 0 outside base/: values that every floor may use.
VALUES = {"bytes.h", "result.h", "error.h", "errc.def", "limits.h", "compression.h", "port_ref.h"}
# Headers of the floors that are plain values, which the front door may show.
PLAIN = {"http/head.h", "http/method.h", "http/status.h", "http/cookie.h", "http/form.h", "http/part_head.h", "ws/close_code.h", "ws/version.h", "io/address.h"}

# Room -> rooms whose headers it may include. "values" is VALUES, "front" every header in src/hybi itself.
ROOMS = {
    "base": {"base", "values"},
    "front": {"base", "values", "front", "plain"},
    "http": {"base", "values", "http"},
    "ws": {"base", "values", "http", "ws"},
    "sio": {"base", "values", "sio"},
    "io": {"base", "values", "io"},
    "testing": {"base", "values", "http", "ws", "io", "testing"},
    "conn": {"base", "values", "front", "http", "ws", "io", "conn"},
    "app": {"base", "values", "front", "http", "ws", "sio", "io", "conn", "engine", "app"},
    "engine": {"base", "values", "front", "io", "engine"},
    "cli": {"values", "front", "cli"},
    # Outside src/: programs of users, of tests, of measurements.
    "examples": {"base", "values", "front", "http", "ws", "testing"},
    "program": None,
}

# Library -> (what its headers look like, rooms that may include it).
LIBRARIES = {
    "OpenSSL": (r"openssl/", {"base", "io", "examples"}),
    "simdjson": (r"simdjson", {"base", "sio"}),
    "zlib": (r"zlib\.h$|libdeflate\.h$", {"http", "ws"}),
    "brotli": (r"brotli/", {"http"}),
    "nghttp2": (r"nghttp2/", {"conn"}),
    "liburing": (r"liburing|linux/io_uring", {"io"}),
    "JSON": (r"nlohmann/", {"front", "sio", "app", "cli", "examples"}),
    "hiredis": (r"hiredis/", {"engine"}),
    "templates": (r"kainjow/", {"app"}),
    "command line": (r"CLI/|fmt/|spdlog/|toml\+\+/|hybi_pages\.h$", {"cli"}),
    "example's own": (r"\w+_pages\.h$|(feed|members)/", {"examples"}),
    "vector instructions": (r"(\w+intrin|arm_neon|cpuid)\.h$", {"base", "http", "ws"}),
    "files": (r"(fcntl|unistd)\.h$|sys/stat\.h$", {"io", "testing", "conn", "app", "cli", "examples"}),
    "operating system": (
        r"(sys|netinet|arpa|net|linux)/|(netdb|poll|pthread|sched|signal|dirent|errno|time)\.h$",
        {"io", "testing", "engine", "app", "cli", "examples"},
    ),
    "test": (r"gtest/|gmock/|benchmark/", set()),
}
STANDARD = re.compile(r"[a-z_0-9]+$")  # <vector>; the C headers have their c in front
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
PROOF = re.compile(r"_(test|fuzz|bench)\.cc$|^test_.*\.(cc|h)$")


def room_of(path):
    """The room of a path relative to the root, or None where the table says nothing."""
    parts = path.parts
    if parts[:2] == ("src", "hybi"):
        if len(parts) == 3:
            return "base" if parts[2] in VALUES or path.suffix == ".cc" else "front"
        return parts[2]
    return {"examples": "examples"}.get(parts[0], "program")


def check_include(path, room, bracket, name):
    """What is wrong with `#include <name>` in a file of `room`, or None."""
    allowed = ROOMS[room]
    if allowed is None:
        return None
    proof = PROOF.search(path.name) is not None
    if bracket == '"':
        return f'write <{name}>: every file is included by its whole name'
    if name.startswith("hybi/"):
        inner = name[len("hybi/"):]
        rooms = set(allowed) | ({"testing"} if proof else set())
        if "/" in inner:
            target = inner.split("/")[0]
            if target in rooms or ("plain" in rooms and inner in PLAIN):
                return None
            return f"{room} may not include {target} (<{name}>)"
        target = "values" if inner in VALUES else "front"
        return None if target in rooms else f"{room} may not include the front door (<{name}>)"
    if STANDARD.match(name) or proof:
        return None
    for library, (pattern, rooms) in LIBRARIES.items():
        if re.match(pattern, name):
            return None if room in rooms else f"{room} may not use {library} (<{name}>)"
    return f"<{name}> belongs to no library of the table"


def check_file(root, path):
    room = room_of(path)
    if room not in ROOMS:
        yield f"{path}:1: no room {room!r} in the table"
        return
    lines = (root / path).read_text(errors="replace").splitlines()
    if len(lines) > CEILING:
        yield f"{path}:{len(lines)}: longer than {CEILING} lines; split it where the concept splits"
    for number, line in enumerate(lines, 1):
        if match := INCLUDE.match(line):
            if problem := check_include(path, room, *match.groups()):
                yield f"{path}:{number}: {problem}"


def check(root):
    root = pathlib.Path(root)
    found = []
    for top in ("src", "examples", "tests", "fuzz", "bench"):
        for path in sorted((root / top).rglob("*")):
            relative = path.relative_to(root)
            if path.suffix in (".h", ".cc", ".def") and "node_modules" not in relative.parts:
                found += check_file(root, relative)
    return found


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent
    problems = check(root)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
