#include <hybi/error.h>
#include <hybi/ws/close_code.h>

#include <gtest/gtest.h>

#include <set>

namespace hybi::ws {
namespace {

// RFC 6455 7.4 and the registry, written out.
TEST(WsCloseCode, OnlyAssignedCodesMayBeOnTheWire) {
  const std::set<unsigned> assigned = {1000, 1001, 1002, 1003, 1007, 1008,
                                       1009, 1010, 1011, 1012, 1013, 1014};
  for (unsigned code = 0; code <= 0xFFFF; ++code) {
    const bool expected = assigned.contains(code) || (code >= 3000 && code < 5000);
    EXPECT_EQ(may_be_on_wire(static_cast<CloseCode>(code)), expected) << code;
  }
}

TEST(WsCloseCode, EveryCodeHasAName) {
  EXPECT_EQ(name_of_close_code(1000), "normal closure");
  EXPECT_EQ(name_of_close_code(1004), "reserved");
  EXPECT_EQ(name_of_close_code(1006), "abnormal closure");
  EXPECT_EQ(name_of_close_code(3000), "registered by a library");
  EXPECT_EQ(name_of_close_code(4999), "application's own");
  EXPECT_EQ(name_of_close_code(5000), "reserved");
}

// A code in errc.def is either sendable or the local 1006 (0: not a matter of WebSocket).
TEST(WsCloseCode, EveryErrorsTextFitsACloseFrame) {
#define HYBI_ERRC(name, close, http, text, spec)                           \
  EXPECT_LE(std::string_view(text).size(), kMaxCloseReasonBytes) << #name; \
  EXPECT_TRUE((close) == 0 || (close) == kAbnormalClosure || may_be_on_wire(close)) << #name;
#include <hybi/errc.def>
#undef HYBI_ERRC
}

}  // namespace
}  // namespace hybi::ws
