/// What `gqimg_version` says; the program's version.
let libraryVersion = "0.1.0"
