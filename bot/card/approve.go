package card

import "purgebot/acl"

// Approvers is whom the requester's rules name as the second person.
type Approvers struct {
	Named bool          // somebody is; else it is whoever may purge the same
	Here  []acl.Subject // accounts and groups of the chat where it was asked, without the requester's own
	Names []string      // of the same, as the policy file has them; "" of an account that it does not list
}

const MaxApprovers = 20 // that one message mentions

// Mention is those whom a message can notify.
func (a Approvers) Mention() []acl.Subject { return a.Here[:min(len(a.Here), MaxApprovers)] }
