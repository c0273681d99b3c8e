package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"purgebot/cmd/internal/app"
)

func aclCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "acl", Short: "Write and try the policy file",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("there is no command acl %q: there are acl init and acl check", args[0])
			}
			return cmd.Help()
		},
	}
	c.AddCommand(aclInit(), aclCheck())
	return c
}

func aclInit() *cobra.Command {
	return &cobra.Command{
		Use: "init [FILE]", Short: "Write a policy file that loads (acl.yaml), to be filled in", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := "acl.yaml"
			if len(args) == 1 {
				path = args[0]
			}
			if err := app.InitACL(path); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is written. Put your ids in, then try it: purgebot acl check --acl %s --user SUBJECT\n", path, path)
			return nil
		},
	}
}

func aclCheck() *cobra.Command {
	var o app.CheckACL
	c := &cobra.Command{
		Use: "check --acl FILE --user SUBJECT", Short: "Say for each target on standard input whether SUBJECT may purge it", Args: cobra.NoArgs,
		Long: `check reads lines, each a JSON string (a target as typed), and answers one line each, in order:
{"allowed":bool,"canonical":string,"reason":string,"rule":string}
It exits with 0 if every line was answered, whatever the answers, and with 1 for a bad file or flag.`,
		Example: `  echo '"https://www.example.com/a.jpg"' | purgebot acl check --acl acl.yaml --user slack:T024BE7LD/U2147483697 --json`,
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.Run(os.Stdin, cmd.OutOrStdout(), os.Stderr) },
	}
	f := c.Flags()
	f.StringVar(&o.File, "acl", "acl.yaml", "the policy file")
	f.StringVar(&o.User, "user", "", "who asks, e.g. slack:T024BE7LD/U2147483697")
	f.StringArrayVar(&o.Groups, "in", nil, "a group of the platform that they are in; may be repeated")
	f.StringVar(&o.Channel, "channel", "", "the channel they ask in, for grants that name channels")
	f.StringVar(&o.Kind, "kind", "url", "url or directory")
	f.StringVar(&o.Area, "area", "mainland", "mainland, overseas or global")
	f.Bool("json", true, "answer in JSON, the only form there is")
	return c
}
