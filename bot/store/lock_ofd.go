//go:build linux || darwin

package store

import (
	"io"
	"os"
	"syscall"
)

// beyond is a byte that SQLite neither stores nor locks: its own locks are around 1 GiB, its files end at 281 TB.
const beyond = 1 << 62

// lockFile takes the file itself until it is closed. The lock belongs to the open file, not to the process as POSIX has it: SQLite
// opens and closes the same file beside it. It is of one byte, so that SQLite's own locks stay free, also where flock would meet them.
func lockFile(f *os.File) error {
	byte := syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart, Start: beyond, Len: 1}
	switch err := syscall.FcntlFlock(f.Fd(), ofdSetLock, &byte); err {
	case nil, syscall.EINVAL, syscall.ENOTSUP: // a file system without such locks has the one beside the file
		return nil
	case syscall.EAGAIN, syscall.EACCES:
		return errLocked
	default:
		return os.NewSyscallError("fcntl", err)
	}
}

// unlockFile does not leave it to Close: a child process that is just being started still has the file for a moment.
func unlockFile(f *os.File) {
	free := syscall.Flock_t{Type: syscall.F_UNLCK, Whence: io.SeekStart, Start: beyond, Len: 1}
	_ = syscall.FcntlFlock(f.Fd(), ofdSetLock, &free)
}
