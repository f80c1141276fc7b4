// Memory for the length of a call. Without exceptions and the C++ library, so that the addon needs
// nothing but libc and loads on old systems.
#pragma once
#include <cstddef>
#include <cstdlib>

template <typename T>
class Scratch {
 public:
  /** `count` zeros. */
  explicit Scratch(size_t count) : values(static_cast<T*>(std::calloc(count ? count : 1, sizeof(T)))) {}
  ~Scratch() { std::free(values); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  explicit operator bool() const { return values != nullptr; }
  T* data() { return values; }
  T& operator[](size_t i) { return values[i]; }

 private:
  T* values;
};
