// TempFolder: a folder of a test's own, gone with it.
#pragma once

#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include "init/os/files.h"

namespace berth {

class TempFolder {
 public:
  TempFolder() : path_(testing::TempDir() + "berth-XXXXXX") {
    EXPECT_NE(nullptr, ::mkdtemp(path_.data()));
  }
  ~TempFolder() {
    EXPECT_TRUE(os::empty_folder(path_).has_value());
    ::rmdir(path_.c_str());
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string path(const std::string& name) const { return path_ + "/" + name; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
  }

 private:
  std::string path_;
};

}  // namespace berth
