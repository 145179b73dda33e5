"""tools/check_layers.py catches what it is there to catch, and lets the rest pass."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True  # nothing is left beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import check_layers  # noqa: E402


class CheckLayers(unittest.TestCase):
    def problems(self, files):
        with tempfile.TemporaryDirectory() as root:
            for name, text in files.items():
                path = pathlib.Path(root, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return check_layers.check(root)

    def assert_bad(self, name, include, word):
        problems = self.problems({name: f"// head\n#include {include}\n"})
        self.assertEqual(len(problems), 1, problems)
        self.assertTrue(problems[0].startswith(f"{name}:2: "), problems[0])
        self.assertIn(word, problems[0])

    def assert_good(self, name, include):
        self.assertEqual(self.problems({name: f"#include {include}\n"}), [])

    def test_calls_go_down(self):
        self.assert_good("src/hybi/ws/handshake.cc", "<hybi/http/head.h>")
        self.assert_good("src/hybi/conn/ws_session.cc", "<hybi/websocket.h>")
        self.assert_good("src/hybi/app/server.cc", "<hybi/conn/connection.h>")
        self.assert_bad("src/hybi/http/parser.cc", "<hybi/ws/frame.h>", "http may not include ws")
        self.assert_bad("src/hybi/base/ascii.h", "<hybi/http/head.h>", "base may not include http")
        self.assert_bad("src/hybi/conn/connection.h", "<hybi/app/router.h>", "conn may not include app")

    def test_protocols_and_io_do_not_know_each_other(self):
        self.assert_bad("src/hybi/io/loop.cc", "<hybi/http/head.h>", "io may not include http")
        self.assert_bad("src/hybi/ws/protocol.cc", "<hybi/io/loop.h>", "ws may not include io")
        self.assert_bad("src/hybi/ws/protocol.cc", "<sys/socket.h>", "operating system")
        self.assert_bad("src/hybi/io/loop_test.cc", "<hybi/ws/protocol.h>", "io may not include ws")

    def test_the_front_door_shows_values_only(self):
        self.assert_good("src/hybi/http.h", "<hybi/http/head.h>")
        self.assert_bad("src/hybi/http.h", "<hybi/http/parser.h>", "front may not include http")
        self.assert_bad("src/hybi/server.h", "<hybi/conn/connection.h>", "front may not include conn")
        self.assert_bad("src/hybi/error.h", "<hybi/server.h>", "front door")

    def test_the_command_uses_the_front_door_only(self):
        self.assert_good("src/hybi/cli/main.cc", "<hybi/hybi.h>")
        self.assert_good("src/hybi/cli/main.cc", "<CLI/CLI.hpp>")
        self.assert_bad("src/hybi/cli/main.cc", "<hybi/app/router.h>", "cli may not include app")
        self.assert_bad("src/hybi/cli/main.cc", "<hybi/base/ascii.h>", "cli may not include base")

    def test_each_library_has_its_room(self):
        self.assert_good("src/hybi/base/digest.cc", "<openssl/sha.h>")
        self.assert_good("src/hybi/io/backend_uring.cc", "<liburing.h>")
        self.assert_good("src/hybi/conn/http_answer.cc", "<fcntl.h>")
        self.assert_bad("src/hybi/conn/connection.cc", "<sys/socket.h>", "operating system")
        self.assert_bad("src/hybi/ws/handshake.cc", "<openssl/sha.h>", "OpenSSL")
        self.assert_bad("src/hybi/conn/ws_session.cc", "<zlib.h>", "zlib")
        self.assert_bad("src/hybi/app/sessions.cc", "<hiredis/hiredis.h>", "hiredis")
        self.assert_bad("src/hybi/app/server.cc", "<nghttp2/nghttp2.h>", "nghttp2")
        self.assert_bad("src/hybi/app/server.cc", "<fmt/format.h>", "command line")
        self.assert_bad("src/hybi/app/server.cc", "<boost/asio.hpp>", "no library")
        self.assert_bad("src/hybi/http/parser.cc", "<gtest/gtest.h>", "test")

    def test_tests_may_use_the_test_libraries(self):
        self.assert_good("src/hybi/ws/frame_test.cc", "<gtest/gtest.h>")
        self.assert_good("src/hybi/ws/frame_test.cc", "<hybi/testing/split.h>")
        self.assert_bad("src/hybi/ws/frame.cc", "<hybi/testing/split.h>", "ws may not include testing")

    def test_includes_have_their_whole_name(self):
        self.assert_bad("src/hybi/ws/frame.cc", '"frame.h"', "whole name")

    def test_a_room_that_is_not_in_the_table(self):
        self.assertIn("no room", self.problems({"src/hybi/attic/x.h": "\n"})[0])

    def test_the_ceiling(self):
        self.assertEqual(self.problems({"src/hybi/ws/a.cc": "\n" * 600}), [])
        self.assertIn("longer than 600", self.problems({"src/hybi/ws/a.cc": "\n" * 601})[0])


if __name__ == "__main__":
    unittest.main()
