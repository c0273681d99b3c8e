package bot

import "purgebot/acl"

// approvers is whom the requester's rules name as the second person.
type approvers struct {
	named bool          // somebody is; else it is whoever may purge the same
	here  []acl.Subject // accounts and groups of the chat where it was asked, without the requester's own
	names []string      // of the same, as the policy file has them; "" of an account that it does not list
}

const maxApprovers = 20 // that one message mentions

// mention is those whom a message can notify.
func (a approvers) mention() []acl.Subject { return a.here[:min(len(a.here), maxApprovers)] }
