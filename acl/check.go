package acl

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"purgebot/purge"
)

// CheckOptions are the circumstances under which Check judges targets.
type CheckOptions struct {
	User    Subject
	Groups  []Subject  // platform groups of the user; groups of the file are resolved from them
	Channel Subject    // "" means no channel: then no grant that lists channels matches
	Kind    purge.Kind // "" means url
	Area    purge.Area // "" means mainland; "global" judges both areas and allows only targets allowed in both
	At      time.Time  // the time for rules with from and until; see Ask
}

// Areas returns the areas to judge. Its error names the wrong option.
func (o *CheckOptions) Areas() ([]purge.Area, error) {
	if o.User == "" {
		return nil, errors.New("no user: name the person to check, as in --user slack:T024BE7LD/U2147483697")
	}
	if o.Kind == "" {
		o.Kind = purge.URL
	}
	if o.Kind != purge.URL && o.Kind != purge.Directory {
		return nil, fmt.Errorf("unknown kind %q: write url or directory", o.Kind)
	}
	switch o.Area {
	case "", purge.Mainland:
		return []purge.Area{purge.Mainland}, nil
	case purge.Overseas:
		return []purge.Area{purge.Overseas}, nil
	case "global":
		return []purge.Area{purge.Mainland, purge.Overseas}, nil
	}
	return nil, fmt.Errorf("unknown area %q: write mainland, overseas or global", o.Area)
}

// checkAnswer is one line of Check's answer.
type checkAnswer struct {
	allowed                 bool
	canonical, reason, rule string
}

func (v *checkAnswer) append(b []byte) []byte {
	b = strconv.AppendBool(append(b, `{"allowed":`...), v.allowed)
	b = appendJSON(append(b, `,"canonical":`...), v.canonical)
	b = appendJSON(append(b, `,"reason":`...), v.reason)
	b = appendJSON(append(b, `,"rule":`...), v.rule)
	return append(b, "}\n"...)
}

// maxLine bounds a line of Check's input.
const maxLine = 2 << 20

// Check reads lines with a JSON string each, a target as typed, and writes one verdict for each, in order, as
// JSON lines. An unreadable line is answered as not allowed. The error is about the options, the input or the
// output; nil means that every line has an answer. Check holds one line in memory at a time.
func (p *Policy) Check(in io.Reader, out io.Writer, o CheckOptions) error {
	areas, err := o.Areas()
	if err != nil {
		return err
	}
	c := checker{policy: p, who: p.Who(o.User, o.Groups), options: o, areas: areas}
	// Answer line by line.
	lines := lineReader{in: bufio.NewReaderSize(in, 64<<10)}
	w := bufio.NewWriterSize(out, 64<<10)
	for lines.next() {
		v := c.judge(lines.line, lines.long)
		if _, err := w.Write(v.append(w.AvailableBuffer())); err != nil {
			return err
		}
		if lines.in.Buffered() == 0 { // the writer of single lines waits for this answer
			if err := w.Flush(); err != nil {
				return err
			}
		}
	}
	return errors.Join(lines.err, w.Flush())
}

type checker struct {
	policy  *Policy
	who     Who
	options CheckOptions
	areas   []purge.Area
}

func (c *checker) judge(line []byte, long bool) checkAnswer {
	s, why := unquote(line, long)
	if why != "" {
		return checkAnswer{reason: why, rule: DefaultDeny}
	}
	t, err := purge.Parse(c.options.Kind, s)
	if err != nil {
		return checkAnswer{reason: reason(err), rule: DefaultDeny}
	}
	a := Ask{Who: c.who, In: c.options.Channel, Kind: c.options.Kind, Target: t, At: c.options.At}
	var d Decision
	for _, a.Area = range c.areas {
		if d = c.policy.decideByFile(a); !d.Allowed {
			break
		}
	}
	return checkAnswer{d.Allowed, t.String(), c.policy.explain(a, d), d.Rule}
}

func reason(err error) string {
	if refused := (*purge.Refused)(nil); errors.As(err, &refused) {
		return refused.Reason
	}
	return err.Error()
}

// unquote returns the string of a line, or a sentence about its absence.
func unquote(line []byte, long bool) (s, why string) {
	line = bytes.Trim(line, " \t\r")
	n := len(line)
	switch {
	case long:
		return "", "The line is over 2 MiB."
	case n == 0:
		return "", "The line is blank."
	case n > 1 && line[0] == '"' && line[n-1] == '"' && verbatim(line[1:n-1]):
		return string(line[1 : n-1]), ""
	case line[0] != '"' || !utf8.Valid(line) || json.Unmarshal(line, &s) != nil:
		return "", "The line is not a JSON string."
	}
	return s, ""
}

// verbatim reports whether a JSON string holds s unescaped. Nearly every line does, and encoding/json is slower
// than the judgement.
func verbatim[T string | []byte](s T) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// appendJSON quotes printable ASCII itself. Most reasons are printable ASCII with the quoted name of a rule.
func appendJSON(b []byte, s string) []byte {
	if verbatim(s) {
		return append(append(append(b, '"'), s...), '"')
	}
	quoted := append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c > '~':
			return appendOddJSON(b, s)
		case c == '"', c == '\\':
			quoted = append(quoted, '\\', c)
		default:
			quoted = append(quoted, c)
		}
	}
	return append(quoted, '"')
}

func appendOddJSON(b []byte, s string) []byte {
	var quoted bytes.Buffer
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s) // neither strings nor buffers fail
	return append(b, bytes.TrimSuffix(quoted.Bytes(), []byte{'\n'})...)
}

// lineReader cuts its input into lines and drops lines that are too long.
type lineReader struct {
	in   *bufio.Reader
	line []byte // without the line end; valid until the next call of next
	long bool
	err  error
}

// next reads a line. It returns false at the end and after an error.
func (l *lineReader) next() bool {
	l.line, l.long = l.line[:0], false
	for {
		part, err := l.in.ReadSlice('\n')
		l.add(bytes.TrimSuffix(part, []byte{'\n'}))
		switch err {
		case nil:
			return true
		case bufio.ErrBufferFull:
		case io.EOF:
			return len(part) > 0 || len(l.line) > 0 || l.long
		default:
			l.err = err
			return false
		}
	}
}

func (l *lineReader) add(part []byte) {
	l.long = l.long || len(l.line)+len(part) > maxLine
	if l.long {
		l.line = l.line[:0]
		return
	}
	l.line = append(l.line, part...)
}
