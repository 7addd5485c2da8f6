#pragma once
// Certificates made on the spot in a temporary folder, for the TLS tests.

#include "unit/temporary_folder.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <fstream>
#include <memory>
#include <stdexcept>
#include <stdlib.h>
#include <string>

namespace webmacs::test {

class Certificates {
 public:
  explicit Certificates(const std::string& ca_name = "webmacs test CA") {
    ca_key_ = new_key();
    ca_ = make(ca_name, "", 0, 3600, ca_key_.get(), nullptr);
    write(ca_file(), [&](FILE* file) { PEM_write_X509(file, ca_.get()); });
  }

  std::string ca_file() const { return file("ca.pem"); }
  std::string file(const std::string& name) const { return folder_.file(name); }

  // NAME.pem and NAME.key; `names` as OpenSSL writes them: "DNS:hub.lab,IP:127.0.0.1". Seconds are from now.
  void issue(const std::string& name, const std::string& names, long from = -60, long to = 3600,
             bool self_signed = false) {
    const auto key = new_key();
    const auto certificate = make(name, names, from, to, key.get(), self_signed ? nullptr : ca_.get());
    write(file(name + ".pem"), [&](FILE* out) { PEM_write_X509(out, certificate.get()); });
    write(file(name + ".key"),
          [&](FILE* out) { PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  }
  // Puts the certificate of `other` behind those of `name`.
  void append(const std::string& name, const std::string& other) const {
    std::ofstream(file(name), std::ios::app) << std::ifstream(file(other)).rdbuf();
  }

 private:
  template <typename T, void (*free_it)(T*)>
  struct Free {
    void operator()(T* object) const { free_it(object); }
  };
  using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY, EVP_PKEY_free>>;
  using Certificate = std::unique_ptr<X509, Free<X509, X509_free>>;

  static Key new_key() { return Key(EVP_EC_gen("P-256")); }

  template <typename Write>
  static void write(const std::string& path, Write&& write_it) {
    FILE* out = fopen(path.c_str(), "w");
    if (out == nullptr) throw std::runtime_error("cannot write " + path);
    write_it(out);
    fclose(out);
  }

  // Signed by itself without `issuer`.
  Certificate make(const std::string& common_name, const std::string& names, long from, long to, EVP_PKEY* key,
                   X509* issuer) {
    Certificate certificate(X509_new());
    X509* raw = certificate.get();
    X509_set_version(raw, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(raw), ++serial_);
    X509_gmtime_adj(X509_getm_notBefore(raw), from);
    X509_gmtime_adj(X509_getm_notAfter(raw), to);
    X509_set_pubkey(raw, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(raw), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
    X509_set_issuer_name(raw, X509_get_subject_name(issuer != nullptr ? issuer : raw));
    add(raw, NID_basic_constraints, names.empty() ? "critical,CA:TRUE" : "CA:FALSE");
    if (!names.empty()) add(raw, NID_subject_alt_name, names.c_str());
    X509_sign(raw, issuer != nullptr ? ca_key_.get() : key, EVP_sha256());
    return certificate;
  }
  static void add(X509* certificate, int kind, const char* value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }

  TemporaryFolder folder_;
  Key ca_key_;
  Certificate ca_;
  long serial_ = 0;
};

}  // namespace webmacs::test
