// See redis_link.h.
#include <hybi/engine/redis_link.h>

#include <cerrno>
#include <utility>

#include <hiredis/hiredis.h>
#include <sys/socket.h>

namespace hybi::engine {
namespace {

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};

// The reader nests no deeper than 7, so this does not either.
RedisReply copy_of(const redisReply& from) {
  RedisReply reply;
  switch (from.type) {
    case REDIS_REPLY_INTEGER:
      reply.kind = RedisReply::Kind::Integer;
      reply.integer = from.integer;
      break;
    case REDIS_REPLY_STRING:
      reply.kind = RedisReply::Kind::Text;
      reply.text.assign(from.str, from.len);
      break;
    case REDIS_REPLY_STATUS:
      reply.kind = RedisReply::Kind::Status;
      reply.text.assign(from.str, from.len);
      break;
    case REDIS_REPLY_ERROR:
      reply.kind = RedisReply::Kind::Error;
      reply.text.assign(from.str, from.len);
      break;
    case REDIS_REPLY_ARRAY:
      reply.kind = RedisReply::Kind::Array;
      reply.items.reserve(from.elements);
      for (std::size_t i = 0; i < from.elements; ++i) {
        reply.items.push_back(copy_of(*from.element[i]));
      }
      break;
    default:
      break;
  }
  return reply;
}

// Of the shortest element that a server can send, "+" and CRLF, no more than this fit.
constexpr std::size_t kLeastElementBytes = 3;

}  // namespace

// hiredis makes the place of an array when its count is read, whatever that is.
struct RedisLink::Bounds {
  redisReplyObjectFunctions functions;
  void* (*create_array)(const redisReadTask*, int);
  std::size_t max_elements;

  static void* make_array(const redisReadTask* task, int count) {
    const auto* const bounds = static_cast<const Bounds*>(task->privdata);
    const bool fits = count < 0 || static_cast<std::size_t>(count) <= bounds->max_elements;
    return fits ? bounds->create_array(task, count) : nullptr;
  }
};

RedisLink::RedisLink(redisContext* context, std::size_t max_reply_bytes)
    : context_(
          context,
          {std::make_shared<Bounds>(Bounds{.functions = *context->reader->fn,
                                           .create_array = context->reader->fn->createArray,
                                           .max_elements = max_reply_bytes / kLeastElementBytes})}),
      max_reply_bytes_(max_reply_bytes) {
  Bounds& bounds = *context_.get_deleter().bounds;
  bounds.functions.createArray = &Bounds::make_array;
  context->reader->fn = &bounds.functions;
  context->reader->privdata = &bounds;
}

void RedisLink::Free::operator()(redisContext* context) const {
  redisFree(context);
}

Result<RedisLink> RedisLink::connect(const RedisOptions& options) {
  redisContext* const context = options.unix_path.empty()
                                    ? redisConnectNonBlock(options.host.c_str(), options.port)
                                    : redisConnectUnixNonBlock(options.unix_path.c_str());
  if (context == nullptr) return Errc::RedisUnreachable;
  RedisLink link(context, options.max_reply_bytes);
  if (context->err != 0) return Error{Errc::RedisUnreachable, errno};
  return link;
}

int RedisLink::fd() const {
  return context_->fd;
}

Result<void> RedisLink::on_ready(bool readable, bool writable) {
  if (connecting_) {
    if (!readable && !writable) return {};
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(context_->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) return Error{Errc::RedisUnreachable, error};
    connecting_ = false;
    context_->flags |= REDIS_CONNECTED;
  }
  if (readable) {
    const std::size_t before = context_->reader->len;
    if (redisBufferRead(context_.get()) != REDIS_OK) return Errc::RedisUnreachable;
    // What was read of an array is no longer in the buffer, but it is there.
    reply_bytes_ += context_->reader->len - before;
    if (reply_bytes_ > max_reply_bytes_) return Errc::RedisReplied;
  }
  if (unwritten_ && writable) {
    int done = 0;
    if (redisBufferWrite(context_.get(), &done) != REDIS_OK) return Errc::RedisUnreachable;
    unwritten_ = done == 0;
  }
  return {};
}

void RedisLink::append(const std::vector<std::string>& words) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  texts.reserve(words.size());
  sizes.reserve(words.size());
  for (const std::string& word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  // Fails when memory is at an end; the command then never leaves and its time runs out.
  (void)redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), texts.data(),
                               sizes.data());
  unwritten_ = true;
}

Result<std::optional<RedisReply>> RedisLink::next_reply() {
  void* reply = nullptr;
  if (redisGetReplyFromReader(context_.get(), &reply) != REDIS_OK) return Errc::RedisReplied;
  if (reply == nullptr) return std::optional<RedisReply>();
  reply_bytes_ = context_->reader->len - context_->reader->pos;
  const std::unique_ptr<redisReply, FreeReply> owned(static_cast<redisReply*>(reply));
  return std::optional<RedisReply>(copy_of(*owned));
}

}  // namespace hybi::engine
