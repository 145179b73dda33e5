// Forms as applications receive them: fields, files in the handler and on disk. RFC 7578.
#include <hybi/app/test_folder.h>
#include <hybi/app/test_server.h>
#include <hybi/form.h>

#include <filesystem>
#include <fstream>

namespace hybi::test {
namespace {

class Forms : public EveryTransport {
 protected:
  static std::string form(std::string_view target, std::string_view body) {
    return post(target, body, "Content-Type: application/x-www-form-urlencoded\r\n");
  }
  static std::string multipart(std::string_view target, std::string_view body) {
    return post(target, body, "Content-Type: multipart/form-data; boundary=XX\r\n");
  }
  static std::string part(std::string_view disposition, std::string_view content) {
    std::string text = "--XX\r\nContent-Disposition: form-data; ";
    return text.append(disposition).append("\r\n\r\n").append(content).append("\r\n");
  }
};
HYBI_EVERY_TRANSPORT(Forms);

TEST_P(Forms, FieldsAreDecodedAndWhatIsNoFormIsAnswered) {
  auto server = start([](auto& site) {
    site.post("/", [](Request& req, Response& res) {
      const auto fields = read_form(req, res, {.max_pairs = 3, .max_total_bytes = 50});
      if (!fields) return;
      res.text(std::string(fields->find("user").value_or("nobody")) + " " +
               std::to_string(fields->size()));
    });
  });
  EXPECT_EQ(ask(*server, form("/", "user=J%C3%B6rg+M&x=1")).body, "J\xC3\xB6rg M 2");
  EXPECT_EQ(ask(*server, form("/", "")).body, "nobody 0");
  EXPECT_EQ(ask(*server, form("/", "user=%zz")).status, 400u);
  EXPECT_EQ(ask(*server, form("/", "a=1&b=2&c=3&d=4")).status, 413u);
  EXPECT_EQ(ask(*server, form("/", "a=" + std::string(60, 'x'))).status, 413u);
  EXPECT_EQ(ask(*server, post("/", "{}", "Content-Type: application/json\r\n")).status, 415u);
  EXPECT_EQ(ask(*server, post("/", "a=1")).status, 415u);
}

TEST_P(Forms, PartsComeToTheHandlerInEverySplit) {
  for (const bool streamed : {false, true}) {
    auto server = start([streamed](auto& site) {
      site.post("/", {.stream_body = streamed}, [](Request& req, Response& res) {
        const auto log = std::make_shared<std::string>();
        receive_form(req, res,
                     {.on_part =
                          [log](const http::PartHead& head) {
                            *log += head.name + (head.is_file() ? "(" + *head.filename + ")" : "") +
                                    "=";
                          },
                      .on_data = [log](Bytes data) { log->append(as_text(data)); },
                      .on_part_end = [log] { *log += ";"; },
                      .on_end = [log, &res] { res.text(*log); }});
      });
    });
    const std::string request =
        multipart("/", part("name=\"a\"", "1") +
                           part("name=\"f\"; filename=\"x.txt\"", "\r\n--X\r\n") + "--XX--\r\n");
    const std::size_t head = request.find("\r\n\r\n") + 4;
    for (std::size_t cut = head; cut < request.size(); cut += in_memory() ? 1 : 23) {
      auto client = server->connect();
      client->write(request.substr(0, cut));
      if (in_memory()) static_cast<MemoryServer&>(*server).settle();
      client->write(request.substr(cut));
      ASSERT_TRUE(client->read_until(replies(1)));
      EXPECT_EQ(take_replies(client->take(), false).at(0).body, "a=1;f(x.txt)=\r\n--X\r\n;") << cut;
    }
    EXPECT_EQ(ask(*server, multipart("/", "--XX\r\nno head")).status, 400u);
    EXPECT_EQ(ask(*server, form("/", "a=1")).status, 415u);
  }
}

std::size_t files_in(const std::string& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder),
                                                std::filesystem::directory_iterator()));
}

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_P(Forms, FilesGoToDiskAndAreRemovedUnlessTheyAreKept) {
  const TemporaryFolder folder;
  const std::string at = folder.path();
  const auto progress = std::make_shared<std::atomic<std::uint64_t>>(0);
  auto server = start([&](auto& site) {
    site.post("/", {.max_body_bytes = 10'000'000, .stream_body = true},
              [&](Request& req, Response& res) {
                receive_uploads(
                    req, res,
                    {.folder = at, .on_progress = [&](std::uint64_t n, auto) { *progress = n; }},
                    [&](Response& late, Uploads& uploads) {
                      std::string log(uploads.find("title").value_or("none"));
                      for (UploadedFile& file : uploads.files) {
                        log += "|" + file.field() + " " + file.filename() + " " +
                               file.content_type() + " " + std::to_string(file.size());
                        EXPECT_EQ(content_of(file.path()).size(), file.size());
                      }
                      if (uploads.find("keep")) {
                        EXPECT_TRUE(uploads.files.at(0).keep_as(at + "/kept"));
                      }
                      late.text(log);
                    });
              });
  });
  const std::string large(2'000'000, 'L');
  const std::string file = "name=\"f\"; filename=\"../../etc/passwd\"\r\nContent-Type: text/x";
  EXPECT_EQ(ask(*server, multipart("/", part("name=\"title\"", "hello") + part(file, large) +
                                            part("name=\"g\"; filename=\"b\"", "") + "--XX--\r\n"))
                .body,
            "hello|f passwd text/x 2000000|g b  0");
  EXPECT_GE(*progress, large.size());
  EXPECT_TRUE(server->run_until([&] { return files_in(at) == 0; }));
  EXPECT_EQ(
      ask(*server, multipart("/", part("name=\"keep\"", "1") + part(file, "content") + "--XX--"))
          .body,
      "none|f passwd text/x 7");
  EXPECT_TRUE(server->run_until([&] { return files_in(at) == 1; }));
  EXPECT_EQ(content_of(at + "/kept"), "content");
}

TEST_P(Forms, AnUploadThatFailsLeavesNothingBehind) {
  const TemporaryFolder folder;
  const std::string at = folder.path();
  auto server = start([&](auto& site) {
    for (const bool missing : {false, true}) {
      site.post(missing ? "/missing" : "/", {.stream_body = true},
                [&, missing](Request& req, Response& res) {
                  receive_uploads(req, res,
                                  {.folder = missing ? at + "/no/such" : at,
                                   .limits = {.max_file_bytes = 1000}},
                                  [](Response& late, Uploads&) { late.text("never"); });
                });
    }
  });
  const std::string begin = part("name=\"f\"; filename=\"x\"", "content");
  EXPECT_EQ(ask(*server, multipart("/", part("name=\"f\"; filename=\"x\"", std::string(2000, 'x'))))
                .status,
            413u);
  EXPECT_EQ(ask(*server, multipart("/", begin)).status, 400u) << "the last delimiter is missing";
  EXPECT_EQ(ask(*server, multipart("/missing", begin + "--XX--")).status, 507u);
  auto gone = server->connect();
  gone->write(multipart("/", begin + begin + "--XX--").substr(0, 250));
  ASSERT_TRUE(server->run_until([&] { return files_in(at) > 0; }));
  gone->reset();
  EXPECT_TRUE(server->run_until([&] { return files_in(at) == 0; }));
}

}  // namespace
}  // namespace hybi::test
