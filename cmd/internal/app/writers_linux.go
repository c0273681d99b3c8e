package app

import "syscall"

// readOnly reports whether a path is mounted so that nobody here writes to it, as Kubernetes mounts its ConfigMaps, whose folder
// has the mode drwxrwxrwx.
func readOnly(path string) bool {
	var fs syscall.Statfs_t
	return syscall.Statfs(path, &fs) == nil && fs.Flags&1 != 0 // ST_RDONLY
}
