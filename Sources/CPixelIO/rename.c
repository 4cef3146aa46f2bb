#if defined(__linux__)
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/syscall.h>
#endif

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "CPixelIO.h"

int gq_open_unnamed(const char *folder) {
#if defined(__linux__) && defined(O_TMPFILE)
  // Without this the file could not be given a name.
  if (access("/proc/self/fd", X_OK) != 0) return -1;
  return open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
#else
  (void)folder;
  return -1;
#endif
}

int gq_name_unnamed(int file, const char *path) {
#if defined(__linux__) && defined(O_TMPFILE)
  char source[32];
  snprintf(source, sizeof source, "/proc/self/fd/%d", file);
  return linkat(AT_FDCWD, source, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
#else
  (void)file, (void)path;
  return ENOTSUP;
#endif
}

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
