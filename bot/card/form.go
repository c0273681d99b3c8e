package card

import (
	"purgebot/bot/chat"
	"purgebot/purge"
)

// HostsField returns the form's field for the hosts of whole sites.
func HostsField(r purge.Request, hosts []string) chat.Input {
	in := chat.Input{Name: HostsInput, Label: "The host, as the card shows it", Hint: sayWholeSite(r)}
	if len(hosts) > 1 {
		in.Label, in.Lines = "The hosts of the whole sites, one a line", true
	}
	return in
}

// HostsInput names the field that takes the hosts of whole sites.
const HostsInput = "hosts"

// ReasonInput names the field that takes the reason of an emergency.
const ReasonInput = "reason"

// reasonField is the form's field for the reason of an emergency.
var reasonField = chat.Input{Name: ReasonInput, Label: "Why it cannot wait for approval", Lines: true,
	Hint: "At least ten characters. The approvers and the audit are told."}

// MinReason is the least length of an emergency's reason, in characters.
const MinReason = 10

// PurgeForm asks for the parts of a purge, after a bare "/purge".
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

// PressForm asks the presser for the hosts of whole sites, and in an emergency for the reason of the hurry.
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
