// Which backend a loop gets, and what happens where the kernel refuses one.
#include <hybi/io/backend.h>
#include <hybi/io/test_sockets.h>

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace hybi::io::test {
namespace {

// From here on io_uring_setup fails with EPERM in this process, as it does in many containers.
bool forbid_uring() {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{.len = 4, .filter = code};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// Runs `check` in a child process. Returns: whether it was true there.
bool in_child(const std::function<bool()>& check) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(check() ? 0 : 1);
  int status = -1;
  ::waitpid(child, &status, 0);
  return status == 0;
}

TEST(Backend, AutoServesOnEveryKernel) {
  Server server(BackendKind::Auto);
  server.when_accepted = [](Connection& connection) {
    connection.when_bytes = [](Connection& self, MutableBytes in) { self.send(as_text(in)); };
  };
  EXPECT_NE(server.loop->backend_kind(), BackendKind::Auto);
  Client client(server.port);
  client.send("hello");
  EXPECT_TRUE(turn_until(*server.loop, [&] { return client.receive() == "hello"; }));
}

TEST(Backend, WithoutUringItIsRefusedByNameAndAutoIsEpoll) {
  EXPECT_TRUE(in_child([] {
    if (!forbid_uring()) return false;
    const auto refused = Loop::create({.backend = BackendKind::Uring});
    const auto fallback = Loop::create({.backend = BackendKind::Auto});
    return !refused && refused.error().code == Errc::NoBackend && refused.error().os == EPERM &&
           fallback && fallback.value()->backend_kind() == BackendKind::Epoll;
  }));
}

// Says what this machine tests: the suites of streams, listeners and loops run on what is named
// here.
TEST(Backend, UringIsEitherThereAndServesOrIsRefusedAsNoBackend) {
  const auto loop = Loop::create({.backend = BackendKind::Uring});
  RecordProperty("uring", loop ? "available" : "refused");
  if (loop) {
    EXPECT_EQ(loop.value()->backend_kind(), BackendKind::Uring);
  } else {
    EXPECT_EQ(loop.error().code, Errc::NoBackend);
    EXPECT_EQ(available_backends().size(), 1u);
  }
}

TEST(Backend, NamesAreThoseOfTheCommandLine) {
  EXPECT_EQ(name_of(BackendKind::Auto), "auto");
  EXPECT_EQ(name_of(BackendKind::Epoll), "epoll");
  EXPECT_EQ(name_of(BackendKind::Uring), "uring");
}

TEST(Backend, TwoLoopsInOneProcessDoNotMeet) {
  for (const BackendKind kind : available_backends()) {
    Server a(kind), b(kind);
    Client to_a(a.port), to_b(b.port);
    Connection& at_a = a.accept_one();
    Connection& at_b = b.accept_one();
    to_a.send("for a");
    to_b.send("for b");
    EXPECT_TRUE(turn_until(*a.loop, [&] { return at_a.received == "for a"; }));
    EXPECT_TRUE(turn_until(*b.loop, [&] { return at_b.received == "for b"; }));
  }
}

}  // namespace
}  // namespace hybi::io::test
