// Which limits make sense, see limits.h.
#include <hybi/limits.h>

namespace hybi {
namespace {

// Times are kept in 32 bits of milliseconds, of which differences are taken.
bool in_range(std::chrono::milliseconds time) {
  return time.count() > 0 && time.count() <= 0x7fffffff;
}

}  // namespace

bool is_valid(const WebSocketLimits& limits) {
  return limits.max_message_bytes > 0 && limits.max_frame_bytes > 0 && limits.max_held_bytes > 0 &&
         limits.max_control_frames_per_second > 0 &&
         limits.max_control_frames_per_second < 0xffff && limits.max_subscriptions > 0 &&
         limits.max_backlog_bytes > 0 && limits.low_water_bytes < limits.high_water_bytes &&
         in_range(limits.ping_interval) && in_range(limits.pong_timeout) &&
         in_range(limits.idle_timeout) && in_range(limits.close_timeout);
}

bool is_valid(const HttpLimits& limits) {
  return limits.max_head_bytes > 0 && limits.max_field_count > 0 && limits.max_target_bytes > 0 &&
         limits.max_body_bytes > 0 && limits.max_trailer_bytes > 0 &&
         limits.max_chunk_extension_bytes > 0 && limits.high_water_bytes > 0 &&
         limits.min_body_bytes_per_second > 0 && in_range(limits.head_timeout) &&
         in_range(limits.keep_alive_timeout) && in_range(limits.body_grace) &&
         in_range(limits.write_timeout) && in_range(limits.linger_timeout);
}

bool is_valid(const ServerLimits& limits) {
  return limits.max_connections > 0 && limits.max_mailbox_bytes > 0 && limits.accepts_per_turn > 0;
}

}  // namespace hybi
