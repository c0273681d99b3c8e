// Command purgebot purges Tencent Cloud CDN caches on commands from chat.
//
// It is only the command line: it parses flags, reads the environment, and leaves everything else to package app.
// It makes no decisions, and never connects to a simulator.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"purgebot/cmd/internal/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := command().ExecuteContext(ctx); err != nil {
		os.Exit(trouble(err))
	}
}

// exit is an error with an exit code other than 1, or without a message.
type exit struct {
	code int
	err  error
}

// Error implements error.
func (e exit) Error() string { return fmt.Sprint(e.err) }

// trouble prints an error and returns the exit code.
func trouble(err error) int {
	e := exit{1, err}
	errors.As(err, &e)
	if e.err != nil {
		fmt.Fprintln(os.Stderr, "purgebot:", e.err)
	}
	return e.code
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use: "purgebot", Short: "Purge Tencent Cloud CDN caches from chat",
		SilenceUsage: true, SilenceErrors: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("there is no command %q: see purgebot --help", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(serveCommand(), aclCommand(), historyCommand(), &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) { fmt.Fprintln(cmd.OutOrStdout(), app.Version()) },
	})
	return root
}

func serveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "serve", Short: "Listen to chat and purge", Args: cobra.NoArgs,
		Long: "serve listens to chat and purges until it gets SIGTERM. It is configured by the environment; each secret also as NAME_FILE:\n\n" + app.Table(),
		RunE: func(cmd *cobra.Command, _ []string) error { return serve(cmd.Context()) },
	}
}

func serve(ctx context.Context) error {
	config, err := app.Load(os.Environ())
	if err != nil {
		return fmt.Errorf("the configuration is not complete:\n%w", err)
	}
	a, err := app.Start(ctx, config, app.NewLog(os.Stderr))
	if err != nil {
		return err
	}
	return errors.Join(a.Wait(ctx), a.Stop())
}
