"""The rows of the table: what the load generator does in each, and which servers take part."""

import json as jsontext
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Page:
    """What a row of mode http asks for. The body's length is checked: nobody sends something else."""

    path: str
    body_bytes: int


FILE = "page.html"  # below --root
FILE_BYTES = 10 * 1024
JSON = {"active": True, "id": 1000, "message": "Hello, World!", "score": 12.5, "tags": ["a", "b"]}
PAGES = {
    "plain": Page("/", len("Hello, World!")),
    "json": Page("/json", len(jsontext.dumps(JSON, separators=(",", ":")))),
    "file": Page(f"/files/{FILE}", FILE_BYTES),
}


@dataclass(frozen=True)
class Row:
    name: str  # for --rows and the JSON file
    title: str  # in the table
    mode: str  # the generator's --mode
    connections: int
    payload: int = 20
    depth: int = 1
    extra: tuple = field(default=())
    page: str = ""  # mode http: a key of PAGES
    quick: bool = True  # part of --quick
    json: bool = False  # the generator's cycle of JSON messages instead of one fixed payload
    deflate: str = ""  # no-context | context: that JSON is compressed, both ways
    level: int = 6  # of deflate, for servers that let one choose
    beside: str = ""  # name of the row whose CPU this row's is compared with
    at_most: float = 0  # times that row's, for Hybi
    needs: str = ""  # what a server must be able to do, if not what the mode says
    on_two_loops: bool = False  # servers with two loops take part as well

    def load_arguments(self):
        return ["--mode", self.mode, "--connections", str(self.connections), "--payload", str(self.payload),
                "--depth", str(self.depth), *self.json_arguments(), *self.page_arguments(),
                *(["--half-load"] if self.half_load() else []), *self.extra]

    def ability(self):
        """What a server must have to take part."""
        return self.needs or (f"{self.mode}-{self.page}" if self.page else self.mode)

    def half_load(self):
        """Broadcasts of numbered messages are measured at half of the load as well."""
        return self.mode == "broadcast" and not (self.json or self.deflate)

    def page_arguments(self):
        if not self.page:
            return []
        page = PAGES[self.page]
        return ["--path", page.path, "--body", str(page.body_bytes)]

    def json_arguments(self):
        if self.deflate:
            return ["--json", "--deflate", self.deflate]
        return ["--json"] if self.json else []

    def server_arguments(self):
        return ["--deflate", self.deflate, "--level", str(self.level)] if self.deflate else []

    def has_floor(self):
        """A floor sends back as many bytes as it was told beforehand."""
        return not (self.json or self.deflate)


def frame_bytes(payload, masked):
    """Length of a WebSocket frame: RFC 6455 5.2."""
    extended = 0 if payload < 126 else 2 if payload < 65536 else 8
    return 2 + extended + (4 if masked else 0) + payload


