package app

import (
	"io"
	"log/slog"

	"purgebot/purge"
)

// NewLog returns a logger that writes one line of JSON per event with readable values: "1m30s" instead of nanoseconds,
// "denied" instead of 2.
func NewLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		switch v := a.Value.Any().(type) {
		case purge.ErrorKind:
			a.Value = slog.StringValue(v.String())
		default:
			if a.Value.Kind() == slog.KindDuration {
				a.Value = slog.StringValue(a.Value.Duration().String())
			}
		}
		return a
	}}))
}
