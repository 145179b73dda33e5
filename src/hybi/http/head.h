// A parsed request head: a read-only view into the bytes it came in. RFC 9112 3, 5.
//
// Positions, not pointers: the head can be moved to other memory with `rebase` and stays valid.
// Filled by parser.h; read by the handshake, the router and user code (through hybi::Request).
#pragma once

#include <hybi/http/method.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace hybi::http {

struct FieldPosition {
  std::uint32_t name_at, value_at;
  std::uint16_t name_bytes;
  std::uint32_t value_bytes;
};

struct Field {
  std::string_view name;   // as sent
  std::string_view value;  // without surrounding whitespace
};

enum class TargetForm : std::uint8_t { Origin, Absolute, Authority, Asterisk };

class Head {
 public:
  Method method() const { return method_; }
  std::string_view method_text() const;
  std::string_view target() const;   // as sent
  TargetForm form() const { return form_; }
  std::string_view path() const;     // still percent-encoded; "*" for the asterisk form, "/" if empty
  std::string_view query() const;    // without "?"; empty if none
  std::string_view authority() const;  // of an absolute target, else the Host field (RFC 9112 3.2.2)
  std::uint8_t minor_version() const { return minor_version_; }  // HTTP/1.x

  std::size_t field_count() const { return fields_.size(); }
  Field field(std::size_t index) const;
  // The first field of that name, any case; null data() if there is none.
  std::string_view find(std::string_view name) const;
  // How many fields have that name.
  std::size_t count(std::string_view name) const;
  // Whether a comma-separated list field, over all its lines, has this token in any case.
  bool has_token(std::string_view name, std::string_view token) const;

  // What the framing fields said (RFC 9112 6.3); the parser has checked them.
  bool has_body() const { return chunked_ || content_length_ > 0; }
  bool chunked() const { return chunked_; }
  std::uint64_t content_length() const { return content_length_; }  // 0 if absent or chunked
  bool has_content_length() const { return has_content_length_; }
  bool keep_alive() const { return keep_alive_; }        // RFC 9112 9.3
  bool upgrade() const { return upgrade_; }              // Connection lists upgrade, Upgrade is there
  bool expect_continue() const { return expect_continue_; }  // RFC 9110 10.1.1

  // The whole head including the empty line.
  std::string_view bytes() const { return {base_, size_}; }
  // The same bytes now live at `base`.
  void rebase(const char* base) { base_ = base; }

 private:
  friend class RequestParser;
  const char* base_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t target_at_ = 0, target_bytes_ = 0;
  std::uint32_t path_at_ = 0, path_bytes_ = 0;
  std::uint32_t query_at_ = 0, query_bytes_ = 0;
  std::uint32_t authority_at_ = 0, authority_bytes_ = 0;
  std::uint64_t content_length_ = 0;
  Method method_{};
  TargetForm form_{};
  std::uint8_t minor_version_ = 1;
  bool chunked_ = false, has_content_length_ = false, keep_alive_ = false;
  bool upgrade_ = false, expect_continue_ = false;
  std::vector<FieldPosition> fields_;
};

}  // namespace hybi::http
