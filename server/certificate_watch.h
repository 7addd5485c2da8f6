#pragma once
// Warns while the hub's certificate is about to end: in the log once a day, and in the warnings. Network thread only.

#include "common/log.h"
#include "common/reading.h"
#include "server/catalog/warnings.h"

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <optional>
#include <string>

namespace webmacs {

class CertificateWatch {
 public:
  explicit CertificateWatch(Warnings& warnings) : warnings_(warnings) {}

  // The certificate of `context` is in use from now on; null: none is.
  void use(const std::shared_ptr<boost::asio::ssl::context>& context, Timestamp now);
  // To be called now and then.
  void look(Timestamp now);
  // When the certificate, or another of its chain, ends.
  const std::optional<Timestamp>& end() const { return end_; }

 private:
  Warnings& warnings_;
  std::optional<Timestamp> end_;
  std::optional<Timestamp> logged_;
};

}  // namespace webmacs
