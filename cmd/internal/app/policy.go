package app

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"purgebot/acl"
)

// policyFile is the policy of this moment. The file is read again when it changes; a broken one changes nothing but
// readiness, and the last good one stays in force.
type policyFile struct {
	path string
	log  *slog.Logger

	mu     sync.Mutex
	policy *acl.Policy
	named  []acl.Subject
	read   fs.FileInfo // what was last read; nil if nothing could be
	seen   fs.FileInfo // what it was at the last look
	broken error       // why that was refused

	taken, refused atomic.Int64 // how often a version was put in force, and how often one was not
}

const (
	// policyEvery is how often the file is looked at.
	policyEvery = time.Second
	// policyStill is how long nobody may have written to the file before it is read: half a file could be one that
	// loads, without its denials.
	policyStill = time.Second
)

// openPolicy reads the file for the first time. Without a good one nothing starts.
func openPolicy(path string, log *slog.Logger) (*policyFile, error) {
	f := &policyFile{path: path, log: log}
	info, err := os.Stat(path)
	if err == nil {
		f.load(info)
		err = f.broken
	}
	if os.IsNotExist(err) {
		return nil, fmt.Errorf("PURGEBOT_ACL: %w (purgebot acl init writes a file that loads)", err)
	}
	if err != nil {
		return nil, fmt.Errorf("PURGEBOT_ACL: %w", err)
	}
	return f, nil
}

func (f *policyFile) current() *acl.Policy {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.policy
}

// subjects are those that the policy of this moment names. They are listed once: chats ask for each event.
func (f *policyFile) subjects() []acl.Subject {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.named
}

// problem says why the file as it is now is not in force, or "".
func (f *policyFile) problem() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken == nil {
		return ""
	}
	return fmt.Sprintf("policy file: the last good one stays in force: %v", f.broken)
}

// watch looks at the file until ctx ends.
func (f *policyFile) watch(ctx context.Context) {
	tick := time.NewTicker(policyEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			f.look(now)
		}
	}
}

func (f *policyFile) look(now time.Time) {
	info, err := os.Stat(f.path)
	if err != nil {
		f.read = nil
		f.refuse(err)
		return
	}
	// A file from a machine whose clock is ahead says nothing of how long it has been still.
	still := now.Sub(info.ModTime()) >= policyStill || now.Before(info.ModTime()) && unchanged(info, f.seen)
	f.seen = info
	if still && !unchanged(info, f.read) {
		f.load(info)
	}
}

func unchanged(info, before fs.FileInfo) bool {
	return before != nil && os.SameFile(info, before) && info.ModTime().Equal(before.ModTime()) && info.Size() == before.Size()
}

// load reads the file and puts it in force, if it is good. Its warnings are for whoever wrote it.
func (f *policyFile) load(info fs.FileInfo) {
	data, err := os.ReadFile(f.path)
	if err != nil {
		f.refuse(err)
		return
	}
	f.read = info
	policy, err := acl.Parse(f.path, data)
	if err != nil {
		f.refuse(err)
		return
	}
	for _, w := range policy.Warnings() {
		f.log.Warn("policy file", "warning", w)
	}
	f.log.Info("policy in force", "file", f.path, "policy", policy.Hash())
	f.taken.Add(1)
	named := policy.Subjects()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.policy, f.named, f.broken = policy, named, nil
}

// refuse remembers what is wrong, and logs and counts it once.
func (f *policyFile) refuse(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken == nil || f.broken.Error() != err.Error() {
		f.log.Error("policy file refused", "error", err)
		f.refused.Add(1)
	}
	f.broken = err
}
