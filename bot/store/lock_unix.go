//go:build unix

package store

import (
	"os"
	"syscall"
)

// lock locks path until release. The kernel releases the lock when the process dies.
func lock(path string) (release func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return func() { unlock(f) }, nil
	}
	_ = f.Close()
	if err == syscall.EWOULDBLOCK {
		return nil, errLocked
	}
	return nil, os.NewSyscallError("flock", err)
}

// unlock releases the lock before Close, since a child process just being started still has the file for a moment.
func unlock(f *os.File) {
	_ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
	_ = f.Close()
}

// links returns the number of names of a file.
func links(f *os.File) (uint64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return uint64(info.Sys().(*syscall.Stat_t).Nlink), nil
}
