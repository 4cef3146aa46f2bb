#if defined(__linux__)
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/syscall.h>
#endif

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "CPixelIO.h"

int gq_rename_without_replacing(const char *from, const char *to) {
#if defined(__APPLE__)
  if (renamex_np(from, to, RENAME_EXCL) == 0) return 0;
  if (errno != ENOTSUP) return errno;
#elif defined(__linux__) && defined(SYS_renameat2)
  // By number, because the C library may be older than the kernel. 1 is RENAME_NOREPLACE.
  if (syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 1u) == 0) return 0;
  if (errno != ENOSYS && errno != EINVAL) return errno;
#endif
  // Neither kernel nor file system has such a rename: a second name, then away with the first.
  if (link(from, to) != 0) return errno;
  if (unlink(from) == 0) return 0;
  int code = errno;
  unlink(to);
  return code;
}
