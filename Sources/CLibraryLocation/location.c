#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CLibraryLocation.h"

#include <dlfcn.h>
#include <stddef.h>

const char *gq_library_path(void) {
  static const char mark = 0;
  Dl_info info;
  return dladdr(&mark, &info) != 0 ? info.dli_fname : NULL;
}
