package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
)

// hold is the file of a database while one process works on it. Two locks keep a second process out. The one beside the file, of
// path + ".lock", is of its name: it also guards a file that is replaced. The one in the file itself is of the file: it holds under
// every name, and where somebody removes the other.
//
// The file stays open until the end. Closing it any sooner would take SQLite's own locks from it, which POSIX gives to the process.
type hold struct {
	path   string
	file   *os.File
	is     fs.FileInfo
	unlock func() // of the name
}

// take locks the file that path names. It makes the file if it is missing, readable by its owner only, and finds out whether it
// can be written, which SQLite would not say before the first write.
func take(path string) (*hold, error) {
	unlock, err := lock(path + ".lock")
	if err != nil {
		return nil, err
	}
	h := &hold{path: path, unlock: sync.OnceFunc(unlock)}
	if h.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		unlock()
		return nil, err
	}
	if err = lockFile(h.file); err == nil {
		h.is, err = h.file.Stat()
	}
	if err == nil {
		err = errors.Join(h.there(), h.alone())
	}
	if err != nil {
		h.release()
		return nil, err
	}
	return h, nil
}

// release gives the file to another process. It may be called twice.
func (h *hold) release() {
	unlockFile(h.file)
	_ = h.file.Close()
	h.unlock()
}

// there returns an error if the path names another file than the one that is held, or none: what is written to that is lost.
func (h *hold) there() error {
	is, err := os.Stat(h.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s", errGone, h.path)
	case err == nil && !os.SameFile(is, h.is):
		return fmt.Errorf("%w: %s is another file now", errGone, h.path)
	}
	return nil // a path that cannot be looked at says nothing about the file
}

// alone returns an error if the file has a second name. SQLite keeps what it has not yet taken into the file beside the name by
// which it was opened, so that under the other name commits are missing after a kill.
func (h *hold) alone() error {
	if n, err := links(h.file); err == nil && n > 1 {
		return fmt.Errorf("%w: %d hard links", errLinked, n)
	}
	return nil
}
