package app

import "syscall"

// readOnly reports whether a path is on a read-only mount. Kubernetes mounts ConfigMaps this way, in a folder with the
// mode drwxrwxrwx.
func readOnly(path string) bool {
	var fs syscall.Statfs_t
	return syscall.Statfs(path, &fs) == nil && fs.Flags&1 != 0 // ST_RDONLY
}
