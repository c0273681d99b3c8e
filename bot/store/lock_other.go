//go:build unix && !linux && !darwin

package store

import "os"

// lockFile does nothing on these systems: every lock that outlives another close of the file would meet SQLite's own.
// The lock file alone keeps a second process out.
func lockFile(*os.File) error { return nil }

// unlockFile does nothing: closing the file releases the lock.
func unlockFile(*os.File) {}
