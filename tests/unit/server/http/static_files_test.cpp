#include "server/http/static_files.h"

#include "unit/capture_stderr.h"
#include "unit/temporary_folder.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

using namespace webmacs;

namespace {

void write(const std::string& path, const std::string& content) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << content;
}

HttpRequest request(const std::string& path, const std::string& field = "", const std::string& value = "") {
  HttpRequest request;
  request.path = path;
  if (!field.empty()) request.header.set(field, value);
  return request;
}

std::string header(const HttpResponse& response, const std::string& name) {
  for (const auto& [field, value] : response.headers) {
    if (field == name) return value;
  }
  return "";
}

struct Dashboard {
  Dashboard() {
    write(file("index.html"), "<html>");
    write(file("assets/app-1a2b.js"), script);
    write(file("notes.txt"), "not for everybody");
    write(folder.file("outside.js"), "not for everybody");
  }
  std::string file(const std::string& name) const { return folder.file("web/" + name); }
  StaticFiles read() const { return StaticFiles(folder.file("web")); }
  const std::string script = std::string(5000, 'x');
  TemporaryFolder folder;
};

}  // namespace

TEST_CASE("the page is at / and under its name, and asked about again each time") {
  const Dashboard dashboard;
  const StaticFiles files = dashboard.read();
  const auto page = files.find(request("/"));
  REQUIRE(page);
  CHECK(page->body == "<html>");
  CHECK(page->content_type == "text/html; charset=utf-8");
  CHECK(header(*page, "Cache-Control") == "no-cache");
  CHECK(files.find(request("/index.html"))->body == "<html>");
}

TEST_CASE("what has its content's hash in its name is kept for good") {
  const Dashboard dashboard;
  const StaticFiles files = dashboard.read();
  CHECK(header(*files.find(request("/assets/app-1a2b.js")), "Cache-Control") == "public, max-age=31536000, immutable");
}

TEST_CASE("nothing is served but what a page is made of, and nothing outside the folder") {
  const Dashboard dashboard;
  const StaticFiles files = dashboard.read();
  for (const char* path : {"/notes.txt", "/assets", "/assets/", "/../outside.js", "/none.js", ""}) {
    CAPTURE(path);
    CHECK_FALSE(files.find(request(path)));
  }
}

TEST_CASE("a file that was changed or added after the start is not seen") {
  const Dashboard dashboard;
  const StaticFiles files = dashboard.read();
  write(dashboard.file("index.html"), "changed");
  write(dashboard.file("late.js"), "late");
  CHECK(files.find(request("/"))->body == "<html>");
  CHECK_FALSE(files.find(request("/late.js")));
}

TEST_CASE("who takes gzip gets it under a tag of its own; what would hardly shrink stays as it is") {
  const Dashboard dashboard;
  const StaticFiles files = dashboard.read();
  const auto plain = files.find(request("/assets/app-1a2b.js"));
  const auto packed = files.find(request("/assets/app-1a2b.js", "Accept-Encoding", "br, gzip"));
  CHECK(plain->body == dashboard.script);
  CHECK(header(*plain, "Content-Encoding").empty());
  CHECK(header(*packed, "Content-Encoding") == "gzip");
  CHECK(packed->body.size() < 100);
  CHECK(packed->body.starts_with("\x1f\x8b"));
  CHECK(header(*plain, "ETag") != header(*packed, "ETag"));
  CHECK(header(*plain, "Vary") == "Accept-Encoding");
  CHECK(header(*files.find(request("/", "Accept-Encoding", "gzip")), "Content-Encoding").empty());
}

TEST_CASE("who has the file already is told so") {
  const Dashboard dashboard;
  const StaticFiles files = dashboard.read();
  const std::string tag = header(*files.find(request("/")), "ETag");
  for (const std::string& known : {tag, "W/" + tag, "\"old\", " + tag, std::string("*")}) {
    CAPTURE(known);
    const auto answer = files.find(request("/", "If-None-Match", known));
    CHECK(answer->status == 304);
    CHECK(answer->body.empty());
    CHECK(header(*answer, "ETag") == tag);
  }
  CHECK(files.find(request("/", "If-None-Match", "\"old\""))->status == 200);
}

TEST_CASE("without a dashboard the hub says so and works") {
  const TemporaryFolder folder;
  CaptureStderr log;
  const StaticFiles none(folder.file("nowhere"));
  CHECK_FALSE(none.find(request("/")));
  const std::string text = log.take();
  CHECK(text.find("nowhere: No such file or directory; everything else works") != std::string::npos);
  CHECK(text.find("/ answers 404") != std::string::npos);
}
