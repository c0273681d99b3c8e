//go:build unix

package store

import (
	"os"
	"syscall"
)

// lock takes path for as long as the file stays open. The kernel gives it back when the process dies, however it dies.
func lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	_ = f.Close()
	if err == syscall.EWOULDBLOCK {
		return nil, errLocked
	}
	return nil, os.NewSyscallError("flock", err)
}
