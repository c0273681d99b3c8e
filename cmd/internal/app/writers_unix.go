//go:build unix

package app

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// nonBlocking opens a pipe without waiting for who writes to it.
const nonBlocking = syscall.O_NONBLOCK

const (
	groupWrites, othersWrite fs.FileMode = 0o020, 0o002
	groupEnters, othersEnter fs.FileMode = 0o010, 0o001
)

// writers says how others than its owner may write a file, by its own mode or by that of a folder above it, through which another
// could be put in its place; for a symbolic link, both for its name and for what it leads to.
func writers(path string) (ways []string) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil
	}
	ways = throughFolders(path)
	if real != path {
		for _, way := range throughFolders(real) {
			if !strings.Contains(strings.Join(ways, "\n"), way) {
				ways = append(ways, way)
			}
		}
	}
	return ways
}

// throughFolders goes down to a file. Nobody writes what they cannot reach, what is mounted to be read only, or, in a folder with
// the sticky bit, what is somebody else's.
func throughFolders(path string) (ways []string) {
	group, others := true, true // may still reach it
	at := "/"
	for _, name := range append([]string{""}, strings.Split(strings.TrimPrefix(path, "/"), "/")...) {
		at = filepath.Join(at, name)
		info, err := os.Stat(at)
		if err != nil {
			return ways
		}
		mode := info.Mode()
		open := group && mode&groupWrites != 0 || others && mode&othersWrite != 0
		switch {
		case !open, mode&fs.ModeSticky != 0, readOnly(at):
		case info.IsDir():
			ways = append(ways, fmt.Sprintf("policy file: others may put another in its place, since they may write to %s (%s): take that away (chmod go-w)", at, mode))
		default:
			ways = append(ways, fmt.Sprintf("policy file: others may write to %s (%s): take that away (chmod go-w)", at, mode))
		}
		group, others = group && mode&(groupEnters|othersEnter) != 0, others && mode&othersEnter != 0
	}
	return ways
}
