// Order and accounting of what waits to leave: own bytes, shared messages, ranges of files.
#include <hybi/conn/outbox.h>
#include <hybi/testing/split.h>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

namespace hybi::conn {
namespace {

// Takes at most `room` bytes of each write.
class NarrowStream final : public io::Stream {
 public:
  explicit NarrowStream(std::size_t room) : room_(room) {}
  void start(io::StreamOwner&) override {}
  io::WriteResult write(std::span<const Bytes> pieces) override {
    EXPECT_LE(pieces.size(), 64u);
    ++writes;
    std::size_t left = room_;
    for (const Bytes piece : pieces) {
      EXPECT_FALSE(piece.empty());
      const std::size_t size = std::min(left, piece.size());
      sent += as_text(piece.first(size));
      left -= size;
    }
    return {.count = room_ - left};
  }
  io::WriteResult send_file(int fd, std::uint64_t offset, std::size_t count) override {
    std::string data(std::min(count, room_), '\0');
    const ssize_t size = ::pread(fd, data.data(), data.size(), static_cast<off_t>(offset));
    if (size <= 0) return {.failed = true};
    data.resize(static_cast<std::size_t>(size));
    sent += data;
    return {.count = data.size()};
  }
  void pause_reading() override {}
  void resume_reading() override {}
  void shutdown_write() override {}
  void reset_on_close() override {}

  std::string sent;
  int writes = 0;

 private:
  std::size_t room_;
};

SharedMessageRef message(std::size_t bytes, char fill) {
  auto shared = std::make_shared<SharedMessage>();
  shared->frame.append(std::string(bytes, fill));
  return shared;
}

std::shared_ptr<const OpenFile> open_file(std::string_view content) {
  char path[] = "/tmp/hybi-outbox-XXXXXX";
  const int fd = ::mkstemp(path);
  ::unlink(path);
  EXPECT_EQ(::write(fd, content.data(), content.size()), static_cast<ssize_t>(content.size()));
  return OpenFile::adopt(fd).value();
}

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

void send_all(Outbox& box, NarrowStream& stream) {
  std::uint64_t before = box.unsent();
  while (!box.empty()) {
    const Outbox::Attempt attempt = box.write_to(stream);
    ASSERT_FALSE(attempt.result.failed);
    ASSERT_GT(attempt.offered, 0u);
    ASSERT_LE(attempt.result.count, attempt.offered);
    box.consume(attempt.result.count);
    ASSERT_EQ(box.unsent(), before - attempt.result.count);
    before = box.unsent();
  }
}

TEST(Outbox, SendsEverythingInTheOrderOfAppendingWhateverTheStreamTakes) {
  for (const std::size_t room : {1u, 2u, 7u, 100u, 511u, 512u, 5000u, 1'000'000u}) {
    Outbox box;
    std::string expected;
    const auto own = [&](std::string_view text) {
      box.own().append(text);
      expected += text;
    };
    const auto shared = [&](std::size_t bytes, char fill) {
      box.append_shared(message(bytes, fill));
      expected += std::string(bytes, fill);
    };
    own("first ");
    shared(100, 's');  // copied
    shared(3000, 'L');
    shared(600, 'M');
    own("between ");
    const std::string content(2000, 'f');
    box.append_file(open_file("abc" + content), 3, 2000);
    expected += content;
    own("after the file ");
    box.append_file(open_file("0123456789"), 2, 5);
    expected += "23456";
    shared(513, 'n');
    own("end");
    EXPECT_EQ(box.unsent(), expected.size());
    NarrowStream stream(room);
    send_all(box, stream);
    EXPECT_EQ(stream.sent, expected) << room;
  }
}

TEST(Outbox, GathersManyLargeMessagesAtMost64PiecesAtATime) {
  Outbox box;
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    box.own().append("x");
    box.append_shared(message(600, static_cast<char>('a' + i % 26)));
    expected += "x" + std::string(600, static_cast<char>('a' + i % 26));
  }
  NarrowStream stream(10'000'000);
  send_all(box, stream);
  EXPECT_EQ(stream.sent, expected);
  EXPECT_LE(stream.writes, 8);
}

TEST(Outbox, ReferencesLargeSharedMessagesUntilTheyHaveLeft) {
  Outbox box;
  const SharedMessageRef large = message(1000, 'L');
  const SharedMessageRef small = message(100, 's');
  box.append_shared(large);
  box.append_shared(small);
  EXPECT_EQ(large.use_count(), 2);
  EXPECT_EQ(small.use_count(), 1) << "copied";
  NarrowStream stream(999);
  box.consume(box.write_to(stream).result.count);
  EXPECT_EQ(large.use_count(), 2);
  box.consume(box.write_to(stream).result.count);
  EXPECT_EQ(large.use_count(), 1);
}

TEST(Outbox, ClosesFilesWhenTheyHaveLeftAndWhenTheyAreGivenUp) {
  Outbox box;
  const auto append = [&](std::string_view content) {
    auto file = open_file(content);
    const int fd = file->descriptor();
    box.append_file(std::move(file), 0, content.size());
    return fd;
  };
  EXPECT_FALSE(is_open(append("")));
  const int sent = append("12345");
  const int given_up = append("12345");
  NarrowStream stream(5);
  box.consume(box.write_to(stream).result.count);
  EXPECT_FALSE(is_open(sent));
  EXPECT_TRUE(is_open(given_up));
  box.clear();
  EXPECT_FALSE(is_open(given_up));
  EXPECT_TRUE(box.empty());
}

TEST(Outbox, StaysInOrderWhenMoreIsAppendedBetweenWrites) {
  Outbox box;
  NarrowStream stream(700);
  std::string expected;
  for (int i = 0; i < 3000; ++i) {  // never empty: what has left is forgotten on the way
    const std::string text = "<" + std::to_string(i) + ">";
    box.own().append(text);
    expected += text;
    if (i % 5 == 0) {
      box.append_shared(message(600, static_cast<char>('a' + i % 26)));
      expected += std::string(600, static_cast<char>('a' + i % 26));
    }
    if (i > 2) box.consume(box.write_to(stream).result.count);
  }
  EXPECT_LT(box.capacity(), 64u * 1024) << "memory follows what waits, not what was sent";
  send_all(box, stream);
  EXPECT_EQ(stream.sent, expected);
}

TEST(OutboxPool, GivesBackMemoryOfLargeBoxesAndReusesSmallOnes) {
  OutboxPool pool;
  auto box = pool.take();
  Outbox* const first = box.get();
  box->own().append(std::string(1'000'000, 'x'));
  box->clear();
  pool.give(std::move(box));
  box = pool.take();
  EXPECT_EQ(box.get(), first);
  EXPECT_LE(box->capacity(), 64u * 1024);
  EXPECT_TRUE(box->empty());
}

}  // namespace
}  // namespace hybi::conn