def request_bytes(path):
    """Length of the generator's request."""
    return len(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")


KIB = 1024
TEXT = ("--text",)
STALLED = ("--path", "/slow", "--stalled", "/stalled/0")

ROWS = [
    Row("echo-1x20", "echo 1 × 20 B", "echo", 1),
    Row("echo-100x20", "echo 100 × 20 B", "echo", 100),
    Row("echo-1000x20", "echo 1000 × 20 B", "echo", 1000),
    Row("echo-100x20-d16", "echo 100 × 20 B, depth 16", "echo", 100, depth=16),
    Row("echo-100x125-d64", "echo 100 × 125 B, depth 64", "echo", 100, payload=125, depth=64),
    Row("echo-200x1k", "echo 200 × 1 KiB", "echo", 200, payload=KIB),
    Row("text-200x1k", "echo 200 × 1 KiB, text", "echo", 200, payload=KIB, extra=TEXT),
    Row("echo-100x1k-d16", "echo 100 × 1 KiB, depth 16", "echo", 100, payload=KIB, depth=16, quick=False),
    Row("echo-50x16k", "echo 50 × 16 KiB", "echo", 50, payload=16 * KIB),
    Row("echo-16x1m", "echo 16 × 1 MiB", "echo", 16, payload=KIB * KIB),
    Row("text-16x1m", "echo 16 × 1 MiB, text", "echo", 16, payload=KIB * KIB, extra=TEXT),
    Row("echo-4x16m", "echo 4 × 16 MiB", "echo", 4, payload=16 * KIB * KIB),
    Row("text-4x16m", "echo 4 × 16 MiB, text", "echo", 4, payload=16 * KIB * KIB, extra=TEXT, quick=False),
    Row("http-plain", "GET plaintext, 100 connections", "http", 100, page="plain"),
    Row("http-plain-d16", "GET plaintext, 100 connections, depth 16", "http", 100, page="plain", depth=16),
    Row("http-json", "GET JSON, 100 connections", "http", 100, page="json"),
    Row("http-file", "GET 10 KiB file, 100 connections", "http", 100, page="file"),
    Row("broadcast-1000", "broadcast 1 → 1000 × 20 B", "broadcast", 1000, on_two_loops=True),
    Row("broadcast-1000-d8", "broadcast 1 → 1000 × 20 B, depth 8", "broadcast", 1000, depth=8, on_two_loops=True),
    Row("broadcast-10000", "broadcast 1 → 10,000 × 20 B", "broadcast", 10000, on_two_loops=True, quick=False),
    Row("broadcast-10000-d8", "broadcast 1 → 10,000 × 20 B, depth 8", "broadcast", 10000, depth=8, on_two_loops=True,
        quick=False),
    Row("all-200", "200 all-to-all × 20 B", "broadcast", 200, extra=("--all-publish",), on_two_loops=True),
    Row("rooms-1000x10", "1000 rooms of 10 × 20 B", "broadcast", 10000, extra=("--rooms", "1000"), on_two_loops=True,
        quick=False),
    Row("stalled-10000", "broadcast 1 → 10,000 × 1 KiB, 1 more is stalled", "broadcast", 10000, payload=KIB,
        extra=STALLED, needs="slow", on_two_loops=True, quick=False, at_most=1.1),
    Row("subscriptions", "100,000 channels, 1,000,000 subscriptions", "subscriptions", 1000, on_two_loops=True),
    Row("deflate-100x1k", "deflate echo 100 × 1 KiB", "echo", 100, payload=KIB, deflate="no-context"),
    Row("deflate-100x1k-context", "deflate echo 100 × 1 KiB, context", "echo", 100, payload=KIB, deflate="context",
        quick=False),
    Row("json-1000x1k", "broadcast 1 → 1000 × 1 KiB JSON", "broadcast", 1000, payload=KIB, json=True),
    Row("deflate-1000x1k", "deflate broadcast 1 → 1000 × 1 KiB JSON", "broadcast", 1000, payload=KIB,
        deflate="no-context", beside="json-1000x1k", at_most=1.3),
    Row("handshake", "handshake, then RST", "handshake", 64),
    Row("handshake-close", "handshake, then closing handshake", "handshake", 64, extra=("--clean-close",)),
    Row("idle-2000", "idle, 2000 connections", "idle", 2000),
    Row("idle-10000", "idle, 10000 connections", "idle", 10000, quick=False),
]

# What --smoke runs against every server: 0.15 s each, small numbers.
SMOKE = [
    Row("echo", "echo", "echo", 4, payload=300, depth=4),
    Row("large", "large text", "echo", 2, payload=70 * KIB, extra=TEXT),
    Row("http-plain", "plaintext", "http", 4, page="plain", depth=2),
    Row("http-json", "JSON", "http", 4, page="json", depth=2),
    Row("http-file", "file", "http", 4, page="file", depth=2),
    Row("broadcast", "broadcast", "broadcast", 10, depth=2, on_two_loops=True),
    Row("rooms", "rooms, all publish", "broadcast", 20, depth=2, extra=("--rooms", "4", "--all-publish"),
        on_two_loops=True),
    Row("stalled", "a stalled subscriber", "broadcast", 10, payload=KIB, extra=STALLED, needs="slow",
        on_two_loops=True),
    Row("subscriptions", "subscriptions", "subscriptions", 100, on_two_loops=True),
    Row("deflate", "compressed echo", "echo", 4, payload=KIB, depth=4, deflate="no-context"),
    Row("deflate-context", "compressed echo with context", "echo", 4, payload=KIB, depth=4, deflate="context"),
    Row("deflate-broadcast", "compressed broadcast", "broadcast", 10, payload=KIB, depth=2, deflate="no-context"),
    Row("handshake", "handshake", "handshake", 4),
    Row("handshake-close", "handshake and close", "handshake", 4, extra=("--clean-close",)),
]
