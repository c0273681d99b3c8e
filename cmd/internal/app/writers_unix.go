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

// nonBlocking makes opening a pipe return without a writer.
const nonBlocking = syscall.O_NONBLOCK

const (
	groupWrites, othersWrite fs.FileMode = 0o020, 0o002
	groupEnters, othersEnter fs.FileMode = 0o010, 0o001
)

// writers returns the ways in which users other than the owner may write a file: through its own mode, or through a
// folder above it, in which they could replace the file. For a symbolic link, the link and its destination are both
// examined.
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

// throughFolders examines each folder from the root down to the file. A user cannot write below a folder that they
// cannot enter, on a read-only mount, or to other people's files in a folder with the sticky bit.
func throughFolders(path string) (ways []string) {
	group, others := true, true // whether the group and others can reach the current folder
	at := "/"
	for _, name := range append([]string{""}, strings.Split(strings.TrimPrefix(path, "/"), "/")...) {
		at = filepath.Join(at, name)
		info, err := os.Stat(at)
		if err != nil {
			return ways
		}
		// A part that others may write is reported.
		mode := info.Mode()
		open := group && mode&groupWrites != 0 || others && mode&othersWrite != 0
		switch {
		case !open, mode&fs.ModeSticky != 0, readOnly(at):
		case info.IsDir():
			ways = append(ways, fmt.Sprintf("policy file: other users may replace the file, since they may write to %s (%s): remove the permission (chmod go-w)", at, mode))
		default:
			ways = append(ways, fmt.Sprintf("policy file: other users may write to %s (%s): remove the permission (chmod go-w)", at, mode))
		}
		// The folder's mode limits access to everything below.
		group, others = group && mode&(groupEnters|othersEnter) != 0, others && mode&othersEnter != 0
	}
	return ways
}
