// The head of one part of multipart/form-data. RFC 7578 4.2 to 4.7, RFC 2183 2.
//
// Names and filenames are read as browsers write them: UTF-8, with %22, %0D and %0A in place of the
// three characters they escape (HTML Standard, multipart/form-data encoding), or with a backslash
// in front of a quote, as other clients do.
#pragma once

#include <hybi/http/head.h>
#include <hybi/limits.h>
#include <hybi/result.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hybi::http {

struct PartHead {
  std::string name;
  // As the client says, and so not to be trusted: see plain_filename(). Empty: no file.
  std::optional<std::string> filename;
  std::string_view content_type;  // empty: none was sent; RFC 7578 4.4 says text/plain then
  std::vector<Field> fields;      // all, as sent

  bool is_file() const { return filename.has_value(); }
  // The first field of that name, any case; null data() if there is none.
  std::string_view find(std::string_view field) const;
};

// Reads the lines of a head, each with its CRLF, without the empty line behind them.
// Lifetime: the views of the result are those of `lines`.
// Fails: HttpBadPartHead; HttpPartNameTooLong; HttpPartEncoding when the content would have to be
// decoded (RFC 7578 4.7 forbids that to be sent).
Result<PartHead> parse_part_head(std::string_view lines, const MultipartLimits& limits);

}  // namespace hybi::http
