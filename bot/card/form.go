package card

import (
	"purgebot/bot/chat"
	"purgebot/purge"
)

func HostsField(r purge.Request, hosts []string) chat.Input {
	in := chat.Input{Name: HostsInput, Label: "The host, as the card shows it", Hint: sayWholeSite(r)}
	if len(hosts) > 1 {
		in.Label, in.Lines = "The hosts of the whole sites, one a line", true
	}
	return in
}

// HostsInput is the field of the form that a press on a whole site opens.
const HostsInput = "hosts"

// ReasonInput is the field of the form that such a press opens.
const ReasonInput = "reason"

var reasonField = chat.Input{Name: ReasonInput, Label: "Why it cannot wait for approval", Lines: true,
	Hint: "At least ten characters. The approvers and the audit are told."}

const MinReason = 10 // characters, so that it is one

// PurgeForm asks for what a bare command has not said.
func PurgeForm(token string) chat.Form {
	return chat.Form{
		Title: "Purge the CDN", Submit: "Purge", Token: token,
		Inputs: []chat.Input{
			{Name: "targets", Label: "URLs or directories", Hint: "https://… one a line; a directory ends in /", Lines: true},
			{Name: "verb", Label: "What", Choices: []string{"url", "dir"}, Value: "url"},
			{Name: "area", Label: "Area", Choices: []string{"mainland", "overseas", "global"}, Optional: true},
			{Name: "mode", Label: "Directories", Choices: []string{"flush", "delete"}, Optional: true},
			{Name: "reason", Label: "Reason", Optional: true},
		},
	}
}

// PressForm asks a person who pressed for the hosts of the whole sites, and in an emergency for why the purge cannot wait.
func PressForm(r purge.Request, hosts []string, emergency bool, token string) chat.Form {
	does := doesOf(r)
	form := chat.Form{Title: does + " a whole site", Submit: does, Token: token}
	if emergency {
		form.Title = LabelWithoutApproval(r)
		form.Inputs = append(form.Inputs, reasonField)
	}
	if len(hosts) > 0 {
		form.Inputs = append(form.Inputs, HostsField(r, hosts))
	}
	return form
}
