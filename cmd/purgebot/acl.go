package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"purgebot/cmd/internal/app"
)

func aclCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "acl", Short: "Write and try the policy file",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("there is no command acl %q: there are acl init, check, why, who-can, test and diff", args[0])
			}
			return cmd.Help()
		},
	}
	c.SetFlagErrorFunc(withFlags)
	c.AddCommand(aclInit(), aclCheck(), aclWhy(), aclWhoCan(), aclTest(), aclDiff())
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
			fmt.Fprintf(cmd.OutOrStdout(), "%s is written. Put in your ids and hosts, and under tests the targets that a person may and may not purge; then: purgebot acl test %s\n", path, path)
			return nil
		},
	}
}

func aclCheck() *cobra.Command {
	var o app.AskACL
	c := &cobra.Command{
		Use: "check --acl FILE --user SUBJECT", Short: "Say for each target on standard input whether SUBJECT may purge it", Args: cobra.NoArgs,
		Long: `check reads lines, each a JSON string (a target as typed), and answers one line each, in order:
{"allowed":bool,"canonical":string,"reason":string,"rule":string}
It exits with 0 if every line was answered, and with 1 for a bad file or flag.`,
		Example: `  echo '"https://www.example.com/a.jpg"' | purgebot acl check --acl acl.yaml --user slack:T024BE7LD/U2147483697 --json`,
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.Check(os.Stdin, cmd.OutOrStdout(), os.Stderr) },
	}
	asking(c, &o)
	c.Flags().Bool("json", true, "answer in JSON, the only form there is")
	return c
}

// asking adds the flags that describe the asker and the question.
func asking(c *cobra.Command, o *app.AskACL) {
	f := c.Flags()
	f.StringVar(&o.File, "acl", "acl.yaml", "the policy file")
	f.StringVar(&o.User, "user", "", "the person who asks, e.g. slack:T024BE7LD/U2147483697")
	f.StringArrayVar(&o.Groups, "in", nil, "a platform group of that person; may be repeated")
	f.StringVar(&o.Channel, "channel", "", "the channel of the question, for grants that name channels")
	f.StringVar(&o.Kind, "kind", "url", "url or directory")
	f.StringVar(&o.Area, "area", "mainland", "mainland, overseas or global")
}

func aclWhy() *cobra.Command {
	var o app.AskACL
	c := &cobra.Command{
		Use: "why --acl FILE --user SUBJECT TARGET…", Short: "Say whether SUBJECT may purge TARGET now, by which rule, and the reasons why other rules do not apply", Args: cobra.MinimumNArgs(1),
		Long: `why decides about each target as the bot would now, apart from freezes and temporary grants in chat. With --area global it
answers once for each area. It exits with 0 after every answer, and with 1 for a bad file, flag or target.`,
		Example: `  purgebot acl why --acl acl.yaml --user slack:T024BE7LD/U2147483697 https://www.example.com/a.jpg`,
		RunE:    func(cmd *cobra.Command, args []string) error { return o.Why(args, cmd.OutOrStdout(), os.Stderr) },
	}
	asking(c, &o)
	c.Flags().BoolVar(&o.JSON, "json", false, "answer in JSON, one object a line")
	return c
}

func aclWhoCan() *cobra.Command {
	var o app.AskACL
	c := &cobra.Command{
		Use: "who-can --acl FILE TARGET…", Short: "List the people and groups who may purge each TARGET now", Args: cobra.MinimumNArgs(1),
		Long: `who-can lists people, groups and subjects by their names in the file, each with its members, the grant, its limits and its
confirmation; and, after "but", the denials that close a part of it. Only the chat knows the members of its groups: for a member,
use why. It exits with 0 after an answer, and with 1 for a bad file, flag or target.`,
		Example: `  purgebot acl who-can --acl acl.yaml --kind directory https://www.example.com/assets/`,
		RunE:    func(cmd *cobra.Command, args []string) error { return o.WhoCan(args, cmd.OutOrStdout(), os.Stderr) },
	}
	f := c.Flags()
	f.StringVar(&o.File, "acl", "acl.yaml", "the policy file")
	f.StringVar(&o.Channel, "channel", "", "the channel of the question; without it, any channel")
	f.StringVar(&o.Kind, "kind", "url", "url or directory")
	f.StringVar(&o.Area, "area", "", "mainland or overseas; without it, both")
	f.BoolVar(&o.JSON, "json", false, "answer in JSON, one object a line")
	return c
}

func aclTest() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "test FILE", Short: "Run the tests that a policy file holds", Args: cobra.ExactArgs(1),
		Long: `test reports for each target under the file's tests whether the policy gives the expected answer. It exits with 0 if every test
passes, and with 1 if one fails or the file does not load.`,
		Example: `  purgebot acl test acl.yaml`,
		RunE:    func(cmd *cobra.Command, args []string) error { return app.TestACL(args[0], asJSON, cmd.OutOrStdout()) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "answer in JSON, one object a line")
	return c
}

func aclDiff() *cobra.Command {
	var asJSON bool
	var most int
	c := &cobra.Command{
		Use: "diff OLD NEW", Short: "List the rights that people gain and lose if NEW replaces OLD",
		Long: `diff compares the rights in two policy files, with groups and people resolved to their accounts: other names of rules and groups are
no difference, and neither is another notation of the same right. It lists for each person or group the rights gained (+), lost (-),
denied (+), no longer denied (-), or with another confirmation or limit (~), and the other changes. The exit
codes are those of diff: 0 without a difference, 1 with a difference, 2 for a bad file or flag.`,
		Example: `  purgebot acl diff acl.yaml acl.new.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			same, err := app.DiffACL(args[0], args[1], most, asJSON, cmd.OutOrStdout(), os.Stderr)
			switch {
			case err != nil:
				return exit{2, err}
			case !same:
				return exit{code: 1}
			}
			return nil
		},
	}
	c.Args = func(cmd *cobra.Command, args []string) error {
		if err := cobra.ExactArgs(2)(cmd, args); err != nil {
			return exit{2, err}
		}
		return nil
	}
	c.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return exit{2, withFlags(cmd, err)} })
	c.Flags().BoolVar(&asJSON, "json", false, "answer in JSON, one object")
	c.Flags().IntVar(&most, "most", 100, "maximum number of changes, and of names in each; 0 means all")
	return c
}

// withFlags adds the list of flags to an error about a flag.
func withFlags(cmd *cobra.Command, err error) error {
	return fmt.Errorf("%w; %s has\n%s", err, cmd.CommandPath(), strings.TrimRight(cmd.LocalFlags().FlagUsages(), "\n"))
}
