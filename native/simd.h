// How a loop is told to use wide registers, without asking more of a processor than SSE4.2.
#pragma once

// On Linux each kernel is compiled twice and the loader picks by processor. ARM has NEON everywhere.
#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__)
#define KERNEL __attribute__((target_clones("avx2", "default")))
#define VECTOR_BYTES 32
#else
#define KERNEL
#define VECTOR_BYTES 16
#endif

// What a kernel calls has to become part of it, or it would be compiled for the baseline only.
#define INLINE inline __attribute__((always_inline))
