//go:build linux || darwin

package store

import "syscall"

// freeBytes returns the number of bytes that may still be written to the disk of a folder.
func freeBytes(folder string) (free uint64, known bool) {
	var fs syscall.Statfs_t
	if syscall.Statfs(folder, &fs) != nil || fs.Blocks == 0 { // the file system does not tell
		return 0, false
	}
	return fs.Bavail * uint64(fs.Bsize), true
}
