// Request methods. RFC 9110 9, RFC 5789. Case-sensitive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hybi::http {

enum class Method : std::uint8_t { Get, Head, Post, Put, Patch, Delete, Options, Connect, Trace };
inline constexpr std::size_t kMethodCount = 9;

std::string_view name_of(Method method);  // "GET"

// Returns: false if the name is not one of ours (501).
bool parse_method(std::string_view text, Method& method);

}  // namespace hybi::http
