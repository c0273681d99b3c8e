package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
	"unicode/utf8"
)

// readFor is the time limit for reading a file. Reading a pipe without a writer, or a mount without its server, never
// ends.
const readFor = 5 * time.Second

var errSilent = errors.New("the file does not answer: check whether it is a pipe, or on a mount without its server")

// within runs read with a time limit. After the limit read goes on in its goroutine, since a hanging read cannot be
// interrupted.
func within[T any](d time.Duration, read func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	done := make(chan answer, 1)
	go func() {
		value, err := read()
		done <- answer{value, err}
	}()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case a := <-done:
		return a.value, a.err
	case <-timer.C:
		var none T
		return none, errSilent
	}
}

// maxSecret is the maximum size of a file with a secret.
const maxSecret = 64 << 10

// readSecret reads a file that holds one secret. A byte order mark and a final line break, as editors and shells leave
// them, are removed. Errors repeat nothing of the file.
func readSecret(name, path string) (string, error) {
	// The file may lie on a mount that hangs.
	data, err := within(readFor, func() ([]byte, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return readMost(f, maxSecret)
	})
	if err != nil {
		return "", fmt.Errorf("%s_FILE cannot be read: %w", name, err)
	}
	// Windows editors may save UTF-16.
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return "", fmt.Errorf("%s_FILE names a file in UTF-16: save it as plain text, UTF-8", name)
	}
	// The secret is the one line of the file.
	text := bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	switch {
	case len(text) == 0:
		return "", fmt.Errorf("%s_FILE names a file that is empty", name)
	case !utf8.Valid(text) || bytes.ContainsAny(text, "\r\n\x00"):
		return "", fmt.Errorf("%s_FILE names a file with more in it than one line of text", name)
	}
	return string(text), nil
}

// readMost reads a file of at most `most` bytes.
func readMost(f *os.File, most int64) ([]byte, error) {
	tooLong := fmt.Errorf("%s has more than %d bytes", f.Name(), most)
	if info, err := f.Stat(); err == nil && info.Size() > most {
		return nil, tooLong
	}
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = tooLong
	}
	return data, err
}
