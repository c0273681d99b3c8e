//go:build !linux && !darwin

package store

// freeBytes is not known here: what SQLite is told when it writes must do.
func freeBytes(string) (free uint64, known bool) { return 0, false }
