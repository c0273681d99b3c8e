package main

import (
	"context"
	"errors"
	"io"
)

func (w *world) servePage(ctx context.Context, listen string, out io.Writer) error {
	return errors.New("the page is under construction")
}
