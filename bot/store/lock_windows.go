package store

import (
	"os"
	"syscall"
	"unsafe"
)

const sharingViolation syscall.Errno = 32

// lock locks path until release, by opening it without sharing.
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

// lockFileEx is LockFileEx of the Windows API, which package syscall lacks.
var lockFileEx = syscall.NewLazyDLL("kernel32.dll").NewProc("LockFileEx")

// lockFile locks a byte of the file that SQLite neither stores nor locks.
func lockFile(f *os.File) error {
	const failImmediately, exclusive = 1, 2
	const lockViolation syscall.Errno = 33
	beyond := syscall.Overlapped{OffsetHigh: 1 << 30}
	done, _, err := lockFileEx.Call(f.Fd(), failImmediately|exclusive, 0, 1, 0, uintptr(unsafe.Pointer(&beyond)))
	switch {
	case done != 0:
		return nil
	case err == lockViolation:
		return errLocked
	}
	return os.NewSyscallError("LockFileEx", err)
}

// links returns the number of names of a file.
func links(f *os.File) (uint64, error) {
	var info syscall.ByHandleFileInformation
	err := syscall.GetFileInformationByHandle(syscall.Handle(f.Fd()), &info)
	return uint64(info.NumberOfLinks), err
}

// unlockFile does nothing: closing the file releases the lock.
func unlockFile(*os.File) {}
