#pragma once
// Who else may read a file that holds a secret. Any thread.

#include <string>

namespace webmacs {

// Returns what is wrong when everybody on this machine may read `path`: "token file /…: everybody on this machine can
// read it (mode 0644): chmod o-rwx /…", with `what` in front; empty when nobody but its owner and group can, or when
// the file cannot be looked at.
std::string readable_by_all(const std::string& what, const std::string& path);

// Makes the folder of `path`, and those above it, where they are missing: as root for the owner of the one that is
// there.
void make_folder_of(const std::string& path);
// Creates `path`, empty, with mode 0640, where there is nothing yet: as root for the owner of its folder, so that a
// start by hand leaves nothing behind that the service cannot open. Takes the rights of all others away from a file
// that is there, where it may. Returns whether it took some away. What fails here fails again, with words, when the
// file is opened.
bool make_private(const std::string& path);
// The second half of that: of a file that is there. Returns whether it took some away.
bool take_from_others(const std::string& path);

// Returns "PATH: permission denied; run with sudo" when this process may not see or read the file (or may not look into
// its folder), and empty otherwise, also when there is nothing.
std::string denied(const std::string& path);

}  // namespace webmacs
