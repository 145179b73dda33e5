// Content-Disposition of a response: save it, and under which name. RFC 6266, RFC 8187.
//
// Whatever the filename holds, the value is one field's: nothing can be injected.
#pragma once

#include <string>
#include <string_view>

namespace hybi::http {

enum class Disposition : unsigned char { Attachment, Inline };

// `attachment; filename="..."`, and with filename* behind it if the name is not plain ASCII, for
// which filename has "_" in place of what it cannot say. Only the last component of the name
// counts, as plain_filename() makes it. Without a name: "attachment".
std::string content_disposition(Disposition disposition, std::string_view filename = {});

}  // namespace hybi::http
