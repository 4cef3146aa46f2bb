#ifndef C_LIBRARY_LOCATION_H
#define C_LIBRARY_LOCATION_H

/// The path of the shared library or program that this code is part of, or NULL; lives as long as the process.
const char *gq_library_path(void);

#endif
