package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
)

// hold is the file of a database in use by one process. Two locks keep a second process out. The lock file beside the
// database, path + ".lock", belongs to the name and also protects a replaced file. The lock in the database file belongs
// to the file: it works under every name, and after a removal of the lock file.
//
// The file stays open until the end, since closing it would release SQLite's own locks, which POSIX gives to the
// process.
type hold struct {
	path   string
	file   *os.File
	is     fs.FileInfo
	unlock func() // releases the lock file
}

// take locks the file at path. A missing file is created, readable by its owner only. take also finds out whether the
// file is writable, which SQLite reports only at the first write.
func take(path string) (*hold, error) {
	// The lock of the name comes first.
	unlock, err := lock(path + ".lock")
	if err != nil {
		return nil, err
	}
	h := &hold{path: path, unlock: sync.OnceFunc(unlock)}
	// The file is opened for writing and locked.
	if h.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		unlock()
		return nil, err
	}
	if err = lockFile(h.file); err == nil {
		h.is, err = h.file.Stat()
	}
	// The path must name this file, and the file must have no other name.
	if err == nil {
		err = errors.Join(h.there(), h.alone())
	}
	if err != nil {
		h.release()
		return nil, err
	}
	return h, nil
}

// release gives the file to another process. A second call has no effect.
func (h *hold) release() {
	unlockFile(h.file)
	_ = h.file.Close()
	h.unlock()
}

// there returns an error if the path names another file or none, since writes to the opened file would be lost.
func (h *hold) there() error {
	is, err := os.Stat(h.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s", errGone, h.path)
	case err == nil && !os.SameFile(is, h.is):
		return fmt.Errorf("%w: %s is another file now", errGone, h.path)
	}
	return nil // an unreadable path says nothing about the file
}

// alone returns an error if the file has a second name. SQLite keeps recent commits in a file beside the name used at
// opening. After a kill, these commits are missing under the other name.
func (h *hold) alone() error {
	if n, err := links(h.file); err == nil && n > 1 {
		return fmt.Errorf("%w: %d hard links", errLinked, n)
	}
	return nil
}
