//go:build unix && !linux

package app

// readOnly is not known here.
func readOnly(string) bool { return false }
