package store

import (
	"os"
	"syscall"
)

const sharingViolation syscall.Errno = 32

// lock takes path until release, by opening it without sharing it.
func lock(path string) (release func(), err error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	h, err := syscall.CreateFile(name, syscall.GENERIC_WRITE, 0, nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if err == sharingViolation {
		return nil, errLocked
	}
	if err != nil {
		return nil, os.NewSyscallError("CreateFile", err)
	}
	return func() { _ = syscall.CloseHandle(h) }, nil
}
