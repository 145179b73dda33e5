// JSON from clients: a body or any text to nlohmann::json, bounded, with an error that says where.
// RFC 8259. Implemented in app/json.cc.
//
//   server.post("/todos", [](Request& req, Response& res) {
//     const auto todo = json_body<Todo>(req, res);  // Todo has from_json
//     if (!todo) return;                            // answered: 400, 415 or 422, and why
//
// Stricter than nlohmann alone: depth is bounded before the stack is, a name twice in one object is
// an error (readers that take the first and readers that take the last would disagree about what
// was checked), and so is text that is not UTF-8. Thread: any.
#pragma once

#include <hybi/error.h>
#include <hybi/http.h>
#include <hybi/outcome.h>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace hybi {

struct JsonOptions {
  // Arrays and objects inside one another. Taken for at most 1024: what is deeper cannot be copied
  // or written without recursion.
  std::size_t max_depth = 64;
  bool allow_duplicate_keys = false;  // true: the last one counts
  // The body must say that it is JSON: application/json or a type that ends in +json. A page of
  // another site cannot send these without asking first (CORS), it can send everything else.
  bool require_content_type = true;
};

// Why a text is not the JSON that was wanted.
struct JsonError {
  Errc code = Errc::HttpBadJson;  // HttpBadJson, HttpJsonTooDeep, HttpNotJson, HttpJsonMismatch
  std::size_t line = 0;           // from 1; 0 if it is about no place
  std::size_t column = 0;         // from 1, in characters
  std::string what;               // "expected ':' ..."; at most 200 bytes, UTF-8

  std::string describe() const;  // "JSON: line 3, column 14: ..."
};

// Fails: HttpBadJson, HttpJsonTooDeep.
Outcome<nlohmann::json, JsonError> parse_json(std::string_view text,
                                              const JsonOptions& options = {});

// The same of MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md): names are
// strings, text is UTF-8, no extension types; bytes are kept as nlohmann's binary.
Outcome<nlohmann::json, JsonError> parse_message_pack(Bytes bytes, const JsonOptions& options = {});

// The body of a request. Requires: the body has arrived (a handler, not middleware).
// Fails: HttpNotJson as well.
Outcome<nlohmann::json, JsonError> json_body(const Request& request,
                                             const JsonOptions& options = {});

// Answers with Response::error: the status of the error, 400, 415 or 422, and its description.
void answer(Response& response, const JsonError& error);

// The same, answered when it fails. Returns: empty if the response has been answered.
std::optional<nlohmann::json> json_body(const Request& request, Response& response,
                                        const JsonOptions& options = {});

namespace detail {
// What nlohmann says without its prefix. At most 200 bytes, UTF-8.
std::string json_words(std::string_view what);
}  // namespace detail

// `json` as a T, by its from_json. Fails: HttpJsonMismatch, also if from_json throws something
// else.
template <class T>
Outcome<T, JsonError> json_as(const nlohmann::json& json) {
  try {
    return json.get<T>();
  } catch (const nlohmann::json::exception& error) {
    return JsonError{Errc::HttpJsonMismatch, 0, 0, detail::json_words(error.what())};
  } catch (...) {
    return JsonError{Errc::HttpJsonMismatch, 0, 0, "a value is not possible here"};
  }
}

// A body as a T, answered when it is none.
template <class T>
std::optional<T> json_body(const Request& request, Response& response,
                           const JsonOptions& options = {}) {
  const std::optional<nlohmann::json> json = json_body(request, response, options);
  if (!json) return std::nullopt;
  Outcome<T, JsonError> value = json_as<T>(*json);
  if (value) return std::move(*value);
  answer(response, value.error());
  return std::nullopt;
}

}  // namespace hybi
