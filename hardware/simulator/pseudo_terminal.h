#pragma once
// A serial line without hardware: a pseudo terminal whose controlling side the simulator reads and writes.

#include <string>

namespace webmacs {

class PseudoTerminal {
 public:
  PseudoTerminal();   // throws std::system_error
  ~PseudoTerminal();  // takes its link away again
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  const std::string& path() const { return path_; }  // "/dev/pts/3": what a client opens

  // Makes `link` lead there. A dangling symbolic link, as an earlier run leaves behind when it is killed, is replaced;
  // anything else that has the name is left alone. Throws std::system_error, with the link's name.
  void link_as(const std::string& link);

  // The controlling side; the caller closes it. Once.
  int release();

 private:
  int controller_ = -1;
  int held_ = -1;  // the clients' side, so that the line lives on between two clients
  std::string path_;
  std::string link_;
};

}  // namespace webmacs
