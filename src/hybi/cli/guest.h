// Who is at a page of the demo: people say what they want to be called, in the token of
// hybi:connect, {"name": "Ada", "id": "a secret of the page's"}. Whoever comes back with the same
// id has the same name.
#pragma once

#include <hybi/channel_clients.h>
#include <hybi/cli/chat_names.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace hybi::cli {

inline constexpr std::size_t kMaxName = 24;    // characters
inline constexpr std::size_t kMaxSecret = 64;  // bytes

std::size_t count_characters(std::string_view utf8);

// The user of that token, its id the name it got; nobody in particular without a token.
// Every one with an id has to be given back when its connection ends, see give_back_name.
Outcome<ChannelUser, ObjectError> guest_of(Names& names, const WebSocket& ws,
                                           const std::string& token);
// For on_close of the same connections.
void give_back_name(Names& names, const ChannelClients& clients, WebSocket& ws);

}  // namespace hybi::cli
