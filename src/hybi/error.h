// Errors as values: what went wrong, and what the peer is told. The table is errc.def.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hybi {

enum class Errc : std::uint16_t {
#define HYBI_ERRC(name, close, http, text, spec) name,
#include <hybi/errc.def>
#undef HYBI_ERRC
};

// 8 bytes, trivially copyable. `os` is an errno where the environment failed, else 0.
struct Error {
  Errc code = Errc::Ok;
  std::int32_t os = 0;

  friend bool operator==(const Error&, const Error&) = default;
};

// What the table says of an error. Lifetime: static.
struct ErrorInfo {
  std::string_view name;
  std::uint16_t close_code;   // sent in the Close frame; 0: none
  std::uint16_t http_status;  // sent as the answer; 0: none
  std::string_view text;      // shown to the peer; at most 123 bytes
  std::string_view spec;      // section of the specification
};

const ErrorInfo& info(Errc code);

// One line for people: the text, the section if there is one, the operating system's words.
std::string describe(Error error);

}  // namespace hybi
