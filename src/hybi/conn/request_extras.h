// What only some requests have: hooks, filters, trailers, streamed bodies. Made when first needed,
// so that a request without any of it costs nothing. A part of HttpSession.
#pragma once

#include <hybi/base/out_buffer.h>
#include <hybi/http.h>
#include <hybi/http/content_coding.h>
#include <hybi/http/fields.h>
#include <hybi/io/loop.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace hybi::conn {

// A body that is decoded as it comes.
struct CodedBody {
  http::ContentCoding coding;
  std::size_t max_bytes;
  std::unique_ptr<http::Decoder> decoder = {};  // with the first piece
  OutBuffer rest = {};                          // came, but the reader has paused
  bool more = false;                            // the decoder has more to give of what came
};

struct RequestExtras {
  std::vector<std::function<void(Response&, std::function<void()>)>> on_answer;
  std::function<void(HttpSession&)> held;  // gives the answer that waits for them
  std::vector<std::function<void(Response&)>> on_head;
  std::vector<std::function<void(const ResponseInfo&)>> on_done;
  io::TimePoint began{};         // of the request, for ResponseInfo::time
  std::uint64_t body_bytes = 0;  // of the answer

  // While on_head runs.
  std::string_view content_type;
  std::optional<std::uint64_t> content_length;

  std::unique_ptr<BodyFilter> filter;
  std::string filtered;  // scratch
  http::Fields trailers;

  std::chrono::milliseconds keep_alive{};
  std::function<void()> on_silence;
  io::TimePoint silent_since{};

  std::unique_ptr<CodedBody> coded;
  BodyReader reader;
  std::function<void()> on_gone;
};

// A request whose answer is complete but not yet sent.
struct EndingRequest {
  std::vector<std::function<void(const ResponseInfo&)>> on_done;
  ResponseInfo info;
  io::TimePoint began{};
  std::uint64_t left = 0;  // bytes of the connection to send before it has ended
};

}  // namespace hybi::conn
