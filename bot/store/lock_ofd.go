//go:build linux || darwin

package store

import (
	"io"
	"os"
	"syscall"
)

// beyond is the position of a byte that SQLite neither stores nor locks: SQLite's own locks are near 1 GiB, and its
// files end at 281 TB.
const beyond = 1 << 62

// lockFile locks the file until it is closed. The lock belongs to the open file and not to the process, unlike a POSIX
// lock, since SQLite opens and closes the same file in this process. The lock covers one byte, so that it does not meet
// SQLite's own locks, even on a file system that turns flock into such a lock.
func lockFile(f *os.File) error {
	byte := syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart, Start: beyond, Len: 1}
	switch err := syscall.FcntlFlock(f.Fd(), ofdSetLock, &byte); err {
	case nil, syscall.EINVAL, syscall.ENOTSUP: // a file system without such locks relies on the lock file
		return nil
	case syscall.EAGAIN, syscall.EACCES:
		return errLocked
	default:
		return os.NewSyscallError("fcntl", err)
	}
}

// unlockFile releases the lock before Close, since a child process just being started still has the file for a moment.
func unlockFile(f *os.File) {
	free := syscall.Flock_t{Type: syscall.F_UNLCK, Whence: io.SeekStart, Start: beyond, Len: 1}
	_ = syscall.FcntlFlock(f.Fd(), ofdSetLock, &free)
}
