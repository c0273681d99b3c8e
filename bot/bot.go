// Package bot is the conversation: the command grammar, the ports to chat platforms, the durable workflow of a purge,
// and every word that people read. It knows no platform and no vendor by name, and it decides nothing about access:
// that is acl's. It does not send a purge whose intent is not committed, and does not report as failed what may have happened.
package bot
