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

// readFor is how long a file may take to be read. A pipe that nobody writes to and a mount whose server is gone take for ever.
const readFor = 5 * time.Second

var errSilent = errors.New("it does not answer: is it a pipe, or on a mount whose server is gone?")

// within waits for what may hang, as long as d. What hangs then goes on to hang by itself, since nothing can interrupt it.
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

// maxSecret is more than any key or token has.
const maxSecret = 64 << 10

// readSecret reads a file with one secret in it, as editors and shells leave it: with a byte order mark and an end of line. Its errors
// hold nothing of the file.
func readSecret(name, path string) (string, error) {
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
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return "", fmt.Errorf("%s_FILE names a file in UTF-16: save it as plain text, UTF-8", name)
	}
	text := bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	switch {
	case len(text) == 0:
		return "", fmt.Errorf("%s_FILE names a file that is empty", name)
	case !utf8.Valid(text) || bytes.ContainsAny(text, "\r\n\x00"):
		return "", fmt.Errorf("%s_FILE names a file with more in it than one line of text", name)
	}
	return string(text), nil
}

// readMost reads a file that is no longer than most bytes.
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
