package card

import "purgebot/acl"

// Approvers holds the people that the requester's rules name as the second person.
type Approvers struct {
	Named bool          // true if a rule names approvers; without a rule, every person with the right to purge the same targets may approve
	Here  []acl.Subject // accounts and groups of the chat where the question stands, without the requester's own
	Names []string      // the policy file's name for each entry of Here; "" for an account that the file does not list
}

// MaxApprovers bounds the approvers that one message mentions.
const MaxApprovers = 20

// Mention returns the approvers that one message can notify.
func (a Approvers) Mention() []acl.Subject { return a.Here[:min(len(a.Here), MaxApprovers)] }
