//go:build unix && !linux

package app

// readOnly returns false: read-only mounts are detected on Linux only.
func readOnly(string) bool { return false }
