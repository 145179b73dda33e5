// A TCP stream of the io_uring backend. Private to io/.
//
// Small reads come by multishot receive into the kernel-picked buffers. A stream that fills a whole
// buffer, or whose owner has a place for the bytes, is read like epoll does it, a poll and then
// recv into the loop's large scratch, until its reads are small again: large payloads would
// otherwise pay for every 16 KiB.
#pragma once

#include <hybi/io/backend_uring.h>

#include <string>

namespace hybi::io {

class UringStream final : public Stream, public UringTarget {
 public:
  UringStream(UringBackend& backend, int fd);
  ~UringStream() override;

  void start(StreamOwner& owner) override;
  WriteResult write(std::span<const Bytes> pieces) override;
  WriteResult write_at_once(std::span<const Bytes> pieces) override;
  WriteResult send_file(int fd, std::uint64_t offset, std::size_t count) override;
  void pause_reading() override { paused_ = true; }
  void resume_reading() override;
  void ask_for_place(bool on) override;
  void shutdown_write() override;
  void reset_on_close() override;

  void on_completion(UringOp op, int result, std::uint32_t flags) override;
  void on_ready() override;
  // The queued write of `offered` bytes took `result` of them, or failed with -errno.
  void finish_write(int result, std::size_t offered);

 private:
  void arm();     // asks for what arrives next, in the way that fits
  void disarm();  // on_completion tells when it is done
  UringOp reading_op() const { return bulk_ ? UringOp::Readable : UringOp::Receive; }
  void watch_broken();  // a reset, whatever else is asked for
  void watch_writable();
  void on_received(int result, std::uint32_t flags);
  void on_readable(int mask);
  bool read_bulk(bool to_the_end);  // false: destroyed or dead
  bool deliver(MutableBytes in);    // false: destroyed or dead
  bool end();                       // likewise
  WriteResult after_send(Sent sent, std::size_t offered, bool by_choice);
  void fail(Error error);
  void fail_later(Error error);

  UringBackend& backend_;
  StreamOwner* owner_ = nullptr;
  std::unique_ptr<std::string> held_;  // arrived while paused
  int fd_;
  int failure_ = 0;               // errno of the write that failed
  std::uint32_t bulk_turn_ = 0;   // the last one that read while bulk_
  std::uint8_t small_reads_ = 0;  // in a row, while bulk_
  bool paused_ : 1 = false;
  bool armed_ : 1 = false;      // a request for reading is at the kernel
  bool canceling_ : 1 = false;  // ... and is being taken back
  bool bulk_ : 1 = false;       // that request is a poll
  bool go_bulk_ : 1 = false;    // the next one is to be a poll
  bool asks_ : 1 = false;       // the owner for a place; then bulk
  bool missed_ : 1 = false;     // bulk: something to read was reported while paused
  bool end_held_ : 1 = false;   // the end came after what is held
  bool ended_ : 1 = false;      // on_end was told
  bool dead_ : 1 = false;       // on_error was told or is due
  bool told_error_ : 1 = false;
  bool wants_writable_ : 1 = false;
  bool writable_armed_ : 1 = false;
  bool writable_due_ : 1 = false;  // on_writable in on_ready
  bool broken_armed_ : 1 = false;
  bool write_pending_ : 1 = false;
  bool shutdown_wanted_ : 1 = false;
};

}  // namespace hybi::io
