//go:build unix && !linux && !darwin

package store

import "os"

// lockFile does nothing: here every lock of a file that outlives another close of it is one that SQLite's own would meet. What
// keeps a second process out is the lock beside the file.
func lockFile(*os.File) error { return nil }

// unlockFile does nothing: closing the file gives the lock back.
func unlockFile(*os.File) {}
